import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay, unschedule } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import {
  type BatchChunk,
  type BatchJob,
  type BatchMessage,
  chunkId,
  type ChunkMessage,
  isOver,
  type JobStatus,
} from './job.ts';

export async function readJob(ctx: Context, jobId: string): Promise<Stored<BatchJob> | undefined> {
  const stored = await ctx.stores.documents('jobs').read<BatchJob>([jobId], 'job');
  // Other kinds of jobs lie in the same container.
  return stored?.doc.type === 'batch-job' ? stored : undefined;
}

/** A job of the workspace; `not-found` where there is none. */
export async function findJob(ctx: Context, jobId: string): Promise<BatchJob> {
  const job = (await readJob(ctx, jobId))?.doc;
  if (job?.workspace === ctx.workspace) return job;
  throw unknownJob(jobId);
}

/** The words where the workspace has no job of an id. */
export function unknownJob(jobId: string): CairnError {
  return new CairnError('not-found', `There is no batch job '${jobId.slice(0, 100)}'.`, { field: 'id' });
}

/** Asks for the plan of a job, or for the rest of it. */
export function askForPlan(ctx: Context, jobId: string): Promise<void> {
  return ctx.stores.queues.send(ctx, 'work', { kind: 'batch-plan', jobId } satisfies BatchMessage);
}

/** Asks for one chunk to be scored. */
export function askForChunk(ctx: Context, jobId: string, chunk: number): Promise<void> {
  return ctx.stores.queues.send(ctx, 'batch-chunks', { jobId, chunk } satisfies ChunkMessage);
}

export function readChunk(
  ctx: Context,
  jobId: string,
  index: number,
): Promise<Stored<BatchChunk> | undefined> {
  return ctx.stores.documents('jobs').read<BatchChunk>([jobId], chunkId(index));
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
 * another state: someone else got there first. A job that ends says so once, by the event in the same batch.
 */
export async function moveJob<S extends JobStatus>(
  ctx: Context,
  jobId: string,
  from: readonly S[],
  change: (job: Extract<BatchJob, { status: S }>) => BatchJob,
): Promise<BatchJob | undefined> {
  return swap(ctx, `Job ${jobId}`, async () => {
    const stored = await readJob(ctx, jobId);
    if (!stored || !isIn(stored.doc, from)) return undefined;
    const changed = { ...change(stored.doc), updatedAt: ctx.clock.now() };
    const next = isOver(changed) ? { ...changed, seq: (changed.seq ?? 0) + 1 } : changed;
    const here: Context = { ...ctx, workspace: next.workspace };
    const finished = isOver(next) ? jobEvent(here, 'batch.finished', next) : undefined;
    const { outcome } = await ctx.stores
      .documents('jobs')
      .batch([jobId], [{ op: 'replace', doc: next, etag: stored.etag }, ...(finished ? [finished] : [])]);
    if (outcome !== 'applied') return lost;
    if (finished) {
      relay(here, 'jobs', [jobId], finished);
      await unschedule(ctx, agendaName(jobId));
    }
    return next;
  });
}

/** The event that a job was asked for, or that it has ended, for whatever reason; `seq` of the job counts it already. */
export function jobEvent(ctx: Context, type: 'batch.requested' | 'batch.finished', job: BatchJob) {
  const { jobId, endpoint, status, seq = 1 } = job;
  return eventWrite(
    ctx,
    { type, aggregate: `batch/${jobId}`, seq, subject: { jobId, endpoint, status }, after: job },
    { jobId },
  );
}

function isIn<S extends JobStatus>(
  job: BatchJob,
  states: readonly S[],
): job is Extract<BatchJob, { status: S }> {
  return (states as readonly JobStatus[]).includes(job.status);
}

export function agendaName(jobId: string): string {
  return `batch:${jobId}`;
}
