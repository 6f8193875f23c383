import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import { lost, swap } from '../swap.ts';

const dayMilliseconds = 24 * 3600 * 1000;

/** What the retrainings of a monitor have spent. In a partition of its own, written only as it was read. */
type Budget = Document & {
  readonly type: 'retraining-budget';
  readonly id: 'budget';
  readonly jobId: string;
  readonly monitorId: string;
  /** Jobs of the last 24 hours, in the order in which they were let through. */
  readonly spent: readonly { readonly jobId: string; readonly at: number }[];
};

/**
 * Takes one retraining off a monitor's budget of `max` in any 24 hours; `undefined` where it may begin, else when the
 * next may, in milliseconds since 1970. A job that has been let through is let through again and counts once. Of
 * several at once no more than `max` get through, since each writes over what it read.
 */
export function spend(
  ctx: Context,
  monitorId: string,
  jobId: string,
  max: number,
): Promise<{ readonly nextAt: number } | undefined> {
  const budgets = ctx.stores.documents('jobs');
  const key = `retraining-budget-${ctx.workspace}-${monitorId}`;
  return swap(ctx, `The budget of monitor '${monitorId}'`, async () => {
    const before = await budgets.read<Budget>([key], 'budget');
    const now = ctx.clock.now();
    const spent = (before?.doc.spent ?? []).filter(({ at }) => now - at < dayMilliseconds);
    if (spent.some((each) => each.jobId === jobId)) return undefined;
    const holder = spent.at(-max);
    if (spent.length >= max && holder) return { nextAt: holder.at + dayMilliseconds };
    const doc: Budget = {
      ...{ id: 'budget', type: 'retraining-budget', v: 1, workspace: ctx.workspace },
      ...{ jobId: key, monitorId, spent: [...spent, { jobId, at: now }] },
    };
    const { outcome } = await budgets.write(
      [key],
      before ? { op: 'replace', doc, etag: before.etag } : { op: 'create', doc },
    );
    return outcome === 'applied' ? undefined : lost;
  });
}
