import * as z from 'zod';
import type { Key, Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type CairnEvent, eventWrite, relay } from '../events/index.ts';
import { CairnError, isCode, parse } from '../http/index.ts';
import { aliasHolder, getVersion, modelById, resolveAlias, type VersionReady } from '../registry/index.ts';
import { onlyVisible, queryOf } from '../search/index.ts';
import { lost, swap } from '../swap.ts';
import { type Endpoint, endpointId, endpointName, type NewEndpoint } from './endpoint.ts';

/**
 * Makes an endpoint for a model's alias and pins it to the version the alias holds, if that is ready.
 * Throws `invalid` for a bad name, `not-found` for a model, also one that the caller may not see, `invalid` for an
 * alias, `already-exists`.
 */
export async function createEndpoint(ctx: Context, input: NewEndpoint): Promise<Endpoint> {
  const { name } = parse(z.object({ name: endpointName }), input);
  const { modelId } = await resolveAlias(ctx, input.model, input.alias);
  const now = ctx.clock.now();
  const doc: Endpoint = {
    id: endpointId(name),
    type: 'endpoint',
    v: 1,
    workspace: ctx.workspace,
    name,
    modelId,
    model: input.model,
    alias: input.alias,
    ...(input.labels === undefined ? {} : { labels: input.labels }),
    seq: 1,
    createdAt: now,
    updatedAt: now,
  };
  const event = eventOf(ctx, 'endpoint.created', doc);
  const { outcome } = await ctx.stores
    .documents('endpoints')
    .batch(partition(ctx), [{ op: 'create', doc }, event]);
  if (outcome !== 'applied')
    throw new CairnError('already-exists', `Endpoint '${name}' exists already.`, { field: 'name' });
  relay(ctx, 'endpoints', partition(ctx), event);
  // After the commit: what becomes ready or moves from now on finds the endpoint, and this finds what was before.
  return (await follow(ctx, name)) ?? doc;
}

/** An endpoint by name; `not-found` where there is none. */
export async function getEndpoint(ctx: Context, name: string): Promise<Endpoint> {
  const stored = await readEndpoint(ctx, name);
  if (stored) return stored.doc;
  throw unknownEndpoint(name);
}

/** The words where there is no endpoint of a name. */
export function unknownEndpoint(name: string): CairnError {
  return new CairnError('not-found', `Endpoint '${name.slice(0, 100)}' does not exist.`, { field: 'name' });
}

/** The endpoints of the workspace that the caller may see, by name. */
export function listEndpoints(ctx: Context): Promise<Endpoint[]> {
  const conditions = [() => "c.type = 'endpoint'", ...onlyVisible(['name'], ctx.access.visible('endpoint'))];
  return ctx.stores
    .documents('endpoints')
    .query<Endpoint>(queryOf('*', conditions, 'c.name'), { key: partition(ctx) });
}

/** Every endpoint of the workspace as it is at this moment, whoever asks: for what must miss none. */
export function allEndpoints(ctx: Context): Promise<Endpoint[]> {
  return ctx.stores
    .documents('endpoints')
    .query<Endpoint>(
      { text: "SELECT * FROM c WHERE c.type = 'endpoint'" },
      { key: partition(ctx), consistency: 'strong' },
    )
    .then((endpoints) => endpoints.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}

/** The endpoints of a model, as they are at this moment. */
export function endpointsOf(ctx: Context, modelId: string): Promise<Endpoint[]> {
  return ctx.stores.documents('endpoints').query<Endpoint>(
    {
      text: "SELECT * FROM c WHERE c.type = 'endpoint' AND c.modelId = @modelId",
      values: { modelId },
    },
    { key: partition(ctx), consistency: 'strong' },
  );
}

/**
 * Brings the endpoints that an event concerns to the version their alias holds now. Subscriber of
 * `alias.moved` and `version.ready`; serving an event twice, late or out of order changes nothing.
 */
export async function followAlias(ctx: Context, event: CairnEvent): Promise<void> {
  const { modelId = '', alias } = event.subject;
  const names = await ctx.stores.documents('endpoints').query<string>(
    {
      text: `SELECT VALUE c.name FROM c WHERE c.type = 'endpoint' AND c.modelId = @modelId${
        alias === undefined ? '' : ' AND c.alias = @alias'
      }`,
      values: { modelId, ...(alias === undefined ? {} : { alias }) },
    },
    { key: partition(ctx), consistency: 'strong' },
  );
  for (const name of names) await follow(ctx, name);
}

/**
 * Pins an endpoint to the version its alias holds now, if that version is ready; otherwise what
 * answered before goes on. Returns the endpoint as it then is. The endpoint is read before the alias:
 * a write between the two makes the swap fail, so that an older version never replaces a newer one.
 */
export async function follow(ctx: Context, name: string): Promise<Endpoint | undefined> {
  return swap(ctx, `Endpoint '${name}'`, async () => {
    const stored = await readEndpoint(ctx, name);
    if (!stored) return undefined;
    const { doc, etag } = stored;
    const ready = await heldVersion(ctx, doc);
    if (!ready || (ready.version === doc.stable?.version && ready.digest === doc.stable.digest)) return doc;
    const next: Endpoint = {
      ...doc,
      stable: { version: ready.version, digest: ready.digest },
      seq: doc.seq + 1,
      updatedAt: ctx.clock.now(),
    };
    const event = eventOf(ctx, 'endpoint.moved', next, doc);
    const { outcome } = await ctx.stores
      .documents('endpoints')
      .batch(partition(ctx), [{ op: 'replace', doc: next, etag }, event]);
    if (outcome !== 'applied') return lost;
    relay(ctx, 'endpoints', partition(ctx), event);
    return next;
  });
}

/** The version that the endpoint's alias holds, or `undefined` where there is none that can serve. */
async function heldVersion(ctx: Context, endpoint: Endpoint): Promise<VersionReady | undefined> {
  try {
    const version = aliasHolder(await modelById(ctx, endpoint.modelId), endpoint.alias);
    if (version === undefined) return undefined;
    const { inspection } = await getVersion(ctx, endpoint.modelId, version);
    return inspection.state === 'ready' ? inspection.ready : undefined;
  } catch (error) {
    if (isCode(error, 'not-found')) return undefined;
    throw error;
  }
}

export function readEndpoint(ctx: Context, name: string): Promise<Stored<Endpoint> | undefined> {
  if (!endpointName.safeParse(name).success) return Promise.resolve(undefined);
  return ctx.stores.documents('endpoints').read<Endpoint>(partition(ctx), endpointId(name));
}

export function eventOf(
  ctx: Context,
  type: 'endpoint.created' | 'endpoint.moved' | 'endpoint.changed',
  after: Endpoint,
  before?: Endpoint,
  more: Readonly<Record<string, string>> = {},
): Write & { op: 'create' } {
  const { name, modelId, stable } = after;
  return eventWrite(
    ctx,
    {
      type,
      aggregate: `endpoint/${name}`,
      seq: after.seq,
      subject: {
        endpoint: name,
        modelId,
        ...(before?.stable ? { from: String(before.stable.version) } : {}),
        ...(stable ? { to: String(stable.version) } : {}),
        ...more,
      },
      after,
      ...(before === undefined ? {} : { before }),
    },
    { workspace: ctx.workspace },
  );
}

function partition(ctx: Context): Key {
  return [ctx.workspace];
}
