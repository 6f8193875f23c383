import { chiSquareContingency } from './chi-square.ts';

/**
 * Cramér's V of the 2 × k table of both counts: √(φ² / min(k − 1, 1)), φ² = χ² / n without Yates's correction; 0 for
 * equal shares, 1 where no category is in both. Cramér, Mathematical Methods of Statistics, 1946; as
 * scipy.stats.contingency.association.
 *
 * With `biasCorrected` φ² is less by its expectation (k − 1) / (n − 1), at least 0, and k and 2 are corrected alike:
 * Bergsma, Journal of the Korean Statistical Society 42, 2013.
 *
 * Categories that neither side has are left out; 0 where a single one is left, NaN where a side counts nothing, or where
 * the rows are so few that the corrected table has no second row or column.
 */
export function cramersV(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { biasCorrected = false }: { readonly biasCorrected?: boolean } = {},
): number {
  const { statistic, degreesOfFreedom } = chiSquareContingency(reference, current, { yates: false });
  if (Number.isNaN(statistic)) return Number.NaN;
  if (degreesOfFreedom === 0) return 0;
  const rows = total(reference) + total(current);
  if (!biasCorrected) return Math.sqrt(statistic / rows);
  const square = Math.max(statistic / rows - degreesOfFreedom / (rows - 1), 0);
  const spare = Math.min(1 - 1 / (rows - 1), degreesOfFreedom - degreesOfFreedom ** 2 / (rows - 1));
  return spare > 0 ? Math.sqrt(square / spare) : Number.NaN;
}

function total(counts: ArrayLike<number>): number {
  return Array.from(counts).reduce((sum, count) => sum + count, 0);
}
