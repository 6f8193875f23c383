import type { Context } from '../context.ts';
import {
  canaryShare,
  type Endpoint,
  type ExternalDeployment,
  type ModelDeployment,
} from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import { type Live, liveOf } from './live.ts';
import type { ServedModel } from './models.ts';
import { pointOf } from './sticky.ts';

/** What answers a call. */
export type Target = {
  readonly endpoint: Endpoint;
  readonly deployment: ModelDeployment;
  /** `canary`: the version on its way in. */
  readonly variant: 'stable' | 'canary';
  readonly model: ServedModel;
};

/** A call that is answered elsewhere. */
export type ExternalTarget = { readonly endpoint: Endpoint; readonly deployment: ExternalDeployment };

/** What a call says of where it wants to go. */
export type Caller = {
  /** The deployment that is asked for by name. */
  readonly deployment?: string | undefined;
  /** The version that has to answer. */
  readonly version?: string | undefined;
  /** The value that keeps the caller with one deployment. */
  readonly key?: string | undefined;
};

/**
 * What answers a call to an endpoint, by the shares of its deployments and of a rollout.
 * Throws `not-found` for an unknown endpoint or deployment, `unavailable` while no version is ready or no traffic
 * is taken, and `conflict` with the reason where the version it waits for cannot be served.
 */
export async function targetOf(ctx: Context, name: string, caller: Caller = {}): Promise<Target> {
  const target = choose(ctx, await liveOf(ctx, name), caller);
  if (target.deployment.kind === 'model') return target as Target;
  throw new CairnError(
    'conflict',
    `Deployment '${target.deployment.name}' of endpoint '${name}' is elsewhere; what it takes is not known here.`,
    { field: 'deployment' },
  );
}

/** The same from what this instance knows, also where the call is answered elsewhere. */
export function choose(ctx: Context, live: Live, caller: Caller): Target | ExternalTarget {
  const { endpoint, deployments } = live;
  const name = caller.deployment ?? drawn(ctx, endpoint, caller);
  const deployment = name === undefined ? undefined : deployments.get(name);
  if (caller.deployment !== undefined && deployment === undefined)
    throw new CairnError(
      'not-found',
      `Endpoint '${endpoint.name}' has no deployment '${caller.deployment.slice(0, 100)}'; it has ${[
        ...deployments.keys(),
      ].join(', ')}.`,
      { field: 'deployment' },
    );
  if (deployment === undefined)
    throw new CairnError('unavailable', `Endpoint '${endpoint.name}' takes no calls: its traffic is 0.`);
  if (deployment instanceof CairnError) throw deployment;
  if (deployment.kind === 'external') return { endpoint, deployment };
  const { rollout } = deployment.deployment;
  const isCanary =
    deployment.canary !== undefined &&
    pointOf(ctx, `${rollout?.id}`, caller.key) < canaryShare(rollout) / 100;
  return {
    endpoint,
    deployment: deployment.deployment,
    variant: isCanary ? 'canary' : 'stable',
    model: (isCanary ? deployment.canary : undefined) ?? deployment.stable,
  };
}

/** The deployment that a call falls to. */
function drawn(ctx: Context, { name, traffic }: Endpoint, { key }: Caller): string | undefined {
  let point = pointOf(ctx, name, key) * 100;
  const shares = Object.entries(traffic).filter(([, share]) => share > 0);
  for (const [deployment, share] of shares) if ((point -= share) < 0) return deployment;
  return shares.at(-1)?.[0];
}
