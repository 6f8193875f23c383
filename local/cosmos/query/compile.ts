import { CosmosError } from '../errors.ts';
import { type Accumulator, AGGREGATES } from './aggregates.ts';
import { children as childExprs, type Expr, type Query, type Source } from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import { likePattern } from './like.ts';
import { and, calculate, compare, not, or } from './operators.ts';
import { printExpr } from './print.ts';
import { canonical, compareValues, isObject, type Json, type JsonObject, type Value } from './values.ts';

/** The values of the names in scope, by slot; slot 0 is the item. */
export type Row = Value[];
export type Evaluate = (row: Row) => Value;

/** A query as closures over rows. */
export type CompiledQuery = {
  slots: number;
  /** Calls `emit` once for each row that FROM, JOIN and WHERE leave; stops when `emit` returns false. */
  rows: (row: Row, emit: (row: Row) => boolean) => boolean;
  /** What SELECT makes of one row. Undefined means that the row gives no result. */
  project: Evaluate;
  orderBy: { evaluate: Evaluate; descending: boolean }[];
  /** Present where results come from groups of rows, not from single rows. */
  grouping: Grouping | undefined;
};

export type Grouping = {
  /** The text that tells groups apart. */
  key: (row: Row) => string;
  /** True without GROUP BY: there is exactly one group, even of no rows. */
  isWhole: boolean;
  start: (row: Row) => Group;
};

export type Group = { add: (row: Row) => void; result: () => Value };

export type Parameters = ReadonlyMap<string, Json>;

/**
 * Compiles a parsed query. `aliases` are the names that an enclosing query has in scope, by slot.
 *
 * @throws CosmosError 400 for an unknown name, function or parameter, and for a form that is not supported
 */
export function compileQuery(
  query: Query,
  parameters: Parameters,
  aliases: readonly string[] = [],
): CompiledQuery {
  return new Compiler(parameters, [...aliases]).query(query, aliases.length > 0);
}

/** The value of an expression that has no names in it, such as the argument of TOP. */
export function evaluateConstant(expr: Expr, parameters: Parameters): Value {
  return new Compiler(parameters, []).expr(expr)([]);
}

type AggregateSlot = { argument: Evaluate; create: () => Accumulator };

class Compiler {
  readonly #parameters: Parameters;
  /** Names in scope; the position of a name is its slot in the row. */
  readonly #scope: string[];
  /** Where aggregates may stand: what they accumulate, in order of appearance. */
  #aggregates: AggregateSlot[] | undefined;
  /** The results of the aggregates of the group that is being projected. */
  #results: Value[] = [];

  constructor(parameters: Parameters, scope: string[]) {
    this.#parameters = parameters;
    this.#scope = scope;
  }

  query(query: Query, isSubquery: boolean): CompiledQuery {
    const sources = query.from.map((source, i) => this.#source(source, i === 0 && !isSubquery));
    const where = query.where ? this.expr(query.where) : undefined;
    const grouping = isGrouped(query) ? this.#grouping(query) : undefined;
    if (query.select.kind === 'all' && query.from.length !== 1) {
      throw new CosmosError(400, "'SELECT *' needs exactly one FROM source: name what you select.");
    }
    const project = grouping ? () => undefined : this.#projection(query);
    const orderBy = grouping
      ? []
      : query.orderBy.map(({ expr, descending }) => ({ evaluate: this.expr(expr), descending }));
    const loops = sources.toReversed().reduce<(row: Row, emit: (row: Row) => boolean) => boolean>(
      (inner, loop) => (row, emit) => loop(row, () => inner(row, emit)),
      (row, emit) => (where === undefined || where(row) === true ? emit(row) : true),
    );
    return { slots: this.#scope.length, rows: loops, project, orderBy, grouping };
  }

  expr(expr: Expr): Evaluate {
    switch (expr.kind) {
      case 'constant': {
        const { value } = expr;
        return () => value;
      }
      case 'parameter': {
        if (!this.#parameters.has(expr.name)) {
          throw new CosmosError(
            400,
            `The query uses the parameter ${expr.name}, but no value for it was sent.`,
          );
        }
        const value = this.#parameters.get(expr.name);
        return () => value;
      }
      case 'alias':
        return this.#alias(expr.name);
      case 'member':
        return this.#member(expr.object, expr.property);
      case 'unary':
        return this.#unary(expr);
      case 'binary':
        return this.#binary(expr);
      case 'between': {
        const [operand, low, high] = [this.expr(expr.operand), this.expr(expr.low), this.expr(expr.high)];
        const within: Evaluate = (row) => {
          const value = operand(row);
          return and(compare('>=', value, low(row)), compare('<=', value, high(row)));
        };
        return expr.negated ? (row) => not(within(row)) : within;
      }
      case 'in':
        return this.#in(expr);
      case 'like':
        return this.#like(expr);
      case 'conditional': {
        const condition = this.expr(expr.condition);
        const whenTrue = this.expr(expr.whenTrue);
        const otherwise = this.expr(expr.otherwise);
        return (row) => (condition(row) === true ? whenTrue(row) : otherwise(row));
      }
      case 'call':
        return this.#call(expr.name, expr.args);
      case 'array': {
        const items = expr.items.map((item) => this.expr(item));
        return (row) => items.map((item) => item(row)).filter((value) => value !== undefined);
      }
      case 'object':
        return this.#object(expr.members.map(({ key, value }) => [key, this.expr(value)]));
      case 'subquery':
        return this.#subquery(expr.form, expr.query);
    }
  }

  #alias(name: string): Evaluate {
    const slot = this.#scope.lastIndexOf(name);
    if (slot < 0) {
      throw new CosmosError(
        400,
        `Identifier '${name}' could not be resolved: FROM and JOIN define no such name.`,
      );
    }
    return (row) => row[slot];
  }

  #member(objectExpr: Expr, propertyExpr: Expr): Evaluate {
    const object = this.expr(objectExpr);
    if (propertyExpr.kind === 'constant') {
      const key = propertyExpr.value;
      return (row) => property(object(row), key);
    }
    const key = this.expr(propertyExpr);
    return (row) => property(object(row), key(row));
  }

  #unary(expr: Extract<Expr, { kind: 'unary' }>): Evaluate {
    const operand = this.expr(expr.operand);
    switch (expr.operator) {
      case 'NOT':
        return (row) => not(operand(row));
      case '-':
        return (row) => calculate('-', 0, operand(row));
      case '+':
        return (row) => calculate('+', 0, operand(row));
      case '~':
        return (row) => calculate('^', -1, operand(row));
    }
  }

  #binary(expr: Extract<Expr, { kind: 'binary' }>): Evaluate {
    const { operator } = expr;
    const left = this.expr(expr.left);
    const right = this.expr(expr.right);
    switch (operator) {
      case 'AND':
        return (row) => {
          const first = left(row);
          return first === false ? false : and(first, right(row));
        };
      case 'OR':
        return (row) => {
          const first = left(row);
          return first === true ? true : or(first, right(row));
        };
      case '??':
        return (row) => {
          const first = left(row);
          return first === undefined ? right(row) : first;
        };
      case '=':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return (row) => compare(operator, left(row), right(row));
      default:
        return (row) => calculate(operator, left(row), right(row));
    }
  }

  #in(expr: Extract<Expr, { kind: 'in' }>): Evaluate {
    const operand = this.expr(expr.operand);
    const list = expr.list.map((item) => this.expr(item));
    const within: Evaluate = (row) => {
      const value = operand(row);
      if (value === undefined) return undefined;
      return list.some((item) => compare('=', value, item(row)) === true);
    };
    return expr.negated ? (row) => not(within(row)) : within;
  }

  #like(expr: Extract<Expr, { kind: 'like' }>): Evaluate {
    const operand = this.expr(expr.operand);
    const pattern = this.expr(expr.pattern);
    const escape = expr.escape ? evaluateConstant(expr.escape, this.#parameters) : undefined;
    if (escape !== undefined && (typeof escape !== 'string' || escape.length !== 1)) {
      throw new CosmosError(400, 'ESCAPE takes one character.');
    }
    let cached: { text: string; test: (value: string) => boolean } | undefined;
    const matches: Evaluate = (row) => {
      const value = operand(row);
      const text = pattern(row);
      if (typeof value !== 'string' || typeof text !== 'string') return undefined;
      if (cached?.text !== text) cached = { text, test: likePattern(text, escape) };
      return cached.test(value);
    };
    return expr.negated ? (row) => not(matches(row)) : matches;
  }

  #call(name: string, args: Expr[]): Evaluate {
    const aggregate = AGGREGATES.get(name);
    if (aggregate) return this.#aggregate(name, aggregate, args);
    const found = FUNCTIONS.get(name);
    if (!found) throw new CosmosError(400, `'${name}' is not a function that this emulator knows.`);
    if (args.length < found.min || args.length > found.max) {
      throw new CosmosError(400, `${name} takes ${arity(found)}, not ${args.length}.`);
    }
    const evaluated = args.map((arg) => this.expr(arg));
    const { apply } = found;
    return (row) => apply(evaluated.map((arg) => arg(row)));
  }

  #aggregate(name: string, create: () => Accumulator, args: Expr[]): Evaluate {
    const slots = this.#aggregates;
    const [argument] = args;
    if (!slots)
      throw new CosmosError(400, `The aggregate ${name} can only stand in SELECT, and not inside another.`);
    if (args.length !== 1 || !argument)
      throw new CosmosError(400, `${name} takes 1 argument, not ${args.length}.`);
    this.#aggregates = undefined;
    const slot = slots.push({ argument: this.expr(argument), create }) - 1;
    this.#aggregates = slots;
    return () => this.#results[slot];
  }

  #object(members: [string, Evaluate][]): Evaluate {
    return (row) => {
      const result: JsonObject = {};
      for (const [key, evaluate] of members) {
        const value = evaluate(row);
        if (value !== undefined) setOwn(result, key, value);
      }
      return result;
    };
  }

  #projection({ select }: Query): Evaluate {
    switch (select.kind) {
      case 'all': {
        const slot = this.#scope.length - 1;
        return (row) => row[slot];
      }
      case 'value':
        return this.expr(select.expr);
      case 'list':
        return this.#object(select.items.map(({ expr, name }) => [name, this.expr(expr)]));
    }
  }

  #grouping(query: Query): Grouping {
    if (query.orderBy.length > 0) {
      throw new CosmosError(400, 'ORDER BY is not supported together with GROUP BY or an aggregate.');
    }
    if (query.select.kind === 'all') throw new CosmosError(400, "'SELECT *' is not valid with GROUP BY.");
    checkGrouped(query);
    const keys = query.groupBy.map((expr) => this.expr(expr));
    const slots: AggregateSlot[] = [];
    this.#aggregates = slots;
    const project = this.#projection(query);
    this.#aggregates = undefined;
    return {
      key: (row) => canonical(keys.map((key) => key(row) ?? { undefined: true })),
      isWhole: query.groupBy.length === 0,
      start: (first) => {
        const snapshot = [...first];
        const accumulators = slots.map((slot) => slot.create());
        return {
          add: (row) => slots.forEach((slot, i) => accumulators[i]?.add(slot.argument(row))),
          result: () => {
            this.#results = accumulators.map((accumulator) => accumulator.result());
            return project(snapshot);
          },
        };
      },
    };
  }

  #source(source: Source, isRoot: boolean): (row: Row, emit: () => boolean) => boolean {
    switch (source.kind) {
      case 'root': {
        if (isRoot) {
          this.#declare(source.alias);
          return (_row, emit) => emit();
        }
        // In a subquery `FROM c` ranges over the one value that the enclosing query calls c.
        return this.#bind(source.alias, this.#alias(source.alias), false);
      }
      case 'path': {
        const path = isRoot ? this.#rootPath(source.path) : this.expr(source.path);
        return this.#bind(source.alias, path, source.iterate);
      }
      case 'query': {
        const list = this.#subquery('array', source.query);
        if (source.iterate) return this.#bind(source.alias, (row) => list(row), true, true);
        return this.#bind(source.alias, list, true);
      }
    }
  }

  /** `FROM c.items`: the first word is the container, whatever it is called. */
  #rootPath(path: Expr): Evaluate {
    const slot = this.#declare(' root');
    let start = path;
    while (start.kind === 'member') start = start.object;
    if (start.kind === 'alias') this.#scope[slot] = start.name;
    const evaluate = this.expr(path);
    this.#scope[slot] = ' root';
    return evaluate;
  }

  #bind(
    alias: string,
    values: Evaluate,
    iterate: boolean,
    flatten = false,
  ): (row: Row, emit: () => boolean) => boolean {
    const slot = this.#declare(alias);
    return (row, emit) => {
      const value = values(row);
      if (!iterate) {
        if (value === undefined) return true;
        row[slot] = value;
        return emit();
      }
      if (!Array.isArray(value)) return true;
      for (const element of flatten ? value.flat(1) : value) {
        row[slot] = element;
        if (!emit()) return false;
      }
      return true;
    };
  }

  #declare(alias: string): number {
    return this.#scope.push(alias) - 1;
  }

  #subquery(form: 'scalar' | 'exists' | 'array', query: Query): Evaluate {
    if (query.from.length > 0 && this.#scope.length === 0) {
      throw new CosmosError(400, 'A subquery can only range over what the enclosing query names.');
    }
    const compiled = new Compiler(this.#parameters, [...this.#scope]).query(query, true);
    const top = query.top ? bound(evaluateConstant(query.top, this.#parameters), 'TOP') : Infinity;
    const offset = query.offset ? bound(evaluateConstant(query.offset, this.#parameters), 'OFFSET') : 0;
    const limit = query.limit ? bound(evaluateConstant(query.limit, this.#parameters), 'LIMIT') : Infinity;
    const run = (row: Row): Value[] =>
      collect(compiled, [...row], query.distinct).slice(offset, offset + Math.min(top, limit));
    switch (form) {
      case 'scalar':
        return (row) => run(row)[0];
      case 'exists':
        return (row) => run(row).length > 0;
      case 'array':
        return (row) => run(row) as Json[];
    }
  }
}

/** All results of a compiled query for one outer row. */
export function collect(compiled: CompiledQuery, outer: Row, distinct: boolean): Value[] {
  const { grouping, orderBy } = compiled;
  if (grouping) return runGroups(grouping, (emit) => compiled.rows(outer, emit), outer);
  const found: { value: Value; keys: Value[] }[] = [];
  compiled.rows(outer, (row) => {
    const value = compiled.project(row);
    if (value !== undefined) found.push({ value, keys: orderBy.map(({ evaluate }) => evaluate(row)) });
    return true;
  });
  if (orderBy.length > 0) {
    found.sort((a, b) => {
      for (const [i, { descending }] of orderBy.entries()) {
        const order = compareValues(a.keys[i], b.keys[i]);
        if (order !== 0) return descending ? -order : order;
      }
      return 0;
    });
  }
  const values = found.map((entry) => entry.value);
  return distinct ? [...new Map(values.map((value) => [canonical(value), value])).values()] : values;
}

/** Sorts rows into groups and gives each group's result, in order of first appearance. */
export function runGroups(
  grouping: Grouping,
  rows: (emit: (row: Row) => boolean) => unknown,
  empty: Row,
): Value[] {
  const groups = new Map<string, Group>();
  rows((row) => {
    const key = grouping.key(row);
    let group = groups.get(key);
    if (!group) {
      group = grouping.start(row);
      groups.set(key, group);
    }
    group.add(row);
    return true;
  });
  if (grouping.isWhole && groups.size === 0) groups.set('', grouping.start(empty));
  return [...groups.values()].map((group) => group.result()).filter((value) => value !== undefined);
}

/** A whole number of at least zero, for TOP, OFFSET and LIMIT. */
export function bound(value: Value, clause: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new CosmosError(400, `${clause} takes an integer of at least 0.`);
  }
  return value;
}

/** True where SELECT holds an aggregate or the query has GROUP BY. */
export function isGrouped(query: Query): boolean {
  return query.groupBy.length > 0 || selected(query).some(hasAggregate);
}

export function selected({ select }: Query): Expr[] {
  switch (select.kind) {
    case 'all':
      return [];
    case 'value':
      return [select.expr];
    case 'list':
      return select.items.map((item) => item.expr);
  }
}

function hasAggregate(expr: Expr): boolean {
  if (expr.kind === 'call' && AGGREGATES.has(expr.name)) return true;
  return childExprs(expr).some(hasAggregate);
}

/** Outside an aggregate only what GROUP BY names may be selected: anything else differs inside a group. */
function checkGrouped(query: Query): void {
  const keys = new Set(query.groupBy.map(printExpr));
  const check = (expr: Expr): void => {
    if (keys.has(printExpr(expr)) || (expr.kind === 'call' && AGGREGATES.has(expr.name))) return;
    if (expr.kind === 'alias' || expr.kind === 'subquery') {
      throw new CosmosError(
        400,
        'With GROUP BY or an aggregate, SELECT may hold only group keys and aggregates.',
      );
    }
    childExprs(expr).forEach(check);
  };
  selected(query).forEach(check);
}

function property(value: Value, key: Value): Value {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined;
  if (typeof key !== 'string' || !isObject(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Plain assignment, but a property called `__proto__` stays a property. */
function setOwn(target: JsonObject, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function arity({ min, max }: { min: number; max: number }): string {
  if (max === Infinity) return `at least ${min} arguments`;
  return min === max ? `${min} argument${min === 1 ? '' : 's'}` : `${min} to ${max} arguments`;
}
