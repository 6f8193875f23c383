import { splitPath, valueAt } from '../partition-key.ts';
import { isObject, type Json, type JsonObject, TYPE, typeOf, type Value } from '../query/values.ts';
import { type CompositePath, ELEMENT, type PolicyNode } from './index-policy.ts';

/** The type of a composite entry, after those of single values. */
export const COMPOSITE_TYPE = 9;

/** One entry of the index for one item: at `path` it has a value of `type`. */
export type Term = { path: string; type: number; value: number | string | Uint8Array };

export type Composite = { name: string; columns: { names: string[]; descending: boolean }[] };

/** These are indexed whatever the policy says. */
const ALWAYS = ['id', '_ts'];

/** All index entries of an item. The result has no two equal entries. */
export function termsOf(
  item: JsonObject,
  policy: PolicyNode,
  composites: readonly Composite[],
): Map<string, Term> {
  const terms = new Map<string, Term>();
  const add = (path: string, value: Json): void => {
    const term = { path, type: typeOf(value), value: indexValue(value) };
    terms.set(`${path}\n${term.type}\n${term.value}`, term);
  };
  collect(item, '', policy, policy.below ?? false, add);
  for (const name of ALWAYS) {
    const value = item[name];
    if (value !== undefined) add(pathText([name]), value);
  }
  for (const composite of composites) {
    const values = composite.columns.map(({ names }) => valueAt(item, names));
    // An item that lacks one of the properties is not in the index, and so not in a result that is ordered by it.
    if (values.includes(undefined)) continue;
    const value = compositeKey(values, composite);
    terms.set(`${composite.name}\n${value.toString('latin1')}`, {
      path: composite.name,
      type: COMPOSITE_TYPE,
      value,
    });
  }
  return terms;
}

/** What the index stores for a value: numbers and strings themselves, for other types the type says it all. */
export function indexValue(value: Value): number | string {
  return typeof value === 'number' || typeof value === 'string' ? value : 0;
}

/** A path as the index names it: JSON pointer escapes, and `[]` for each element of an array. */
export function pathText(names: readonly string[]): string {
  return names.map((name) => `/${name === ELEMENT ? name : escapeName(name)}`).join('');
}

/** True where the policy indexes the value at a path. */
export function isIndexed(names: readonly string[], policy: PolicyNode): boolean {
  if (names.length === 1 && ALWAYS.includes(names[0])) return true;
  let node: PolicyNode | undefined = policy;
  let inherited = policy.below ?? false;
  for (const name of names) {
    node = node?.children.get(name);
    inherited = node?.below ?? inherited;
  }
  return node?.leaf ?? inherited;
}

export function compileComposites(indexes: readonly CompositePath[][]): Composite[] {
  return indexes.map((index) => ({
    name: `#${JSON.stringify(index.map(({ path, order }) => [path, order]))}`,
    columns: index.map(({ path, order }) => ({ names: splitPath(path), descending: order === 'descending' })),
  }));
}

/** Bytes that sort like the values, each column in its own direction. */
export function compositeKey(values: readonly Value[], { columns }: Composite): Buffer {
  const parts = columns.map(({ descending }, i) => {
    const bytes = sortableBytes(values[i]);
    return descending ? bytes.map((byte) => 0xff - byte) : bytes;
  });
  return Buffer.concat(parts);
}

/** The first bytes of every key of a composite index whose first column has this value. */
export function compositeStart(value: Value, { name, columns }: Composite): Buffer {
  return compositeKey([value], { name, columns: columns.slice(0, 1) });
}

/** Bytes that sort behind every such key, and before any key with another value behind it. */
export function compositeEnd(value: Value, composite: Composite): Buffer {
  const bytes = compositeStart(value, composite);
  let length = bytes.length;
  while (bytes[length - 1] === 0xff) length--;
  const end = Buffer.from(bytes.subarray(0, length));
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}

function collect(
  value: Json,
  path: string,
  node: PolicyNode | undefined,
  inherited: boolean,
  add: (path: string, value: Json) => void,
): void {
  if (path !== '' && (node?.leaf ?? inherited)) add(path, value);
  if (typeof value !== 'object' || value === null || (!node && !inherited)) return;
  if (Array.isArray(value)) {
    const child = node?.children.get(ELEMENT);
    for (const element of value)
      collect(element, `${path}/${ELEMENT}`, child, child?.below ?? inherited, add);
    return;
  }
  for (const name in value) {
    const child = node?.children.get(name);
    collect(value[name], `${path}/${escapeName(name)}`, child, child?.below ?? inherited, add);
  }
}

function escapeName(name: string): string {
  if (name === ELEMENT) return '~2';
  return name.includes('~') || name.includes('/') ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name;
}

function sortableBytes(value: Value): Buffer {
  const type = typeOf(value);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes[0] = type;
    bytes.writeDoubleBE(value === 0 ? 0 : value, 1);
    const sign = bytes[1] & 0x80;
    for (let i = 1; i < 9; i++) bytes[i] = sign ? 0xff - bytes[i] : bytes[i];
    if (!sign) bytes[1] = bytes[1] | 0x80;
    return bytes;
  }
  if (typeof value === 'string') {
    // A zero byte inside is followed by FF and the end is marked by 00 01, so that a prefix sorts first.
    const escaped = value.includes('\0') ? escapeZeros(Buffer.from(value)) : Buffer.from(value);
    return Buffer.concat([Uint8Array.of(type), escaped, Uint8Array.of(0, 1)]);
  }
  return Buffer.of(isObject(value) ? TYPE.object : type);
}

function escapeZeros(bytes: Buffer): Buffer {
  return Buffer.from([...bytes].flatMap((byte) => (byte === 0 ? [0, 0xff] : [byte])));
}
