import { countScores, mergeScores, type ScoresByClass } from '../profiles/index.ts';

/** What turned out of the predictions of one version, as far as labels have come: sums, and nothing of anybody's row. */
export type Outcome = {
  /** Rows of the parts that hold the labelled ones. */
  readonly rows: number;
  /** Predictions with a label that could be held against them. */
  readonly labelled: number;
  /** Labels that could not: of a number a text, or of an answer that the data policy hides. */
  readonly unusable: number;
  /** `null` where no class was predicted. */
  readonly classes: ClassOutcome | null;
  /** `null` where no number was. */
  readonly numbers: NumberOutcome | null;
  /** How wrong predictions were, one after the other as they were answered: in order of hours. */
  readonly errors: readonly Errors[];
};

export type ClassOutcome = {
  readonly correct: number;
  /** How often which class was predicted where which was true; `null` where both together are more than 256. */
  readonly confusion: ReadonlyMap<string, ReadonlyMap<string, number>> | null;
  /** Scores by predicted class, of the predictions that were right, and of those that were wrong. */
  readonly right: ScoresByClass;
  readonly wrong: ScoresByClass;
};

/** With e = prediction − label and y = label. */
export type NumberOutcome = {
  readonly count: number;
  /** Σe */
  readonly sum: number;
  /** Σ|e| */
  readonly absolute: number;
  /** Σe² */
  readonly squares: number;
  /** Σ|e|/|y|, over the `relatives` labels that are not 0. */
  readonly relative: number;
  readonly relatives: number;
  /** Σy */
  readonly labels: number;
  /** Σy² */
  readonly labelSquares: number;
  /** How many e lie in each bin, see {@link errorBin}. */
  readonly histogram: ReadonlyMap<number, number>;
};

/** Errors of an hour, every `every`th of them: 0 and 1 of classes, |e| of numbers. */
export type Errors = {
  readonly hour: string;
  readonly every: number;
} & (
  | { readonly kind: 'classes'; readonly values: Uint8Array }
  | { readonly kind: 'numbers'; readonly values: Float32Array }
);

/** A prediction with its label. */
export type Joined = {
  readonly predictionId: string;
  /** When it was answered, in milliseconds since 1970. */
  readonly at: number;
  readonly predicted: string | null;
  readonly score: number | null;
  readonly label: string | number;
};

const classesMax = 256;
export const errorsOfHourMax = 100_000;
const binsPerDoubling = 8;
const doublingsMax = 64;

/**
 * What turned out of some predictions of an hour, in whatever order they are given: they are counted in order of time
 * and id. `rows` are those of the parts they are in.
 */
export function outcomeOf(hour: string, rows: number, joined: readonly Joined[]): Outcome {
  const ordered = joined.toSorted((a, b) => a.at - b.at || (a.predictionId < b.predictionId ? -1 : 1));
  const classes: (Joined & { readonly predicted: string })[] = [];
  const numbers: { readonly error: number; readonly label: number }[] = [];
  for (const each of ordered) {
    const { predicted, score } = each;
    if (predicted !== null) classes.push({ ...each, predicted });
    else {
      const label = numberOf(each.label);
      if (score !== null && Number.isFinite(score) && label !== undefined)
        numbers.push({ error: score - label, label });
    }
  }
  const labelled = classes.length + numbers.length;
  const errors: Errors[] = [];
  if (classes.length > 0) {
    const { some, every } = thinned(classes);
    const values = Uint8Array.from(some, (each) => Number(!isCorrect(each)));
    errors.push({ hour, every, kind: 'classes', values });
  }
  if (numbers.length > 0) {
    const { some, every } = thinned(numbers);
    const values = Float32Array.from(some, ({ error }) => Math.abs(error));
    errors.push({ hour, every, kind: 'numbers', values });
  }
  return {
    rows,
    labelled,
    unusable: joined.length - labelled,
    classes: classes.length > 0 ? classOutcome(classes) : null,
    numbers: numbers.length > 0 ? numberOutcome(numbers) : null,
    errors,
  };
}

/** What turned out of the predictions of both. */
export function mergeOutcomes(a: Outcome, b: Outcome): Outcome {
  return {
    rows: a.rows + b.rows,
    labelled: a.labelled + b.labelled,
    unusable: a.unusable + b.unusable,
    classes: a.classes && b.classes ? mergeClasses(a.classes, b.classes) : (a.classes ?? b.classes),
    numbers: a.numbers && b.numbers ? mergeNumbers(a.numbers, b.numbers) : (a.numbers ?? b.numbers),
    errors: [...a.errors, ...b.errors].toSorted((one, other) => (one.hour < other.hour ? -1 : 1)),
  };
}

/**
 * The bin of an error: 0 for none; else, with the sign of the error, 1 + ⌊8 · log₂|e|⌋ from 2⁻⁶⁴ on, so that a bin is
 * 9 % wide whatever the labels are measured in. What is smaller or larger than 2^±64 is in the last one.
 */
export function errorBin(error: number): number {
  if (error === 0) return 0;
  const most = binsPerDoubling * doublingsMax;
  const step = Math.floor(binsPerDoubling * Math.log2(Math.abs(error)));
  return Math.sign(error) * (1 + most + Math.min(Math.max(step, -most), most - 1));
}

function isCorrect({ predicted, label }: Joined): boolean {
  return predicted === String(label);
}

function numberOf(label: string | number): number | undefined {
  const number = typeof label === 'string' && label.trim() === '' ? Number.NaN : Number(label);
  return Number.isFinite(number) ? number : undefined;
}

function thinned<T>(values: readonly T[]): { readonly some: readonly T[]; readonly every: number } {
  const every = Math.ceil(values.length / errorsOfHourMax);
  return { some: every === 1 ? values : values.filter((_, i) => i % every === 0), every };
}

function classOutcome(rows: readonly (Joined & { readonly predicted: string })[]): ClassOutcome {
  const confusion = new Map<string, Map<string, number>>();
  for (const { predicted, label } of rows) {
    const of = confusion.get(predicted) ?? new Map<string, number>();
    confusion.set(predicted, of.set(String(label), (of.get(String(label)) ?? 0) + 1));
  }
  const scores = (some: typeof rows) =>
    countScores(
      some.map(({ predicted }) => predicted),
      some.map(({ score }) => score),
    );
  const right = rows.filter(isCorrect);
  return {
    correct: right.length,
    confusion: few(confusion),
    right: scores(right),
    wrong: scores(rows.filter((each) => !isCorrect(each))),
  };
}

function mergeClasses(a: ClassOutcome, b: ClassOutcome): ClassOutcome {
  return {
    correct: a.correct + b.correct,
    confusion: a.confusion && b.confusion ? mergeConfusion(a.confusion, b.confusion) : null,
    right: mergeScores(a.right, b.right),
    wrong: mergeScores(a.wrong, b.wrong),
  };
}

type Confusion = NonNullable<ClassOutcome['confusion']>;

function mergeConfusion(a: Confusion, b: Confusion): Confusion | null {
  const merged = new Map([...a].map(([predicted, labels]) => [predicted, new Map(labels)] as const));
  for (const [predicted, labels] of b) {
    const of = merged.get(predicted) ?? new Map<string, number>();
    for (const [label, count] of labels) of.set(label, (of.get(label) ?? 0) + count);
    merged.set(predicted, of);
  }
  return few(merged);
}

function few(confusion: Confusion): Confusion | null {
  const names = new Set(confusion.keys());
  for (const labels of confusion.values()) for (const label of labels.keys()) names.add(label);
  return names.size > classesMax ? null : confusion;
}

function numberOutcome(rows: readonly { readonly error: number; readonly label: number }[]): NumberOutcome {
  const sums = { sum: 0, absolute: 0, squares: 0, relative: 0, relatives: 0, labels: 0, labelSquares: 0 };
  const histogram = new Map<number, number>();
  for (const { error, label } of rows) {
    sums.sum += error;
    sums.absolute += Math.abs(error);
    sums.squares += error * error;
    sums.labels += label;
    sums.labelSquares += label * label;
    if (label !== 0) {
      sums.relative += Math.abs(error) / Math.abs(label);
      sums.relatives++;
    }
    const bin = errorBin(error);
    histogram.set(bin, (histogram.get(bin) ?? 0) + 1);
  }
  return { count: rows.length, ...sums, histogram };
}

function mergeNumbers(a: NumberOutcome, b: NumberOutcome): NumberOutcome {
  const histogram = new Map(a.histogram);
  for (const [bin, count] of b.histogram) histogram.set(bin, (histogram.get(bin) ?? 0) + count);
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    absolute: a.absolute + b.absolute,
    squares: a.squares + b.squares,
    relative: a.relative + b.relative,
    relatives: a.relatives + b.relatives,
    labels: a.labels + b.labels,
    labelSquares: a.labelSquares + b.labelSquares,
    histogram,
  };
}
