import { CosmosError } from './errors.ts';
import {
  createItem,
  deleteItem,
  ITEM_BYTES_MAX,
  type ItemResult,
  patchItem,
  readItem,
  replaceItem,
  upsertItem,
  type WriteContext,
} from './items.ts';
import { type PartitionKey, parsePartitionKey } from './partition-key.ts';
import { isObject, type JsonObject } from './query/values.ts';

const OPERATIONS_MAX = 100;

export type BatchResult = {
  statusCode: number;
  subStatusCode?: number;
  requestCharge: number;
  eTag?: string;
  resourceBody?: unknown;
  message?: string;
  retryAfterMilliseconds?: number;
};

/** The outcome of a whole batch: 200, or 207 with the code of each operation. */
export type BatchOutcome = { status: 200 | 207; results: BatchResult[]; charge: number };

/**
 * All operations in one commit, or none: the one that fails keeps its code, the others answer 424.
 *
 * @throws CosmosError 400 for a batch that is not valid as a whole, 413 for one over 2 MB
 */
export function runAtomic(context: BatchContext, key: PartitionKey, body: string): BatchOutcome {
  const operations = parseOperations(body);
  for (const operation of operations) {
    const own = operation['partitionKey'];
    if (typeof own === 'string' && parsePartitionKey(own, context.container.partitionKey).text !== key.text) {
      throw new CosmosError(400, 'Every operation of a batch must have the partition key of the batch.');
    }
  }
  const results: BatchResult[] = [];
  try {
    context.container.store.transaction((lsn) => {
      for (const operation of operations) results.push(toResult(runOne({ ...context, lsn }, key, operation)));
    });
    return { status: 200, results, charge: total(results) };
  } catch (error) {
    if (!(error instanceof CosmosError)) throw error;
    const failed = results.length;
    const outcome = operations.map((_, i) =>
      i === failed ? failure(error) : { statusCode: 424, requestCharge: 0 },
    );
    return { status: 207, results: outcome, charge: total(results) + (error.details.charge ?? 1) };
  }
}

/** Each operation on its own. `keyOf` gives and checks the partition key of an operation. */
export function runBulk(
  context: BatchContext,
  body: string,
  continueOnError: boolean,
  keyOf: (operation: JsonObject) => PartitionKey,
): BatchOutcome {
  const operations = parseOperations(body);
  const keys = operations.map(keyOf);
  const results: BatchResult[] = [];
  let stopped = false;
  for (const [i, operation] of operations.entries()) {
    if (stopped) {
      results.push({ statusCode: 424, requestCharge: 0 });
      continue;
    }
    try {
      const key = keys[i];
      const result = context.container.store.transaction((lsn) =>
        runOne({ ...context, lsn }, key, operation),
      );
      results.push(toResult(result));
    } catch (error) {
      if (!(error instanceof CosmosError)) throw error;
      results.push(failure(error));
      stopped = !continueOnError;
    }
  }
  const isClean = results.every(({ statusCode }) => statusCode < 400);
  return { status: isClean ? 200 : 207, results, charge: total(results) };
}

export type BatchContext = Omit<WriteContext, 'lsn'>;

function parseOperations(body: string): JsonObject[] {
  if (Buffer.byteLength(body) > ITEM_BYTES_MAX) throw new CosmosError(413, 'A batch is at most 2 MB large.');
  let operations: unknown;
  try {
    operations = JSON.parse(body);
  } catch {
    throw new CosmosError(400, 'The batch is not valid JSON.');
  }
  if (!Array.isArray(operations) || operations.length === 0 || !operations.every(isObject)) {
    throw new CosmosError(400, 'A batch is an array of at least one operation.');
  }
  if (operations.length > OPERATIONS_MAX) {
    throw new CosmosError(400, `A batch has at most ${OPERATIONS_MAX} operations, not ${operations.length}.`);
  }
  return operations;
}

function runOne(context: WriteContext, key: PartitionKey, operation: JsonObject): ItemResult {
  const { operationType, id, ifMatch, ifNoneMatch, resourceBody } = operation;
  const conditions = { ifMatch: typeof ifMatch === 'string' ? ifMatch : undefined };
  const itemId = (): string => {
    if (typeof id !== 'string')
      throw new CosmosError(400, `The operation ${JSON.stringify(operationType)} needs an id.`);
    return id;
  };
  switch (operationType) {
    case 'Create':
      return createItem(context, key, text(resourceBody));
    case 'Upsert':
      return upsertItem(context, key, text(resourceBody), conditions);
    case 'Replace':
      return replaceItem(context, key, itemId(), text(resourceBody), conditions);
    case 'Patch':
      return patchItem(context, key, itemId(), resourceBody, conditions);
    case 'Delete':
      return deleteItem(context, key, itemId(), conditions);
    case 'Read':
      return readItem(context, key, itemId(), typeof ifNoneMatch === 'string' ? ifNoneMatch : undefined);
    default:
      throw new CosmosError(400, `${JSON.stringify(operationType)} is not an operation of a batch.`);
  }
}

function text(resourceBody: unknown): string {
  if (resourceBody === undefined) throw new CosmosError(400, 'The operation needs a resourceBody.');
  return JSON.stringify(resourceBody);
}

function toResult({ status, row, charge }: ItemResult): BatchResult {
  const result: BatchResult = { statusCode: status, requestCharge: charge };
  if (row) {
    result.eTag = row.etag;
    if (status !== 304) result.resourceBody = JSON.parse(row.body) as unknown;
  }
  return result;
}

function failure(error: CosmosError): BatchResult {
  const { substatus, charge = 1 } = error.details;
  return {
    statusCode: error.status,
    requestCharge: charge,
    message: error.message,
    ...(substatus !== undefined && { subStatusCode: substatus }),
  };
}

function total(results: BatchResult[]): number {
  return results.reduce((sum, { requestCharge }) => sum + requestCharge, 0);
}
