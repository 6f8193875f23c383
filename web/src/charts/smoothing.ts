/**
 * An exponential moving average with the bias of its start taken out, so that the first value is the
 * first point and not a fraction of it: m_t = w·m_(t-1) + (1 - w)·y_t, drawn as m_t / (1 - w^t).
 * Source: Kingma and Ba, Adam, ICLR 2015, section 3 (initialisation bias correction).
 *
 * @param weight share of the past, from 0 (nothing is smoothed) to below 1.
 * @returns a value for each of `values`; one that is not finite stays as it is and leaves the mean alone.
 */
export function smoothed(values: readonly number[], weight: number): number[] {
  const w = Math.min(Math.max(weight, 0), smoothingMax);
  if (w === 0) return [...values];
  let mean = 0;
  let unseen = 1;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    mean = w * mean + (1 - w) * value;
    unseen *= w;
    return mean / (1 - unseen);
  });
}

/** Above it a curve only tells its mean. */
export const smoothingMax = 0.999;
