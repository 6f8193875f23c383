/**
 * Incomplete gamma function and binomial terms, free of the cancellation that logarithms of factorials
 * bring: both are taken relative to their largest term (Loader, Fast and Accurate Computation of Binomial
 * Probabilities, 2000).
 */

/** Regularised upper incomplete gamma function Q(a, x) for a > 0, x ≥ 0; relative error about 1e-14. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/** C(n, k) pᵏ (1 − p)ⁿ⁻ᵏ; `q` is 1 − p, given apart so that a small one keeps its digits. */
export function binomialTerm(n: number, k: number, p: number, q: number): number {
  if (k === 0) return q ** n;
  if (k === n) return p ** n;
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * q);
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** n! / nⁿ for n ≥ 1, by Stirling's formula and what it lacks. */
export function factorialOverPower(n: number): number {
  return Math.sqrt(2 * Math.PI * n) * Math.exp(stirlingError(n) - n);
}

/** 1/(a + 1) + 1/(a + 2) + … + 1/b for whole a ≤ b; relative error about 1e-15 (DLMF 5.11.2). */
export function harmonicBetween(a: number, b: number): number {
  let sum = 0;
  let from = a;
  for (; from < b && (from < 40 || b - from < 40); from++) sum += 1 / (from + 1);
  if (from === b) return sum;
  const rest = (n: number) => 1 / (2 * n) - 1 / (12 * n ** 2) + 1 / (120 * n ** 4) - 1 / (252 * n ** 6);
  return sum + Math.log1p((b - from) / from) + rest(b) - rest(from);
}

/** ln Γ(x) for x > 0; relative error about 1e-14. */
export function logGamma(x: number): number {
  // Γ(x + 1) = x Γ(x), and Stirling's formula for it.
  return (x + 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + stirlingError(x) - Math.log(x);
}

/** P(a, x) = xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁱ / ((a + 1)…(a + i)) (DLMF 8.7.1). */
function lowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let i = 1; term > sum * 1e-17; i++) {
    term *= x / (a + i);
    sum += term;
  }
  return sum * poissonTerm(a, x);
}

/** Q(a, x) by Legendre's continued fraction (DLMF 8.9.2), evaluated by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1; i < 100_000; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return fraction * a * poissonTerm(a, x);
}

/** xᵃ e⁻ˣ / Γ(a + 1) */
function poissonTerm(a: number, x: number): number {
  return Math.exp(-stirlingError(a) - deviance(a, x)) / Math.sqrt(2 * Math.PI * a);
}

/** ln Γ(a + 1) − (a + ½) ln a + a − ½ ln 2π: what Stirling's formula lacks. */
function stirlingError(a: number): number {
  let correction = 0;
  let from = a;
  // Γ's recurrence carries a small argument up to where the series has all its digits.
  for (; from < 16; from++) correction += (from + 0.5) * Math.log1p(1 / from) - 1;
  const square = 1 / (from * from);
  const series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)));
  return correction + series / from;
}

/** x ln(x / m) + m − x ≥ 0, by its series where the two are close. */
function deviance(x: number, m: number): number {
  const gap = x - m;
  if (Math.abs(gap) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = gap / (x + m);
  let sum = gap * v;
  let power = 2 * x * v;
  for (let i = 3; ; i += 2) {
    power *= v * v;
    const next = sum + power / i;
    if (next === sum) return sum;
    sum = next;
  }
}
