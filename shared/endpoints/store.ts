import type { Key, Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type EventType, eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { onlyVisible, queryOf } from '../search/index.ts';
import { lost, swap } from '../swap.ts';
import { mainOf } from './deployment.ts';
import { type Endpoint, endpointId, endpointName, type GoneEndpoint, type Logged } from './endpoint.ts';
import { etagOf } from './etag.ts';
import { type AnyEndpoint, upcast } from './upcast.ts';

/** An endpoint by name; `not-found` where there is none. */
export async function getEndpoint(ctx: Context, name: string): Promise<Endpoint> {
  return (await getStored(ctx, name)).doc;
}

/** The same with the etag that a compare-and-swap needs. */
export async function getStored(ctx: Context, name: string): Promise<Stored<Endpoint>> {
  const stored = await readEndpoint(ctx, name);
  if (stored) return stored;
  throw unknownEndpoint(name);
}

/** Whatever has a log under a name: an endpoint, or one that is deleted. `not-found` where there never was one. */
export async function getLogged(ctx: Context, name: string): Promise<Logged> {
  const stored = await readLogged(ctx, name);
  if (stored) return stored.doc;
  throw unknownEndpoint(name);
}

export async function readEndpoint(ctx: Context, name: string): Promise<Stored<Endpoint> | undefined> {
  const stored = await readLogged(ctx, name);
  return stored && isThere(stored) ? stored : undefined;
}

export async function readLogged(ctx: Context, name: string): Promise<Stored<Logged> | undefined> {
  if (!endpointName.safeParse(name).success) return undefined;
  const stored = await documents(ctx).read<AnyEndpoint | GoneEndpoint>(partition(ctx), endpointId(name));
  return stored && { ...stored, doc: upcastLogged(stored.doc) };
}

export function isThere(stored: Stored<Logged>): stored is Stored<Endpoint> {
  return stored.doc.type === 'endpoint';
}

/** The words where there is no endpoint of a name. */
export function unknownEndpoint(name: string): CairnError {
  return new CairnError('not-found', `Endpoint '${name.slice(0, 100)}' does not exist.`, { field: 'name' });
}

/** The endpoints of the workspace that the caller may see, by name. */
export async function listEndpoints(ctx: Context): Promise<Endpoint[]> {
  const conditions = [() => "c.type = 'endpoint'", ...onlyVisible(['name'], ctx.access.visible('endpoint'))];
  const found = await documents(ctx).query<AnyEndpoint>(queryOf('*', conditions, 'c.name'), {
    key: partition(ctx),
  });
  return found.map(upcast);
}

/** Whatever has a log in the workspace at this moment, whoever asks: for what must miss none. */
export async function allLogged(ctx: Context): Promise<Logged[]> {
  const found = await documents(ctx).query<AnyEndpoint | GoneEndpoint>(
    { text: "SELECT * FROM c WHERE c.type IN ('endpoint', 'gone-endpoint')" },
    { key: partition(ctx), consistency: 'strong' },
  );
  return found.map(upcastLogged).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The endpoints with a deployment of a model, as they are at this moment. */
export async function endpointsOf(ctx: Context, modelId: string): Promise<Endpoint[]> {
  const found = await documents(ctx).query<AnyEndpoint>(
    {
      text: `SELECT * FROM c WHERE c.type = 'endpoint' AND (c.modelId = @modelId
        OR EXISTS(SELECT VALUE d FROM d IN c.deployments WHERE d.modelId = @modelId))`,
      values: { modelId },
    },
    { key: partition(ctx), consistency: 'strong' },
  );
  return found.map(upcast);
}

/** What a change makes of an endpoint; `undefined` where it stays as it is. */
export type Change = {
  readonly next: Omit<Endpoint, 'seq' | 'updatedAt'>;
  readonly type: EventType;
  readonly subject?: Readonly<Record<string, string>>;
  readonly reason?: string;
};

/**
 * Changes an endpoint by compare-and-swap, and tells of it in the same batch. With `ifMatch` only where it still
 * has that etag, of {@link etagOf}: `conflict` otherwise. Throws `not-found`, and whatever `change` throws.
 */
export function changeEndpoint(
  ctx: Context,
  name: string,
  change: (endpoint: Endpoint) => Promise<Change | undefined> | Change | undefined,
  ifMatch?: string,
): Promise<Stored<Endpoint>> {
  return swap(ctx, `Endpoint '${name}'`, async () => {
    const stored = await getStored(ctx, name);
    checkMatch(stored.doc, ifMatch);
    const changed = await change(stored.doc);
    if (!changed) return stored;
    const doc: Endpoint = { ...changed.next, seq: stored.doc.seq + 1, updatedAt: ctx.clock.now() };
    const event = eventOf(ctx, changed.type, doc, stored.doc, changed);
    const written = await documents(ctx).batch(partition(ctx), [
      { op: 'replace', doc, etag: stored.etag },
      event,
    ]);
    if (written.outcome !== 'applied') return lost;
    relay(ctx, 'endpoints', partition(ctx), event);
    return { doc, etag: written.etags[0] ?? '' };
  });
}

/** Throws `conflict` where an endpoint has another etag than the caller has read. */
export function checkMatch(endpoint: Endpoint, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch === etagOf(endpoint)) return;
  throw new CairnError(
    'conflict',
    `Endpoint '${endpoint.name}' has changed since it was read; read it again and repeat the change.`,
    { field: 'If-Match' },
  );
}

/** The write that tells of a change to an endpoint. */
export function eventOf(
  ctx: Context,
  type: EventType,
  after: Logged,
  before?: Endpoint,
  { subject = {}, reason }: Pick<Change, 'subject' | 'reason'> = {},
): Write & { op: 'create' } {
  const [from, to] = [before && mainOf(before), mainOf(after)];
  return eventWrite(
    ctx,
    {
      type,
      aggregate: `endpoint/${after.name}`,
      seq: after.seq,
      subject: {
        endpoint: after.name,
        ...(to ? { modelId: to.modelId } : {}),
        ...(from?.stable ? { from: String(from.stable.version) } : {}),
        ...(to?.stable ? { to: String(to.stable.version) } : {}),
        ...subject,
      },
      after,
      ...(before === undefined ? {} : { before }),
      ...(reason === undefined ? {} : { reason }),
    },
    { workspace: ctx.workspace },
  );
}

function upcastLogged(doc: AnyEndpoint | GoneEndpoint): Logged {
  return doc.type === 'gone-endpoint' ? doc : upcast(doc);
}

export function documents(ctx: Context) {
  return ctx.stores.documents('endpoints');
}

export function partition(ctx: Context): Key {
  return [ctx.workspace];
}
