import * as z from 'zod';
import { json, problem, route, type Surface } from '../../shared/http/index.ts';
import { requestPurge } from '../../shared/tracking/index.ts';

const idsMax = 1000;
const ids = z
  .array(z.string().min(1), { error: 'must be a list of ids' })
  .max(idsMax, `must hold at most ${idsMax} ids`)
  .default([]);

const request = z
  .strictObject({
    experiment_ids: ids,
    run_ids: ids,
    logged_model_ids: ids,
    older_than_days: z
      .number({ error: 'must be a number of days' })
      .min(0, 'must not be negative')
      .max(36_500, 'must be at most 36500')
      .optional(),
    dry_run: z.boolean({ error: 'must be true or false' }).default(false),
  })
  .refine(
    (asked) =>
      asked.older_than_days !== undefined ||
      [asked.experiment_ids, asked.run_ids, asked.logged_model_ids].some((named) => named.length > 0),
    {
      path: ['older_than_days'],
      error: 'must be given where nothing is named; 0 purges all that is deleted',
    },
  );

/** Deletion for good, of what is deleted already. */
export const purges: Surface = {
  name: 'purge',
  part: 'control',
  errors: problem,
  routes: [
    route('POST', '/api/v1/purge', {
      operation: 'purge',
      role: 'admin',
      scope: {
        on: [
          { field: 'experiment_ids', names: 'experiment' },
          { field: 'run_ids', names: 'run' },
          { field: 'logged_model_ids', names: 'logged-model' },
        ],
      },
      input: request,
      async handle(ctx, asked) {
        const counts = await requestPurge(ctx, {
          experimentIds: asked.experiment_ids,
          runIds: asked.run_ids,
          modelIds: asked.logged_model_ids,
          olderThanDays: asked.older_than_days ?? 0,
          dryRun: asked.dry_run,
        });
        const { experiments, runs, loggedModels } = counts;
        const body = { experiments, runs, logged_models: loggedModels, dry_run: asked.dry_run };
        return json(body, asked.dry_run ? 200 : 202);
      },
    }),
  ],
};
