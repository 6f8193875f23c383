import type { Context } from '../context.ts';
import { unschedule } from '../events/index.ts';
import { expire, isExpired } from './claim.ts';
import { commit, failJob, finishIfDone } from './finish.ts';
import { type BatchJob, type BatchMessage, type BatchOptions, batchDefaults } from './job.ts';
import {
  agendaName,
  askForChunk,
  askForPlan,
  readChunk,
  readChunks,
  readJob,
  replaceChunk,
} from './store.ts';

/** A plan or a commit that has not moved for so long is taken up again. */
const stalledSeconds = 60;

/**
 * Takes up what a lost message or a dead instance left of a job: each minute while it runs, by the agenda.
 * Doing it beside workers that are well changes nothing.
 */
export async function recoverJob(
  ctx: Context,
  { jobId }: Pick<BatchMessage, 'jobId'>,
  options: BatchOptions = batchDefaults,
): Promise<void> {
  const job = (await readJob(ctx, jobId))?.doc;
  const stalled = job !== undefined && ctx.clock.now() - job.updatedAt >= stalledSeconds * 1000;
  switch (job?.status) {
    case 'planned':
      if (stalled) await askForPlan(ctx, jobId);
      return;
    case 'running':
      if (stalled && !job.plan.complete) await askForPlan(ctx, jobId);
      return recoverChunks(ctx, job, options);
    case 'committing':
      if (stalled) await commit(ctx, job);
      return;
    case 'succeeded':
    case 'failed':
    case 'cancelled':
    case undefined:
      return unschedule(ctx, agendaName(jobId));
  }
}

async function recoverChunks(ctx: Context, { jobId }: BatchJob, options: BatchOptions): Promise<void> {
  const now = ctx.clock.now();
  for (const chunk of await readChunks(ctx, jobId)) {
    if (chunk.status === 'failed') return failJob(ctx, jobId, { code: 'attempts', reason: chunk.reason });
    const lost = chunk.status === 'pending' && now - chunk.sentAt >= options.resendSeconds * 1000;
    if (!lost && !isExpired(chunk, now)) continue;
    const stored = await readChunk(ctx, jobId, chunk.index);
    if (!stored) continue;
    const { doc } = stored;
    const free =
      doc.status === 'pending'
        ? await replaceChunk(ctx, stored, { ...doc, sentAt: now })
        : await expire(ctx, stored, options);
    if (free?.doc.status === 'pending') await askForChunk(ctx, jobId, chunk.index);
  }
  await finishIfDone(ctx, jobId);
}
