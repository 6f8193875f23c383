import { type Container, itemRid } from './catalog.ts';
import { createCharge, deleteCharge, patchCharge, readCharge, replaceCharge } from './charge.ts';
import { isTtl } from './definition.ts';
import { CosmosError } from './errors.ts';
import { applyPatch, parsePatch } from './patch.ts';
import { extractPartitionKey, type PartitionKey, splitPath, valueAt } from './partition-key.ts';
import { canonical, isObject, type Json, type JsonObject } from './query/values.ts';
import type { ContainerStore, ItemRow } from './store/container-store.ts';

export const ITEM_BYTES_MAX = 2 * 1024 * 1024;
const ID_BYTES_MAX = 1023;
const NESTING_MAX = 128;

/** Properties that the service sets; what a client sends for them is dropped. */
const SYSTEM_PROPERTIES = new Set(['_rid', '_self', '_etag', '_attachments', '_ts', '_lsn']);

/** The outcome of an operation on one item that went well. */
export type ItemResult = { status: number; row: ItemRow | undefined; charge: number };

/** What a write happens under: one commit of one container. */
export type WriteContext = { container: Container; lsn: number; nowMs: number };

type Conditions = { ifMatch?: string | undefined };

/** @throws CosmosError 409 where the id or a unique key is taken */
export function createItem(context: WriteContext, key: PartitionKey, body: string): ItemResult {
  const item = parseItem(body);
  checkKey(context.container, item, key);
  const existing = find(context, key, item['id'] as string);
  if (existing) throw conflict(`An item with the id '${existing.id}' already exists in this partition`);
  return insert(context, key, item);
}

/** Creates the item, or replaces the one that has its id. */
export function upsertItem(
  context: WriteContext,
  key: PartitionKey,
  body: string,
  conditions: Conditions,
): ItemResult {
  const item = parseItem(body);
  checkKey(context.container, item, key);
  const existing = find(context, key, item['id'] as string);
  if (existing) {
    checkIfMatch(existing, conditions);
    return replace(context, existing, item);
  }
  if (conditions.ifMatch !== undefined && conditions.ifMatch !== '*') throw preconditionFailed();
  return insert(context, key, item);
}

/** @throws CosmosError 404 where there is no such item, 412 where its etag is another */
export function replaceItem(
  context: WriteContext,
  key: PartitionKey,
  id: string,
  body: string,
  conditions: Conditions,
): ItemResult {
  const item = parseItem(body);
  if (item['id'] !== id)
    throw new CosmosError(400, `The body's id ${JSON.stringify(item['id'])} is not the item's id '${id}'.`);
  checkKey(context.container, item, key);
  const existing = findExisting(context, key, id);
  checkIfMatch(existing, conditions);
  return replace(context, existing, item);
}

export function patchItem(
  context: WriteContext,
  key: PartitionKey,
  id: string,
  body: unknown,
  conditions: Conditions,
): ItemResult {
  const patch = parsePatch(body);
  const existing = findExisting(context, key, id);
  checkIfMatch(existing, conditions);
  const item = applyPatch(JSON.parse(existing.body) as JsonObject, patch, context.container.partitionKey);
  const result = replace(context, existing, parseItem(JSON.stringify(item)));
  return { ...result, charge: patchCharge(result.charge, patch.operations.length) };
}

export function deleteItem(
  context: WriteContext,
  key: PartitionKey,
  id: string,
  conditions: Conditions,
): ItemResult {
  const existing = findExisting(context, key, id);
  checkIfMatch(existing, conditions);
  const terms = context.container.store.remove(existing);
  return { status: 204, row: undefined, charge: deleteCharge(Buffer.byteLength(existing.body), terms) };
}

export function readItem(
  { container, nowMs }: { container: Container; nowMs: number },
  key: PartitionKey,
  id: string,
  ifNoneMatch: string | undefined,
  stored: (key: string, id: string) => ItemRow | undefined = (pk, itemId) => container.store.get(pk, itemId),
): ItemResult {
  const row = stored(key.text, id);
  if (!row || isExpired(row, container, nowMs)) throw notFound(id);
  const charge = readCharge(Buffer.byteLength(row.body));
  const unchanged = ifNoneMatch !== undefined && (ifNoneMatch === '*' || ifNoneMatch === row.etag);
  return { status: unchanged ? 304 : 200, row, charge };
}

const PURGE_MS = 1000;
const PURGED_AT_ONCE = 200;
const purged = new WeakMap<ContainerStore, number>();

/** Removes some of the expired items, now and then, as a part of a write. */
export function purgeExpired({ container, nowMs }: WriteContext): void {
  const { store, defaultTtl } = container;
  if (defaultTtl === undefined || nowMs - (purged.get(store) ?? 0) < PURGE_MS) return;
  purged.set(store, nowMs);
  for (const row of store.expired(defaultTtl, nowMs / 1000, PURGED_AT_ONCE)) store.remove(row);
}

/** True where the time to live of an item is over. */
export function isExpired(row: ItemRow, { defaultTtl }: Container, nowMs: number): boolean {
  if (defaultTtl === undefined) return false;
  const ttl = row.ttl ?? defaultTtl;
  return ttl !== -1 && row.ts + ttl <= nowMs / 1000;
}

/**
 * Reads and checks an item's JSON text.
 *
 * @throws CosmosError 400 for an id or a time to live that is not valid, 413 for an item over 2 MB
 */
export function parseItem(body: string): JsonObject {
  if (Buffer.byteLength(body) > ITEM_BYTES_MAX) {
    throw new CosmosError(413, 'The item is larger than the limit of 2 MB.');
  }
  let item: unknown;
  try {
    item = JSON.parse(body);
  } catch {
    throw new CosmosError(400, 'The item is not valid JSON.');
  }
  if (!isObject(item)) throw new CosmosError(400, 'An item must be a JSON object.');
  const { id, ttl } = item;
  if (typeof id !== 'string' || id === '') {
    throw new CosmosError(400, "The required property 'id' is missing or is not a non-empty string.");
  }
  if (/[/\\?#]/.test(id))
    throw new CosmosError(400, `The id '${id}' contains one of the characters / \\ ? #.`);
  if (Buffer.byteLength(id) > ID_BYTES_MAX)
    throw new CosmosError(400, `The id is longer than ${ID_BYTES_MAX} bytes.`);
  if (ttl !== undefined && !isTtl(ttl)) {
    throw new CosmosError(400, `The ttl ${JSON.stringify(ttl)} must be -1 or a positive number of seconds.`);
  }
  checkNesting(item, 1);
  return item;
}

function insert(context: WriteContext, key: PartitionKey, item: JsonObject): ItemResult {
  const { container } = context;
  const seq = container.store.allocate();
  const row = { ...toRow(context, item, seq), part: container.store.partOf(key), pk: key.text };
  claimUniqueKeys(container, row, item);
  const terms = container.store.insert(row, item);
  return { status: 201, row, charge: createCharge(Buffer.byteLength(row.body), terms) };
}

function replace(context: WriteContext, existing: ItemRow, item: JsonObject): ItemResult {
  const { container } = context;
  const row = { ...toRow(context, item, existing.seq), part: existing.part, pk: existing.pk };
  claimUniqueKeys(container, row, item);
  const terms = container.store.update(existing, row, item);
  return { status: 200, row, charge: replaceCharge(Buffer.byteLength(row.body), terms) };
}

/** Sets the system properties on the item and makes the row that stores it. */
function toRow({ container, lsn, nowMs }: WriteContext, item: JsonObject, seq: number): ItemRow {
  for (const name of SYSTEM_PROPERTIES) delete item[name];
  const rid = itemRid(container, seq);
  const etag = container.store.nextEtag();
  const ts = Math.floor(nowMs / 1000);
  const containerSelf = container.resource['_self'] as string;
  Object.assign(item, {
    _rid: rid,
    _self: `${containerSelf}docs/${rid}/`,
    _etag: etag,
    _attachments: 'attachments/',
    _ts: ts,
  });
  const ttl = typeof item['ttl'] === 'number' ? item['ttl'] : null;
  return { seq, part: 0, pk: '', id: item['id'] as string, body: JSON.stringify(item), etag, ts, lsn, ttl };
}

function claimUniqueKeys(container: Container, row: ItemRow, item: JsonObject): void {
  for (const [rule, { paths }] of container.uniqueKeys.entries()) {
    const values = paths.map((path) => valueAt(item, splitPath(path)) ?? null);
    if (container.store.claimUnique(row.pk, rule, canonical(values), row.seq)) continue;
    throw conflict(
      `Another item of this partition has the same value at ${paths.join(', ')}, which must be unique`,
    );
  }
}

function checkKey(container: Container, item: JsonObject, key: PartitionKey): void {
  if (extractPartitionKey(item, container.partitionKey).text === key.text) return;
  const message = `The partition key in the item does not match the one of the request, ${key.text}.`;
  throw new CosmosError(400, message, { substatus: 1001 });
}

/** The live item. One that is expired but still there is removed first. */
function find({ container, nowMs }: WriteContext, key: PartitionKey, id: string): ItemRow | undefined {
  const row = container.store.get(key.text, id);
  if (!row || !isExpired(row, container, nowMs)) return row;
  container.store.remove(row);
  return undefined;
}

function findExisting(context: WriteContext, key: PartitionKey, id: string): ItemRow {
  const row = find(context, key, id);
  if (!row) throw notFound(id);
  return row;
}

function checkIfMatch(row: ItemRow, { ifMatch }: Conditions): void {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== row.etag) throw preconditionFailed();
}

function checkNesting(value: Json, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > NESTING_MAX)
    throw new CosmosError(400, `The item is nested deeper than ${NESTING_MAX} levels.`);
  for (const child of Array.isArray(value) ? value : Object.values(value)) checkNesting(child, depth + 1);
}

function notFound(id: string): CosmosError {
  return new CosmosError(404, `There is no item '${id}' in this partition.`, { charge: 1 });
}

function conflict(reason: string): CosmosError {
  return new CosmosError(409, `${reason}.`, { charge: 1.24 });
}

function preconditionFailed(): CosmosError {
  return new CosmosError(412, 'The etag in If-Match is not the etag of the item.', { charge: 1.24 });
}
