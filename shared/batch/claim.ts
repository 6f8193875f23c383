import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { failJob } from './finish.ts';
import type { BatchChunk, BatchOptions, ChunkState, Progress } from './job.ts';
import { askForChunk, readChunk, replaceChunk } from './store.ts';

export type Claimed = Extract<BatchChunk, { status: 'claimed' }>;
type Pending = Extract<BatchChunk, { status: 'pending' }>;

/** Takes a chunk that waits, or whose worker's lease has run out. `undefined` where there is nothing to take. */
export async function claim(
  ctx: Context,
  jobId: string,
  index: number,
  options: BatchOptions,
): Promise<Stored<Claimed> | undefined> {
  const found = await readChunk(ctx, jobId, index);
  const stored = found && isExpired(found.doc, ctx.clock.now()) ? await expire(ctx, found, options) : found;
  if (stored?.doc.status !== 'pending') return undefined;
  const now = ctx.clock.now();
  const next: Claimed = {
    ...factsOf(stored.doc),
    status: 'claimed',
    attempt: stored.doc.attempt + 1,
    leaseUntil: now + options.leaseSeconds * 1000,
    heartbeatAt: now,
    progress: stored.doc.progress,
  };
  return (await replaceChunk(ctx, stored, next)) as Stored<Claimed> | undefined;
}

export function isExpired(chunk: BatchChunk, now: number): chunk is Claimed {
  return chunk.status === 'claimed' && chunk.leaseUntil <= now;
}

/** Frees a chunk whose worker has not been heard of; what it last recorded is kept. */
export async function expire(
  ctx: Context,
  stored: Stored<BatchChunk>,
  options: BatchOptions,
): Promise<Stored<BatchChunk> | undefined> {
  if (stored.doc.status !== 'claimed') return undefined;
  return free(ctx, stored as Stored<Claimed>, 'its workers stopped without a word', options);
}

/** Frees a chunk that its own worker could not finish, or fails it and its job when that has happened too often. */
export async function giveBack(
  ctx: Context,
  claimed: Stored<Claimed>,
  error: unknown,
  options: BatchOptions,
): Promise<Stored<BatchChunk> | undefined> {
  ctx.log.warn('batch chunk not scored', {
    jobId: claimed.doc.jobId,
    chunk: claimed.doc.index,
    reason: String(error),
  });
  return free(ctx, claimed, error instanceof Error ? error.message : String(error), options);
}

/** Hands the rest of a chunk to the next message. `false` where the chunk had been taken over. */
export async function handOn(ctx: Context, claimed: Stored<Claimed>, progress: Progress): Promise<boolean> {
  const { jobId, index, attempt } = claimed.doc;
  const next = await settle(ctx, claimed, { status: 'pending', attempt, sentAt: ctx.clock.now(), progress });
  if (next) await askForChunk(ctx, jobId, index);
  return next !== undefined;
}

/** Writes the state in which a worker leaves its chunk; `undefined` where it no longer was its own. */
export function settle(
  ctx: Context,
  claimed: Stored<Claimed>,
  state: ChunkState,
): Promise<Stored<BatchChunk> | undefined> {
  return replaceChunk(ctx, claimed, { ...factsOf(claimed.doc), ...state });
}

async function free(
  ctx: Context,
  stored: Stored<Claimed>,
  why: string,
  options: BatchOptions,
): Promise<Stored<BatchChunk> | undefined> {
  const { jobId, index, attempt, progress } = stored.doc;
  const facts = { ...factsOf(stored.doc), failures: stored.doc.failures + 1 };
  if (facts.failures < options.failuresMax)
    return replaceChunk(ctx, stored, {
      ...facts,
      status: 'pending',
      attempt,
      sentAt: ctx.clock.now(),
      progress,
    });
  const reason = `Chunk ${index} failed ${facts.failures} times, the last time because ${why}`;
  const failed = await replaceChunk(ctx, stored, { ...facts, status: 'failed', reason });
  if (failed) await failJob(ctx, jobId, { code: 'attempts', reason });
  return failed;
}

function factsOf(chunk: Claimed | Pending) {
  const { id, type, v, workspace, jobId, index, first, end, row, rows, failures } = chunk;
  return { id, type, v, workspace, jobId, index, first, end, row, rows, failures };
}
