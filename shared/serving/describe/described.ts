import { fullAccess } from '../../access/index.ts';
import { type Context, platform } from '../../context.ts';
import { type Endpoint, getEndpoint, mainOf, type ModelDeployment, rulesOf } from '../../endpoints/index.ts';
import { CairnError } from '../../http/index.ts';
import type { ColumnRules } from '../../privacy/index.ts';
import { getVersion, type ModelVersion, portsOf } from '../../registry/index.ts';
import type { Port } from '../../sessions/index.ts';
import { liveOf } from '../live.ts';
import type { ServedModel } from '../models.ts';
import { type Signature, signatureOf } from '../signature.ts';

/** What an endpoint tells of itself: the stable version of one of its deployments. */
export type Described = {
  readonly endpoint: Endpoint;
  readonly deployment: ModelDeployment;
  readonly model: ServedModel;
  readonly version: ModelVersion;
  /** Which columns are personal data by the rules as they are now, which those in memory may lag behind. */
  readonly rules: ColumnRules;
  /** Its outputs with the ranks that they were seen to have, where the file does not say. */
  readonly outputs: readonly Port[];
  /** What the author's signature says. */
  readonly signature: Signature;
};

/**
 * A deployment of an endpoint with what is known of its model: the one that is named, else the one that gets most
 * calls. Throws `not-found` for an unknown endpoint or deployment, `conflict` for one that is elsewhere, and
 * `unavailable` while it waits for its version.
 */
export async function describedOf(ctx: Context, name: string, wanted?: string): Promise<Described> {
  const { endpoint, deployments } = await liveOf(ctx, name);
  const deployment = wanted ?? mainOf(endpoint)?.name;
  if (deployment === undefined) throw elsewhere(name);
  const answering = deployments.get(deployment);
  if (answering === undefined)
    throw new CairnError(
      'not-found',
      `Endpoint '${name}' has no deployment '${deployment}'; it has ${[...deployments.keys()].join(', ')}.`,
      { field: 'deployment' },
    );
  if (answering instanceof CairnError) throw answering;
  if (answering.kind === 'external') throw elsewhere(name);
  const { stable } = answering;
  // The endpoint is what the caller asked for; what its model is stands behind it.
  const here: Context = { ...ctx, principal: platform, access: fullAccess };
  const { modelId, version: number, digest } = stable.ready;
  const [version, now] = await Promise.all([getVersion(here, modelId, number), getEndpoint(ctx, name)]);
  return {
    endpoint,
    deployment: answering.deployment,
    model: stable,
    version,
    rules: await rulesOf(ctx, now, { modelId, stable: { version: number, digest } }),
    outputs: portsOf(stable.ready.signature.outputs),
    signature: signatureOf(stable.ready),
  };
}

function elsewhere(name: string): CairnError {
  return new CairnError(
    'conflict',
    `What endpoint '${name}' takes is not known here: the deployment that answers is elsewhere.`,
    { field: 'deployment' },
  );
}
