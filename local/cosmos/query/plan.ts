import { CosmosError } from '../errors.ts';
import { AGGREGATES } from './aggregates.ts';
import type { Expr, Query } from './ast.ts';
import { bound, evaluateConstant, isGrouped, type Parameters, selected } from './compile.ts';
import { printExpr, printQuery } from './print.ts';

/** Text that the client replaces by a condition (or by `true`) in a rewritten ORDER BY query. */
const FILTER_PLACEHOLDER = '{documentdb-formattableorderbyquery-filter}';

const AGGREGATE_TYPES: Record<string, string> = {
  COUNT: 'Count',
  SUM: 'Sum',
  AVG: 'Average',
  MIN: 'Min',
  MAX: 'Max',
};

/** What the gateway tells a client that must run a query range by range and put the parts together itself. */
export type QueryPlan = {
  partitionedQueryExecutionInfoVersion: number;
  queryInfo: {
    distinctType: 'None' | 'Ordered' | 'Unordered';
    top?: number;
    offset?: number;
    limit?: number;
    orderBy: ('Ascending' | 'Descending')[];
    orderByExpressions: string[];
    groupByExpressions: string[];
    groupByAliases: string[];
    aggregates: string[];
    groupByAliasToAggregateType: Record<string, string | null>;
    rewrittenQuery: string;
    hasSelectValue: boolean;
    hasNonStreamingOrderBy: boolean;
  };
  queryRanges: { min: string; max: string; isMinInclusive: boolean; isMaxInclusive: boolean }[];
};

/** True where the parts of a result from several ranges cannot simply be put one after the other. */
export function needsPlan(query: Query): boolean {
  return (
    query.orderBy.length > 0 ||
    query.top !== undefined ||
    query.limit !== undefined ||
    query.distinct ||
    isGrouped(query)
  );
}

/**
 * The plan of a query.
 *
 * @throws CosmosError 400 for a query that the gateway does not run across partitions
 */
export function planQuery(query: Query, parameters: Parameters): QueryPlan {
  const number = (expr: Expr | undefined, clause: string): number | undefined =>
    expr && bound(evaluateConstant(expr, parameters), clause);
  const top = number(query.top, 'TOP');
  const offset = number(query.offset, 'OFFSET');
  const limit = number(query.limit, 'LIMIT');
  const grouped = isGrouped(query);
  const isValue = query.select.kind === 'value';
  const value = query.select.kind === 'value' ? query.select.expr : undefined;
  const aggregate = grouped && value ? aggregateType(value) : undefined;
  const aliases = grouped && query.select.kind === 'list' ? query.select.items : [];
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: distinctType(query),
      ...(top !== undefined && { top }),
      ...(offset !== undefined && { offset }),
      ...(limit !== undefined && { limit }),
      orderBy: query.orderBy.map(({ descending }) => (descending ? 'Descending' : 'Ascending')),
      orderByExpressions: query.orderBy.map(({ expr }) => printExpr(expr)),
      groupByExpressions: query.groupBy.map(printExpr),
      groupByAliases: aliases.map(({ name }) => name),
      aggregates: aggregate === undefined ? [] : [aggregate],
      groupByAliasToAggregateType: Object.fromEntries(
        aliases.map(({ expr, name }) => [name, aggregateType(expr) ?? null]),
      ),
      rewrittenQuery: rewrite(query, offset, limit, top),
      hasSelectValue: isValue,
      hasNonStreamingOrderBy: false,
    },
    queryRanges: [{ min: '', max: 'FF', isMinInclusive: true, isMaxInclusive: false }],
  };
}

/** The query that each range runs. */
function rewrite(
  query: Query,
  offset: number | undefined,
  limit: number | undefined,
  top: number | undefined,
): string {
  if (isGrouped(query)) return printQuery({ ...unbounded(query), select: groupSelect(query) });
  if (query.orderBy.length > 0) return rewriteOrderBy(query, offset, limit, top);
  if (!needsPlan(query)) return '';
  // Rows that are equal may come from several ranges: only the client can count what is distinct.
  if (query.distinct) return printQuery(unbounded(query));
  const most = Math.min(top ?? Infinity, (offset ?? 0) + (limit ?? Infinity));
  return printQuery({ ...unbounded(query), top: { kind: 'constant', value: most } });
}

function rewriteOrderBy(
  query: Query,
  offset: number | undefined,
  limit: number | undefined,
  top: number | undefined,
): string {
  const alias = rootAlias(query);
  const most = Math.min(top ?? Infinity, (offset ?? 0) + (limit ?? Infinity));
  const items: Expr = {
    kind: 'array',
    items: query.orderBy.map(({ expr }) => ({ kind: 'object', members: [{ key: 'item', value: expr }] })),
  };
  const rid: Expr = { kind: 'member', object: alias, property: { kind: 'constant', value: '_rid' } };
  const marker: Expr = { kind: 'alias', name: FILTER_PLACEHOLDER };
  return printQuery({
    ...unbounded(query),
    distinct: false,
    top: query.distinct || most === Infinity ? undefined : { kind: 'constant', value: most },
    select: {
      kind: 'list',
      items: [
        { expr: rid, name: '_rid' },
        { expr: items, name: 'orderByItems' },
        { expr: payload(query, alias), name: 'payload' },
      ],
    },
    where: query.where ? { kind: 'binary', operator: 'AND', left: query.where, right: marker } : marker,
    orderBy: query.orderBy,
  });
}

function groupSelect(query: Query): Query['select'] {
  const { select } = query;
  const keys: Expr = {
    kind: 'array',
    items: query.groupBy.map((expr) => ({ kind: 'object', members: [{ key: 'item', value: expr }] })),
  };
  const groupByItems = query.groupBy.length > 0 ? [{ expr: keys, name: 'groupByItems' }] : [];
  if (select.kind === 'list') {
    const members = select.items.map(({ expr, name }) => ({
      key: name,
      value: aggregateType(expr) === undefined ? expr : partial(expr),
    }));
    return { kind: 'list', items: [...groupByItems, { expr: { kind: 'object', members }, name: 'payload' }] };
  }
  const value = (select as { expr: Expr }).expr;
  const wrapped: Expr =
    aggregateType(value) === undefined ? value : { kind: 'array', items: [partial(value)] };
  if (groupByItems.length === 0) return { kind: 'value', expr: wrapped };
  return { kind: 'list', items: [...groupByItems, { expr: wrapped, name: 'payload' }] };
}

/** What a range gives for an aggregate, such that the parts of several ranges can be put together. */
function partial(aggregate: Expr): Expr {
  const { name, args } = aggregate as Extract<Expr, { kind: 'call' }>;
  const call = (other: string): Expr => ({ kind: 'call', name: other, args });
  const object = (members: Record<string, Expr>): Expr => ({
    kind: 'object',
    members: Object.entries(members).map(([key, value]) => ({ key, value })),
  });
  switch (name) {
    case 'AVG':
      return object({ item: object({ sum: call('SUM'), count: call('COUNT') }) });
    case 'MIN':
    case 'MAX':
      return object({
        item: aggregate,
        item2: object({ [name.toLowerCase()]: aggregate, count: call('COUNT') }),
      });
    default:
      return object({ item: aggregate });
  }
}

function aggregateType(expr: Expr): string | undefined {
  if (expr.kind === 'call' && AGGREGATES.has(expr.name)) return AGGREGATE_TYPES[expr.name];
  const hidden: Query = { ...EMPTY, select: { kind: 'value', expr } };
  if (isGrouped(hidden)) {
    throw new CosmosError(
      400,
      'Across partitions an aggregate must stand alone, as in SELECT VALUE COUNT(1).',
    );
  }
  return undefined;
}

function distinctType(query: Query): 'None' | 'Ordered' | 'Unordered' {
  if (!query.distinct) return 'None';
  const ordered = query.orderBy.map(({ expr }) => printExpr(expr));
  const parts = selected(query).map(printExpr);
  return parts.length > 0 && parts.length === ordered.length && parts.every((part, i) => part === ordered[i])
    ? 'Ordered'
    : 'Unordered';
}

function payload(query: Query, alias: Expr): Expr {
  switch (query.select.kind) {
    case 'all':
      return alias;
    case 'value':
      return query.select.expr;
    case 'list':
      return {
        kind: 'object',
        members: query.select.items.map(({ expr, name }) => ({ key: name, value: expr })),
      };
  }
}

function rootAlias(query: Query): Expr {
  const [first] = query.from;
  if (first?.kind !== 'root')
    throw new CosmosError(400, 'ORDER BY across partitions needs FROM to name the container.');
  return { kind: 'alias', name: first.alias };
}

function unbounded(query: Query): Query {
  return { ...query, top: undefined, offset: undefined, limit: undefined };
}

const EMPTY: Query = {
  distinct: false,
  top: undefined,
  select: { kind: 'all' },
  from: [],
  where: undefined,
  groupBy: [],
  orderBy: [],
  offset: undefined,
  limit: undefined,
};
