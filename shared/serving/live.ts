import { isDeepStrictEqual } from 'node:util';
import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import {
  aliasOf,
  type Deployment,
  type Endpoint,
  type ExternalDeployment,
  follow,
  getEndpoint,
  type ModelDeployment,
  type Pinned,
  rulesOf,
} from '../endpoints/index.ts';
import { CairnError, isCode } from '../http/index.ts';
import { aliasHolder, getReady, modelById } from '../registry/index.ts';
import { loadModel, type ServedModel } from './models.ts';

/** An endpoint as this instance serves it, with the models that may answer loaded. */
export type Live = {
  readonly endpoint: Endpoint;
  /** By name; one that cannot answer is the reason why. */
  readonly deployments: ReadonlyMap<string, Answering>;
};

export type Answering = LiveDeployment | ExternalDeployment | CairnError;

export type LiveDeployment = {
  readonly kind: 'loaded';
  readonly deployment: ModelDeployment;
  readonly stable: ServedModel;
  /** The version on its way in. */
  readonly canary?: ServedModel;
};

/** Up to this age an endpoint is used as it is; beyond it, it is read again beside the request. */
const freshMilliseconds = 5_000;
/** Beyond this age the request waits for the new one: the bound within which a change reaches every instance. */
const staleMilliseconds = 10_000;
const endpointsMax = 1_000;
const retryAfterSeconds = 2;

type Entry = { live: Live; at: number };
type Cache = { readonly entries: Map<string, Entry>; readonly refreshing: Map<string, Promise<Live>> };

const caches = new WeakMap<Stores, Cache>();

/**
 * The endpoint and its loaded models. A warm call reads nothing; a change of the endpoint arrives within
 * 10 seconds, with its models loaded before they take over. While the metadata store does not answer, or
 * a new model does not load, what is known goes on answering. Throws `not-found` for an unknown endpoint.
 */
export async function liveOf(ctx: Context, name: string): Promise<Live> {
  const { entries, refreshing } = cacheOf(ctx.stores);
  const key = `${ctx.workspace}/${name}`;
  const known = entries.get(key);
  const since = known ? ctx.clock.now() - known.at : Number.POSITIVE_INFINITY;
  // A clock that was set back tells nothing about age.
  const age = since < 0 ? staleMilliseconds : since;
  if (known && age < freshMilliseconds) return known.live;
  let next = refreshing.get(key);
  if (!next) {
    next = refresh(ctx, key, name, known).finally(() => refreshing.delete(key));
    refreshing.set(key, next);
  }
  if (!known || age >= staleMilliseconds) return next;
  next.catch((error: unknown) =>
    ctx.log.warn('endpoint not refreshed', { endpoint: name, reason: String(error) }),
  );
  return known.live;
}

async function refresh(ctx: Context, key: string, name: string, known: Entry | undefined): Promise<Live> {
  const { entries } = cacheOf(ctx.stores);
  const at = ctx.clock.now();
  try {
    const live = await read(ctx, name, known?.live);
    entries.delete(key);
    // What cannot answer at all is looked at again by the next call.
    if ([...live.deployments.values()].some((each) => !(each instanceof CairnError)))
      entries.set(key, { live, at });
    const [oldest] = entries.keys();
    if (entries.size > endpointsMax && oldest !== undefined) entries.delete(oldest);
    return live;
  } catch (error) {
    if (!known || isCode(error, 'not-found')) {
      entries.delete(key);
      throw error;
    }
    ctx.log.error('endpoint stays as it was known', { endpoint: name, reason: String(error) });
    known.at = at;
    return known.live;
  }
}

async function read(ctx: Context, name: string, known: Live | undefined): Promise<Live> {
  let endpoint = await getEndpoint(ctx, name);
  // Whoever asks for an endpoint that is not pinned pins it, should the event for it have been lost.
  if (endpoint.deployments.some((each) => each.kind === 'model' && !each.stable))
    endpoint = await follow(ctx, name);
  const answering = async (each: Deployment): Promise<Answering> =>
    each.kind === 'external' ? each : loaded(ctx, endpoint, each, known?.deployments.get(each.name));
  const named = await Promise.all(
    endpoint.deployments.map(async (each) => [each.name, await answering(each)] as const),
  );
  return { endpoint, deployments: new Map(named) };
}

/** A deployment with its models; with those that answered before where the new ones do not load, else the reason. */
async function loaded(
  ctx: Context,
  endpoint: Endpoint,
  deployment: ModelDeployment,
  before: Answering | undefined,
): Promise<LiveDeployment | CairnError> {
  const known = before instanceof CairnError || before?.kind !== 'loaded' ? undefined : before;
  const load = (pinned: Pinned) => servedModel(ctx, endpoint, deployment, pinned, known);
  try {
    const { stable, rollout } = deployment;
    if (!stable) {
      const why = await whyWaiting(ctx, endpoint, deployment);
      return known ?? why;
    }
    const canary =
      rollout && (await load(rollout.to).catch((error: unknown) => keptOut(ctx, deployment, error)));
    return { kind: 'loaded', deployment, stable: await load(stable), ...(canary ? { canary } : {}) };
  } catch (error) {
    if (known) {
      ctx.log.error('deployment keeps its last version', { endpoint: endpoint.name, reason: String(error) });
      return known;
    }
    if (error instanceof CairnError) return error;
    throw error;
  }
}

function keptOut(ctx: Context, { name, model }: ModelDeployment, error: unknown): undefined {
  ctx.log.error('version is kept out', { deployment: name, model, reason: String(error) });
  return undefined;
}

async function servedModel(
  ctx: Context,
  endpoint: Endpoint,
  { modelId, settings }: ModelDeployment,
  pinned: Pinned,
  known: LiveDeployment | undefined,
): Promise<ServedModel> {
  const rules = await rulesOf(ctx, endpoint, { modelId, stable: pinned });
  const loadedAlike = isDeepStrictEqual(known?.deployment.settings, settings) ? known : undefined;
  const same = [loadedAlike?.stable, loadedAlike?.canary].find(
    (each) =>
      each?.ready.digest === pinned.digest &&
      each.ready.version === pinned.version &&
      each.ready.modelId === modelId,
  );
  const model = same ?? (await loadModel(ctx, await getReady(ctx, modelId, pinned.version), settings));
  return model.rules?.id === rules.id ? model : { ...model, rules };
}

/** Why a deployment has nothing to answer with: its version is still being read, or never can be served. */
async function whyWaiting(
  ctx: Context,
  { name }: Endpoint,
  deployment: ModelDeployment,
): Promise<CairnError> {
  const { modelId, model, follows } = deployment;
  const version =
    'alias' in follows ? aliasHolder(await modelById(ctx, modelId), follows.alias) : follows.version;
  // Waiting does not help a version that was refused: this throws the reason.
  if (version !== undefined) await getReady(ctx, modelId, version);
  const which =
    'alias' in follows
      ? `a version of '${model}' with alias '${aliasOf(deployment)}'`
      : `version ${version} of '${model}'`;
  return new CairnError('unavailable', `Endpoint '${name}' waits for ${which} that is ready.`, {
    retryAfterSeconds,
  });
}

function cacheOf(stores: Stores): Cache {
  let cache = caches.get(stores);
  if (!cache) caches.set(stores, (cache = { entries: new Map(), refreshing: new Map() }));
  return cache;
}
