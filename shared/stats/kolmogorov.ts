import { durbinBelow } from './durbin.ts';
import { factorialOverPower } from './gamma.ts';
import { pelzGood } from './pelz-good.ts';
import { smirnovTail } from './smirnov.ts';

/** Up to this many points every method is exact. */
const fewPoints = 140;
/** Up to this many the matrix is small enough where d is. */
const matrixPointsMax = 100_000;

/**
 * P(Dₙ ≥ d) for the one-sample Kolmogorov statistic of n points, by the method that suits n and d: after Simard and
 * L'Ecuyer, Journal of Statistical Software 39/11, 2011, between the same bounds as scipy.stats.kstwo.sf, so that both
 * give the same digits. For n ≤ 140 every method is exact (to 2e-14 of 1, and 12 digits of a small p); above that the
 * relative error of the method is below 1e-5 in the tail, and the absolute error below 1e-5 elsewhere.
 */
export function kolmogorovTail(n: number, d: number): number {
  if (d >= 1) return 0;
  if (d <= 0) return 1;
  return Math.min(Math.max(tail(n, d), 0), 1);
}

function tail(n: number, d: number): number {
  const reach = n * d;
  if (reach <= 0.5) return 1;
  // Closed forms of Ruben and Gambino, 1982.
  if (reach <= 1) return 1 - factorialOverPower(n) * (2 * reach - 1) ** n;
  if (reach >= n - 1) return 2 * (1 - d) ** n;
  const scaled = reach * d;
  if (n > fewPoints && scaled >= 370) return 0;
  // Beyond these bounds both one-sided events hardly ever meet (never, for d ≥ ½), so they simply add up.
  if (d >= 0.5 || (n <= fewPoints ? scaled > 4 : scaled >= 2.2)) return 2 * smirnovTail(n, d);
  const isExact = n <= fewPoints || (n <= matrixPointsMax && n * d ** 1.5 <= 1.4);
  return 1 - (isExact ? durbinBelow(n, d) : pelzGood(n, d));
}
