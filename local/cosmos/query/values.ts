/** A JSON value as it is stored in an item. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** A value of the query language: JSON, or `undefined` for what is not there. */
export type Value = Json | undefined;

/**
 * The order of types in an ORDER BY: undefined, null, false, true, numbers, strings, arrays, objects.
 * The index table stores the same number, so that an index scan and a sort agree.
 */
export const TYPE = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  string: 5,
  array: 6,
  object: 7,
} as const;

/** The rank of a value's type, see {@link TYPE}. */
export function typeOf(value: Value): number {
  switch (typeof value) {
    case 'undefined':
      return TYPE.undefined;
    case 'boolean':
      return value ? TYPE.true : TYPE.false;
    case 'number':
      return TYPE.number;
    case 'string':
      return TYPE.string;
    default:
      return value === null ? TYPE.null : Array.isArray(value) ? TYPE.array : TYPE.object;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Total order of an ORDER BY. Arrays are all equal to each other, and so are objects. */
export function compareValues(left: Value, right: Value): number {
  const rank = typeOf(left) - typeOf(right);
  if (rank !== 0) return rank;
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right);
  return 0;
}

/**
 * Code point order, which is the byte order of UTF-8 and thus the order of the index table. JavaScript's own `<`
 * compares UTF-16 units and puts U+1F600 before U+FFFD.
 */
export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a === b) continue;
    const aIsSurrogate = a >= 0xd800 && a <= 0xdfff;
    const bIsSurrogate = b >= 0xd800 && b <= 0xdfff;
    if (aIsSurrogate !== bIsSurrogate) return aIsSurrogate ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}

/** Equality by value; the order of an object's keys does not matter. */
export function equalValues(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((value, i) => equalValues(value, right[i]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equalValues(left[key], right[key]))
  );
}

/** One text per value: equal values have equal texts. For DISTINCT and GROUP BY. */
export function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .toSorted()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${members.join(',')}}`;
  }
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
