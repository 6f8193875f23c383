import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { Gone } from '../execution/index.ts';
import { isCode } from '../http/index.ts';
import { jitter, swapTries } from '../swap.ts';
import { failJob } from './finish.ts';
import { type BatchChunk, type ChunkState, factsOf } from './chunk.ts';
import type { Pace } from './pace.ts';
import { readChunk, readJob, replaceChunk } from './store.ts';

export type Claimed = Extract<BatchChunk, { status: 'claimed' }>;

/** Takes a chunk that waits, or whose worker's lease has run out. `undefined` where there is nothing to take. */
export async function claim(
  ctx: Context,
  jobId: string,
  index: number,
  pace: Pace,
): Promise<Stored<Claimed> | undefined> {
  const found = await readChunk(ctx, jobId, index);
  const stored = found && isExpired(found.doc, ctx.clock.now()) ? await expire(ctx, found, pace) : found;
  if (stored?.doc.status !== 'pending') return undefined;
  const now = ctx.clock.now();
  const next: Claimed = {
    ...factsOf(stored.doc),
    status: 'claimed',
    attempt: stored.doc.attempt + 1,
    leaseUntil: now + pace.leaseSeconds * 1000,
    heartbeatAt: now,
    span: { from: now, read: stored.doc.progress.read },
    progress: stored.doc.progress,
  };
  return (await replaceChunk(ctx, stored, next)) as Stored<Claimed> | undefined;
}

export function isExpired(chunk: BatchChunk, now: number): boolean {
  return chunk.status === 'claimed' && chunk.leaseUntil <= now;
}

/** Frees a chunk whose worker has not been heard of; what it last recorded is kept. */
export async function expire(
  ctx: Context,
  stored: Stored<BatchChunk>,
  pace: Pace,
): Promise<Stored<BatchChunk> | undefined> {
  if (stored.doc.status !== 'claimed') return undefined;
  const why = 'its workers stopped without a word';
  return free(ctx, stored as Stored<Claimed>, { why, isFailure: true }, pace);
}

/**
 * Frees a chunk that its own worker could not finish, or fails it and its job when that has happened too often. That
 * storage does not answer is held against no chunk: its job waits until it does.
 */
export async function giveBack(
  ctx: Context,
  claimed: Stored<Claimed>,
  error: unknown,
  pace: Pace,
): Promise<Stored<BatchChunk> | undefined> {
  ctx.log.warn('batch chunk not scored', {
    jobId: claimed.doc.jobId,
    chunk: claimed.doc.index,
    reason: String(error),
  });
  const why = error instanceof Error ? error.message : String(error);
  for (let tries = 0; ; tries++)
    try {
      return await free(ctx, claimed, { why, isFailure: !isOutage(error) }, pace);
    } catch (other) {
      // Not given back, it would count as one whose worker has died.
      if (!isOutage(other) || tries === swapTries) throw other;
      await jitter(ctx, tries);
    }
}

/** Writes the state in which a worker leaves its chunk; `undefined` where it no longer was its own. */
export function settle(
  ctx: Context,
  claimed: Stored<Claimed>,
  state: ChunkState,
): Promise<Stored<BatchChunk> | undefined> {
  const { span } = claimed.doc;
  const ended = state.status === 'done' && span ? { span: { ...span, to: ctx.clock.now() } } : {};
  return replaceChunk(ctx, claimed, { ...factsOf(claimed.doc), ...state, ...ended });
}

async function free(
  ctx: Context,
  stored: Stored<Claimed>,
  { why, isFailure }: { readonly why: string; readonly isFailure: boolean },
  pace: Pace,
): Promise<Stored<BatchChunk> | undefined> {
  const { jobId, index, attempt, progress } = stored.doc;
  const facts = { ...factsOf(stored.doc), failures: stored.doc.failures + (isFailure ? 1 : 0) };
  if (!isFailure || facts.failures < pace.failuresMax)
    return replaceChunk(ctx, stored, {
      ...facts,
      status: 'pending',
      attempt,
      sentAt: ctx.clock.now(),
      progress,
    });
  const reason = `Chunk ${index} failed ${facts.failures} times, the last time because ${why}`;
  // Read before: what fails the chunk fails the job only in the run that it belongs to.
  const job = (await readJob(ctx, jobId))?.doc;
  const failed = await replaceChunk(ctx, stored, { ...facts, status: 'failed', attempt, progress, reason });
  if (failed && job) await failJob(ctx, job, { code: 'attempts', reason });
  return failed;
}

/** Whether a service did not answer. A model that ends with its process is no such case: the rows may be why. */
export function isOutage(error: unknown): boolean {
  return isCode(error, 'unavailable', 'too-many') && !(error.cause instanceof Gone);
}
