import { runAtomic, runBulk } from './batch.ts';
import type { Container } from './catalog.ts';
import { atConsistency, round } from './charge.ts';
import { freshnessOf, storedFor } from './consistency.ts';
import { CosmosError } from './errors.ts';
import { readChangeFeed } from './feed.ts';
import {
  createItem,
  deleteItem,
  type ItemResult,
  patchItem,
  purgeExpired,
  readItem,
  replaceItem,
  upsertItem,
  type WriteContext,
} from './items.ts';
import { parsePartitionKey, type PartitionKey } from './partition-key.ts';
import { partitionScope, rangeOf, readFeed, runQuery, runQueryPlan } from './queries.ts';
import type { Json, JsonObject } from './query/values.ts';
import { json, list, type Reply, type Route, type RouteInput, wrongMethod } from './reply.ts';
import { Access } from './store/access.ts';
import { HEADER, type Headers, isTrue, parseBody } from './wire.ts';

/** What a request to the items of a container asks for. */
export function feedRoute(input: RouteInput, container: Container): Route {
  const { request, ranges, nowMs } = input;
  const { headers, body } = request;
  const query = () => ({ container, headers, body, ranges, nowMs, freshness: freshnessOf(headers) });
  if (request.method === 'GET') {
    if (headers[HEADER.aIm] === undefined) {
      return {
        operation: 'readFeed',
        container,
        run: () => documents(container, { status: 200, ...readFeed(query()) }),
      };
    }
    return { operation: 'changeFeed', container, run: () => documents(container, readChangeFeed(query())) };
  }
  if (request.method !== 'POST') throw wrongMethod(request);
  if (isTrue(headers[HEADER.isQueryPlan])) {
    return {
      operation: 'queryPlan',
      container,
      run: () => ({ ...json(200, runQueryPlan(body)), charge: 0 }),
    };
  }
  if (isTrue(headers[HEADER.isQuery])) {
    return {
      operation: 'query',
      container,
      run: () => documents(container, { status: 200, ...runQuery(query()) }),
    };
  }
  if (isTrue(headers[HEADER.isBatch])) return batchRoute(input, container);
  const isUpsert = isTrue(headers[HEADER.isUpsert]);
  return {
    operation: isUpsert ? 'upsert' : 'create',
    container,
    run: () =>
      written(input, container, (context, key) =>
        isUpsert
          ? upsertItem(context, key, requireBody(body), { ifMatch: headers[HEADER.ifMatch] })
          : createItem(context, key, requireBody(body)),
      ),
  };
}

/** What a request to one item asks for. */
export function itemRoute(input: RouteInput, container: Container, id: string): Route {
  const { request } = input;
  const { headers, body } = request;
  const conditions = { ifMatch: headers[HEADER.ifMatch] };
  switch (request.method) {
    case 'GET':
      return { operation: 'read', container, run: () => read(input, container, id) };
    case 'PUT':
      return {
        operation: 'replace',
        container,
        run: () =>
          written(input, container, (context, key) =>
            replaceItem(context, key, id, requireBody(body), conditions),
          ),
      };
    case 'PATCH':
      return {
        operation: 'patch',
        container,
        run: () =>
          written(input, container, (context, key) =>
            patchItem(context, key, id, parseBody(body), conditions),
          ),
      };
    case 'DELETE':
      return {
        operation: 'delete',
        container,
        run: () => written(input, container, (context, key) => deleteItem(context, key, id, conditions)),
      };
    default:
      throw wrongMethod(request);
  }
}

function read({ request: { headers }, nowMs }: RouteInput, container: Container, id: string): Reply {
  const freshness = freshnessOf(headers);
  const key = fullKey(headers, container);
  const stored = storedFor(container, freshness);
  const { status, row, charge } = readItem(
    { container, nowMs },
    key,
    id,
    headers[HEADER.ifNoneMatch],
    stored,
  );
  const reply: Reply = {
    status,
    headers: { etag: row?.etag ?? '' },
    charge: atConsistency(charge, freshness.isRelaxed),
  };
  return status === 304 ? reply : { ...reply, body: row?.body ?? '' };
}

function written(
  { request: { headers }, nowMs }: RouteInput,
  container: Container,
  write: (context: WriteContext, key: PartitionKey) => ItemResult,
): Reply {
  if (headers[HEADER.ifNoneMatch] !== undefined) {
    throw new CosmosError(
      400,
      'If-None-Match is not supported on a write: create an item to write it only where it is new.',
    );
  }
  const key = fullKey(headers, container);
  const { status, row, charge } = container.store.transaction((lsn) => {
    const context = { container, lsn, nowMs };
    purgeExpired(context);
    return write(context, key);
  });
  return { status, charge, ...(row && { body: row.body, headers: { etag: row.etag } }) };
}

function batchRoute({ request: { headers, body }, ranges, nowMs }: RouteInput, container: Container): Route {
  const context = { container, nowMs };
  const isMinimal = headers[HEADER.prefer] === 'return=minimal';
  const toReply = ({ status, results, charge }: ReturnType<typeof runAtomic>): Reply => {
    if (isMinimal) for (const result of results) delete result.resourceBody;
    return { ...json(status, results), charge: round(charge) };
  };
  if (isTrue(headers[HEADER.batchAtomic])) {
    return {
      operation: 'batch',
      container,
      run: () => toReply(runAtomic(context, fullKey(headers, container), requireBody(body))),
    };
  }
  const rangeId = headers[HEADER.partitionKeyRangeId];
  const keyOf = (operation: JsonObject): PartitionKey => {
    const header = operation['partitionKey'];
    if (typeof header !== 'string')
      throw new CosmosError(400, 'An operation of a bulk request needs its partitionKey as JSON text.');
    const key = requireFull(parsePartitionKey(header, container.partitionKey), container);
    if (rangeOf(key, ranges).id !== rangeId) {
      throw new CosmosError(410, `The partition key ${header} is not in the range ${rangeId}.`, {
        substatus: 1002,
      });
    }
    return key;
  };
  const continues = isTrue(headers[HEADER.batchContinueOnError]);
  return {
    operation: 'bulk',
    container,
    run: () => toReply(runBulk(context, requireBody(body), continues, keyOf)),
  };
}

/** Deletes the items of one partition key. */
export function deletePartition({ request: { headers } }: RouteInput, container: Container): Reply {
  const key = fullKey(headers, container);
  const access = new Access(container.store, partitionScope(container, key));
  container.store.transaction(() => {
    for (const row of [...access.scan(0)]) container.store.remove(row);
  });
  return { status: 200, body: '', charge: 1 };
}

function documents(
  container: Container,
  reply: { status: number; values: Json[]; headers: Record<string, string>; charge: number },
): Reply {
  const { status, values, headers, charge } = reply;
  if (status === 304) return { status, headers, charge };
  return { ...list('Documents', values, container.rid), headers, charge };
}

function fullKey(headers: Headers, container: Container): PartitionKey {
  const header = headers[HEADER.partitionKey];
  if (header === undefined) throw new CosmosError(400, 'The operation needs x-ms-documentdb-partitionkey.');
  return requireFull(parsePartitionKey(header, container.partitionKey), container);
}

function requireFull(key: PartitionKey, { partitionKey: { paths } }: Container): PartitionKey {
  if (key.components.length === paths.length) return key;
  throw new CosmosError(
    400,
    `The operation needs the whole partition key, ${paths.length} levels: ${paths.join(', ')}.`,
  );
}

function requireBody(body: string | undefined): string {
  if (body === undefined || body === '') throw new CosmosError(400, 'The request needs a JSON body.');
  return body;
}
