import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { scheduleSoon } from './agenda.ts';
import { enqueue, readIndex } from './store.ts';

/**
 * Has the open promotions of a model looked at again: what they were judged by may have changed. Subscriber
 * of what happens to a model, its versions and its policy; twice is once.
 */
export async function wakePromotions(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { modelId = '' } = subject;
  const index = await readIndex(ctx, modelId);
  for (const { number } of index?.doc.open ?? []) {
    await scheduleSoon(ctx, { workspace: ctx.workspace, modelId, number });
    await enqueue(ctx, { modelId, number });
  }
}
