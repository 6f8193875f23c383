import type { Container } from './catalog.ts';
import { atConsistency, queryCharge } from './charge.ts';
import { type Freshness, overlayFor } from './consistency.ts';
import { CosmosError } from './errors.ts';
import { isExpired } from './items.ts';
import { epkRangeOf, type EpkRange, parsePartitionKey, type PartitionKey } from './partition-key.ts';
import type { Query } from './query/ast.ts';
import type { Parameters } from './query/compile.ts';
import { type Continuation, type Page, runPage } from './query/execute.ts';
import { parseQuery } from './query/parser.ts';
import { needsPlan, planQuery } from './query/plan.ts';
import { isObject, type Json } from './query/values.ts';
import type { Scope } from './store/access.ts';
import { HEADER, type Headers, isTrue, parseBody } from './wire.ts';

const ITEMS_DEFAULT = 100;
const ITEMS_MAX = 1000;
const QUERY_BYTES_MAX = 512 * 1024;
const PARSED_MAX = 200;

export type PhysicalRange = EpkRange & { id: string };

export type QueryRequest = {
  container: Container;
  headers: Headers;
  body: string | undefined;
  ranges: readonly PhysicalRange[];
  freshness: Freshness;
  nowMs: number;
};

export type QueryReply = { values: Json[]; headers: Record<string, string>; charge: number };

type ParsedQuery = { query: Query; parameters: Parameters };

/**
 * Runs one page of a query. Without a partition key it is served only where the results of the ranges can be put one
 * after the other; for anything else the answer is the plan, as the gateway gives it.
 *
 * @throws CosmosError 400 for a query that is not valid or not served, 410 for a range that does not exist
 */
export function runQuery(request: QueryRequest): QueryReply {
  const parsed = parseQueryBody(request.body);
  const where = locate(request);
  if (where.kind === 'all' && needsPlan(parsed.query)) {
    const plan = planQuery(parsed.query, parsed.parameters);
    throw new CosmosError(
      400,
      'The provided cross partition query can not be directly served by the gateway. This is a first chance exception ' +
        'that all clients with the query engine know how to handle.',
      { additionalErrorInfo: JSON.stringify(plan), charge: 0 },
    );
  }
  const started = performance.now();
  const token = readToken(request.headers[HEADER.continuation]);
  const { page, next } =
    where.kind === 'all' ? runRanges(request, parsed, token) : runOne(request, parsed, where.scope, token);
  const charge = atConsistency(queryCharge(page.loadedItems, page.loadedBytes), request.freshness.isRelaxed);
  return {
    values: page.values,
    headers: toHeaders(request, page, next, performance.now() - started),
    charge,
  };
}

/** All items of a scope, page by page: what a client gets that reads the feed without a query. */
export function readFeed(request: QueryRequest): QueryReply {
  return runQuery({ ...request, body: '{"query":"SELECT * FROM c"}' });
}

/** The plan of a query, for a client that runs it itself. */
export function runQueryPlan(body: string | undefined): object {
  const { query, parameters } = parseQueryBody(body);
  return planQuery(query, parameters);
}

/**
 * Reads `{query, parameters}`.
 *
 * @throws CosmosError 400 with the position of a syntax error
 */
export function parseQueryBody(body: string | undefined): ParsedQuery {
  const input = parseBody(body);
  if (!isObject(input) || typeof input['query'] !== 'string') {
    throw new CosmosError(
      400,
      'A query is sent as {"query": "SELECT ...", "parameters": [{"name": "@a", "value": 1}]}.',
    );
  }
  const { query: text, parameters = [] } = input;
  if (text.length > QUERY_BYTES_MAX) throw new CosmosError(400, 'The query is longer than 512 KB.');
  if (!Array.isArray(parameters)) throw new CosmosError(400, 'The parameters of a query must be an array.');
  const values = new Map<string, Json>();
  for (const parameter of parameters) {
    if (!isObject(parameter) || typeof parameter['name'] !== 'string' || !parameter['name'].startsWith('@')) {
      throw new CosmosError(400, 'A query parameter needs a name that starts with @.');
    }
    if (parameter['value'] !== undefined) values.set(parameter['name'], parameter['value']);
  }
  return { query: parseCached(text), parameters: values };
}

/** The items that a request's headers name: by partition key, by range, or all. */
export function locate(
  request: Pick<QueryRequest, 'container' | 'headers' | 'ranges'>,
): { kind: 'all' } | { kind: 'one'; scope: Scope } {
  const { container, headers, ranges } = request;
  const header = headers[HEADER.partitionKey];
  if (header !== undefined) {
    return {
      kind: 'one',
      scope: partitionScope(container, parsePartitionKey(header, container.partitionKey)),
    };
  }
  const id = headers[HEADER.partitionKeyRangeId];
  if (id === undefined) return { kind: 'all' };
  const range = ranges.find((candidate) => candidate.id === id);
  if (!range) throw new CosmosError(410, `There is no partition key range ${id}.`, { substatus: 1002 });
  const min = headers[HEADER.startEpk] ?? range.min;
  const max = headers[HEADER.endEpk] ?? range.max;
  return {
    kind: 'one',
    scope: {
      kind: 'range',
      range: { min: min > range.min ? min : range.min, max: max < range.max ? max : range.max },
    },
  };
}

/** The scope of a partition key, or of the prefix of a hierarchical one. */
export function partitionScope(container: Container, key: PartitionKey): Scope {
  const part = container.store.findPart(key);
  if (part === undefined) return { kind: 'none' };
  const levels = container.partitionKey.paths.length;
  if (key.components.length === levels) {
    return { kind: 'partition', part, pk: levels === 1 ? undefined : key.text, prefix: undefined };
  }
  const prefix = key.components.length === 1 ? undefined : `${key.text.slice(0, -1)},`;
  return { kind: 'partition', part, pk: undefined, prefix };
}

type Token = Continuation & { range?: string };

function runOne(
  request: QueryRequest,
  parsed: ParsedQuery,
  scope: Scope,
  token: Token | undefined,
): { page: Page; next: Token | undefined } {
  const { container, freshness, nowMs } = request;
  const page = runPage({
    store: container.store,
    query: parsed.query,
    parameters: parsed.parameters,
    scope,
    itemsMax: itemsMax(request.headers),
    continuation: token,
    isLive: (row) => !isExpired(row, container, nowMs),
    overlay: overlayFor(container, freshness),
  });
  return { page, next: page.continuation };
}

/** A page comes from one range only, as from the gateway: it may be short, or empty, and there is still more. */
function runRanges(
  request: QueryRequest,
  parsed: ParsedQuery,
  token: Token | undefined,
): { page: Page; next: Token | undefined } {
  const { ranges } = request;
  const at = token?.range === undefined ? 0 : ranges.findIndex(({ id }) => id === token.range);
  const range = ranges[at];
  if (!range) throw new CosmosError(400, 'The continuation token is not valid for this container.');
  const inner = token?.seq === undefined ? undefined : token;
  const { page, next } = runOne(request, parsed, { kind: 'range', range }, inner);
  if (next) return { page, next: { ...next, range: range.id } };
  const following = ranges[at + 1];
  return { page, next: following && { taken: 0, range: following.id } };
}

const parsedQueries = new Map<string, Query>();

/** Applications send few texts many times. A parsed query is never changed. */
function parseCached(text: string): Query {
  const known = parsedQueries.get(text);
  if (known) return known;
  const query = parseQuery(text);
  if (parsedQueries.size >= PARSED_MAX) parsedQueries.clear();
  parsedQueries.set(text, query);
  return query;
}

export function itemsMax(headers: Headers): number {
  const header = headers[HEADER.maxItemCount];
  if (header === undefined) return ITEMS_DEFAULT;
  const count = Number(header);
  if (count === -1) return ITEMS_MAX;
  if (!Number.isInteger(count) || count < 1) {
    throw new CosmosError(400, `x-ms-max-item-count must be -1 or a positive integer, not '${header}'.`);
  }
  return Math.min(count, ITEMS_MAX);
}

function toHeaders(
  request: QueryRequest,
  page: Page,
  next: Token | undefined,
  ms: number,
): Record<string, string> {
  const headers: Record<string, string> = {
    [HEADER.itemCount]: String(page.values.length),
    [HEADER.queryExecutionInfo]: JSON.stringify({ reverseRidEnabled: false, reverseIndexScan: page.reverse }),
  };
  if (next) headers[HEADER.continuation] = Buffer.from(JSON.stringify(next)).toString('base64url');
  if (isTrue(request.headers[HEADER.populateQueryMetrics]))
    headers[HEADER.queryMetrics] = queryMetrics(page, ms);
  if (isTrue(request.headers[HEADER.indexMetrics])) {
    const metrics = {
      UtilizedIndexes: { SingleIndexes: [{ IndexSpec: page.access }], CompositeIndexes: [] },
    };
    headers[HEADER.indexUtilization] = encodeURIComponent(JSON.stringify(metrics));
  }
  return headers;
}

function queryMetrics(page: Page, ms: number): string {
  const metrics = {
    totalExecutionTimeInMs: ms.toFixed(2),
    retrievedDocumentCount: page.loadedItems,
    retrievedDocumentSize: page.loadedBytes,
    outputDocumentCount: page.values.length,
    outputDocumentSize: JSON.stringify(page.values).length,
    indexUtilizationRatio:
      page.loadedItems === 0 ? 1 : Math.min(1, page.values.length / page.loadedItems).toFixed(2),
  };
  return Object.entries(metrics)
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}

function readToken(header: string | undefined): Token | undefined {
  if (header === undefined) return undefined;
  try {
    const token = JSON.parse(Buffer.from(header, 'base64url').toString()) as Token;
    if (Number.isInteger(token.taken)) return token;
  } catch {
    // Falls through to the refusal below.
  }
  throw new CosmosError(400, 'The continuation token is not valid.');
}

/** Which physical range the items of a key lie in. */
export function rangeOf(key: PartitionKey, ranges: readonly PhysicalRange[]): PhysicalRange {
  const { min } = epkRangeOf(key.components);
  return ranges.find((range) => min >= range.min && min < range.max) ?? ranges[0];
}
