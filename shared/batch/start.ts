import type { Context } from '../context.ts';
import { relay } from '../events/index.ts';
import type { BatchFailure, BatchJob } from './job.ts';
import type { BatchFile } from './file.ts';
import type { JobBegun } from './new-job.ts';
import { askForPlan, jobEvent, readJob } from './store.ts';
import { watchOver } from './watch-over.ts';

/** Files recorded in one write. */
const filesPerWrite = 90;

/** A job that was asked for: whether it is one that nobody had asked for before. */
export type Submitted = { readonly job: BatchJob; readonly isNew: boolean };

/** Records a job if it is new, and asks for its plan. Done again by a repeated event, it completes what a crash left. */
export async function start(ctx: Context, job: BatchJob, files: readonly BatchFile[]): Promise<Submitted> {
  if (job.status !== 'planned') return { job, isNew: false };
  const { jobId } = job;
  // Files first: a job that is there has them all.
  await recordFiles(ctx, jobId, files);
  // Then the timer: whatever dies behind this line, it finds it.
  await watchOver(ctx);
  const doc: BatchJob = { ...job, seq: 1 };
  const event = jobEvent(ctx, 'batch.requested', doc);
  const { outcome } = await ctx.stores.documents('jobs').batch([jobId], [{ op: 'create', doc }, event]);
  const isNew = outcome === 'applied';
  if (isNew) relay(ctx, 'jobs', [jobId], event);
  await askForPlan(ctx, jobId);
  return { job: (await readJob(ctx, jobId))?.doc ?? job, isNew };
}

/** Records the files of a job; what is there already is the same. */
export async function recordFiles(ctx: Context, jobId: string, files: readonly BatchFile[]): Promise<void> {
  for (let i = 0; i < files.length; i += filesPerWrite)
    await ctx.stores.documents('jobs').batch(
      [jobId],
      files.slice(i, i + filesPerWrite).map((doc) => ({ op: 'create' as const, doc })),
    );
}

/** Records a job that cannot be begun, as failed. */
export async function refuse(
  ctx: Context,
  job: JobBegun,
  reason: string,
  code: BatchFailure['code'] = 'endpoint',
): Promise<BatchJob> {
  const failed: BatchJob = {
    ...job,
    status: 'failed',
    failure: { code, reason },
    finishedAt: ctx.clock.now(),
    seq: 1,
  };
  const event = jobEvent(ctx, 'batch.finished', failed);
  const { outcome } = await ctx.stores
    .documents('jobs')
    .batch([job.jobId], [{ op: 'create', doc: failed }, event]);
  if (outcome === 'applied') relay(ctx, 'jobs', [job.jobId], event);
  return failed;
}
