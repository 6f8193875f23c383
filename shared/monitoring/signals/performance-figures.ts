import type { ClassOutcome, NumberOutcome, Outcome } from '../../outcomes/index.ts';
import { averageScores, type ConfusionMatrix, type Outcomes, outcomesOf } from '../../stats/index.ts';
import { aucOfBins, binaryScores, logLossOfBins, scoredRows, whyNoProbabilities } from './scores-binary.ts';

export const classMetrics = ['accuracy', 'balanced-accuracy', 'macro-f1', 'auc', 'log-loss'] as const;
export const numberMetrics = ['mae', 'rmse', 'r2'] as const;

export type PerformanceMetric = (typeof classMetrics)[number] | (typeof numberMetrics)[number];

/**
 * A figure of labelled rows. Of n rows like them its standard error is `deviation` / √n: how far it strays by chance
 * alone.
 */
export type PerformanceFigure = { readonly value: number; readonly deviation: number };

/** JSON keeps it: all numbers are finite. */
export type PerformanceFigures = {
  readonly task: 'classes' | 'numbers';
  /** Labelled rows of the task. */
  readonly rows: number;
  readonly figures: Readonly<Partial<Record<PerformanceMetric, PerformanceFigure>>>;
  /** Why a figure of the task is not there. */
  readonly missing: Readonly<Partial<Record<PerformanceMetric, string>>>;
};

type Found = PerformanceFigure | { readonly why: string };

/**
 * How good labelled predictions were, of what was counted of them. Classes or numbers, whichever more rows have.
 *
 * `accuracy`, `balanced-accuracy` (mean recall of the classes that labels name) and `macro-f1` (mean F1 of the classes
 * that are predicted or true) are exact, as scikit-learn's. A label of a class that the model does not know is a class
 * like any other, of which nothing is found. `auc` and `log-loss` are of two classes, and of scores in 1,024 bins: AUC is
 * off by at most half of the pairs that share a bin, and no −ln p is above 7.6. `mae`, `rmse` and `r2` are exact but for
 * rounding; the error of `rmse` and `r2` is of errors in bins 9 % wide.
 *
 * @param classes what the model can answer, where that is known: two of them are needed for `auc` and `log-loss`; without
 * it the classes that occur
 */
export function performanceFigures(
  { classes: byClass, numbers }: Pick<Outcome, 'classes' | 'numbers'>,
  classes: readonly string[] | null = null,
): PerformanceFigures {
  const rowsOfClasses = byClass ? rowsOf(byClass) : 0;
  const rowsOfNumbers = numbers?.count ?? 0;
  if (numbers && rowsOfNumbers > rowsOfClasses)
    return split('numbers', rowsOfNumbers, {
      mae: meanAbsoluteError(numbers),
      rmse: rootMeanSquaredError(numbers),
      r2: rSquared(numbers),
    });
  if (!byClass || rowsOfClasses === 0) return { task: 'classes', rows: 0, figures: {}, missing: {} };
  const { confusion } = byClass;
  const many = { why: 'There are more than 256 classes.' };
  const matrix = confusion && matrixOf(confusion);
  return split('classes', rowsOfClasses, {
    accuracy: proportion(byClass.correct, rowsOfClasses),
    'balanced-accuracy': matrix ? balancedAccuracy(matrix) : many,
    'macro-f1': matrix ? macroF1(matrix) : many,
    ...ofScores(byClass, classes),
  });
}

function split(
  task: PerformanceFigures['task'],
  rows: number,
  found: Partial<Record<PerformanceMetric, Found>>,
): PerformanceFigures {
  const figures: Partial<Record<PerformanceMetric, PerformanceFigure>> = {};
  const missing: Partial<Record<PerformanceMetric, string>> = {};
  for (const [metric, each] of Object.entries(found) as [PerformanceMetric, Found][])
    if ('why' in each) missing[metric] = each.why;
    else if (Number.isFinite(each.value) && Number.isFinite(each.deviation)) figures[metric] = each;
    else missing[metric] = 'It is beyond what a number can hold.';
  return { task, rows, figures, missing };
}

/** Rows with a class and a label. */
export function rowsOf({ right, wrong }: ClassOutcome): number {
  const { scored, without } = scoredRows(right, wrong);
  return scored + without;
}

/**
 * A share of rows. Its deviation is of two more hits and two more misses than there were, so that a share of 0 or 1 is not
 * taken for certain: Agresti and Coull, The American Statistician 52, 1998.
 */
function proportion(hits: number, rows: number): PerformanceFigure {
  const likely = (hits + 2) / (rows + 4);
  return { value: hits / rows, deviation: Math.sqrt(likely * (1 - likely)) };
}

/** Classes in order of their names: counts[truth][predicted]. */
function matrixOf(confusion: NonNullable<ClassOutcome['confusion']>): ConfusionMatrix {
  const names = namesOf(confusion);
  const at = new Map(names.map((name, index) => [name, index]));
  const matrix = names.map(() => new Array<number>(names.length).fill(0));
  for (const [predicted, labels] of confusion)
    for (const [label, count] of labels) matrix[at.get(label) ?? 0][at.get(predicted) ?? 0] += count;
  return matrix;
}

/** All that was predicted or true, in order. */
export function namesOf(confusion: NonNullable<ClassOutcome['confusion']>): string[] {
  const names = new Set(confusion.keys());
  for (const labels of confusion.values()) for (const label of labels.keys()) names.add(label);
  return [...names].toSorted();
}

function balancedAccuracy(matrix: ConfusionMatrix): PerformanceFigure {
  const rows = sum(matrix.map(sum));
  const recalls = matrix
    .map((cells, at) => ({ hits: cells[at], support: sum(cells) }))
    .filter(({ support }) => support > 0)
    .map(({ hits, support }) => ({ ...proportion(hits, support), support }));
  const variance = sum(recalls.map(({ deviation, support }) => deviation ** 2 / support));
  return {
    value: sum(recalls.map(({ value }) => value)) / recalls.length,
    deviation: (Math.sqrt(variance) / recalls.length) * Math.sqrt(rows),
  };
}

function macroF1(matrix: ConfusionMatrix): PerformanceFigure {
  const { f1: value } = averageScores(matrix, 'macro');
  return { value, deviation: macroF1Deviation(outcomesOf(matrix)) };
}

/**
 * Of n rows like them the mean F1 of classes has the standard error deviation / √n. F1 = 2J / (1 + J) of the share J of hits
 * among the rows that a class is predicted or true of, hence by the delta method 2 / (1 + J)² of the error of that share.
 * It is the mean of the errors of the classes, as large as it can be, since those of two classes go together.
 */
export function macroF1Deviation(classes: readonly Outcomes[]): number {
  const deviations = classes.flatMap((outcomes) => {
    const { truePositives: hits, falsePositives, falseNegatives, trueNegatives } = outcomes;
    const mentions = hits + falsePositives + falseNegatives;
    if (mentions === 0) return [];
    const { value, deviation } = proportion(hits, mentions);
    return [(2 / (1 + value) ** 2) * deviation * Math.sqrt((mentions + trueNegatives) / mentions)];
  });
  return deviations.length === 0 ? 0 : sum(deviations) / deviations.length;
}

/** The two classes of a model; `undefined` where there are more, or other ones. */
export function twoClasses(
  confusion: ClassOutcome['confusion'],
  classes: readonly string[] | null,
): readonly [string, string] | undefined {
  if (!confusion) return undefined;
  const names = namesOf(confusion);
  const [negative, positive, ...others] = classes ?? names;
  if (negative === undefined || positive === undefined || others.length > 0) return undefined;
  return names.every((name) => name === negative || name === positive) ? [negative, positive] : undefined;
}

function ofScores(
  { confusion, right, wrong }: ClassOutcome,
  classes: readonly string[] | null,
): { readonly auc: Found; readonly 'log-loss': Found } {
  const both = (each: Found) => ({ auc: each, 'log-loss': each });
  const two = twoClasses(confusion, classes);
  if (!two) return both({ why: 'It takes exactly two classes, of predictions and labels together.' });
  const why = whyNoProbabilities(right, wrong);
  if (why !== undefined) return both({ why });
  const scores = binaryScores(right, wrong, two);
  const { scored } = scoredRows(right, wrong);
  const { auc, variance } = aucOfBins(scores);
  const { loss, variance: ofLoss } = logLossOfBins(scores);
  return {
    auc: Number.isNaN(auc)
      ? { why: 'All labels are of one class.' }
      : { value: auc, deviation: Math.sqrt(variance * scored) },
    'log-loss': { value: loss, deviation: Math.sqrt(ofLoss) },
  };
}

function meanAbsoluteError({ count, absolute, squares }: NumberOutcome): Found {
  const value = absolute / count;
  return { value, deviation: Math.sqrt(Math.max(squares / count - value * value, 0)) };
}

/** By the delta method: σ of e² / (2 RMSE). */
function rootMeanSquaredError(numbers: NumberOutcome): Found {
  const mean = numbers.squares / numbers.count;
  const value = Math.sqrt(mean);
  return { value, deviation: value === 0 ? 0 : Math.sqrt(varianceOfSquares(numbers)) / (2 * value) };
}

/** Σy² − (Σy)² / n has no digits left where labels lie so far from 0 in units of their spread. */
const leastSpread = 1e-10;

/**
 * 1 − Σe² / Σ(y − ȳ)². The error of its quotient has two parts: that of Σe², and that of Σ(y − ȳ)², which is taken as that
 * of labels that are normally distributed, since their fourth moment is not kept.
 */
function rSquared(numbers: NumberOutcome): Found {
  const { count, squares, labels, labelSquares } = numbers;
  const spread = labelSquares - (labels * labels) / count;
  if (count < 2 || spread <= leastSpread * labelSquares)
    return { why: 'The labels are all alike, or differ too little for their size.' };
  const left = squares / spread;
  const mean = squares / count;
  const relative = mean === 0 ? 0 : varianceOfSquares(numbers) / mean ** 2 + 2;
  return { value: 1 - left, deviation: left * Math.sqrt(relative) };
}

const binsPerDoubling = 8;
const zeroBin = 1 + binsPerDoubling * 64;

/** Of e², by the bins of the errors: the middle of a bin on the scale of logarithms stands for its rows. */
function varianceOfSquares({ count, squares, histogram }: NumberOutcome): number {
  let fourth = 0;
  for (const [bin, rows] of histogram)
    if (bin !== 0) fourth += rows * 2 ** ((4 * (Math.abs(bin) - zeroBin + 0.5)) / binsPerDoubling);
  return Math.max(fourth / count - (squares / count) ** 2, 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
