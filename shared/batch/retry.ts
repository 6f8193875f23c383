import type { Context } from '../context.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { inTurns } from '../turns.ts';
import { type BatchChunk, factsOf } from './chunk.ts';
import type { BatchFile } from './file.ts';
import { type BatchJob, type BatchMessage, isOver } from './job.ts';
import { scorerOf } from './owner.ts';
import { removeDocuments } from './remove.ts';
import {
  askForPlan,
  changeJob,
  findJob,
  readChunk,
  readChunks,
  readFiles,
  replaceChunk,
  unknownJob,
} from './store.ts';
import { partsGone } from './failure.ts';
import { etagsNow } from './found.ts';
import { filesOfRefused } from './new-job.ts';
import { recordFiles } from './start.ts';
import { watchOver } from './watch-over.ts';
import { checkRoom, notReady } from './submit.ts';

const atOnceMax = 8;

/**
 * Has a job go on that failed or was cancelled: what is done stays, what failed is tried again, and a plan that broke
 * off is taken up. A job that runs already stays as it is.
 * Throws `not-found`; `conflict` for a job that has succeeded, whose input is no longer what it was, or whose staged
 * output is gone; `too-many` where the workspace has scored or holds as much as it may.
 */
export async function retryJob(ctx: Context, jobId: string): Promise<BatchJob> {
  const job = await findJob(ctx, jobId);
  if (job.status === 'succeeded')
    throw conflict('The job has succeeded; to score the input again, ask for a job with a key of its own.');
  if (!isOver(job)) return job;
  if (job.status === 'failed' && job.failure.code === 'commit') throw gone();
  await checkRoom(ctx);
  const model = job.model ?? (await modelOf(ctx, job));
  const files = await readFiles(ctx, jobId);
  if (files.length === 0 && job.plan.chunks > 0)
    throw conflict(
      'An older release began the job, and cannot go on with it; delete it and ask for it again.',
    );
  await checkInput(ctx, job, files);
  const chunks = await readChunks(ctx, jobId);
  await checkStaged(ctx, files, chunks);
  if (files.length === 0) await recordFiles(ctx, jobId, (await filesOfRefused(ctx, job)) ?? []);
  // The chunks before the job: whoever finds it running finds none that failed.
  await inTurns(chunks, atOnceMax, ({ index }) => free(ctx, jobId, index));
  return goOn(ctx, job, model);
}

/** What scores a file that came when nothing could. */
async function modelOf(ctx: Context, { owner }: BatchJob) {
  const scorer = await unlessCode(scorerOf(ctx, owner), 'not-found');
  if (!scorer)
    throw conflict(
      `There is no ${owner.type} '${owner.type === 'model' ? owner.name : owner.id}' to score the input; create it and retry, or ask for a job by another.`,
    );
  const { model } = scorer;
  if (!model) throw notReady(owner);
  return model;
}

async function checkInput(ctx: Context, job: BatchJob, files: readonly BatchFile[]): Promise<void> {
  if (files.length === 0) {
    if (await filesOfRefused(ctx, job)) return;
    throw changed(job.input.name);
  }
  const etags = await etagsNow(ctx, job.input);
  const other = files.find(({ input }) => etags.get(input.name) !== input.etag);
  if (other) throw changed(other.input.name);
}

/** Refuses to go on where blocks are gone that chunks have recorded: the service drops them after a week. */
async function checkStaged(
  ctx: Context,
  files: readonly BatchFile[],
  chunks: readonly BatchChunk[],
): Promise<void> {
  const container = ctx.stores.blobs('batch-output');
  const ofFile = Map.groupBy(chunks, ({ file }) => file);
  await inTurns(files, atOnceMax, async ({ index, output, errors }) => {
    const progress = (ofFile.get(index) ?? []).map((chunk) => chunk.progress);
    for (const [name, ids] of [
      [output, progress.flatMap(({ blockIds }) => blockIds)],
      [errors, progress.flatMap(({ errorIds }) => errorIds)],
    ] as const) {
      if (ids.length === 0) continue;
      const staged = await container.stagedBlocks(name);
      if (!ids.every((id) => staged.has(id))) throw gone();
    }
  });
}

/** Makes a chunk wait that is not done, with nothing held against it. Its attempts go on counting: ids of blocks do not come again. */
async function free(ctx: Context, jobId: string, index: number): Promise<void> {
  const stored = await readChunk(ctx, jobId, index);
  if (!stored || stored.doc.status === 'done') return;
  const { attempt, progress } = stored.doc;
  await replaceChunk(ctx, stored, {
    ...factsOf(stored.doc),
    failures: 0,
    status: 'pending',
    attempt,
    progress,
    // Nobody has asked for it in this run.
    sentAt: 0,
  });
}

async function goOn(ctx: Context, job: BatchJob, model: NonNullable<BatchJob['model']>): Promise<BatchJob> {
  const { jobId } = job;
  // The timer first: whatever dies behind this line, it finds it.
  await watchOver(ctx);
  const running = await changeJob(
    ctx,
    jobId,
    (current) => (isAsIt(current, job) ? restarted(ctx, current, model) : undefined),
    () => 'batch.retried',
  );
  const now = running ?? (await findJobOrClean(ctx, jobId));
  if (now.status === 'planned' || now.status === 'running') {
    if (!now.plan.complete) await askForPlan(ctx, jobId);
    await ctx.stores.queues.send(ctx, 'work', { kind: 'batch-recover', jobId } satisfies BatchMessage);
  }
  return now;
}

function isAsIt(current: BatchJob, job: BatchJob): boolean {
  return isOver(current) && current.deletedAt === undefined && (current.retries ?? 0) === (job.retries ?? 0);
}

function restarted(ctx: Context, job: BatchJob, model: NonNullable<BatchJob['model']>): BatchJob {
  const {
    startedAt,
    finishedAt: _,
    failure: __,
    plan: { failures: ___, ...plan },
    ...rest
  } = job as BatchJob & {
    startedAt?: number;
    finishedAt?: number;
    failure?: unknown;
  };
  const common = { ...rest, plan, model, retries: (job.retries ?? 0) + 1, retriedAt: ctx.clock.now() };
  return startedAt === undefined
    ? { ...common, status: 'planned' }
    : { ...common, status: 'running', startedAt };
}

/** A job that was deleted meanwhile keeps nothing of what was recorded here. */
async function findJobOrClean(ctx: Context, jobId: string): Promise<BatchJob> {
  try {
    return await findJob(ctx, jobId);
  } catch (error) {
    await removeDocuments(ctx, jobId);
    throw error instanceof CairnError ? error : unknownJob(jobId);
  }
}

function changed(name: string): CairnError {
  return conflict(
    `The input '${name}' was overwritten or deleted after the job began, so that the job cannot go on; ask for a new one.`,
  );
}

function gone(): CairnError {
  return conflict(`${partsGone}.`);
}

function conflict(message: string): CairnError {
  return new CairnError('conflict', message, { field: 'id' });
}
