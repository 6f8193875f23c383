import * as z from 'zod';
import { CairnError, fields, problem, route, type Surface } from '../../shared/http/index.ts';
import { type RunRow, runColumns, searchRunRows } from '../../shared/tracking/index.ts';
import { stagesOf, viewType } from './tracking/fields.ts';

const columnsMax = 100;
const names = z.array(fields.text.max(1000, 'must have at most 1000 characters')).default([]);

/** Runs as a table: of each only the columns that are looked at, since it may have hundreds. */
export const runsTable: Surface = {
  name: 'runs',
  part: 'control',
  errors: problem,
  routes: [
    route('POST', '/api/v1/runs/search', {
      operation: 'searchRunsTable',
      role: 'viewer',
      scope: { among: ['experiment'] },
      input: z.strictObject({
        experiment_ids: z.array(fields.text),
        filter: fields.text.optional(),
        order_by: z.array(fields.text).default([]),
        view: viewType,
        max_results: fields.limit(200, 50),
        page_token: fields.text.optional(),
        columns: z
          .strictObject({ metrics: names, params: names, tags: names })
          .default({ metrics: [], params: [], tags: [] }),
      }),
      handle: async (ctx, { columns, ...input }) => {
        const count = columns.metrics.length + columns.params.length + columns.tags.length;
        if (count > columnsMax)
          throw new CairnError('invalid', `At most ${columnsMax} columns can be asked for, not ${count}.`, {
            field: 'columns',
          });
        const { items, nextToken } = await searchRunRows(
          ctx,
          {
            experimentIds: input.experiment_ids,
            filter: input.filter,
            orderBy: input.order_by,
            stages: stagesOf(input.view),
            limit: input.max_results,
            pageToken: input.page_token,
          },
          columns,
        );
        return {
          runs: items.map(rowJson),
          ...(nextToken === undefined ? {} : { next_page_token: nextToken }),
        };
      },
    }),
    route('GET', '/api/v1/runs/columns', {
      operation: 'listRunColumns',
      role: 'viewer',
      scope: { among: ['experiment'] },
      input: z.object({
        // Repeated, or a list with commas.
        experiment_ids: z.union([fields.text, z.array(fields.text)]).transform((ids) =>
          [ids]
            .flat()
            .flatMap((id) => id.split(','))
            .filter((id) => id !== ''),
        ),
      }),
      handle: async (ctx, input) => {
        const { runsSampled, ...columns } = await runColumns(ctx, input.experiment_ids);
        return { ...columns, runs_sampled: runsSampled };
      },
    }),
  ],
};

function rowJson(row: RunRow) {
  return {
    run_id: row.runId,
    experiment_id: row.experimentId,
    name: row.name,
    user_id: row.userId,
    status: row.status,
    start_time: row.startTime,
    ...(row.endTime === undefined ? {} : { end_time: row.endTime }),
    stage: row.lifecycle.stage,
    datasets: row.datasets,
    metrics: Object.fromEntries(
      [...row.metrics].map(([key, value]) => [key, Number.isFinite(value) ? value : String(value)]),
    ),
    params: Object.fromEntries(row.params),
    tags: Object.fromEntries(row.tags),
  };
}
