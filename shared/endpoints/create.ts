import type { Context } from '../context.ts';
import { relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { resolveAlias, versionOf, visibleModel } from '../registry/index.ts';
import { type Deployment, type DeploymentSettings, deploymentSettingsDefault } from './deployment.ts';
import {
  type Endpoint,
  endpointId,
  type Limits,
  limitsDefault,
  type Logging,
  loggingDefault,
  type NonFinite,
  type Shares,
  type Sticky,
} from './endpoint.ts';
import { follow } from './follow.ts';
import { type RolloutPolicy, rolloutPolicyDefault } from './rollout.ts';
import { documents, eventOf, partition } from './store.ts';
import { onlyDeployment } from './upcast.ts';

export type NewDeployment =
  | {
      readonly name: string;
      /** Name of a registered model. */
      readonly model: string;
      readonly follows: { readonly alias: string } | { readonly version: number };
      readonly settings?: Partial<DeploymentSettings>;
    }
  | { readonly name: string; readonly url: string; readonly secret?: string };

export type NewEndpoint = {
  readonly name: string;
  readonly deployments: readonly NewDeployment[];
  /** Absent: the first deployment gets everything. */
  readonly traffic?: Shares;
  readonly mirror?: Shares;
  readonly sticky?: Sticky;
  readonly limits?: Partial<Limits>;
  readonly logging?: Partial<Logging>;
  readonly nonFinite?: NonFinite;
  readonly rollout?: RolloutPolicy;
  readonly labels?: Readonly<Record<string, string>>;
};

/** The one deployment of an endpoint that has no other, which follows an alias of a model. */
export function following(model: string, alias: string): NewDeployment {
  return { name: onlyDeployment, model, follows: { alias } };
}

/**
 * Makes an endpoint and pins its deployments to the versions that their aliases hold, where these are ready.
 * Throws `invalid` for what does not fit together, `not-found` for a model, also one that the caller may not see,
 * `invalid` for an alias, `already-exists`.
 */
export async function createEndpoint(ctx: Context, input: NewEndpoint): Promise<Endpoint> {
  const deployments = await Promise.all(input.deployments.map((each) => deploymentOf(ctx, each)));
  const now = ctx.clock.now();
  const doc: Endpoint = {
    id: endpointId(input.name),
    type: 'endpoint',
    v: 2,
    workspace: ctx.workspace,
    name: input.name,
    deployments,
    traffic: input.traffic ?? { [deployments[0]?.name ?? '']: 100 },
    mirror: input.mirror ?? {},
    ...(input.sticky ? { sticky: input.sticky } : {}),
    limits: { ...limitsDefault, ...input.limits },
    logging: { ...loggingDefault, ...input.logging },
    ...(input.nonFinite ? { nonFinite: input.nonFinite } : {}),
    rollout: input.rollout ?? rolloutPolicyDefault,
    ...(input.labels === undefined ? {} : { labels: input.labels }),
    seq: 1,
    createdAt: now,
    updatedAt: now,
  };
  const event = eventOf(ctx, 'endpoint.created', doc);
  const { outcome } = await documents(ctx).batch(partition(ctx), [{ op: 'create', doc }, event]);
  if (outcome !== 'applied')
    throw new CairnError('already-exists', `Endpoint '${input.name}' exists already.`, { field: 'name' });
  relay(ctx, 'endpoints', partition(ctx), event);
  // After the commit: what becomes ready or moves from now on finds the endpoint, and this finds what was before.
  return follow(ctx, input.name);
}

async function deploymentOf(ctx: Context, input: NewDeployment): Promise<Deployment> {
  if ('url' in input) return { kind: 'external', ...input };
  const { name, model, follows } = input;
  const { modelId } =
    'alias' in follows
      ? await resolveAlias(ctx, model, follows.alias)
      : await versionOf(ctx, await visibleModel(ctx, model), follows.version);
  const settings = { ...deploymentSettingsDefault, ...input.settings };
  return { kind: 'model', name, modelId, model, follows, settings };
}
