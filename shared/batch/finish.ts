import type { Context } from '../context.ts';
import { CairnError, isCode } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { getEndpoint, mainOf, rulesOf } from '../endpoints/index.ts';
import type { BatchFailure, BatchJob, JobStatus } from './job.ts';
import { findJob, hasOpenChunks, moveJob, readChunks, readJob } from './store.ts';

const csv = 'text/csv; charset=utf-8';

/**
 * Commits the job's output if every chunk is done. Whoever finds that first does it; all others, and all
 * who ask too early, do nothing.
 */
export async function finishIfDone(ctx: Context, jobId: string): Promise<void> {
  const stored = await readJob(ctx, jobId);
  if (stored?.doc.status !== 'running' || !stored.doc.plan.complete) return;
  if (await hasOpenChunks(ctx, jobId)) return;
  const committing = await moveJob(ctx, jobId, ['running'], (job) => ({ ...job, status: 'committing' }));
  if (committing) await commit(ctx, committing);
}

/**
 * Makes the output of exactly the blocks that the chunks' documents list, in order. A blob that is there
 * already was committed by someone else, of the same blocks, since a chunk that is done never changes.
 */
export async function commit(ctx: Context, job: BatchJob): Promise<void> {
  const { jobId, output } = job;
  const chunks = await readChunks(ctx, jobId);
  const done = chunks.flatMap((chunk) => (chunk.status === 'done' ? [chunk.progress] : []));
  if (done.length !== job.plan.chunks)
    throw new Error(`Job ${jobId} has ${done.length} of ${job.plan.chunks} chunks done.`);
  try {
    await ctx.stores.blobs(output.container).commitBlocks(
      output.name,
      done.flatMap((progress) => progress.blockIds),
      { contentType: csv },
    );
  } catch (error) {
    // The storage account refused the list of blocks, which no repetition changes.
    if (!isCode(error, 'conflict')) throw error;
    ctx.log.error('batch output not committed', { jobId, reason: String(error) });
    const reason =
      'The storage account no longer has all blocks of the output; it keeps them for a week. Upload the input again.';
    await failJob(ctx, jobId, { code: 'commit', reason }, ['committing']);
    return;
  }
  const rows = done.reduce((sum, progress) => sum + progress.rows, 0);
  const bytes = done.reduce((sum, progress) => sum + progress.bytes, 0);
  const moved = await moveJob(ctx, jobId, ['committing'], (current) => ({
    ...current,
    status: 'succeeded',
    finishedAt: ctx.clock.now(),
    rows,
    bytes,
  }));
  if (!moved) return;
  spend('batchRows', rows);
  spend('storedBytes', bytes);
}

/** Ends a job that cannot succeed; nothing of its output is ever visible. A job that has ended stays as it is. */
export async function failJob(
  ctx: Context,
  jobId: string,
  failure: BatchFailure,
  from: readonly JobStatus[] = ['planned', 'running'],
): Promise<void> {
  const shown = await withoutPersonalData(ctx, jobId, failure);
  const failed = await moveJob(ctx, jobId, from, (job) => ({
    ...job,
    status: 'failed',
    failure: shown,
    finishedAt: ctx.clock.now(),
  }));
  if (failed) ctx.log.warn('batch job failed', { jobId, code: failure.code, reason: failure.reason });
}

/** A failure without the value that was wrong, unless no column of the endpoint is personal data. */
async function withoutPersonalData(
  ctx: Context,
  jobId: string,
  failure: BatchFailure,
): Promise<BatchFailure> {
  const { value, ...rest } = failure;
  const job = value === undefined ? undefined : (await readJob(ctx, jobId))?.doc;
  if (!job) return failure;
  const here: Context = { ...ctx, workspace: job.workspace };
  try {
    const endpoint = await getEndpoint(here, job.endpoint);
    const { columns } = await rulesOf(
      here,
      endpoint,
      job.model ? { modelId: job.model.modelId, stable: job.model } : mainOf(endpoint),
    );
    if (columns.size === 0) return failure;
  } catch (error) {
    // The version may be gone: nobody can tell any more what is personal.
    if (!isCode(error, 'not-found')) throw error;
  }
  return { ...rest, reason: `The value ${rest.reason}; it is not shown, since columns are personal data` };
}

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
    `The job has ${now?.doc.status ?? 'ended'}; it cannot be stopped any more.`,
  );
}
