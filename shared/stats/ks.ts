import { expectSameBins } from './counts-pair.ts';
import { kolmogorovTail } from './kolmogorov.ts';

/** `auto` is exact while neither sample is larger. */
const exactRowsMax = 10_000;

export type KsMethod = 'exact' | 'asymptotic';
export type KsTest = { statistic: number; pValue: number; method: KsMethod };

/**
 * Two-sample Kolmogorov–Smirnov test, two-sided: D = max |F − G| over the pooled points, and the chance of
 * such a D or larger if both were drawn from one continuous distribution. As scipy.stats.ks_2samp.
 *
 * NaN values are left out, infinite ones are the smallest and largest there are. Where a side has no values
 * the answer is NaN.
 */
export function ksTwoSample(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: { method?: 'auto' | KsMethod } = {},
): KsTest {
  const a = sortedNumbers(reference);
  const b = sortedNumbers(current);
  return judge(largestGap(a, b), a.length, b.length, options.method);
}

/**
 * The same from counts over the same bins, in rising order. D is then at most what it is on the values,
 * and short of it by no more than the larger share any one bin holds.
 */
export function ksOfCounts(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: { method?: 'auto' | KsMethod } = {},
): KsTest {
  expectSameBins(reference, current);
  const m = sum(reference);
  const n = sum(current);
  let lead = 0;
  let worst = 0;
  for (let at = 0; at < reference.length; at++) {
    lead += reference[at] * n - current[at] * m;
    worst = Math.max(worst, Math.abs(lead));
  }
  return judge(worst, m, n, options.method);
}

/** @param gap D · m · n, a whole number */
function judge(gap: number, m: number, n: number, method: 'auto' | KsMethod = 'auto'): KsTest {
  const used = method === 'auto' ? (Math.max(m, n) <= exactRowsMax ? 'exact' : 'asymptotic') : method;
  if (m === 0 || n === 0) return { statistic: Number.NaN, pValue: Number.NaN, method: used };
  const statistic = gap / (m * n);
  const pValue = used === 'exact' ? exactTail(gap, m, n) : kolmogorovTail(effectiveRows(m, n), statistic);
  return { statistic, pValue, method: used };
}

/** numpy rounds halves to even, and with it scipy's choice of n. */
function effectiveRows(m: number, n: number): number {
  const rows = (m * n) / (m + n);
  const nearest = Math.round(rows);
  return Math.max(rows % 1 === 0.5 && nearest % 2 ? nearest - 1 : nearest, 1);
}

function sortedNumbers(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .toSorted();
}

/** max |i · n − j · m| over the pooled points, where i and j values lie at or below: exact in whole numbers. */
function largestGap(a: Float64Array, b: Float64Array): number {
  let worst = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const point = Math.min(a[i], b[j]);
    while (a[i] <= point) i++;
    while (b[j] <= point) j++;
    worst = Math.max(worst, Math.abs(i * b.length - j * a.length));
  }
  return worst;
}

/**
 * The share of lattice paths from (0, 0) to (m, n) that reach a point at least this far off the diagonal
 * (Hodges, The significance probability of the Smirnov two-sample test, 1958).
 */
function exactTail(gap: number, m: number, n: number): number {
  const divisor = greatestCommonDivisor(m, n);
  const height = gap / divisor;
  if (height === 0) return 1;
  return Math.min(m === n ? squareTail(n, height) : bandTail(m, n, divisor, height), 1);
}

/** m = n: reflection gives an alternating sum, written as nested products. */
function squareTail(n: number, height: number): number {
  let nested = 0;
  for (let k = Math.floor(n / height); k >= 0; k--) {
    let product = 1;
    for (let j = 0; j < height; j++) product *= (n - k * height - j) / (n + k * height + j + 1);
    nested = product * (1 - nested);
  }
  return 2 * nested;
}

/**
 * Column by column, the share of paths to (i, j) that have left the band |i/m − j/n| < D: a weighted mean of
 * its two neighbours' shares, and 1 outside. Nothing is subtracted, so the smallest p keeps its digits.
 */
function bandTail(a: number, b: number, divisor: number, height: number): number {
  const m = Math.max(a, b);
  const n = Math.min(a, b);
  const mStep = m / divisor;
  const nStep = n / divisor;
  const left = new Float64Array(n + 1).fill(1);
  left.fill(0, 0, Math.min(Math.ceil(height / mStep), n + 1));
  for (let i = 1; i <= m; i++) {
    const first = Math.max(Math.floor((nStep * i - height) / mStep) + 1, 0);
    const end = Math.min(Math.ceil((nStep * i + height) / mStep), n + 1);
    let share = 1;
    for (let j = first; j < end; j++) {
      share = (left[j] * i + share * j) / (i + j);
      left[j] = share;
    }
  }
  return left[n];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function sum(counts: ArrayLike<number>): number {
  let result = 0;
  for (let at = 0; at < counts.length; at++) result += counts[at];
  return result;
}
