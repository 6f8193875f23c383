import * as z from 'zod';
import { CairnError, fields, type Route, route } from '../../../shared/http/index.ts';
import {
  metricHistoryBulk,
  metricHistoryBulkInterval,
  metricHistoryPage,
  type RunPoint,
} from '../../../shared/tracking/index.ts';
import { mlflow, nextPage, optional } from '../mlflow.ts';
import { onRun, runId, runRef } from './fields.ts';
import { metricJson } from './json.ts';

/** Points of one answer (mlflow/store/tracking/__init__.py): its clients ask for just as many. */
const pointsMax = 25_000;
const runsMax = 100;
/** Points of one run in a chart (mlflow/server/handlers.py). */
const chartPointsMax = 2500;

const key = { metric_key: fields.requiredText };
/** One name, or several of the same. */
const texts = z.union([fields.text.transform((text) => [text]), z.array(fields.text)], {
  error: 'must be a list of texts',
});
/** Over the limit is the limit. */
const limit = fields.int64
  .refine((n) => n >= 1, 'It must be a positive integer.')
  .transform((n) => Math.min(n, pointsMax))
  .default(pointsMax);

const interval = z.object({
  run_ids: texts.refine(
    ({ length }) => length >= 1 && length <= runsMax,
    `GetMetricHistoryBulkInterval request must specify at least one and at most ${runsMax} run_ids.`,
  ),
  ...key,
  start_step: fields.int64.optional(),
  end_step: fields.int64.optional(),
  max_results: fields.int64
    .refine((n) => n >= 1 && n <= chartPointsMax, `max_results must be between 1 and ${chartPointsMax}.`)
    .default(chartPointsMax),
});

/** The history of metrics. */
export const metrics: readonly Route[] = [
  ...mlflow('GET', 'metrics/get-history', 'viewer', {
    scope: onRun,
    input: runRef.extend({ ...key, max_results: limit, page_token: fields.text.optional() }),
    handle: async (ctx, input) => {
      const page = await metricHistoryPage(ctx, {
        runId: runId(input),
        key: input.metric_key,
        limit: input.max_results,
        pageToken: input.page_token,
      });
      return { ...optional('metrics', page.items.map(metricJson)), ...nextPage(page) };
    },
  }),
  route('GET', '/ajax-api/2.0/mlflow/metrics/get-history-bulk', {
    operation: 'metrics/get-history-bulk',
    role: 'viewer',
    scope: { on: [{ field: 'run_id', names: 'run' }] },
    input: z.object({
      run_id: texts.default([]),
      metric_key: fields.text.optional(),
      max_results: limit,
    }),
    handle: async (ctx, { run_id: runIds, metric_key: metricKey, max_results: max }) => {
      const refuse = (what: string, field: string) =>
        new CairnError('invalid', `GetMetricHistoryBulk request ${what}`, { field });
      if (runIds.length === 0) throw refuse('must specify at least one run_id.', 'run_id');
      if (runIds.length > runsMax)
        throw refuse(
          `cannot specify more than ${runsMax} run_ids. Received ${runIds.length} run_ids.`,
          'run_id',
        );
      if (metricKey === undefined) throw refuse('must specify a metric_key.', 'metric_key');
      const points = await metricHistoryBulk(ctx, { runIds, key: metricKey, limit: max });
      return { metrics: points.map(runPointJson) };
    },
  }),
  // Clients ask by GET; a hundred run ids fit a body better than an address.
  ...(['GET', 'POST'] as const).flatMap((method) =>
    mlflow(method, 'metrics/get-history-bulk-interval', 'viewer', {
      scope: { on: [{ field: 'run_ids', names: 'run' }] },
      input: interval,
      handle: async (ctx, input) => {
        const points = await metricHistoryBulkInterval(ctx, {
          runIds: input.run_ids,
          key: input.metric_key,
          steps: stepsOf(input),
          maxResults: input.max_results,
        });
        return optional('metrics', points.map(runPointJson));
      },
    }),
  ),
];

function stepsOf({
  start_step: first,
  end_step: last,
}: z.output<typeof interval>): [number, number] | undefined {
  if (first === undefined && last === undefined) return undefined;
  if (first === undefined || last === undefined)
    throw new CairnError(
      'invalid',
      'If either start step or end step are specified, both must be specified.',
      { field: first === undefined ? 'start_step' : 'end_step' },
    );
  if (first > last)
    throw new CairnError(
      'invalid',
      `end_step must be greater than start_step. Found start_step=${first} and end_step=${last}.`,
      { field: 'end_step' },
    );
  return [first, last];
}

function runPointJson({ runId: run_id, ...point }: RunPoint) {
  return { ...metricJson(point), run_id };
}
