import type { Context } from '../context.ts';
import type { ModelDeployment, Rollout } from '../endpoints/index.ts';
import { isCode } from '../http/index.ts';
import { getReady } from '../registry/index.ts';
import { loadModel } from '../serving/index.ts';

/**
 * Why the version on its way in can never answer; `undefined` where it can, and while that is not known. It is loaded
 * only where nobody has had an answer of it: instances go on with the stable version where it does not load.
 */
export async function whyUnusable(
  ctx: Context,
  { modelId, settings }: ModelDeployment,
  { to }: Rollout,
  isSilent: boolean,
): Promise<string | undefined> {
  try {
    const ready = await getReady(ctx, modelId, to.version);
    if (isSilent) await loadModel(ctx, ready, settings);
    return undefined;
  } catch (error) {
    if (isCode(error, 'conflict', 'not-found', 'invalid-state')) return error.message;
    ctx.log.warn('version on its way in not tried', { version: to.version, reason: String(error) });
    return undefined;
  }
}
