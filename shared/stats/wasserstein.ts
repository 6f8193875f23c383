import { expectSameBins } from './counts-pair.ts';
import { momentsOf, type Moments, variance } from './moments.ts';

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

/** Counts and sums of values between edges as in binned.ts, with the least and the largest value of all. */
export type BinnedValues = {
  readonly counts: ArrayLike<number>;
  readonly sums: ArrayLike<number>;
  readonly moments: Moments;
};

/**
 * The first Wasserstein distance from counts and sums of values over the same bins: below e₀, [eᵢ, eᵢ₊₁), exactly the
 * last edge, above. Count and sum give ∫ F over a bin exactly, so that the distance is exact unless F and G cross within
 * a bin, and then too small by what lies on both sides of the crossing. NaN where a side counts nothing.
 *
 * @throws RangeError where there are not two more bins than edges, or one without edges
 */
export function wassersteinOfBins(
  reference: BinnedValues,
  current: BinnedValues,
  edges: ArrayLike<number>,
): number {
  expectSameBins(reference.counts, current.counts);
  const bins = edges.length === 0 ? 1 : edges.length + 2;
  if (reference.counts.length !== bins)
    throw new RangeError(
      `${edges.length} edges part ${bins} bins; the counts are of ${reference.counts.length}.`,
    );
  const [m, n] = [total(reference.counts), total(current.counts)];
  if (m === 0 || n === 0) return Number.NaN;
  const least = Math.min(reference.moments.min, current.moments.min);
  const most = Math.max(reference.moments.max, current.moments.max);
  // Values are taken from the middle, where sums far from zero would lose digits.
  const middle = least + (most - least) / 2;
  let area = 0;
  let before = 0;
  for (let bin = 0; bin < bins; bin++) {
    const low = bin === 0 ? least : Math.max(edges[Math.min(bin, edges.length) - 1], least);
    const high = bin >= edges.length ? (bin === bins - 1 ? most : low) : Math.min(edges[bin], most);
    const [own, other] = [reference.counts[bin] / m, current.counts[bin] / n];
    const after = before + own - other;
    // ∫ (F − G) from low to high = [x (F − G)] − ∫ x d(F − G)
    const moment =
      (reference.sums[bin] - reference.counts[bin] * middle) / m -
      (current.sums[bin] - current.counts[bin] * middle) / n;
    if (high > low) area += Math.abs((high - middle) * after - (low - middle) * before - moment);
    before = after;
  }
  return area;
}

/** {@link wassersteinOfBins} in standard deviations of the reference, taken as at least 0.001. */
export function normalisedWassersteinOfBins(
  reference: BinnedValues,
  current: BinnedValues,
  edges: ArrayLike<number>,
  ddof: 0 | 1 = 0,
): number {
  const deviation = Math.sqrt(variance(reference.moments, ddof));
  return wassersteinOfBins(reference, current, edges) / (deviation > 0.001 ? deviation : 0.001);
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) sum += counts[bin];
  return sum;
}
