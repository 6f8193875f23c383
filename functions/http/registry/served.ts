import type { Context } from '../../../shared/context.ts';
import { CairnError } from '../../../shared/http/index.ts';
import { aliasesOf, type ModelRoot } from '../../../shared/registry/index.ts';
import { type Endpoint, endpointsOf } from '../../../shared/endpoints/index.ts';

/**
 * Refuses to delete what an endpoint serves: a version that answers or is about to, or, without a number,
 * a model that any endpoint follows.
 */
export async function refuseServed(ctx: Context, root: ModelRoot, version?: number): Promise<void> {
  const aliases = version === undefined ? [] : aliasesOf(root, version);
  const serves = ({ stable, alias }: Endpoint) =>
    version === undefined || stable?.version === version || aliases.includes(alias);
  const endpoint = (await endpointsOf(ctx, root.modelId)).find(serves);
  if (!endpoint) return;
  const isKnown = ctx.access.may('viewer', { type: 'endpoint', id: endpoint.name });
  const served = isKnown ? `endpoint '${endpoint.name}'` : 'an endpoint that you may not see';
  throw new CairnError(
    'invalid-state',
    version === undefined
      ? `Registered Model (name=${root.name}) is served by ${served} and cannot be deleted.`
      : `Model Version (name=${root.name}, version=${version}) is served by ${served} and cannot be deleted: move alias '${endpoint.alias}' to another version first.`,
    { field: version === undefined ? 'name' : 'version' },
  );
}
