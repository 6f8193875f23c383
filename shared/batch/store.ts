import type { Resource } from '../access/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import { type BatchChunk, chunkId, type ChunkMessage } from './chunk.ts';
import { type BatchFile, fileId } from './file.ts';
import { type BatchJob, type BatchMessage, isOver, type JobStatus } from './job.ts';
import { upcastJob } from './upcast.ts';

export async function readJob(ctx: Context, jobId: string): Promise<Stored<BatchJob> | undefined> {
  const stored = await ctx.stores.documents('jobs').read<BatchJob>([jobId], 'job');
  // Other kinds of jobs lie in the same container.
  return stored?.doc.type === 'batch-job' ? { ...stored, doc: upcastJob(stored.doc) } : undefined;
}

/** A job of the workspace; `not-found` where there is none, or no more. */
export async function findJob(ctx: Context, jobId: string): Promise<BatchJob> {
  const job = (await readJob(ctx, jobId))?.doc;
  if (job?.workspace === ctx.workspace && job.deletedAt === undefined) return job;
  throw unknownJob(jobId);
}

/** Whose a job of the workspace is, or was before it was deleted; `undefined` where there never was one. */
export async function ownerOfJob(ctx: Context, jobId: string): Promise<Resource | undefined> {
  const job = (await readJob(ctx, jobId))?.doc;
  return job?.workspace === ctx.workspace ? { type: job.owner.type, id: job.owner.id } : undefined;
}

/** The words where the workspace has no job of an id. */
export function unknownJob(jobId: string): CairnError {
  return new CairnError('not-found', `There is no batch job '${jobId.slice(0, 100)}'.`, { field: 'id' });
}

/** Asks for the plan of a job, or for the rest of it; with `keptSeconds` for so long, since it is asked for again then. */
export function askForPlan(ctx: Context, jobId: string, keptSeconds?: number): Promise<void> {
  const message: BatchMessage = { kind: 'batch-plan', jobId };
  return ctx.stores.queues.send(ctx, 'work', message, keptSeconds === undefined ? {} : { keptSeconds });
}

/** Asks for one chunk to be scored, at once or later. */
export function askForChunk(
  ctx: Context,
  jobId: string,
  chunk: number,
  delaySeconds?: number,
): Promise<void> {
  const message: ChunkMessage = { jobId, chunk };
  return ctx.stores.queues.send(
    ctx,
    'batch-chunks',
    message,
    delaySeconds === undefined ? {} : { delaySeconds },
  );
}

export function readChunk(
  ctx: Context,
  jobId: string,
  index: number,
): Promise<Stored<BatchChunk> | undefined> {
  return ctx.stores.documents('jobs').read<BatchChunk>([jobId], chunkId(index));
}

/** A file of a job; every job that was not refused at once has its files. */
export async function readFile(ctx: Context, jobId: string, index: number): Promise<Stored<BatchFile>> {
  const stored = await ctx.stores.documents('jobs').read<BatchFile>([jobId], fileId(index));
  if (stored) return stored;
  throw new Error(`Job ${jobId} has no file ${index}.`);
}

/** Every file of a job, in their order. */
export function readFiles(ctx: Context, jobId: string): Promise<BatchFile[]> {
  return ctx.stores
    .documents('jobs')
    .query<BatchFile>(
      { text: "SELECT * FROM c WHERE c.type = 'batch-file'" },
      { key: [jobId], consistency: 'strong' },
    )
    .then((files) => files.toSorted((a, b) => a.index - b.index));
}

/** Every chunk of a job, in the order of the input, as the last write left them. */
export function readChunks(ctx: Context, jobId: string): Promise<BatchChunk[]> {
  return ctx.stores
    .documents('jobs')
    .query<BatchChunk>(
      { text: "SELECT * FROM c WHERE c.type = 'batch-chunk'" },
      { key: [jobId], consistency: 'strong' },
    )
    .then((chunks) => chunks.toSorted((a, b) => a.index - b.index));
}

/** Whether a chunk of the job is not done; strongly consistent, since the answer decides who commits. */
export async function hasOpenChunks(ctx: Context, jobId: string): Promise<boolean> {
  const open = await ctx.stores
    .documents('jobs')
    .query<number>(
      { text: "SELECT VALUE c.index FROM c WHERE c.type = 'batch-chunk' AND c.status != 'done'" },
      { key: [jobId], consistency: 'strong', limit: 1 },
    );
  return open.length > 0;
}

/** Writes the next state of a chunk, unless someone else did since it was read: then `undefined`. */
export async function replaceChunk(
  ctx: Context,
  stored: Stored<BatchChunk>,
  next: BatchChunk,
): Promise<Stored<BatchChunk> | undefined> {
  const result = await ctx.stores
    .documents('jobs')
    .write([next.jobId], { op: 'replace', doc: next, etag: stored.etag });
  return result.outcome === 'applied' ? { doc: next, etag: result.etags[0] } : undefined;
}

/**
 * Moves a job from one of the states `from` to the one `change` gives. `undefined` where the job is in
 * another state, or `change` gives none: someone else got there first. A job that ends says so once, by the
 * event in the same batch.
 */
export async function moveJob<S extends JobStatus, T extends BatchJob>(
  ctx: Context,
  jobId: string,
  from: readonly S[],
  change: (job: Extract<BatchJob, { status: S }>) => T | undefined,
): Promise<T | undefined> {
  return changeJob(
    ctx,
    jobId,
    (job) => (isIn(job, from) ? change(job) : undefined),
    (next) => (isOver(next) ? 'batch.finished' : undefined),
  );
}

/** Writes what `change` makes of a job, with the event that tells of it; `undefined` where it makes nothing. */
export async function changeJob<T extends BatchJob>(
  ctx: Context,
  jobId: string,
  change: (job: BatchJob) => T | undefined,
  eventOf: (next: T) => JobEvent | undefined,
): Promise<T | undefined> {
  return swap(ctx, `Job ${jobId}`, async () => {
    const stored = await readJob(ctx, jobId);
    const changed = stored && change(stored.doc);
    if (!changed) return undefined;
    const type = eventOf(changed);
    const next = {
      ...changed,
      updatedAt: ctx.clock.now(),
      ...(type ? { seq: (changed.seq ?? 0) + 1 } : {}),
    };
    const here: Context = { ...ctx, workspace: next.workspace };
    const event = type && jobEvent(here, type, next);
    const { outcome } = await ctx.stores
      .documents('jobs')
      .batch([jobId], [{ op: 'replace', doc: next, etag: stored.etag }, ...(event ? [event] : [])]);
    if (outcome !== 'applied') return lost;
    if (event) relay(here, 'jobs', [jobId], event);
    return next;
  });
}

/** What is told of a job: that it was asked for, has ended for whatever reason, goes on after that, or is gone. */
export type JobEvent = 'batch.requested' | 'batch.finished' | 'batch.retried' | 'batch.deleted';

/** The event of a job, whose `seq` counts it already. */
export function jobEvent(ctx: Context, type: JobEvent, job: BatchJob) {
  const { jobId, owner, status, seq = 1 } = job;
  const subject = {
    jobId,
    [owner.type === 'endpoint' ? 'endpoint' : 'modelId']: owner.id,
    status,
    ...(job.status === 'succeeded' ? { rows: String(job.totals.rows), bad: String(job.totals.bad) } : {}),
  };
  return eventWrite(ctx, { type, aggregate: `batch/${jobId}`, seq, subject, after: job }, { jobId });
}

function isIn<S extends JobStatus>(
  job: BatchJob,
  states: readonly S[],
): job is Extract<BatchJob, { status: S }> {
  return (states as readonly JobStatus[]).includes(job.status);
}
