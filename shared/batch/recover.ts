import type { Context } from '../context.ts';
import { isScheduled, unschedule } from '../events/index.ts';
import { type Claimed, expire, isExpired } from './claim.ts';
import { commit, failJob, finishIfDone, removeOutputs } from './finish.ts';
import type { BatchChunk } from './chunk.ts';
import { type BatchJob, type BatchMessage, isOver } from './job.ts';
import { type Pace, usualPace } from './pace.ts';
import {
  agendaName,
  askForChunk,
  askForPlan,
  changeJob,
  readChunk,
  readChunks,
  readFiles,
  readJob,
  replaceChunk,
  unscheduleRuns,
} from './store.ts';
import { recoverEverySeconds } from './start.ts';

/** A plan or a commit that has not moved for so long is taken up again. */
const stalledSeconds = 60;
/** So long the message of a plan is kept that is asked for again: where it has not come by then, the first has not either. */
const keptSeconds = 2 * recoverEverySeconds;
/** Chunks that are asked for again in one pass where their messages may still wait their turn. */
const askedAgainMax = 20;

/**
 * Takes up what a lost message or a dead instance left of a job: each minute while it runs, by the agenda.
 * Doing it beside workers that are well changes nothing.
 */
export async function recoverJob(
  ctx: Context,
  { jobId }: Pick<BatchMessage, 'jobId'>,
  pace: Pace = usualPace,
): Promise<void> {
  const job = (await readJob(ctx, jobId))?.doc;
  const stalled = job !== undefined && ctx.clock.now() - job.updatedAt >= stalledSeconds * 1000;
  const asksForPlan = job !== undefined && isTimeForPlan(ctx.clock.now() - job.updatedAt, pace);
  switch (job?.status) {
    case 'planned':
      if (asksForPlan) await askForPlan(ctx, jobId, keptSeconds);
      return;
    case 'running':
      if (asksForPlan && !job.plan.complete) await askForPlan(ctx, jobId, keptSeconds);
      return recoverChunks(ctx, job, pace);
    case 'committing':
      if (stalled) await commit(ctx, job);
      return;
    case 'failed':
      if (job.failure.code === 'commit') await removeOutputs(ctx, await readFiles(ctx, jobId));
      return unscheduleEnded(ctx, job);
    case 'cancelled':
      return unscheduleEnded(ctx, job);
    case 'succeeded':
      return unscheduleRuns(ctx, job);
    case undefined:
      return unschedule(ctx, agendaName({ jobId }));
  }
}

/**
 * Whether it is time to ask again for a plan that has not moved for so long: after a minute, and then as seldom as for
 * chunks, since its message may merely wait behind those of many other jobs. The timer looks once in each minute.
 */
function isTimeForPlan(milliseconds: number, { resendSeconds }: Pace): boolean {
  const seconds = milliseconds / 1000 - stalledSeconds;
  return seconds >= 0 && seconds % resendSeconds < recoverEverySeconds;
}

/**
 * Takes a job that has ended off the agenda, and with it the run of a retry that died before it began. The number of
 * that run is used up first: a retry that is merely slow finds it taken, and begins under the next.
 */
async function unscheduleEnded(ctx: Context, job: BatchJob): Promise<void> {
  const { jobId, retries = 0 } = job;
  if (!(await isScheduled(ctx, agendaName({ jobId, retries: retries + 1 })))) return unscheduleRuns(ctx, job);
  const ended = await changeJob(
    ctx,
    jobId,
    (now) => (isOver(now) && (now.retries ?? 0) === retries ? { ...now, retries: retries + 1 } : undefined),
    () => undefined,
  );
  if (ended) await unscheduleRuns(ctx, ended);
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
        ? await replaceChunk(ctx, stored, { ...doc, sentAt: now })
        : await expire(ctx, stored, pace);
    if (free?.doc.status === 'pending') await askForChunk(ctx, jobId, chunk.index);
  }
  await finishIfDone(ctx, jobId);
}

/** Whether a worker has missed two heartbeats, and its lease ends before the next look. */
function isSilent(chunk: BatchChunk, now: number, { heartbeatSeconds }: Pace): chunk is Claimed {
  if (chunk.status !== 'claimed' || isExpired(chunk, now)) return false;
  const left = chunk.leaseUntil - now;
  return now - chunk.heartbeatAt > 2 * heartbeatSeconds * 1000 && left < recoverEverySeconds * 1000;
}

/**
 * Chunks whose messages may be lost: those last asked for long ago; and where no chunk of the job has been taken or
 * done for a minute, some of those that wait longest. A message too many does nothing.
 */
function lostOf(
  job: BatchJob,
  chunks: readonly BatchChunk[],
  now: number,
  { resendSeconds }: Pace,
): ReadonlySet<BatchChunk> {
  const lost = chunks.filter(
    (chunk) => chunk.status === 'pending' && now - chunk.sentAt >= resendSeconds * 1000,
  );
  const isStalled = [job.updatedAt, ...chunks.map(lastMove)].every((at) => isStale(at, now));
  if (!isStalled) return new Set(lost);
  const oldest = chunks
    .filter((chunk) => chunk.status === 'pending')
    .filter(({ sentAt }) => isStale(sentAt, now))
    .toSorted((a, b) => a.sentAt - b.sentAt);
  return new Set([...lost, ...oldest.slice(0, askedAgainMax)]);
}

/** When a worker last took a chunk or was done with it. */
function lastMove(chunk: BatchChunk): number {
  const span = 'span' in chunk ? chunk.span : undefined;
  return span?.to ?? span?.from ?? 0;
}

/** Also what lies ahead, which a clock has written that is wrong. */
function isStale(at: number, now: number): boolean {
  return Math.abs(now - at) >= stalledSeconds * 1000;
}
