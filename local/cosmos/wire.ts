import { CosmosError } from './errors.ts';

/** Header values by lower-case name. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** A request as it comes off the wire. */
export type WireRequest = { method: string; url: string; headers: Headers; body?: string };

export type WireResponse = { status: number; headers: Record<string, string>; body: string };

/** The connection broke: the client gets no answer and cannot know whether the request was carried out. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';
  constructor() {
    super('The connection was closed before an answer came.');
    this.name = 'ConnectionLost';
  }
}

/** The headers of the protocol that the emulator reads or writes. */
export const HEADER = {
  activityId: 'x-ms-activity-id',
  aIm: 'a-im',
  batchAtomic: 'x-ms-cosmos-batch-atomic',
  batchContinueOnError: 'x-ms-cosmos-batch-continue-on-error',
  charge: 'x-ms-request-charge',
  consistency: 'x-ms-consistency-level',
  continuation: 'x-ms-continuation',
  endEpk: 'x-ms-end-epk',
  ifMatch: 'if-match',
  ifModifiedSince: 'if-modified-since',
  ifNoneMatch: 'if-none-match',
  indexMetrics: 'x-ms-cosmos-populateindexmetrics-v2',
  indexUtilization: 'x-ms-cosmos-index-utilization',
  isBatch: 'x-ms-cosmos-is-batch-request',
  isQuery: 'x-ms-documentdb-isquery',
  isQueryPlan: 'x-ms-cosmos-is-query-plan-request',
  isUpsert: 'x-ms-documentdb-is-upsert',
  itemCount: 'x-ms-item-count',
  maxItemCount: 'x-ms-max-item-count',
  offerThroughput: 'x-ms-offer-throughput',
  ownerName: 'x-ms-alt-content-path',
  ownerRid: 'x-ms-content-path',
  partitionKey: 'x-ms-documentdb-partitionkey',
  partitionKeyRangeId: 'x-ms-documentdb-partitionkeyrangeid',
  prefer: 'prefer',
  queryExecutionInfo: 'x-ms-cosmos-query-execution-info',
  queryMetrics: 'x-ms-documentdb-query-metrics',
  populateQueryMetrics: 'x-ms-documentdb-populatequerymetrics',
  retryAfterMs: 'x-ms-retry-after-ms',
  sessionToken: 'x-ms-session-token',
  startEpk: 'x-ms-start-epk',
  substatus: 'x-ms-substatus',
} as const;

/** True for a header that says yes in any of the ways that clients write it. */
export function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

/**
 * The JSON object in a request's body.
 *
 * @throws CosmosError 400 where the body is not JSON
 */
export function parseBody(body: string | undefined): unknown {
  if (body === undefined || body === '') throw new CosmosError(400, 'The request needs a JSON body.');
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new CosmosError(400, 'The request body is not valid JSON.');
  }
}
