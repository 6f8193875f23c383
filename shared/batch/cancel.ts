import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { BatchJob } from './job.ts';
import { findJob, moveJob, readJob } from './store.ts';

/** Stops a job; workers notice at their next checkpoint. Throws `not-found`, and `conflict` for a job past stopping. */
export async function cancelJob(ctx: Context, jobId: string): Promise<BatchJob> {
  await findJob(ctx, jobId);
  const cancelled = await moveJob(ctx, jobId, ['planned', 'running'], (job) => ({
    ...job,
    status: 'cancelled',
    finishedAt: ctx.clock.now(),
  }));
  if (cancelled) return cancelled;
  const now = await readJob(ctx, jobId);
  if (now?.doc.status === 'cancelled') return now.doc;
  throw new CairnError(
    'conflict',
    now?.doc.status === 'committing'
      ? 'The job is committing its output; it cannot be stopped any more.'
      : `The job has ${now?.doc.status ?? 'ended'}; it cannot be stopped any more.`,
    { field: 'id' },
  );
}
