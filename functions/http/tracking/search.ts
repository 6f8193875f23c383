import * as z from 'zod';
import { fields, type Route } from '../../../shared/http/index.ts';
import { searchDatasets, searchExperiments, searchRuns } from '../../../shared/tracking/index.ts';
import { mlflow, nextPage, optional, search } from '../mlflow.ts';
import { stagesOf, viewType } from './fields.ts';
import { experimentJson, foundRunJson } from './json.ts';

const textList = z.array(fields.text, { error: 'must be a list of texts' });

/** Where `max_results` is left out it is 1000, as in newer servers of MLflow's; 3.6 refuses that. */
const paged = z.object({ ...search, max_results: fields.limit(50_000, 1000) });

/** Search of experiments, runs and datasets. */
export const searches: readonly Route[] = [
  ...(['GET', 'POST'] as const).flatMap((method) =>
    mlflow(method, 'experiments/search', 'viewer', {
      scope: { among: ['experiment'] },
      input: paged.extend({ view_type: viewType }),
      handle: async (ctx, input) => {
        const found = await searchExperiments(ctx, {
          filter: input.filter,
          orderBy: input.order_by,
          stages: stagesOf(input.view_type),
          limit: input.max_results,
          pageToken: input.page_token,
        });
        return { ...optional('experiments', found.items.map(experimentJson)), ...nextPage(found) };
      },
    }),
  ),
  ...mlflow('POST', 'runs/search', 'viewer', {
    scope: { among: ['experiment'] },
    input: paged.extend({ experiment_ids: textList.default([]), run_view_type: viewType }),
    handle: async (ctx, input) => {
      const found = await searchRuns(ctx, {
        experimentIds: input.experiment_ids,
        filter: input.filter,
        orderBy: input.order_by,
        stages: stagesOf(input.run_view_type),
        limit: input.max_results,
        pageToken: input.page_token,
      });
      return { ...optional('runs', found.items.map(foundRunJson)), ...nextPage(found) };
    },
  }),
  ...mlflow('POST', 'experiments/search-datasets', 'viewer', {
    scope: { among: ['experiment'] },
    input: z.object({ experiment_ids: textList.default([]) }),
    handle: async (ctx, input) => {
      const found = await searchDatasets(ctx, input.experiment_ids);
      return optional(
        'dataset_summaries',
        found.map(({ experimentId, name, digest, context }) => ({
          experiment_id: experimentId,
          name,
          digest,
          ...(context === undefined ? {} : { context }),
        })),
      );
    },
  }),
];
