import * as z from 'zod';
import { getEndpoint } from '../../../shared/endpoints/index.ts';
import { fields, problem, route, type Surface } from '../../../shared/http/index.ts';
import { type Metrics, metricsOf, type Point } from '../../../shared/summaries/index.ts';

const time = fields.int64.refine((at) => at >= 0 && at <= 8.64e15, 'must be milliseconds since 1970');

/** What was counted of the calls of endpoints. */
export const endpointMetrics: Surface = {
  name: 'endpoint-metrics',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/endpoints/{name}/metrics', {
      operation: 'getEndpointMetrics',
      role: 'viewer',
      scope: { on: [{ field: 'name', names: 'endpoint' }] },
      input: z.strictObject({
        name: fields.requiredText,
        from: time.optional(),
        to: time.optional(),
        step_seconds: fields.int64.refine((seconds) => seconds >= 60, 'must be at least 60').optional(),
      }),
      async handle(ctx, { name, from, to, step_seconds }) {
        const endpoint = await getEndpoint(ctx, name);
        return present(await metricsOf(ctx, endpoint, { from, to, stepSeconds: step_seconds }));
      },
    }),
  ],
};

function present({ from, to, stepSeconds, series }: Metrics) {
  return {
    from,
    to,
    step_seconds: stepSeconds,
    series: series.map(({ points, ...of }) => ({ ...of, points: points.map(presentPoint) })),
  };
}

function presentPoint({ latency, nonFinite, meanBatchRows, ...point }: Point) {
  return { ...point, latency_ms: latency, non_finite: nonFinite, mean_batch_rows: meanBatchRows };
}
