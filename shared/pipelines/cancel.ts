import type { Context } from '../context.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { RetrainingJob } from './model.ts';
import { isFinished, jobs, keyOf, movedTo, readJob, toldOf, unknownRetraining } from './store.ts';

/**
 * Has a retraining end, and what trains with it; done again it changes nothing. Throws `not-found`, and `conflict` for
 * one that has ended otherwise, or whose promotion is being decided.
 */
export function cancelRetraining(ctx: Context, jobId: string, reason?: string): Promise<RetrainingJob> {
  return swap(ctx, `Retraining '${jobId}'`, async () => {
    const stored = await readJob(ctx, jobId);
    if (stored?.doc.type !== 'retraining-job' || stored.doc.workspace !== ctx.workspace)
      throw unknownRetraining(jobId);
    const { doc: job, etag } = stored;
    if (job.status === 'cancelling' || job.status === 'cancelled') return job;
    if (isFinished(job))
      throw new CairnError('conflict', `The retraining has ended: it was ${job.status}.`, { field: 'id' });
    if (job.status === 'promoting')
      throw new CairnError(
        'conflict',
        'The challenger has won and its promotion is being decided; reject that, or take the alias back.',
        { field: 'id' },
      );
    const why = reason || `${ctx.principal.name} cancelled it.`;
    const since = ctx.clock.now();
    const attempt = job.status === 'training' ? job.attempt : null;
    const events = (job.events ?? 0) + 1;
    const next = movedTo(ctx, job, { status: 'cancelling', attempt, reason: why, since });
    const doc: RetrainingJob = { ...next, events };
    const event = eventWrite(
      ctx,
      {
        ...{ type: 'retraining.cancelled', aggregate: `retraining/${jobId}`, seq: events },
        ...{ subject: toldOf(doc), before: job, after: doc, reason: why },
      },
      { jobId },
    );
    const key = keyOf(jobId);
    const { outcome } = await jobs(ctx).batch(key, [{ op: 'replace', doc, etag }, event]);
    if (outcome !== 'applied') return lost;
    relay(ctx, 'jobs', key, event);
    await ctx.stores.queues.send(ctx, 'work', { kind: 'retrain-recover', jobId });
    return doc;
  });
}
