import * as z from 'zod';
import { fields, type Route } from '../../../shared/http/index.ts';
import { searchExperiments, searchRuns } from '../../../shared/tracking/index.ts';
import { mlflow, nextPage, optional, search } from '../mlflow.ts';
import { stagesOf, viewType } from './fields.ts';
import { experimentJson, runJson } from './json.ts';

const noOrder = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((order) => (order === undefined ? [] : [order].flat()))
  .refine(
    (order) =>
      order.length === 0 ||
      (order.length === 1 && /^(attributes?\.)?(start_time|creation_time)\s+DESC$/i.test(order[0] ?? '')),
    'only newest first is supported by this version of Cairn; leave it out',
  );

/** Search of experiments and runs. */
export const searches: readonly Route[] = [
  ...(['GET', 'POST'] as const).flatMap((method) =>
    mlflow(method, 'experiments/search', 'viewer', {
      input: z.object({
        ...search,
        max_results: fields.limit(50_000, 1000),
        view_type: viewType,
        order_by: noOrder,
      }),
      handle: async (ctx, input) => {
        const found = await searchExperiments(ctx, {
          stages: stagesOf(input.view_type),
          limit: input.max_results,
          pageToken: input.page_token,
        });
        return { experiments: found.items.map(experimentJson), ...nextPage(found) };
      },
    }),
  ),
  ...mlflow('POST', 'runs/search', 'viewer', {
    input: z.object({
      ...search,
      experiment_ids: z.array(fields.text).default([]),
      run_view_type: viewType,
      max_results: fields.limit(50_000, 1000),
      order_by: noOrder,
    }),
    handle: async (ctx, input) => {
      const found = await searchRuns(ctx, {
        experimentIds: input.experiment_ids,
        stages: stagesOf(input.run_view_type),
        limit: input.max_results,
        pageToken: input.page_token,
      });
      return { ...optional('runs', found.items.map(runJson)), ...nextPage(found) };
    },
  }),
];
