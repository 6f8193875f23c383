import { averagePrecision } from './figures.ts';
import type { Outcomes } from './confusion.ts';
import type { Random32 } from './random.ts';

/**
 * How far a figure of few rows strays from what it is of many, by chance alone. NannyML learns of the reference the
 * standard deviation σ of what a row adds to the figure and the share of rows that have a say in it, once; the error of
 * n rows is then σ / √(n · share), and a band of three of them around an estimate holds what is no change.
 */
export type SamplingError = { readonly deviation: number; readonly share: number };

export type ClassErrors = {
  readonly accuracy: SamplingError;
  readonly precision: SamplingError;
  readonly recall: SamplingError;
  readonly specificity: SamplingError;
  readonly f1: SamplingError;
};

/** Resamples that the error of the average precision is taken from, and most rows of each. */
const resamples = 50;
const resampledRowsMax = 50_000;

/** Of the figures that come from outcomes alone. A figure that no row has a say in has the error NaN. */
export function samplingErrors(reference: Outcomes): ClassErrors {
  const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = reference;
  const rows = tp + fp + fn + tn;
  const of = (hits: number, relevant: number, scale = 1): SamplingError => ({
    deviation: (scale * Math.sqrt(hits * (relevant - hits))) / relevant,
    share: relevant / rows,
  });
  return {
    accuracy: of(tp + tn, rows),
    precision: of(tp, tp + fp),
    recall: of(tp, tp + fn),
    specificity: of(tn, tn + fp),
    // A row counts for F1 as it does in 2tp / (2tp + fp + fn).
    f1: of(tp, tp + fp + fn, (tp + fp + fn) / (tp + (fp + fn) / 2)),
  };
}

/**
 * Of the AUC, as a Mann–Whitney statistic: σ of the share of negative rows that a positive one scores above, a tie counting
 * half; of the rarer class. Scores may be bins of a histogram, with how many rows of each class they have.
 */
export function aucSamplingError(
  scores: ArrayLike<number>,
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
): SamplingError {
  const total = (counts: ArrayLike<number>) => Array.from(counts).reduce((sum, count) => sum + count, 0);
  const [allPositives, allNegatives] = [total(positives), total(negatives)];
  const isCommon = allPositives > allNegatives;
  const [rare, other] = isCommon ? [negatives, positives] : [positives, negatives];
  const [ofRare, ofOther] = isCommon ? [allNegatives, allPositives] : [allPositives, allNegatives];
  const order = Uint32Array.from({ length: scores.length }, (_, at) => at).toSorted(
    (a, b) => (isCommon ? -1 : 1) * (scores[a] - scores[b]),
  );
  let below = 0;
  let [sum, squares] = [0, 0];
  for (let at = 0; at < order.length; ) {
    const score = scores[order[at]];
    let [tiedRare, tiedOther] = [0, 0];
    for (; at < order.length && scores[order[at]] === score; at++) {
      tiedRare += rare[order[at]];
      tiedOther += other[order[at]];
    }
    const won = (below + tiedOther / 2) / ofOther - 0.5;
    sum += tiedRare * won;
    squares += tiedRare * won * won;
    below += tiedOther;
  }
  const deviation = Math.sqrt(Math.max(squares / ofRare - (sum / ofRare) ** 2, 0));
  return { deviation, share: ofRare / (ofRare + ofOther) };
}

/**
 * Of the average precision, by resampling half of the reference fifty times. It varies by a tenth with the draw: the same
 * state of the generator gives the same.
 */
export function averagePrecisionSamplingError(
  positive: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
  random: Random32,
): SamplingError {
  const rows = scores.length;
  const drawn = Math.min(Math.floor(rows / 2), resampledRowsMax);
  const figure = averagePrecision(positive, scores);
  const weights = new Uint32Array(rows);
  const found = Float64Array.from({ length: resamples }, () => {
    weights.fill(0);
    for (let draw = 0; draw < drawn; draw++) weights[Math.floor((random() / 2 ** 32) * rows)]++;
    return figure(weights);
  });
  const mean = found.reduce((sum, value) => sum + value, 0) / resamples;
  const deviation = Math.sqrt(found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / resamples);
  return { deviation: deviation * Math.sqrt(drawn), share: 1 };
}

/** The standard error of a figure of so many rows, in units of the figure. */
export function samplingErrorOf({ deviation, share }: SamplingError, rows: number): number {
  return deviation / Math.sqrt(rows * share);
}

/** The standard error of a mean over classes, each against all others, as if they were independent: √Σ e² / k. */
export function multiclassSamplingError(classes: readonly SamplingError[], rows: number): number {
  const squares = classes.reduce((sum, each) => sum + samplingErrorOf(each, rows) ** 2, 0);
  return Math.sqrt(squares) / classes.length;
}

/** The same of the AUC, a fifth larger, since the AUCs of classes are not independent: NannyML found so by experiment. */
export function multiclassAucError(classes: readonly SamplingError[], rows: number): number {
  return 1.2 * multiclassSamplingError(classes, rows);
}

/**
 * The same of the F1 of classes, each row taken as 1 or 0 without the scale that F1 of a single class has: NannyML's, and
 * too small by that scale.
 */
export function multiclassF1Error(classes: readonly Outcomes[], rows: number): number {
  const plain = classes.map((outcomes) => {
    const { deviation, share } = samplingErrors(outcomes).f1;
    const { truePositives: tp, falsePositives: fp, falseNegatives: fn } = outcomes;
    return { deviation: (deviation * (tp + (fp + fn) / 2)) / (tp + fp + fn), share };
  });
  return multiclassSamplingError(plain, rows);
}
