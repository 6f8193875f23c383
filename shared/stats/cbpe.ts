import { accuracyOfOutcomes, type ClassScores, classScores, type Outcomes } from './confusion.ts';
import { harmonicBetween } from './gamma.ts';

/**
 * Rows without labels, one class against all others: what the model said of the class, how likely that makes it
 * (calibrated), and whether it was predicted. With `counts` an entry stands for so many rows that are alike, as the bins
 * of a score histogram by predicted class do; without, for one.
 */
export type ScoredRows = {
  readonly scores: ArrayLike<number>;
  readonly probabilities: ArrayLike<number>;
  readonly predicted: ArrayLike<number | boolean>;
  readonly counts?: ArrayLike<number>;
};

export type Estimate = ClassScores & {
  readonly accuracy: number;
  readonly rocAuc: number;
  readonly averagePrecision: number;
};

/** Decimals that NannyML keeps of the sums that its curves are drawn through. */
export type CurveOptions = { readonly decimals?: number };

/**
 * Confidence-based performance estimation: what performance is to be expected of predictions without labels, if the
 * probabilities are right. A row of probability p is p of a positive and 1 − p of a negative, so each cell of the
 * confusion matrix is a sum of probabilities, and the curves of AUC and average precision go through their partial sums
 * from the highest score down. NannyML's CBPE; Guillory and others, ICCV 2021. It sees a change of the inputs (covariate
 * shift) and is blind to one of what they mean (concept drift).
 *
 * Entries whose score or probability is NaN are left out; all NaN without rows, and AUC also where one class is
 * impossible. Rows with equal scores count one after the other, as NannyML counts them.
 */
export function estimatePerformance(rows: ScoredRows, options: CurveOptions = {}): Estimate {
  const outcomes = expectedOutcomes(rows);
  const accuracy = accuracyOfOutcomes(outcomes);
  const curves = curvesOf(rows, options);
  if (!Number.isNaN(accuracy)) return { accuracy, ...classScores(outcomes), ...curves };
  return {
    accuracy,
    precision: Number.NaN,
    recall: Number.NaN,
    specificity: Number.NaN,
    f1: Number.NaN,
    ...curves,
  };
}

/** The outcomes to be expected: sums of probabilities. */
export function expectedOutcomes(rows: ScoredRows): Outcomes {
  const cells = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  for (const { at, count } of known(rows)) {
    const positive = rows.probabilities[at] * count;
    const negative = (1 - rows.probabilities[at]) * count;
    cells[rows.predicted[at] ? 'truePositives' : 'falseNegatives'] += positive;
    cells[rows.predicted[at] ? 'falsePositives' : 'trueNegatives'] += negative;
  }
  return cells;
}

/**
 * The same for several classes: the mean over the classes, each against all others; accuracy is the mean probability of
 * the predicted class.
 */
export function estimateMulticlass(classes: readonly ScoredRows[], options: CurveOptions = {}): Estimate {
  const each = classes.map((rows) => estimatePerformance(rows, options));
  const mean = (name: keyof Estimate) => each.reduce((sum, of) => sum + of[name], 0) / each.length;
  const outcomes = classes.map(expectedOutcomes);
  const hits = outcomes.reduce((sum, { truePositives }) => sum + truePositives, 0);
  const rows = outcomes.reduce(
    (sum, { truePositives, falsePositives }) => sum + truePositives + falsePositives,
    0,
  );
  return {
    accuracy: hits / rows,
    precision: mean('precision'),
    recall: mean('recall'),
    specificity: mean('specificity'),
    f1: mean('f1'),
    rocAuc: mean('rocAuc'),
    averagePrecision: mean('averagePrecision'),
  };
}

/**
 * Probabilities of several classes that were calibrated one by one, row by row so that they add up to 1; all alike where
 * they are all 0. As NannyML does after calibration.
 */
export function normalisedProbabilities(classes: readonly ArrayLike<number>[]): Float64Array[] {
  const sums = Float64Array.from(classes[0] ?? [], (_, row) => classes.reduce((sum, of) => sum + of[row], 0));
  return classes.map((of) => sums.map((sum, row) => (sum === 0 ? 1 / classes.length : of[row] / sum)));
}

function curvesOf(
  rows: ScoredRows,
  { decimals }: CurveOptions,
): Pick<Estimate, 'rocAuc' | 'averagePrecision'> {
  const ordered = known(rows).toSorted((a, b) => rows.scores[b.at] - rows.scores[a.at]);
  const rounded = decimals === undefined ? (value: number) => value : roundedTo(decimals);
  let seen = 0;
  let sum = 0;
  let positives = 0;
  let negatives = 0;
  let area = 0;
  let steps = 0;
  for (const { at, count } of ordered) {
    const before = { seen, sum, positives, negatives };
    seen += count;
    sum += rows.probabilities[at] * count;
    positives = rounded(sum);
    negatives = rounded(seen - sum);
    area += ((negatives - before.negatives) * (positives + before.positives)) / 2;
    const gained = positives - before.positives;
    // Of a single row the precision after it; of several the mean of that after each of them.
    steps +=
      count === 1
        ? (gained * positives) / seen
        : gained * meanPrecision(before.sum, before.seen, rows.probabilities[at], count);
  }
  const none = ordered.length === 0;
  return {
    rocAuc: none ? Number.NaN : area / (positives * negatives),
    averagePrecision: none ? Number.NaN : steps / positives,
  };
}

/** The mean of (sum + i p) / (seen + i) for i from 1 to count. */
function meanPrecision(sum: number, seen: number, p: number, count: number): number {
  return p + ((sum - p * seen) * harmonicBetween(seen, seen + count)) / count;
}

function known({ scores, probabilities, counts }: ScoredRows): { at: number; count: number }[] {
  return Array.from(scores, (_, at) => ({ at, count: counts ? counts[at] : 1 })).filter(
    ({ at, count }) => count > 0 && !Number.isNaN(scores[at]) && !Number.isNaN(probabilities[at]),
  );
}

/** Halves go to the even neighbour, as in numpy. */
function roundedTo(decimals: number): (value: number) => number {
  const scale = 10 ** decimals;
  return (value) => {
    const scaled = value * scale;
    const below = Math.floor(scaled);
    const part = scaled - below;
    const isUp = part > 0.5 || (part === 0.5 && below % 2 !== 0);
    return (isUp ? below + 1 : below) / scale;
  };
}
