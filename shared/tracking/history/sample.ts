import { type Columns, compareValues, pick } from './points.ts';

/**
 * At most `max` of the points, evenly over them in order by (step, timestamp, value), the first and the
 * last included. As MLflow does since 3.15 (sqlalchemy_store.py, `_sample_rows_with_window_functions`): the
 * points are cut into `max` stretches as SQL's NTILE cuts them, the first of each is taken, and in place of
 * the last one the last point of all.
 * @example sample(points, 320)
 */
export function sample(points: Columns, max: number): Columns {
  const order = byStep(points);
  const count = order.length;
  if (count <= max) return pick(points, order);
  const short = Math.floor(count / max);
  const longs = count % max;
  const sampled = Uint32Array.from({ length: max }, (_, i) => order[i * short + Math.min(i, longs)] ?? 0);
  sampled[max - 1] = order[count - 1] ?? 0;
  return pick(points, sampled);
}

/** The positions of the points in order by (step, timestamp, value). */
function byStep({ timestamps, steps, values }: Columns): Uint32Array {
  const positions = Uint32Array.from({ length: steps.length }, (_, i) => i);
  let i = 1;
  // The points are in order by (timestamp, step, value), which mostly is the same.
  while (i < steps.length && (steps[i - 1] ?? 0) <= (steps[i] ?? 0)) i++;
  if (i < steps.length)
    positions.sort(
      (a, b) =>
        (steps[a] ?? 0) - (steps[b] ?? 0) ||
        (timestamps[a] ?? 0) - (timestamps[b] ?? 0) ||
        compareValues(values[a] ?? 0, values[b] ?? 0),
    );
  return positions;
}
