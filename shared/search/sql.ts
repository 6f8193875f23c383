import type { Query } from '../azure/index.ts';
import { escapedPattern, patternOf, shapeOf } from './like.ts';
import { clamped, compare } from './matches.ts';
import type { Comparison, Filter, Test } from './parser.ts';
import type { Column, Elements, NumberColumn, Path, TextColumn } from './table.ts';

type Value = string | number | readonly string[];

/** Gives a value to the query and returns what stands for it in the text. */
export type Bind = (value: Value) => string;

/**
 * A condition on a document, in Cosmos DB's SQL. No value stands in its text: all go through `bind`. The
 * names of properties do, because the service takes no parameter there, as JSON strings in brackets.
 */
export type Condition = (bind: Bind) => string;

/** `SELECT … FROM c WHERE …` with its values. */
export function queryOf(select: string, conditions: readonly Condition[], orderBy?: string): Query {
  const values: Record<string, Value> = {};
  const names = new Map<Value, string>();
  const bind: Bind = (value) => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const name = `p${names.size}`;
    names.set(value, `@${name}`);
    values[name] = value;
    return `@${name}`;
  };
  const where = conditions.map((condition) => condition(bind)).join(' AND ');
  const order = orderBy === undefined ? '' : ` ORDER BY ${orderBy}`;
  return { text: `SELECT ${select} FROM c${where && ` WHERE ${where}`}${order}`, values };
}

/** A property in the text of a query: `c["m"]["val/loss"]`. */
export function property(path: Path, root = 'c'): string {
  // The escapes of JSON are those of Cosmos DB's strings: https://learn.microsoft.com/azure/cosmos-db/nosql/query/constants
  return root + path.map((name) => `[${JSON.stringify(name)}]`).join('');
}

/** One condition for each comparison of a filter. Those of {@link isRough} let more documents through. */
export function conditionsOf(filter: Filter): Condition[] {
  return filter.map(conditionOf);
}

/**
 * Whether the store can only say that a text kept elsewhere may match: what it returns is to be completed
 * and judged again by `matches`.
 */
export function isRough({ field: { column }, test }: Comparison): boolean {
  if (column.kind !== 'text' || !column.digest || test.kind !== 'like') return false;
  return !isDecidedByPrefix(test.pattern);
}

function conditionOf({ field: { column }, test }: Comparison): Condition {
  const { within } = column;
  if (!within) return (bind) => testSql(column, test, bind, 'c');
  return (bind) =>
    `EXISTS(SELECT VALUE x FROM x IN ${property(within.list)} WHERE ${[
      ...elementSql(within, bind),
      testSql(column, test, bind, 'x'),
    ].join(' AND ')})`;
}

function elementSql({ any }: Elements, bind: Bind): string[] {
  if (!any) return [];
  const one = (all: (typeof any)[number]) =>
    all.map(({ path, equals }) => `${property(path, 'x')} = ${bind(equals)}`).join(' AND ') || 'true';
  return [`(${any.map((all) => `(${one(all)})`).join(' OR ') || 'false'})`];
}

/** True, false or undefined in the store, for what is absent; only true lets a document through. */
function testSql(column: Column, test: Test, bind: Bind, root: string): string {
  switch (test.kind) {
    case 'present':
      return `${test.negated ? 'NOT ' : ''}IS_DEFINED(${property(column.path, root)})`;
    case 'number':
      return numberSql(column as NumberColumn, test, bind, root);
    case 'oneOf':
      return oneOfSql(column as TextColumn, test, bind, root);
    case 'like':
      return likeSql(column as TextColumn, test, bind, root);
  }
}

function numberSql(
  { path, nan }: NumberColumn,
  { operator, value }: Extract<Test, { kind: 'number' }>,
  bind: Bind,
  root: string,
): string {
  const comparison = `${property(path, root)} ${operator} ${bind(clamped(value))}`;
  if (!nan) return comparison;
  const isNaN = `IS_DEFINED(${property(nan, root)})`;
  // NaN differs from every number and is none of the rest; it is kept as 0, so only what takes 0 need look.
  if (operator === '!=') return `(${comparison} OR ${isNaN})`;
  return compare(0, operator, value) ? `${comparison} AND NOT ${isNaN}` : comparison;
}

function oneOfSql(
  column: TextColumn,
  { negated, values }: Extract<Test, { kind: 'oneOf' }>,
  bind: Bind,
  root: string,
): string {
  const text = textSql(column, root);
  const { digest: digestPath, shortened } = column;
  const short =
    digestPath && shortened ? values.filter((value) => shortened(value).digest === undefined) : values;
  const parts: string[] = [];
  if (short.length > 0) {
    const equals =
      short.length === 1 ? `${text} = ${bind(short[0] ?? '')}` : `${text} IN (${short.map(bind).join(', ')})`;
    // A text may be the very prefix of a longer one.
    parts.push(digestPath ? `${equals} AND NOT IS_DEFINED(${property(digestPath, root)})` : equals);
  }
  for (const value of values) {
    const { prefix = '', digest } = shortened?.(value) ?? {};
    if (digest === undefined || !digestPath) continue;
    const held = property(digestPath, root);
    parts.push(`${text} = ${bind(prefix)} AND IS_DEFINED(${held}) AND ${held} = ${bind(digest)}`);
  }
  const any = parts.length === 1 ? (parts[0] ?? '') : `(${parts.map((part) => `(${part})`).join(' OR ')})`;
  return negated ? `IS_DEFINED(${property(column.path, root)}) AND NOT (${any})` : any;
}

function likeSql(
  column: TextColumn,
  { ignoreCase, pattern }: Extract<Test, { kind: 'like' }>,
  bind: Bind,
  root: string,
): string {
  const like = patternSql(textSql(column, root), pattern, ignoreCase, bind);
  if (!column.digest || isDecidedByPrefix(pattern)) return like;
  return `(${like} OR IS_DEFINED(${property(column.digest, root)}))`;
}

/** The comparison that an index serves best. */
function patternSql(text: string, pattern: string, ignoreCase: boolean, bind: Bind): string {
  const shape = shapeOf(patternOf(pattern));
  const call = (name: string) => `${name}(${text}, ${bind(shape.text)}${ignoreCase ? ', true' : ''})`;
  switch (shape.kind) {
    case 'equals':
      return ignoreCase ? call('STRINGEQUALS') : `${text} = ${bind(shape.text)}`;
    case 'starts':
      return call('STARTSWITH');
    case 'ends':
      return call('ENDSWITH');
    case 'contains':
      return call('CONTAINS');
    case 'other': {
      const escaped = bind(escapedPattern(pattern));
      return ignoreCase
        ? `LOWER(${text}) LIKE LOWER(${escaped}) ESCAPE '!'`
        : `${text} LIKE ${escaped} ESCAPE '!'`;
    }
  }
}

/** Whether the prefix that the document holds of a long text tells if all of it matches; it has some hundred characters at least. */
function isDecidedByPrefix(pattern: string): boolean {
  const shape = shapeOf(patternOf(pattern));
  return shape.kind === 'starts' && shape.text.length <= 100;
}

function textSql({ path, whole }: TextColumn, root: string): string {
  return whole ? `(${property(whole, root)} ?? ${property(path, root)})` : property(path, root);
}
