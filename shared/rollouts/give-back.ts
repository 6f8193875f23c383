import type { Context } from '../context.ts';
import { aliasOf, type ModelDeployment } from '../endpoints/index.ts';
import { isCode, unlessCode } from '../http/index.ts';
import { modelById, rollbackAlias } from '../registry/index.ts';

/**
 * Gives the alias of a deployment back to its holder before a rollout that was broken off. It is done once for each
 * rollout, however often it is asked for; where somebody has moved the alias on meanwhile, or nobody is left to hold it,
 * it stays.
 */
export async function giveBackAlias(ctx: Context, deployment: ModelDeployment): Promise<void> {
  const { lastRollout: last, modelId } = deployment;
  const alias = aliasOf(deployment);
  if (last?.outcome !== 'rolled-back' || alias === undefined) return;
  const model = await unlessCode(modelById(ctx, modelId), 'not-found');
  if (!model) return;
  try {
    const { name } = model;
    const asked = { name, alias, reason: last.reason, expected: last.to.version, key: last.id };
    await rollbackAlias(ctx, asked);
  } catch (error) {
    if (!isCode(error, 'conflict', 'not-found')) throw error;
    ctx.log.warn('alias not given back', { model: model.name, alias, reason: error.message });
  }
}
