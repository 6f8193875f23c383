/** Enough to know mean and variance, mergeable and independent of the order of its parts up to rounding. */
export type Moments = {
  count: number;
  mean: number;
  /** Σ (x − mean)² */
  squares: number;
  /** ∞ and −∞ for no values. */
  min: number;
  max: number;
};

export const noMoments: Moments = { count: 0, mean: 0, squares: 0, min: Infinity, max: -Infinity };

/** Of the finite values, by Welford's recurrence (Technometrics 4, 1962). */
export function momentsOf(values: ArrayLike<number>): Moments {
  const moments = { ...noMoments };
  for (let at = 0; at < values.length; at++) {
    if (Number.isFinite(values[at])) observed(moments, values[at]);
  }
  return moments;
}

/** Takes one more finite value into the moments. */
export function observed(moments: Moments, value: number): void {
  const gap = value - moments.mean;
  moments.mean += gap / ++moments.count;
  moments.squares += gap * (value - moments.mean);
  if (value < moments.min) moments.min = value;
  if (value > moments.max) moments.max = value;
}

/** The moments of both parts together (Chan, Golub and LeVeque, 1979). */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const gap = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (gap * b.count) / count,
    squares: a.squares + b.squares + (gap * gap * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** @param ddof 0 for the variance of these values, 1 for an estimate from a sample; NaN for count ≤ ddof. */
export function variance({ count, squares }: Moments, ddof: 0 | 1 = 0): number {
  return count > ddof ? squares / (count - ddof) : Number.NaN;
}
