import type { Container } from './catalog.ts';
import { deletePartition, feedRoute, itemRoute } from './documents.ts';
import { CosmosError } from './errors.ts';
import { parseQueryBody, type PhysicalRange } from './queries.ts';
import { collect, compileQuery } from './query/compile.ts';
import type { JsonObject, Value } from './query/values.ts';
import { json, list, type Reply, type Route, type RouteInput, wrongMethod } from './reply.ts';
import { HEADER, isTrue, parseBody } from './wire.ts';

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

/** Runs a query over resources that are no items, such as databases. */
function select(body: string | undefined, resources: JsonObject[]): Value[] {
  const { query, parameters } = parseQueryBody(body);
  const compiled = compileQuery(query, parameters);
  return resources.flatMap((resource) => collect(compiled, [resource], query.distinct));
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
