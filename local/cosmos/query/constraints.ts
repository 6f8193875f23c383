import { ELEMENT } from '../store/index-policy.ts';
import type { Expr, Query, Source } from './ast.ts';
import { evaluateConstant, isGrouped, type Parameters } from './compile.ts';
import { compareValues, isObject, TYPE, typeOf, type Value } from './values.ts';

/** A necessary condition of a filter that the index can answer: the item has such a value at the path, or none. */
export type Constraint = Selector | Absence;
/** What a scan of the index can begin with. */
export type Selector =
  | { kind: 'equal'; path: string[]; values: Value[] }
  | { kind: 'range'; path: string[]; type: number; low?: Bound; high?: Bound }
  | { kind: 'defined'; path: string[] };
export type Absence = { kind: 'absent'; path: string[] };

export type Bound = { value: number | string; inclusive: boolean };

/** More values than this in an IN are left to the filter itself. */
const VALUES_MAX = 1000;

/**
 * What every item in the result must fulfil, derived from the ANDed parts of WHERE. The filter is checked on each
 * item all the same, so a constraint may be wider than the condition it comes from, never narrower.
 */
export function constraintsOf(query: Query, parameters: Parameters): Constraint[] {
  const names = rootPaths(query.from);
  if (!query.where) return [];
  return joined(conjuncts(query.where).flatMap((expr) => fromExpr(expr, names, parameters)));
}

/** Several ranges of one path as the one that they have in common. */
function joined(constraints: Constraint[]): Constraint[] {
  const result: Constraint[] = [];
  for (const constraint of constraints) {
    const at = result.findIndex(
      (other) =>
        constraint.kind === 'range' &&
        other.kind === 'range' &&
        other.type === constraint.type &&
        // An element of an array may fulfil the one, and another element the other.
        !other.path.includes(ELEMENT) &&
        other.path.length === constraint.path.length &&
        other.path.every((name, i) => name === constraint.path[i]),
    );
    const known = result[at];
    if (known?.kind !== 'range' || constraint.kind !== 'range') result.push(constraint);
    else
      result[at] = {
        ...known,
        ...bounds('low', tighter(known.low, constraint.low, 1)),
        ...bounds('high', tighter(known.high, constraint.high, -1)),
      };
  }
  return result;
}

function bounds(name: 'low' | 'high', value: Bound | undefined): { low?: Bound; high?: Bound } {
  return value ? { [name]: value } : {};
}

function tighter(a: Bound | undefined, b: Bound | undefined, sign: 1 | -1): Bound | undefined {
  if (!a || !b) return a ?? b;
  const order = compareValues(a.value, b.value) * sign;
  if (order === 0) return a.inclusive ? b : a;
  return order > 0 ? a : b;
}

/** The path of an expression below the item, such as `c.a["b"]`, or undefined where it is none. */
export function pathOf(expr: Expr, query: Query): string[] | undefined {
  return resolve(expr, rootPaths(query.from));
}

type Names = ReadonlyMap<string, string[]>;

/** Which path of the item each name of FROM and JOIN stands for. */
function rootPaths(from: Source[], outer: Names = new Map()): Names {
  const names = new Map(outer);
  for (const source of from) {
    const path = source.kind === 'path' ? resolve(source.path, names) : undefined;
    if (source.kind === 'root' && outer.size === 0) names.set(source.alias, []);
    else if (source.kind === 'path' && path)
      names.set(source.alias, source.iterate ? [...path, ELEMENT] : path);
    else if (source.kind !== 'root') names.delete(source.alias);
  }
  return names;
}

function resolve(expr: Expr, names: Names): string[] | undefined {
  if (expr.kind === 'alias') return names.get(expr.name);
  if (expr.kind !== 'member' || expr.property.kind !== 'constant') return undefined;
  const { value } = expr.property;
  const object = resolve(expr.object, names);
  return object && typeof value === 'string' ? [...object, value] : undefined;
}

function conjuncts(expr: Expr): Expr[] {
  const parts: Expr[] = [];
  let rest = expr;
  while (rest.kind === 'binary' && rest.operator === 'AND') {
    parts.push(...(rest.right.kind === 'binary' ? conjuncts(rest.right) : [rest.right]));
    rest = rest.left;
  }
  return [rest, ...parts.toReversed()];
}

function fromExpr(expr: Expr, names: Names, parameters: Parameters): Constraint[] {
  const constant = (part: Expr): Value => (isConstant(part) ? evaluateConstant(part, parameters) : undefined);
  const path = (part: Expr): string[] | undefined => {
    const found = resolve(part, names);
    return found && found.length > 0 ? found : undefined;
  };
  switch (expr.kind) {
    case 'alias':
    case 'member':
      return equal(path(expr), [true]);
    case 'binary':
      return comparison(expr, path, constant);
    case 'between': {
      if (expr.negated) return [];
      return range(path(expr.operand), bound(constant(expr.low), true), bound(constant(expr.high), true));
    }
    case 'in':
      return expr.negated || !expr.list.every(isConstant)
        ? []
        : equal(path(expr.operand), expr.list.map(constant));
    case 'like': {
      const pattern = constant(expr.pattern);
      if (expr.negated || expr.escape || typeof pattern !== 'string') return [];
      return prefix(path(expr.operand), /^[^%_[]*/.exec(pattern)?.[0] ?? '');
    }
    case 'call':
      return call(expr.name, expr.args, path, constant);
    case 'unary':
      return expr.operator === 'NOT' ? absent(expr.operand, path) : [];
    case 'subquery': {
      const { query } = expr;
      if (expr.form !== 'exists' || isGrouped(query) || query.top || query.limit || !query.where) return [];
      const inner = rootPaths(query.from, names);
      return conjuncts(query.where).flatMap((part) => fromExpr(part, inner, parameters));
    }
    default:
      return [];
  }
}

type PathOf = (expr: Expr) => string[] | undefined;
type ConstantOf = (expr: Expr) => Value;

const FLIPPED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' } as const;

function comparison(
  expr: Extract<Expr, { kind: 'binary' }>,
  path: PathOf,
  constant: ConstantOf,
): Constraint[] {
  const { operator } = expr;
  if (!(operator in FLIPPED)) return [];
  const isFlipped = isConstant(expr.left);
  const at = path(isFlipped ? expr.right : expr.left);
  const value = constant(isFlipped ? expr.left : expr.right);
  switch (isFlipped ? FLIPPED[operator as keyof typeof FLIPPED] : operator) {
    case '=':
      return equal(at, [value]);
    case '<':
      return range(at, undefined, bound(value, false));
    case '<=':
      return range(at, undefined, bound(value, true));
    case '>':
      return range(at, bound(value, false), undefined);
    case '>=':
      return range(at, bound(value, true), undefined);
    default:
      return [];
  }
}

function call(name: string, args: Expr[], path: PathOf, constant: ConstantOf): Constraint[] {
  const [first, second] = args;
  if (!first) return [];
  const at = path(first);
  if (name === 'IS_DEFINED') return at ? [{ kind: 'defined', path: at }] : [];
  if (!second) return [];
  const value = constant(second);
  switch (name) {
    case 'STARTSWITH':
      return args.length === 2 && typeof value === 'string' ? prefix(at, value) : [];
    case 'STRINGEQUALS':
      return args.length === 2 && typeof value === 'string' ? equal(at, [value]) : [];
    case 'ARRAY_CONTAINS': {
      const list = constant(first);
      if (Array.isArray(list)) return equal(path(second), list);
      return at ? equal([...at, ELEMENT], [value]) : [];
    }
    default:
      return [];
  }
}

/** `NOT IS_DEFINED(path)`: the index knows who has a value there, and so who has none. */
function absent(operand: Expr, path: PathOf): Constraint[] {
  if (operand.kind !== 'call' || operand.name !== 'IS_DEFINED') return [];
  const at = operand.args[0] && path(operand.args[0]);
  return at && !at.includes(ELEMENT) ? [{ kind: 'absent', path: at }] : [];
}

/** Undefined where a value is not one that the index finds by equality. */
function equal(path: string[] | undefined, values: Value[]): Constraint[] {
  if (!path || values.length > VALUES_MAX) return [];
  const defined = values.filter((value) => value !== undefined);
  if (defined.length === 0 || defined.some((value) => Array.isArray(value) || isObject(value))) return [];
  return [{ kind: 'equal', path, values: defined }];
}

function range(path: string[] | undefined, low: Bound | undefined, high: Bound | undefined): Constraint[] {
  const some = low ?? high;
  if (!path || !some) return [];
  if (low && high && typeof low.value !== typeof high.value) return [];
  return [{ kind: 'range', path, type: typeOf(some.value), ...(low && { low }), ...(high && { high }) }];
}

function bound(value: Value, inclusive: boolean): Bound | undefined {
  return typeof value === 'number' || typeof value === 'string' ? { value, inclusive } : undefined;
}

/** Strings that start with `text`: from it up to the first string that does not. */
function prefix(path: string[] | undefined, text: string): Constraint[] {
  if (!path || text === '' || !text.isWellFormed()) return [];
  const points = Array.from(text, (char) => char.codePointAt(0) as number);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  const next =
    last === undefined ? undefined : String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  return [
    {
      kind: 'range',
      path,
      type: TYPE.string,
      low: { value: text, inclusive: true },
      ...(next !== undefined && { high: { value: next, inclusive: false } }),
    },
  ];
}

function isConstant(expr: Expr): boolean {
  switch (expr.kind) {
    case 'constant':
    case 'parameter':
      return true;
    case 'array':
      return expr.items.every(isConstant);
    case 'unary':
      return isConstant(expr.operand);
    default:
      return false;
  }
}
