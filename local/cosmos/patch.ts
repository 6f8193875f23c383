import { CosmosError } from './errors.ts';
import { type PartitionKeyDefinition, splitPath } from './partition-key.ts';
import { compileQuery } from './query/compile.ts';
import { parseQuery } from './query/parser.ts';
import { isObject, type Json, type JsonObject } from './query/values.ts';

const OPERATIONS_MAX = 10;

type Operation =
  | { op: 'set' | 'add' | 'replace'; path: string[]; value: Json }
  | { op: 'remove'; path: string[] }
  | { op: 'incr'; path: string[]; value: number }
  | { op: 'move'; path: string[]; from: string[] };

export type Patch = { operations: Operation[]; condition: string | undefined };

/**
 * Reads the body of a patch: an array of operations, or `{condition, operations}`.
 *
 * @throws CosmosError 400 for an operation that is not valid, or for more than 10
 */
export function parsePatch(body: unknown): Patch {
  const operations = Array.isArray(body)
    ? (body as unknown[])
    : isObject(body)
      ? body['operations']
      : undefined;
  if (!Array.isArray(operations) || operations.length === 0) {
    throw new CosmosError(400, 'A patch needs an array of at least one operation.');
  }
  if (operations.length > OPERATIONS_MAX) {
    throw new CosmosError(400, `A patch has at most ${OPERATIONS_MAX} operations, not ${operations.length}.`);
  }
  const condition = isObject(body) ? body['condition'] : undefined;
  if (condition !== undefined && typeof condition !== 'string') {
    throw new CosmosError(400, "The condition of a patch is text such as 'from c where c.n = 1'.");
  }
  return { operations: operations.map(parseOperation), condition };
}

/**
 * The item after the patch; the given one is changed on the way and must not be used again.
 *
 * @throws CosmosError 412 where the condition is not true, 400 where an operation cannot be applied
 */
export function applyPatch(item: JsonObject, patch: Patch, { paths }: PartitionKeyDefinition): JsonObject {
  if (patch.condition !== undefined && !holds(patch.condition, item)) {
    throw new CosmosError(412, 'The condition of the patch is not true for the item.', { charge: 1.24 });
  }
  const fixed = ['id', ...paths.map((path) => splitPath(path)[0])];
  for (const operation of patch.operations) {
    const first = operation.path[0];
    const moved = operation.op === 'move' ? operation.from[0] : undefined;
    for (const name of [first, moved]) {
      if (name !== undefined && (fixed.includes(name) || name.startsWith('_'))) {
        throw new CosmosError(
          400,
          `A patch cannot change '/${name}': it is the id, a partition key or a system property.`,
        );
      }
    }
    apply(item, operation);
  }
  return item;
}

function holds(condition: string, item: JsonObject): boolean {
  const compiled = compileQuery(parseQuery(`SELECT * ${condition}`), new Map());
  let found = false;
  compiled.rows([item], () => {
    found = true;
    return false;
  });
  return found;
}

function parseOperation(input: unknown): Operation {
  if (!isObject(input)) throw new CosmosError(400, 'A patch operation must be an object.');
  const { op, path, value, from } = input;
  switch (op) {
    case 'set':
    case 'add':
    case 'replace':
      if (value === undefined) throw new CosmosError(400, `The patch operation ${op} needs a value.`);
      return { op, path: pointer(path, 'path'), value };
    case 'remove':
      return { op, path: pointer(path, 'path') };
    case 'incr':
      if (typeof value !== 'number')
        throw new CosmosError(400, 'The patch operation incr needs a number as value.');
      return { op, path: pointer(path, 'path'), value };
    case 'move':
      return { op, path: pointer(path, 'path'), from: pointer(from, 'from') };
    default:
      throw new CosmosError(400, `${JSON.stringify(op)} is not a patch operation.`);
  }
}

function pointer(path: Json | undefined, field: string): string[] {
  if (typeof path !== 'string' || !path.startsWith('/') || path.length < 2) {
    throw new CosmosError(400, `The ${field} of a patch operation must be a path such as /a/b.`);
  }
  return path
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function apply(item: JsonObject, operation: Operation): void {
  const target = locate(item, operation.path);
  switch (operation.op) {
    case 'add':
      return add(target, operation.value);
    case 'set':
      return assign(target, operation.value);
    case 'replace':
      if (target.current === undefined) throw missing(operation.path);
      return assign(target, operation.value);
    case 'remove':
      return remove(target, operation.path);
    case 'incr':
      if (target.current !== undefined && typeof target.current !== 'number') {
        throw new CosmosError(400, `incr needs a number at /${operation.path.join('/')}.`);
      }
      return assign(target, (target.current ?? 0) + operation.value);
    case 'move': {
      if (isPrefix(operation.from, operation.path)) {
        throw new CosmosError(400, 'A value cannot be moved into itself.');
      }
      const source = locate(item, operation.from);
      if (source.current === undefined) throw missing(operation.from);
      remove(source, operation.from);
      return add(locate(item, operation.path), source.current);
    }
  }
}

type Target =
  | { kind: 'object'; parent: JsonObject; name: string; current: Json | undefined }
  | { kind: 'array'; parent: Json[]; index: number; current: Json | undefined };

/** The place that a path names. Its parent must be there. */
function locate(item: JsonObject, path: string[]): Target {
  let parent: Json | undefined = item;
  for (const name of path.slice(0, -1)) parent = child(parent, name);
  const name = path.at(-1) as string;
  if (Array.isArray(parent)) {
    const index = name === '-' ? parent.length : /^\d+$/.test(name) ? Number(name) : Number.NaN;
    if (Number.isNaN(index) || index > parent.length) {
      throw new CosmosError(400, `/${path.join('/')} is not an index of the array.`);
    }
    return { kind: 'array', parent, index, current: parent[index] };
  }
  if (!isObject(parent)) throw missing(path.slice(0, -1));
  return { kind: 'object', parent, name, current: child(parent, name) };
}

function child(parent: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(parent)) return /^\d+$/.test(name) ? parent[Number(name)] : undefined;
  return isObject(parent) && Object.hasOwn(parent, name) ? parent[name] : undefined;
}

function add(target: Target, value: Json): void {
  if (target.kind === 'array') target.parent.splice(target.index, 0, value);
  else assign(target, value);
}

function assign(target: Target, value: Json): void {
  if (target.kind === 'array') target.parent[target.index] = value;
  else
    Object.defineProperty(target.parent, target.name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

function remove(target: Target, path: string[]): void {
  if (target.current === undefined) throw missing(path);
  if (target.kind === 'array') target.parent.splice(target.index, 1);
  else delete target.parent[target.name];
}

function isPrefix(prefix: string[], path: string[]): boolean {
  return prefix.length < path.length && prefix.every((name, i) => path[i] === name);
}

function missing(path: string[]): CosmosError {
  return new CosmosError(400, `The item has nothing at /${path.join('/')}.`);
}
