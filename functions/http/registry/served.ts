import type { Context } from '../../../shared/context.ts';
import { CairnError } from '../../../shared/http/index.ts';
import { aliasesOf, type ModelRoot } from '../../../shared/registry/index.ts';
import { type Deployment, type Endpoint, endpointsOf, pinnedOf } from '../../../shared/endpoints/index.ts';

/**
 * Refuses to delete what an endpoint serves: a version that answers or is about to, or, without a number,
 * a model that any endpoint follows.
 */
export async function refuseServed(ctx: Context, root: ModelRoot, version?: number): Promise<void> {
  const aliases = version === undefined ? [] : aliasesOf(root, version);
  const serves = (endpoint: Endpoint) =>
    version === undefined ||
    pinnedOf(endpoint).some(
      ({ modelId, pinned }) => modelId === root.modelId && pinned.version === version,
    ) ||
    endpoint.deployments.some((each) => isToServe(each, root.modelId, version, aliases));
  const endpoint = (await endpointsOf(ctx, root.modelId)).find(serves);
  if (!endpoint) return;
  const isKnown = ctx.access.may('viewer', { type: 'endpoint', id: endpoint.name });
  const served = isKnown ? `endpoint '${endpoint.name}'` : 'an endpoint that you may not see';
  throw new CairnError(
    'invalid-state',
    version === undefined
      ? `Registered Model (name=${root.name}) is served by ${served} and cannot be deleted.`
      : `Model Version (name=${root.name}, version=${version}) is served by ${served} and cannot be deleted: move its alias to another version, or give its deployment another, first.`,
    { field: version === undefined ? 'name' : 'version' },
  );
}

/** Whether a deployment holds a version, or follows an alias that does. */
function isToServe(
  deployment: Deployment,
  modelId: string,
  version: number,
  aliases: readonly string[],
): boolean {
  if (deployment.kind !== 'model' || deployment.modelId !== modelId) return false;
  const { follows } = deployment;
  return 'alias' in follows ? aliases.includes(follows.alias) : follows.version === version;
}
