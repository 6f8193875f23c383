/**
 * MLflow's search language, for whatever has documents in Cosmos DB.
 *
 * A capability describes its documents by a {@link Table}: which entities a filter may name, where their
 * values stand, and how they may be compared. Then
 *
 * - `parseFilter(text, table)` and `parseOrder(clauses, table)` give typed trees, or an `invalid` error with
 *   MLflow's words and the position of the fault;
 * - `orderedPage(...)` walks the store in that order, page by page, at a cost that grows with the page: see
 *   walk.ts; `positionToken` and `positionIn` make its positions tokens that are bound to their search;
 * - `conditionsOf(filter)` are parameterised SQL conditions and `queryOf(select, conditions, orderBy)` the
 *   query, for a search that needs no order of its own;
 * - `matches(filter, document)` judges one document, as the store does.
 *
 * @example
 * const table: Table = {
 *   bare: 'attribute',
 *   entities: [
 *     { name: 'metric', aliases: ['metrics'], keys: 'any', operators: numeric,
 *       column: (key) => ({ kind: 'number', path: ['m', key], nan: ['mn', key] }) },
 *     { name: 'attribute', aliases: ['attributes'], keys: {
 *         name: { column: { kind: 'text', path: ['name'], always: true }, operators: listed } } },
 *   ],
 * };
 * const filter = parseFilter("metrics.loss < 0.5 AND name LIKE 'a%'", table);
 * const order = parseOrder(['metrics.loss DESC'], table);
 */
export { matches } from './matches.ts';
export { type OrderKey, parseOrder } from './order.ts';
export { type Comparison, type Filter, parseFilter } from './parser.ts';
export { type Condition, conditionsOf, isRough, property, queryOf } from './sql.ts';
export {
  type Attribute,
  type Column,
  type Entity,
  type Field,
  listed,
  nullable,
  numeric,
  type Path,
  type Table,
  textual,
} from './table.ts';
export type { Ordering, TailKey } from './ranks.ts';
export { orderedPage, type Position, positionOf, type Source } from './walk.ts';
export { positionIn, positionToken } from './token.ts';
export { onlyVisible } from './visible.ts';
