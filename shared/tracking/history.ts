import type { Context } from '../context.ts';
import type { MetricPoint, Points } from './model.ts';
import { getRun } from './runs.ts';

/** The whole history of one metric, by (timestamp, step, value); points logged twice count once. */
export async function metricHistory(ctx: Context, runId: string, key: string): Promise<MetricPoint[]> {
  const run = await getRun(ctx, runId);
  const points = new Map<string, MetricPoint>();
  const documents = ctx.stores
    .documents('runs')
    .stream<Points>(
      { text: "SELECT * FROM c WHERE c.type = 'points' AND ARRAY_CONTAINS(c.keys, @key)", values: { key } },
      { key: [run.experimentId, runId], consistency: 'strong' },
    );
  for await (const doc of documents)
    doc.keys.forEach((k, i) => {
      if (k !== key) return;
      const point = {
        key,
        value: Number(doc.values[i]),
        timestamp: doc.timestamps[i] ?? 0,
        step: doc.steps[i] ?? 0,
      };
      points.set(`${point.timestamp},${point.step},${point.value}`, point);
    });
  return [...points.values()].toSorted(
    (a, b) => a.timestamp - b.timestamp || a.step - b.step || a.value - b.value,
  );
}
