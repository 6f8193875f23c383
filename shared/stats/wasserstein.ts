import { momentsOf, variance } from './moments.ts';

/**
 * First Wasserstein distance, the area between both distribution functions ∫ |F − G|, in units of the
 * values; as scipy.stats.wasserstein_distance. Values that are not finite are left out; NaN where a side
 * then has none.
 */
export function wassersteinDistance(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const a = Float64Array.from(reference).filter(Number.isFinite).toSorted();
  const b = Float64Array.from(current).filter(Number.isFinite).toSorted();
  if (a.length === 0 || b.length === 0) return Number.NaN;
  let area = 0;
  let position = Math.min(a[0], b[0]);
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    area += Math.abs(i / a.length - j / b.length) * (next - position);
    position = next;
    while (a[i] === next) i++;
    while (b[j] === next) j++;
  }
  return area;
}

/**
 * Wasserstein distance in standard deviations of the reference, which are taken as at least 0.001 so that a
 * constant reference has an answer.
 *
 * @param ddof 0 as Evidently, 1 as Azure ML
 */
export function normalisedWasserstein(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  ddof: 0 | 1 = 0,
): number {
  const deviation = Math.sqrt(variance(momentsOf(reference), ddof));
  return wassersteinDistance(reference, current) / (deviation > 0.001 ? deviation : 0.001);
}
