import * as z from 'zod';
import { fields, problem, route, type Surface } from '../../shared/http/index.ts';
import { getRetraining, listRetrainings, type RetrainingJob } from '../../shared/pipelines/index.ts';
import { snakeCase } from './snake-case.ts';

/** Retraining: what asked for it, how far it is, and the figures that decided. */
export const pipelines: Surface = {
  name: 'pipelines',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/retraining-jobs', {
      operation: 'listRetrainingJobs',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.object({
        limit: fields.limit(1000, 100),
      }),
      handle: async (ctx, { limit }) => ({ jobs: (await listRetrainings(ctx, limit)).map(present) }),
    }),
    route('GET', '/api/v1/retraining-jobs/{id}', {
      operation: 'getRetrainingJob',
      role: 'viewer',
      scope: { on: [{ field: 'id', names: 'retraining-job' }] },
      input: z.object({ id: fields.requiredText }),
      handle: async (ctx, { id }) => present(await getRetraining(ctx, id)),
    }),
  ],
};

/** The job without the envelope of its document. */
function present({ id: _, type, v, workspace, kind, jobId, ...job }: RetrainingJob) {
  return snakeCase({ id: jobId, ...job });
}
