import { binomialTerm } from './gamma.ts';

/** Above this many points the sum takes a law in closed form instead. */
const exactPointsMax = 1_000_000;
/** Terms that are enough to add up all of them. */
const enoughTerms = 4096;

/**
 * P(Dₙ⁺ ≥ d) of the one-sided one-sample Kolmogorov–Smirnov statistic of n points:
 * d Σ C(n, j) (d + j/n)ʲ⁻¹ (1 − d − j/n)ⁿ⁻ʲ over 0 ≤ j ≤ n(1 − d). Smirnov, 1944; Birnbaum and Tingey, Annals of
 * Mathematical Statistics 22, 1951. All terms are positive, so nothing cancels: about 13 digits. Above a million points
 * exp(−(6nd + 1)² / 18n), whose relative error is O(1/n) (Maag and Dicaire, Biometrika 58, 1971). As scipy.special.smirnov.
 */
export function smirnovTail(n: number, d: number): number {
  if (d <= 0) return 1;
  if (d >= 1) return 0;
  if (n > exactPointsMax) return Math.exp(-((6 * n * d + 1) ** 2) / (18 * n));
  // As a function of j the terms are smooth, and vanish at both ends where n d is large: then the trapezoidal rule is
  // exact to the last digit with far fewer of them (Trefethen and Weideman, SIAM Review 56, 2014).
  const vanishes = n * d * (1 - 2 * d) > 100;
  const step = vanishes ? Math.max(Math.floor(n / enoughTerms), 1) : 1;
  let sum = 0;
  for (let j = 0; j <= n * (1 - d); j += step) {
    const p = d + j / n;
    const q = (n - j) / n - d;
    if (q >= 0) sum += binomialTerm(n, j, p, q) / p;
  }
  return Math.min(d * step * sum, 1);
}
