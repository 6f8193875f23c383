import type { Context } from '../context.ts';
import type { CairnEvent, EventType } from '../events/index.ts';
import { isCode, unlessCode } from '../http/index.ts';
import { aliasHolder, type AliasMove, getVersion, modelById, newestMoves } from '../registry/index.ts';
import { aliasOf, type Deployment, type ModelDeployment, type Pinned } from './deployment.ts';
import type { Endpoint } from './endpoint.ts';
import { whyTooLarge } from './memory.ts';
import { endedRollout, type Rollout, toldOfRollout } from './rollout.ts';
import { watchRollouts } from './rollout-watch.ts';
import { changeEndpoint, endpointsOf } from './store.ts';

/**
 * Brings the endpoints that an event concerns on the way to the version their alias holds now. Subscriber of
 * `alias.moved` and `version.ready`; serving an event twice, late or out of order changes nothing.
 */
export async function followAlias(ctx: Context, event: CairnEvent): Promise<void> {
  const { modelId = '', alias } = event.subject;
  const concerns = (each: Deployment) =>
    each.kind === 'model' &&
    each.modelId === modelId &&
    (alias === undefined || ('alias' in each.follows && each.follows.alias === alias));
  for (const { name, deployments } of await endpointsOf(ctx, modelId))
    if (deployments.some(concerns)) await unlessCode(follow(ctx, name), 'not-found');
}

/**
 * Pins what has no version yet or what an alias was taken back to, and begins a rollout where an alias has gone on to
 * another version that is ready; otherwise what answered before goes on. The endpoint is read before the alias: a write between the two makes
 * the swap fail, so that an older version never replaces a newer one. Throws `not-found`.
 */
export async function follow(ctx: Context, name: string): Promise<Endpoint> {
  const { doc } = await changeEndpoint(ctx, name, async (endpoint) => {
    const followed = await Promise.all(endpoint.deployments.map((each) => followedBy(ctx, endpoint, each)));
    const moved =
      followed.find(({ type }) => type === 'rollout.started') ??
      followed.find(({ type }) => type !== undefined);
    if (moved?.type === undefined) return undefined;
    // Before the change: should this be its last deed, the timer finds what it began.
    if (moved.type === 'rollout.started') await watchRollouts(ctx, name);
    return {
      next: { ...endpoint, deployments: followed.map(({ deployment }) => deployment) },
      type: moved.type,
      subject: { deployment: moved.deployment.name, ...moved.subject },
    };
  });
  return doc;
}

type Followed = {
  readonly deployment: Deployment;
  readonly type?: EventType;
  readonly subject?: Readonly<Record<string, string>>;
};

async function followedBy(ctx: Context, endpoint: Endpoint, deployment: Deployment): Promise<Followed> {
  if (deployment.kind !== 'model') return { deployment };
  const held = await heldVersion(ctx, deployment);
  const { stable, rollout } = deployment;
  if (!held || isSame(held, rollout?.to ?? stable)) return { deployment };
  const policy = endpoint.rollout;
  if (!stable || isSame(held, stable)) return pinned(ctx, deployment, held);
  const move = await lastMove(ctx, deployment);
  if (isTurnedDown(deployment, held, move)) return { deployment };
  // Who takes a move back wants what answered before, and at once; to be worse than what is left is no fault of it.
  const isTakenBack = move?.to === held.version && move.cause.kind === 'rollback';
  if (policy.plan[0] === 100 || isTakenBack) return pinned(ctx, deployment, held);
  const begun: Rollout = {
    id: ctx.ids.hex(8),
    from: stable,
    to: held,
    policy,
    step: 0,
    since: ctx.clock.now(),
    startedAt: ctx.clock.now(),
  };
  return {
    deployment: { ...superseded(ctx, deployment), rollout: begun },
    type: 'rollout.started',
    subject: { ...toldOfRollout(deployment.name, begun), modelId: deployment.modelId },
  };
}

/** With a version that answers alone from now on. */
function pinned(ctx: Context, deployment: ModelDeployment, stable: Pinned): Followed {
  return { deployment: { ...superseded(ctx, deployment), stable }, type: 'endpoint.moved' };
}

/** Without the rollout that was under way, which is remembered as the last one. */
function superseded(ctx: Context, deployment: ModelDeployment): ModelDeployment {
  const { rollout, ...rest } = deployment;
  if (!rollout) return deployment;
  const reason = 'The alias has moved on.';
  return { ...rest, lastRollout: endedRollout(rollout, 'superseded', reason, ctx.clock.now()) };
}

/**
 * Whether the last rollout to this version was broken off or stopped, and nobody has given it the alias since: the
 * alias may hold it for a while yet, and for good where the rollout was stopped by hand.
 */
function isTurnedDown({ lastRollout: last }: ModelDeployment, held: Pinned, move?: AliasMove): boolean {
  if (!last || !isSame(held, last.to)) return false;
  if (last.outcome !== 'rolled-back' && last.outcome !== 'stopped') return false;
  return move?.to === undefined || move.at <= last.endedAt;
}

async function lastMove(ctx: Context, deployment: ModelDeployment): Promise<AliasMove | undefined> {
  const alias = aliasOf(deployment);
  if (alias === undefined) return undefined;
  const { modelId } = deployment;
  const [move] = await newestMoves(ctx, { modelId, alias, limit: 1, consistency: 'strong' });
  return move;
}

/** The version that a deployment is to answer with, or `undefined` where there is none that can serve. */
async function heldVersion(ctx: Context, { modelId, follows }: ModelDeployment): Promise<Pinned | undefined> {
  try {
    const version =
      'alias' in follows ? aliasHolder(await modelById(ctx, modelId), follows.alias) : follows.version;
    if (version === undefined) return undefined;
    const { inspection } = await getVersion(ctx, modelId, version);
    // One that does not fit an instance would take down whatever loads it.
    const isFit = inspection.state === 'ready' && whyTooLarge(ctx, inspection.ready) === undefined;
    return isFit ? { version, digest: inspection.ready.digest } : undefined;
  } catch (error) {
    if (isCode(error, 'not-found')) return undefined;
    throw error;
  }
}

function isSame(a: Pinned, b: Pinned | undefined): boolean {
  return a.version === b?.version && a.digest === b.digest;
}
