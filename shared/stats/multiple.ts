/**
 * Which of many tests to believe so that at most a share q of the believed ones is expected to be wrong
 * (Benjamini and Hochberg, JRSS B 57, 1995): the tests with the smallest p up to the largest i with
 * p₍ᵢ₎ ≤ q i / m. A NaN p-value is no test: it is not rejected and not counted in m.
 *
 * @returns per test, in the order given: whether it is rejected, and the smallest q at which it would be
 */
export function benjaminiHochberg(
  pValues: ArrayLike<number>,
  q: number,
): { rejected: boolean[]; adjusted: number[]; threshold: number } {
  const tests = Array.from(pValues, (p, at) => ({ p, at })).filter(({ p }) => !Number.isNaN(p));
  const ordered = tests.toSorted((a, b) => a.p - b.p);
  const adjusted = Array.from(pValues, () => Number.NaN);
  let lowest = 1;
  let believed = 0;
  for (let rank = ordered.length; rank >= 1; rank--) {
    const { p, at } = ordered[rank - 1];
    lowest = Math.min(lowest, (p * ordered.length) / rank);
    adjusted[at] = lowest;
    if (believed === 0 && p <= (q * rank) / ordered.length) believed = rank;
  }
  const rejected = Array.from(pValues, () => false);
  for (const { at } of ordered.slice(0, believed)) rejected[at] = true;
  return { rejected, adjusted, threshold: (q * believed) / Math.max(ordered.length, 1) };
}
