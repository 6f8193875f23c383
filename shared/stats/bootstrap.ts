import { quantile } from './bins.ts';
import type { Figure } from './figures.ts';
import type { Random32 } from './random.ts';

/**
 * Differences `b − a` of two figures over resamples of the rows that both were taken on: each resample draws
 * as many rows, with replacement, and both figures see the same draw, so that what makes a row hard or easy
 * for both cancels out. A difference is NaN where a figure has no meaning on a draw. Efron and Tibshirani, An
 * Introduction to the Bootstrap, 1993; paired as Koehn, EMNLP 2004.
 *
 * An index is a 32-bit number scaled to the rows: no row's chance is off by more than rows / 2³² of itself.
 */
export function pairedDifferences(
  figures: { readonly a: Figure; readonly b: Figure; readonly rows: number },
  resamples: number,
  random: Random32,
): Float64Array {
  const { a, b, rows } = figures;
  const weights = new Uint32Array(rows);
  return Float64Array.from({ length: resamples }, () => {
    weights.fill(0);
    for (let draw = 0; draw < rows; draw++) weights[Math.floor((random() / 2 ** 32) * rows)]++;
    return b(weights) - a(weights);
  });
}

/**
 * The bound that a difference lies above with this confidence: the (1 − confidence) quantile of its
 * resamples (the percentile method, one-sided). Resamples without meaning are left out; NaN where all are.
 */
export function lowerConfidenceBound(differences: ArrayLike<number>, confidence: number): number {
  const sorted = Float64Array.from(differences)
    .filter((difference) => !Number.isNaN(difference))
    .toSorted();
  return quantile(sorted, 1 - confidence);
}
