import { CosmosError } from './errors.ts';
import { murmurHash3x64 } from './murmur.ts';
import { isObject, type JsonObject, type Value } from './query/values.ts';

/** One level of a partition key. Undefined where the item has no value at the path. */
export type KeyComponent = string | number | boolean | null | undefined;

export type PartitionKeyDefinition = { paths: string[]; kind: 'Hash' | 'MultiHash'; version: number };

/** A partition key as a request or an item gives it; a prefix has fewer components than the container has paths. */
export type PartitionKey = {
  components: KeyComponent[];
  /** JSON text that is equal for equal keys: what the store looks items up by. */
  text: string;
};

/** A span of effective partition keys, from `min` (included) to `max` (not included). */
export type EpkRange = { min: string; max: string };

export const WHOLE_RANGE: EpkRange = { min: '', max: 'FF' };

/** How an absent value travels in the header and in the store. */
const NONE = '{}';

export function partitionKey(components: KeyComponent[]): PartitionKey {
  const text = `[${components.map((value) => (value === undefined ? NONE : JSON.stringify(value))).join(',')}]`;
  return { components, text };
}

/**
 * Reads `x-ms-documentdb-partitionkey`, for example `["a"]`, `[null]`, `[{}]` (none) or `["tenant", "user"]`.
 *
 * @throws CosmosError 400 for anything else
 */
export function parsePartitionKey(header: string, { paths }: PartitionKeyDefinition): PartitionKey {
  const invalid = (reason: string): CosmosError =>
    new CosmosError(
      400,
      `The partition key ${header} in x-ms-documentdb-partitionkey is invalid: ${reason}.`,
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(header);
  } catch {
    throw invalid('it is not JSON');
  }
  if (!Array.isArray(parsed)) throw invalid('it is not an array');
  if (parsed.length > paths.length) throw invalid(`the container has ${paths.length} partition key path(s)`);
  if (parsed.length === 0) throw invalid('it is empty');
  return partitionKey(
    parsed.map((value: unknown) => {
      const component = toComponent(value);
      if (component === 'invalid')
        throw invalid('a component must be a string, a number, a boolean, null or {}');
      return component.value;
    }),
  );
}

/**
 * The partition key that an item's own properties give it.
 *
 * @throws CosmosError 400 where a property is an array or an object
 */
export function extractPartitionKey(item: JsonObject, { paths }: PartitionKeyDefinition): PartitionKey {
  return partitionKey(
    paths.map((path) => {
      const component = toComponent(valueAt(item, splitPath(path)));
      if (component === 'invalid') {
        throw new CosmosError(
          400,
          `The partition key property ${path} must be a string, a number, a boolean or null.`,
        );
      }
      return component.value;
    }),
  );
}

/** `/a/b` or `/"a b"/c` as property names. */
export function splitPath(path: string): string[] {
  const names = path.match(/"(?:[^"\\]|\\.)*"|[^/]+/g) ?? [];
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1) : name));
}

export function valueAt(item: JsonObject, names: readonly string[]): Value {
  let value: Value = item;
  for (const name of names) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/**
 * The effective partition key: upper-case hex of the hash that decides the physical range. A hierarchical key is the
 * hash of each level in turn, so that a prefix covers the span from its own text to that text plus `FF`.
 */
export function effectivePartitionKey(components: readonly KeyComponent[]): string {
  return components.map(hashComponent).join('');
}

/** Where the items of a key, or of a key prefix, lie. */
export function epkRangeOf(components: readonly KeyComponent[]): EpkRange {
  const min = effectivePartitionKey(components);
  return { min, max: `${min}FF` };
}

/** The physical ranges of every container: equal spans, each one partition to the client. */
export function splitRanges(count: number): (EpkRange & { id: string })[] {
  // The two highest bits of a hash are cleared, so that 40 and above is never reached.
  const boundary = (i: number): string =>
    i === 0 ? WHOLE_RANGE.min : i === count ? WHOLE_RANGE.max : toHex(Math.round((0x4000 * i) / count));
  return Array.from({ length: count }, (_, i) => ({ id: String(i), min: boundary(i), max: boundary(i + 1) }));
}

function toHex(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}

function toComponent(value: unknown): { value: KeyComponent } | 'invalid' {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return { value };
    default:
      if (value === null) return { value: null };
      return isObject(value) && Object.keys(value).length === 0 ? { value: undefined } : 'invalid';
  }
}

/** Version 2 of the hash: MurmurHash3 of a type byte and the value, byte-reversed, the two highest bits cleared. */
function hashComponent(value: KeyComponent): string {
  const [low, high] = murmurHash3x64(encodeComponent(value));
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(high, 0);
  bytes.writeBigUInt64BE(low, 8);
  bytes[0] = bytes[0] & 0x3f;
  return bytes.toString('hex').toUpperCase();
}

function encodeComponent(value: KeyComponent): Uint8Array {
  switch (typeof value) {
    case 'undefined':
      return Uint8Array.of(0);
    case 'boolean':
      return Uint8Array.of(value ? 3 : 2);
    case 'number': {
      const bytes = Buffer.alloc(9);
      bytes[0] = 5;
      bytes.writeDoubleLE(value, 1);
      return bytes;
    }
    case 'string':
      return Buffer.concat([Uint8Array.of(8), Buffer.from(value), Uint8Array.of(0xff)]);
    default:
      return Uint8Array.of(1);
  }
}
