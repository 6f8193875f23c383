import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { eventWrite, type NewEvent, relay } from '../events/index.ts';
import { partition } from './models/models.ts';

/**
 * Writes to the partition of one model, and the event that tells of them: all of them hold or none does.
 * False where somebody else changed first what one of them is conditional on.
 */
export async function commit(
  ctx: Context,
  modelId: string,
  writes: readonly Write[],
  told: NewEvent,
): Promise<boolean> {
  const key = partition(ctx, modelId);
  const event = eventWrite(ctx, told, { workspace: ctx.workspace, modelId });
  const { outcome } = await ctx.stores.documents('models').batch(key, [...writes, event]);
  if (outcome !== 'applied') return false;
  relay(ctx, 'models', key, event);
  return true;
}
