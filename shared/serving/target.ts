import type { Context } from '../context.ts';
import {
  canaryShare,
  type Endpoint,
  type ExternalDeployment,
  type ModelDeployment,
} from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import type { Variant } from '../summaries/index.ts';
import { type Answering, type Live, type LiveDeployment, liveOf } from './live.ts';
import type { ServedModel } from './models.ts';
import { pointOf } from './sticky.ts';

/** What answers a call. */
export type Target = {
  readonly endpoint: Endpoint;
  readonly deployment: ModelDeployment;
  readonly variant: Variant;
  readonly model: ServedModel;
  /** What gets a copy of the call. */
  readonly mirrors?: readonly Target[];
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
  const { endpoint } = live;
  const name = caller.deployment ?? drawn(ctx, endpoint, caller);
  const deployment = name === undefined ? undefined : live.deployments.get(name);
  if (caller.deployment !== undefined && deployment === undefined)
    throw unknownDeployment(live, caller.deployment);
  if (caller.version !== undefined) return withVersion(live, caller.version, deployment, caller.deployment);
  if (deployment === undefined)
    throw new CairnError('unavailable', `Endpoint '${endpoint.name}' takes no calls: its traffic is 0.`);
  if (deployment instanceof CairnError) throw deployment;
  if (deployment.kind === 'external') return { endpoint, deployment };
  const { rollout } = deployment.deployment;
  const isCanary =
    deployment.canary !== undefined &&
    pointOf(ctx, `${rollout?.id}`, caller.key) < canaryShare(rollout) / 100;
  const mirrors = caller.deployment === undefined ? mirrorsOf(ctx, live) : [];
  return {
    ...variantOf(endpoint, deployment, isCanary ? 'canary' : 'stable'),
    ...(mirrors.length > 0 ? { mirrors } : {}),
  };
}

function variantOf(endpoint: Endpoint, live: LiveDeployment, variant: 'stable' | 'canary'): Target {
  const model = variant === 'canary' ? live.canary : undefined;
  return {
    endpoint,
    deployment: live.deployment,
    variant: model ? 'canary' : 'stable',
    model: model ?? live.stable,
  };
}

/** What answers with a version: the deployment that the call falls to, if it can, else any that is not ruled out. */
function withVersion(
  { endpoint, deployments }: Live,
  version: string,
  first: Answering | undefined,
  only: string | undefined,
): Target {
  const possible = only === undefined ? [first, ...deployments.values()] : [first];
  for (const each of possible) {
    if (each === undefined || each instanceof CairnError || each.kind === 'external') continue;
    // Nobody drew who answers: such calls say nothing of the two versions of a rollout against each other.
    const variant = each.canary ? 'asked' : 'stable';
    const model = [each.stable, each.canary].find((one) => String(one?.ready.version) === version);
    if (model) return { endpoint, deployment: each.deployment, variant, model };
  }
  throw new CairnError(
    'not-found',
    `Endpoint '${endpoint.name}' does not answer with version ${version.slice(0, 20)} now.`,
    { field: 'version' },
  );
}

/** What gets a copy of a call, drawn for each. */
function mirrorsOf(ctx: Context, { endpoint, deployments }: Live): Target[] {
  const mirrors: Target[] = [];
  for (const [name, share] of Object.entries(endpoint.mirror)) {
    if (ctx.ids.random() * 100 >= share) continue;
    const mirror = deployments.get(name);
    if (mirror === undefined || mirror instanceof CairnError || mirror.kind === 'external') continue;
    mirrors.push({ ...variantOf(endpoint, mirror, 'stable'), variant: 'mirror' });
  }
  return mirrors;
}

function unknownDeployment({ endpoint, deployments }: Live, name: string): CairnError {
  return new CairnError(
    'not-found',
    `Endpoint '${endpoint.name}' has no deployment '${name.slice(0, 100)}'; it has ${[...deployments.keys()].join(', ')}.`,
    { field: 'deployment' },
  );
}

/**
 * The deployment that a call falls to. Shares lie side by side in the order of the deployments, however the change was
 * worded that gave them.
 */
function drawn(ctx: Context, { name, deployments, traffic }: Endpoint, { key }: Caller): string | undefined {
  let point = pointOf(ctx, name, key) * 100;
  const taking = deployments.filter((each) => (traffic[each.name] ?? 0) > 0);
  for (const each of taking) if ((point -= traffic[each.name] ?? 0) < 0) return each.name;
  return taking.at(-1)?.name;
}
