import { binomialTerm } from './gamma.ts';

/**
 * P(Dₙ ≥ d) for the one-sample Kolmogorov statistic of n points. Methods after Simard and L'Ecuyer
 * (Journal of Statistical Software 39/11, 2011): ten digits for n ≤ 140; above that the relative error is below
 * 1e-5 in the tail, and the absolute error below 1e-5 elsewhere.
 */
export function kolmogorovTail(n: number, d: number): number {
  const scaled = n * d * d;
  if (n * d <= 0.5) return 1;
  if (d >= 1 || scaled >= 370) return 0;
  // Beyond these bounds both one-sided events hardly ever meet (never, for d ≥ ½), so they simply add up.
  if (d >= 0.5 || scaled >= (n <= 140 ? 4 : 2.2)) return Math.min(2 * oneSidedTail(n, d), 1);
  const below = n <= 140 ? matrixPower(n, d) : pelzGood(n, d);
  return Math.min(Math.max(1 - below, 0), 1);
}

/**
 * P(Dₙ⁺ ≥ d) = d Σ C(n, j) (d + j/n)ʲ⁻¹ (1 − d − j/n)ⁿ⁻ʲ over j ≤ n(1 − d): Smirnov 1944, Birnbaum and
 * Tingey 1951. All terms are positive, so nothing cancels.
 */
function oneSidedTail(n: number, d: number): number {
  let sum = 0;
  for (let j = 0; j <= n * (1 - d); j++) {
    const p = d + j / n;
    const q = (n - j) / n - d;
    if (q >= 0) sum += binomialTerm(n, j, p, q) / p;
  }
  return d * sum;
}

/** P(Dₙ < d), exactly, as an element of a matrix power: Marsaglia, Tsang and Wang (JSS 8/18, 2003). */
function matrixPower(n: number, d: number): number {
  const k = Math.floor(n * d) + 1;
  const size = 2 * k - 1;
  const h = k - n * d;
  const step = Float64Array.from({ length: size * size }, (_, at) =>
    Math.floor(at / size) - (at % size) + 1 >= 0 ? 1 : 0,
  );
  for (let i = 0; i < size; i++) {
    step[i * size] -= h ** (i + 1);
    step[(size - 1) * size + i] -= h ** (size - i);
  }
  if (2 * h > 1) step[(size - 1) * size] += (2 * h - 1) ** size;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i + 1 && j < size; j++) {
      for (let g = 2; g <= i - j + 1; g++) step[i * size + j] /= g;
    }
  }
  let result = raise(step, n, size)[(k - 1) * size + k - 1];
  for (let i = 1; i <= n; i++) result *= i / n;
  return result;
}

/** No entry outgrows eⁿ, so that for the n this is used for nothing has to be scaled. */
function raise(base: Float64Array, power: number, size: number): Float64Array {
  if (power === 1) return base;
  const half = raise(base, power >> 1, size);
  const square = multiply(half, half, size);
  return power % 2 ? multiply(base, square, size) : square;
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const product = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k];
      for (let j = 0; j < size; j++) product[i * size + j] += factor * b[k * size + j];
    }
  }
  return product;
}

/** P(Dₙ < d) to O(1/n²): the limit law and three corrections (Pelz and Good, JRSS B 38, 1976). */
function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const pi2 = Math.PI ** 2;
  let k0 = 0;
  let k1 = 0;
  let k2 = 0;
  let k3 = 0;
  let k2Even = 0;
  let k3Even = 0;
  for (let k = 1; k <= Math.ceil((16 * z) / Math.PI); k++) {
    const odd = ((2 * k - 1) ** 2 * pi2) / 4;
    const weight = Math.exp(-odd / (2 * z2));
    k0 += weight;
    k1 += (odd - z2) * weight;
    k2 += (6 * z2 ** 3 + 2 * z2 ** 2 + (2 * z2 ** 2 - 5 * z2) * odd + (1 - 2 * z2) * odd ** 2) * weight;
    k3 +=
      (-30 * z2 ** 3 -
        90 * z2 ** 4 +
        (135 * z2 ** 2 - 96 * z2 ** 3) * odd +
        (212 * z2 ** 2 - 60 * z2) * odd ** 2 +
        (5 - 30 * z2) * odd ** 3) *
      weight;
    const even = k ** 2 * pi2;
    const evenWeight = Math.exp(-even / (2 * z2));
    k2Even += even * evenWeight;
    k3Even += (3 * z2 - even) * even * evenWeight;
  }
  const limit = k0 / z;
  const first = k1 / (6 * z2 ** 2);
  const second = k2 / (72 * z ** 7) - k2Even / (36 * z ** 3);
  const third = k3 / (6480 * z ** 10) + k3Even / (216 * z ** 6);
  return Math.sqrt(2 * Math.PI) * (limit + first / Math.sqrt(n) + second / n + third / n ** 1.5);
}
