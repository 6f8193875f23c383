import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError, isCode } from '../http/index.ts';
import { aliasHolder, getReady, modelById } from '../registry/index.ts';
import { rulesOf } from '../endpoints/index.ts';
import type { Endpoint, Pinned } from '../endpoints/index.ts';
import { follow, getEndpoint } from '../endpoints/index.ts';
import { loadModel, type ServedModel } from './models.ts';

/** What answers for an endpoint at this moment. */
export type Target = {
  readonly endpoint: Endpoint & { readonly stable: Pinned };
  readonly model: ServedModel;
};

/** Up to this age a target is used as it is; beyond it, it is read again beside the request. */
const freshMilliseconds = 5_000;
/** Beyond this age the request waits for the new one: the bound within which a move reaches every instance. */
const staleMilliseconds = 10_000;
const targetsMax = 1_000;
const retryAfterSeconds = 2;

type Entry = { target: Target; at: number };
type Cache = { readonly entries: Map<string, Entry>; readonly refreshing: Map<string, Promise<Target>> };

const caches = new WeakMap<Stores, Cache>();

/**
 * The endpoint and its loaded model. A warm call reads nothing; a move of the endpoint arrives within
 * 10 seconds, with its model loaded before it takes over. While the metadata store does not answer, or
 * the new model does not load, what is known goes on answering.
 * Throws `not-found` for an unknown endpoint, `unavailable` while no version is ready, and `conflict` with
 * the reason where the one it waits for cannot be served.
 */
export async function targetOf(ctx: Context, name: string): Promise<Target> {
  const { entries, refreshing } = cacheOf(ctx.stores);
  const key = `${ctx.workspace}/${name}`;
  const known = entries.get(key);
  const age = known ? ctx.clock.now() - known.at : Number.POSITIVE_INFINITY;
  if (known && age < freshMilliseconds) return known.target;
  let next = refreshing.get(key);
  if (!next) {
    next = refresh(ctx, key, name, known).finally(() => refreshing.delete(key));
    refreshing.set(key, next);
  }
  if (!known || age >= staleMilliseconds) return next;
  next.catch((error: unknown) =>
    ctx.log.warn('endpoint not refreshed', { endpoint: name, reason: String(error) }),
  );
  return known.target;
}

async function refresh(ctx: Context, key: string, name: string, known: Entry | undefined): Promise<Target> {
  const { entries } = cacheOf(ctx.stores);
  const at = ctx.clock.now();
  try {
    const target = await read(ctx, name, known?.target);
    entries.delete(key);
    entries.set(key, { target, at });
    const [oldest] = entries.keys();
    if (entries.size > targetsMax && oldest !== undefined) entries.delete(oldest);
    return target;
  } catch (error) {
    if (!known || isCode(error, 'not-found')) {
      entries.delete(key);
      throw error;
    }
    ctx.log.error('endpoint keeps its last version', { endpoint: name, reason: String(error) });
    known.at = at;
    return known.target;
  }
}

async function read(ctx: Context, name: string, known: Target | undefined): Promise<Target> {
  let endpoint = await getEndpoint(ctx, name);
  // Whoever asks for an endpoint that is not pinned pins it, should the event for it have been lost.
  if (!endpoint.stable) endpoint = (await follow(ctx, name)) ?? endpoint;
  const { stable } = endpoint;
  if (!stable) throw await whyWaiting(ctx, endpoint);
  const pinned = { ...endpoint, stable };
  const rules = await rulesOf(ctx, pinned);
  const model =
    known && known.model.ready.digest === stable.digest && known.model.ready.version === stable.version
      ? known.model
      : await loadModel(ctx, await getReady(ctx, endpoint.modelId, stable.version));
  return { endpoint: pinned, model: model.rules?.id === rules.id ? model : { ...model, rules } };
}

/** Why an endpoint has nothing to answer with: its version is still being read, or never can be served. */
async function whyWaiting(ctx: Context, { name, modelId, model, alias }: Endpoint): Promise<CairnError> {
  const version = aliasHolder(await modelById(ctx, modelId), alias);
  // Waiting does not help a version that was refused: this throws the reason.
  if (version !== undefined) await getReady(ctx, modelId, version);
  return new CairnError(
    'unavailable',
    `Endpoint '${name}' waits for a version of '${model}' with alias '${alias}' that is ready.`,
    { retryAfterSeconds },
  );
}

function cacheOf(stores: Stores): Cache {
  let cache = caches.get(stores);
  if (!cache) caches.set(stores, (cache = { entries: new Map(), refreshing: new Map() }));
  return cache;
}
