import type { Context } from '../context.ts';
import { unscheduleAll } from '../events/index.ts';
import { type Claimed, expire, isExpired } from './claim.ts';
import { commit, failJob, finishIfDone } from './finish.ts';
import type { BatchChunk } from './chunk.ts';
import type { BatchJob, BatchMessage } from './job.ts';
import { type Pace, usualPace } from './pace.ts';
import { askForChunk, askForPlan, readChunk, readChunks, readJob, replaceChunk } from './store.ts';
import { isTimeForPlan, lookEverySeconds, stalledSeconds } from './watch-over.ts';

/** So long the message of a plan is kept that is asked for again: where it has not come by then, the first has not either. */
const keptSeconds = 2 * lookEverySeconds;
/** Chunks that are asked for again in one pass where their messages may still wait their turn. */
const askedAgainMax = 20;

/**
 * Takes up what a lost message or a dead instance left of a job: each minute while it runs.
 * Doing it beside workers that are well changes nothing.
 */
export async function recoverJob(
  ctx: Context,
  { jobId }: Pick<BatchMessage, 'jobId'>,
  pace: Pace = usualPace,
): Promise<void> {
  const job = (await readJob(ctx, jobId))?.doc;
  const stalled = job !== undefined && ctx.clock.now() - job.updatedAt >= stalledSeconds * 1000;
  switch (job?.status) {
    case 'planned':
      // The timer has chosen the time, which may have passed while its message waited.
      if (stalled) await askForPlan(ctx, jobId, keptSeconds);
      return;
    case 'running':
      if (!job.plan.complete && isTimeForPlan(ctx.clock.now() - job.updatedAt, pace))
        await askForPlan(ctx, jobId, keptSeconds);
      return recoverChunks(ctx, job, pace);
    case 'committing':
      if (stalled) await commit(ctx, job);
      return;
    case 'failed':
    case 'cancelled':
    case 'succeeded':
    case undefined:
      return forgetEntries(ctx, jobId);
  }
}

/** Releases before this one put each run of a job on the agenda by itself. */
async function forgetEntries(ctx: Context, jobId: string): Promise<void> {
  const own = `batch:${jobId}`;
  await unscheduleAll(ctx, (name) => name === own || name.startsWith(`${own}:`));
}

async function recoverChunks(ctx: Context, job: BatchJob, pace: Pace): Promise<void> {
  const { jobId } = job;
  const now = ctx.clock.now();
  const chunks = await readChunks(ctx, jobId);
  const lost = lostOf(job, chunks, now, pace);
  for (const chunk of chunks) {
    if (chunk.status === 'failed') return failJob(ctx, job, { code: 'attempts', reason: chunk.reason });
    if (isSilent(chunk, now, pace)) {
      // Whoever gets it then finds whether its worker was dead.
      await askForChunk(ctx, jobId, chunk.index, Math.ceil((chunk.leaseUntil - now) / 1000) + 1);
      continue;
    }
    if (!lost.has(chunk) && !isExpired(chunk, now)) continue;
    const stored = await readChunk(ctx, jobId, chunk.index);
    if (!stored) continue;
    const { doc } = stored;
    const free =
      doc.status === 'pending'
        ? await replaceChunk(ctx, stored, { ...doc, sentAt: now, resent: (doc.resent ?? 0) + 1 })
        : await expire(ctx, stored, pace);
    if (free?.doc.status === 'pending') await askForChunk(ctx, jobId, chunk.index);
  }
  await finishIfDone(ctx, jobId);
}

/** Whether a worker has missed two heartbeats, and its lease ends before the next look. */
function isSilent(chunk: BatchChunk, now: number, { heartbeatSeconds }: Pace): chunk is Claimed {
  if (chunk.status !== 'claimed' || isExpired(chunk, now)) return false;
  const left = chunk.leaseUntil - now;
  return now - chunk.heartbeatAt > 2 * heartbeatSeconds * 1000 && left < lookEverySeconds * 1000;
}

/**
 * Chunks whose messages may be lost: those last asked for long ago; and where no chunk of the job has been taken or done
 * for a minute, some of those that wait longest. A message too many does nothing. But behind thousands of others they
 * merely wait, and each that asks again makes the queue longer: so it waits twice as long as the one before.
 */
function lostOf(
  job: BatchJob,
  chunks: readonly BatchChunk[],
  now: number,
  { resendSeconds }: Pace,
): ReadonlySet<BatchChunk> {
  const waiting = chunks.filter((chunk) => chunk.status === 'pending');
  const lost = waiting.filter((chunk) => hasWaited(chunk, now, resendSeconds));
  const isStalled = [job.updatedAt, ...chunks.map(lastMove)].every((at) => isStale(at, now));
  if (!isStalled) return new Set(lost);
  const oldest = waiting
    .filter((chunk) => hasWaited(chunk, now, stalledSeconds))
    .toSorted((a, b) => a.sentAt - b.sentAt);
  return new Set([...lost, ...oldest.slice(0, askedAgainMax)]);
}

type Waiting = Extract<BatchChunk, { status: 'pending' }>;

function hasWaited({ sentAt, resent = 0 }: Waiting, now: number, seconds: number): boolean {
  return isStale(sentAt, now, seconds * 2 ** resent);
}

/** When a worker last took a chunk or was done with it. */
function lastMove(chunk: BatchChunk): number {
  const span = 'span' in chunk ? chunk.span : undefined;
  return span?.to ?? span?.from ?? 0;
}

/** Also what lies ahead, which a clock has written that is wrong. */
function isStale(at: number, now: number, seconds = stalledSeconds): boolean {
  return Math.abs(now - at) >= seconds * 1000;
}
