import { CosmosError } from './errors.ts';
import type { PartitionKeyDefinition } from './partition-key.ts';
import { isObject, type Json, type JsonObject } from './query/values.ts';
import { parsePolicy } from './store/index-policy.ts';

/**
 * Checks and completes what a client declares of a container.
 *
 * @throws CosmosError 400 that names the field
 */
export function parseDefinition(input: JsonObject, id: string): JsonObject {
  const defaultTtl = input['defaultTtl'];
  if (defaultTtl !== undefined && defaultTtl !== null && !isTtl(defaultTtl)) {
    throw new CosmosError(400, 'defaultTtl must be -1 or a positive number of seconds.');
  }
  const unique = uniqueKeyPolicy(input['uniqueKeyPolicy']);
  return {
    id,
    indexingPolicy: parsePolicy(input['indexingPolicy']),
    partitionKey: parsePartitionKeyDefinition(input['partitionKey']),
    ...(unique && { uniqueKeyPolicy: unique }),
    ...(typeof defaultTtl === 'number' && { defaultTtl }),
    conflictResolutionPolicy: {
      mode: 'LastWriterWins',
      conflictResolutionPath: '/_ts',
      conflictResolutionProcedure: '',
    },
  };
}

/** True for -1 (never) or a positive number of seconds. */
export function isTtl(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && (value === -1 || value > 0);
}

function parsePartitionKeyDefinition(input: Json | undefined): PartitionKeyDefinition {
  const invalid = (reason: string): CosmosError => new CosmosError(400, `partitionKey ${reason}.`);
  if (!isObject(input) || !Array.isArray(input['paths'])) throw invalid('needs paths');
  const paths = input['paths'].map((path) => {
    if (typeof path !== 'string' || !/^\/[^*?]+$/.test(path) || path.includes('[]')) {
      throw invalid(`path ${JSON.stringify(path)} must name one property, such as /tenant`);
    }
    return path;
  });
  const kind = input['kind'] ?? 'Hash';
  const version = input['version'] ?? 2;
  if (version !== 2) throw invalid('version must be 2: version 1 hashes are not supported by this emulator');
  if (kind === 'Hash' && paths.length === 1) return { paths, kind, version };
  if (kind === 'MultiHash' && paths.length >= 1 && paths.length <= 3) return { paths, kind, version };
  throw invalid('must be of kind Hash with 1 path or of kind MultiHash with 1 to 3 paths');
}

function uniqueKeyPolicy(input: Json | undefined): { uniqueKeys: { paths: string[] }[] } | undefined {
  if (input === undefined || input === null) return undefined;
  const keys = isObject(input) ? input['uniqueKeys'] : undefined;
  if (!Array.isArray(keys) || keys.length > 10) {
    throw new CosmosError(400, 'uniqueKeyPolicy.uniqueKeys must be an array of at most 10 keys.');
  }
  const uniqueKeys = keys.map((key) => {
    const paths = isObject(key) ? key['paths'] : undefined;
    if (
      !Array.isArray(paths) ||
      paths.length === 0 ||
      paths.length > 16 ||
      paths.some((path) => typeof path !== 'string')
    ) {
      throw new CosmosError(400, 'A unique key needs 1 to 16 paths.');
    }
    return { paths: paths as string[] };
  });
  return uniqueKeys.length > 0 ? { uniqueKeys } : undefined;
}
