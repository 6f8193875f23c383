import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { CairnError } from '../http/index.ts';
import type { RetrainingJob } from './model.ts';

export const jobs = (ctx: Context) => ctx.stores.documents('jobs');

export const keyOf = (jobId: string): readonly string[] => [jobId];

export function jobIdOf(ctx: Context, monitorId: string, windowEnd: number): string {
  return `retrain-${ctx.workspace}-${monitorId}-${windowEnd}`;
}

export function readJob(ctx: Context, jobId: string): Promise<Stored<RetrainingJob> | undefined> {
  return jobs(ctx).read<RetrainingJob>(keyOf(jobId), 'job');
}

/** Throws `not-found` where this workspace has no such job. */
export async function getRetraining(ctx: Context, jobId: string): Promise<RetrainingJob> {
  const stored = await readJob(ctx, jobId);
  if (stored?.doc.type === 'retraining-job' && stored.doc.workspace === ctx.workspace) return stored.doc;
  throw new CairnError('not-found', `There is no retraining job '${jobId}'.`, { field: 'id' });
}

/** Retraining jobs of the workspace, newest first. */
export function listRetrainings(ctx: Context, limit: number): Promise<RetrainingJob[]> {
  return jobs(ctx).query<RetrainingJob>(
    {
      text: "SELECT * FROM c WHERE c.workspace = @workspace AND c.type = 'retraining-job' ORDER BY c.createdAt DESC",
      values: { workspace: ctx.workspace },
    },
    { limit },
  );
}
