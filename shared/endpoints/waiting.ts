import type { Context } from '../context.ts';
import { unlessCode } from '../http/index.ts';
import { aliasHolder, getVersion, modelById } from '../registry/index.ts';
import type { ModelDeployment } from './deployment.ts';
import type { Endpoint } from './endpoint.ts';
import { whyTooLarge } from './memory.ts';

/**
 * What deployments of registered models wait for, by name: why one has nothing to answer with, or does not go on to
 * the version that its alias holds now. Costs two point reads a deployment.
 */
export async function waitingFor(ctx: Context, { deployments }: Endpoint): Promise<Map<string, string>> {
  const reasons = await Promise.all(
    deployments.map(async (each) =>
      each.kind === 'model' ? ([each.name, await whyWaiting(ctx, each)] as const) : undefined,
    ),
  );
  return new Map(reasons.filter((each): each is [string, string] => each?.[1] !== undefined));
}

async function whyWaiting(
  ctx: Context,
  { modelId, model, follows, stable, rollout, lastRollout }: ModelDeployment,
): Promise<string | undefined> {
  const root = await unlessCode(modelById(ctx, modelId), 'not-found');
  if (!root) return `Model '${model}' is gone; give the deployment another.`;
  const number = 'alias' in follows ? aliasHolder(root, follows.alias) : follows.version;
  const what = 'alias' in follows ? `alias '${follows.alias}' of '${model}'` : `'${model}'`;
  if (number === undefined) return `No version holds ${what}; give it to one.`;
  const isThere = [stable, rollout?.to].some((each) => each?.version === number);
  // What was rolled back waits for nothing: the alias is on its way back.
  if (isThere || lastRollout?.to.version === number) return undefined;
  const found = await unlessCode(getVersion(ctx, modelId, number), 'not-found');
  if (!found) return `Version ${number} of '${model}' is gone; give ${what} to another.`;
  switch (found.inspection.state) {
    case 'pending':
      return `Version ${number} of '${model}' is still being read.`;
    case 'refused':
      return `Version ${number} of '${model}' cannot be served: ${found.inspection.reason}`;
    case 'ready': {
      const why = whyTooLarge(ctx, found.inspection.ready);
      return why === undefined
        ? `Version ${number} of '${model}' is about to begin.`
        : `Version ${number} of '${model}' ${why}`;
    }
  }
}
