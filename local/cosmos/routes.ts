import { runAtomic, runBulk } from './batch.ts';
import type { Catalog, Container } from './catalog.ts';
import { atConsistency, round } from './charge.ts';
import { freshnessOf, storedFor } from './consistency.ts';
import { CosmosError } from './errors.ts';
import type { Operation } from './faults.ts';
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
import {
  parseQueryBody,
  partitionScope,
  type PhysicalRange,
  rangeOf,
  readFeed,
  runQuery,
  runQueryPlan,
} from './queries.ts';
import { collect, compileQuery } from './query/compile.ts';
import type { Json, JsonObject, Value } from './query/values.ts';
import { Access } from './store/access.ts';
import { HEADER, type Headers, isTrue, parseBody, type WireRequest } from './wire.ts';

/** An answer before the headers that all answers have. */
export type Reply = { status: number; body?: string; headers?: Record<string, string>; charge?: number };

/** What a request asks for. `run` does it. */
export type Route = { operation: Operation; container?: Container; run: () => Reply };

export type RouteInput = {
  request: WireRequest;
  /** The decoded parts of the path. */
  segments: string[];
  origin: string;
  catalog: Catalog;
  ranges: readonly PhysicalRange[];
  nowMs: number;
};

/**
 * Finds what a request asks for, by its method, path and headers.
 *
 * @throws CosmosError 404, 405, or 400 for a part of the protocol that is not supported
 */
export function resolveRoute(input: RouteInput): Route {
  const [root, databaseId, kind, containerId, sub, itemId] = input.segments;
  if (root === undefined) return { operation: 'account', run: () => account(input.origin) };
  if (root === 'offers') return offers(input, databaseId);
  if (root !== 'dbs') throw unknownPath(input);
  if (databaseId === undefined) return databases(input);
  if (kind === undefined) return database(input, databaseId);
  if (kind !== 'colls') throw unsupported(kind);
  if (containerId === undefined) return containers(input, databaseId);
  if (sub === undefined) return containerRoute(input, databaseId, containerId);
  const container = input.catalog.container(databaseId, containerId);
  switch (sub) {
    case 'docs':
      return itemId === undefined ? feedRoute(input, container) : itemRoute(input, container, itemId);
    case 'pkranges':
      return { operation: 'ranges', container, run: () => rangesReply(container, input.ranges) };
    case 'operations':
      if (itemId !== 'partitionkeydelete') throw unknownPath(input);
      return { operation: 'deletePartition', container, run: () => deletePartition(input, container) };
    default:
      throw unsupported(sub);
  }
}

function account(origin: string): Reply {
  const locations = [{ name: 'Local', databaseAccountEndpoint: `${origin}/` }];
  return json(200, {
    id: 'local',
    _self: '',
    _rid: 'local',
    _dbs: '//dbs/',
    media: '//media/',
    addresses: '//addresses/',
    writableLocations: locations,
    readableLocations: locations,
    enableMultipleWriteLocations: false,
    userReplicationPolicy: { asyncReplication: false, minReplicaSetSize: 1, maxReplicasetSize: 4 },
    userConsistencyPolicy: { defaultConsistencyLevel: 'Strong' },
    systemReplicationPolicy: { minReplicaSetSize: 1, maxReplicasetSize: 4 },
    readPolicy: { primaryReadCoefficient: 1, secondaryReadCoefficient: 1 },
    queryEngineConfiguration: '{}',
  });
}

function databases({ request, catalog }: RouteInput): Route {
  const run = (): Reply => {
    switch (request.method) {
      case 'GET':
        return list('Databases', catalog.databases());
      case 'POST':
        if (isTrue(request.headers[HEADER.isQuery]))
          return list('Databases', select(request.body, catalog.databases()));
        return json(201, catalog.createDatabase(parseBody(request.body)));
      default:
        throw wrongMethod(request);
    }
  };
  return { operation: 'database', run };
}

function database({ request, catalog }: RouteInput, id: string): Route {
  const run = (): Reply => {
    switch (request.method) {
      case 'GET':
        return json(200, catalog.database(id));
      case 'DELETE':
        catalog.deleteDatabase(id);
        return { status: 204 };
      default:
        throw wrongMethod(request);
    }
  };
  return { operation: 'database', run };
}

function containers({ request, catalog }: RouteInput, databaseId: string): Route {
  const run = (): Reply => {
    const all = (): JsonObject[] => catalog.containers(databaseId).map(({ resource }) => resource);
    switch (request.method) {
      case 'GET':
        return list('DocumentCollections', all());
      case 'POST': {
        if (isTrue(request.headers[HEADER.isQuery]))
          return list('DocumentCollections', select(request.body, all()));
        const throughput = request.headers[HEADER.offerThroughput];
        const body = parseBody(request.body);
        const created = catalog.createContainer(
          databaseId,
          body,
          throughput === undefined ? undefined : Number(throughput),
        );
        return json(201, created.resource);
      }
      default:
        throw wrongMethod(request);
    }
  };
  return { operation: 'container', run };
}

function containerRoute({ request, catalog }: RouteInput, databaseId: string, id: string): Route {
  const run = (): Reply => {
    switch (request.method) {
      case 'GET':
        return json(200, catalog.container(databaseId, id).resource);
      case 'PUT':
        return json(200, catalog.replaceContainer(databaseId, id, parseBody(request.body)).resource);
      case 'DELETE':
        catalog.deleteContainer(databaseId, id);
        return { status: 204 };
      default:
        throw wrongMethod(request);
    }
  };
  return { operation: 'container', run };
}

function offers({ request, catalog }: RouteInput, id: string | undefined): Route {
  const run = (): Reply => {
    const withOffer = catalog
      .databases()
      .flatMap((entry) => catalog.containers(entry['id'] as string))
      .filter(({ throughput }) => throughput !== undefined);
    if (id === undefined) {
      const all = withOffer.map(toOffer);
      return list('Offers', isTrue(request.headers[HEADER.isQuery]) ? select(request.body, all) : all);
    }
    const container = withOffer.find((candidate) => toOffer(candidate)['id'] === id);
    if (!container) throw new CosmosError(404, `There is no offer '${id}'.`);
    if (request.method === 'PUT') {
      const { content } = parseBody(request.body) as { content?: { offerThroughput?: unknown } };
      catalog.setThroughput(container, Number(content?.offerThroughput));
    }
    return json(200, toOffer(container));
  };
  return { operation: 'offer', run };
}

function toOffer({ rid, resource, throughput }: Container): JsonObject {
  const id = rid.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
  return {
    id,
    _rid: id,
    _self: `offers/${id}/`,
    resource: resource['_self'],
    offerResourceId: rid,
    offerType: 'Invalid',
    offerVersion: 'V2',
    content: { offerThroughput: throughput ?? 0 },
  };
}

function feedRoute(input: RouteInput, container: Container): Route {
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

function itemRoute(input: RouteInput, container: Container, id: string): Route {
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

function deletePartition({ request: { headers } }: RouteInput, container: Container): Reply {
  const key = fullKey(headers, container);
  const access = new Access(container.store, partitionScope(container, key));
  container.store.transaction(() => {
    for (const row of [...access.scan(0)]) container.store.remove(row);
  });
  return { status: 200, body: '', charge: 1 };
}

function rangesReply(container: Container, ranges: readonly PhysicalRange[]): Reply {
  const all = ranges.map(({ id, min, max }) => ({
    id,
    _rid: container.rid,
    _self: `${container.resource['_self'] as string}pkranges/${id}/`,
    _etag: '"0"',
    _ts: container.resource['_ts'] as number,
    minInclusive: min,
    maxExclusive: max,
    ridPrefix: Number(id),
    throughputFraction: 1 / ranges.length,
    status: 'online',
    parents: [],
  }));
  // Reading metadata spends none of a container's units.
  return { ...list('PartitionKeyRanges', all, container.rid), charge: 0 };
}

function documents(
  container: Container,
  reply: { status: number; values: Json[]; headers: Record<string, string>; charge: number },
): Reply {
  const { status, values, headers, charge } = reply;
  if (status === 304) return { status, headers, charge };
  return { ...list('Documents', values, container.rid), headers, charge };
}

function list(name: string, values: Value[], rid = ''): Reply {
  const reply = json(200, { _rid: rid, [name]: values, _count: values.length });
  return { ...reply, headers: { [HEADER.itemCount]: String(values.length) }, charge: 1 };
}

/** Runs a query over resources that are no items, such as databases. */
function select(body: string | undefined, resources: JsonObject[]): Value[] {
  const { query, parameters } = parseQueryBody(body);
  const compiled = compileQuery(query, parameters);
  return resources.flatMap((resource) => collect(compiled, [resource], query.distinct));
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

function json(status: number, value: object): Reply {
  return { status, body: JSON.stringify(value), charge: 1 };
}

function wrongMethod({ method, url }: WireRequest): CosmosError {
  return new CosmosError(405, `${method} is not a method of ${url}.`);
}

function unknownPath({ segments }: RouteInput): CosmosError {
  return new CosmosError(404, `There is nothing at /${segments.join('/')}.`);
}

const FEATURES: Record<string, string> = {
  sprocs: 'stored procedures',
  triggers: 'triggers',
  udfs: 'user defined functions',
  users: 'users and permissions',
  conflicts: 'the conflict feed',
  clientencryptionkeys: 'client encryption keys',
};

function unsupported(segment: string): CosmosError {
  const feature = FEATURES[segment];
  if (feature === undefined) return new CosmosError(404, `There is no such resource as '${segment}'.`);
  return new CosmosError(400, `This emulator does not support ${feature}.`);
}
