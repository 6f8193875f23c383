import type { Bound, Constraint, Selector } from '../query/constraints.ts';
import { typeOf, type Value } from '../query/values.ts';
import { effectivePartitionKey, type EpkRange, type KeyComponent, WHOLE_RANGE } from '../partition-key.ts';
import { type ContainerStore, isInRange, type ItemRow } from './container-store.ts';
import type { SqlValue } from './database.ts';
import {
  COMPOSITE_TYPE,
  type Composite,
  compositeEnd,
  compositeKey,
  compositeStart,
  indexValue,
  pathText,
} from './terms.ts';

/** Which items a query may see: those of one partition or partition prefix, or those of a span of hashes. */
export type Scope =
  | { kind: 'none' }
  | { kind: 'partition'; part: number; pk: string | undefined; prefix: string | undefined }
  | { kind: 'range'; range: EpkRange };

/** An order that the index has: of one path, or of a composite index. */
export type IndexOrder = { composite: Composite | undefined; path: string; reverse: boolean };

/** Where an ordered scan goes on: at these values, from this item. */
export type Position = { keys: Value[]; seq: number };

/** An estimate that is not smaller than this means "many". */
export const ESTIMATE_MAX = 2000;

/** Reads candidates for a query through the index of one container. */
export class Access {
  readonly #store: ContainerStore;
  readonly #scope: Scope;

  constructor(store: ContainerStore, scope: Scope) {
    this.#store = store;
    this.#scope = scope;
  }

  /** True where a row belongs to what the query may see. */
  accepts(row: { part: number; pk: string }): boolean {
    const scope = this.#scope;
    switch (scope.kind) {
      case 'none':
        return false;
      case 'partition':
        if (row.part !== scope.part) return false;
        if (scope.pk !== undefined) return row.pk === scope.pk;
        return scope.prefix === undefined || row.pk.startsWith(scope.prefix);
      case 'range':
        return isInRange(this.#epkOf(row, scope.range), scope.range);
    }
  }

  /** All items in the order of their numbers. */
  *scan(from: number): Iterable<ItemRow> {
    const scope = this.#scope;
    const table = `items_${this.#store.number}`;
    if (scope.kind === 'none') return;
    let rows: Iterable<{ seq: number; part: number; pk: string }>;
    if (scope.kind === 'partition' && scope.pk !== undefined) {
      const sql = `SELECT seq, part, pk FROM ${table} WHERE pk = ? AND seq >= ? ORDER BY seq`;
      rows = this.#store.iterate(sql, scope.pk, from);
    } else if (scope.kind === 'partition') {
      const sql = `SELECT seq, part, pk FROM ${table} WHERE part = ? AND seq >= ? ORDER BY seq`;
      rows = this.#store.iterate(sql, scope.part, from);
    } else {
      rows = this.#store.iterate(`SELECT seq, part, pk FROM ${table} WHERE seq >= ? ORDER BY seq`, from);
    }
    for (const row of rows) {
      if (!this.accepts(row)) continue;
      const item = this.#store.bySeq(row.seq);
      if (item) yield item;
    }
  }

  /** The items that fulfil a constraint, in the order of their numbers. `others` narrow them further. */
  *filtered(constraint: Selector, others: Constraint[], from: number): Iterable<ItemRow> {
    const where = this.#where(constraint);
    if (!where) return;
    const extra = this.#also(others);
    const sql = `SELECT DISTINCT item FROM terms_${this.#store.number} t
      WHERE ${where.sql} AND item >= ?${extra.sql} ORDER BY item`;
    yield* this.#load(this.#store.iterate<{ item: number }>(sql, ...where.values, from, ...extra.values));
  }

  /** The items in the order of an index. `within` is a constraint on the path of the order, or on its first one. */
  *ordered(
    order: IndexOrder,
    within: Selector | undefined,
    others: Constraint[],
    from: Position | undefined,
  ): Iterable<ItemRow> {
    const where = order.composite
      ? this.#whereComposite(order.path, order.composite, within)
      : within
        ? this.#where(within)
        : this.#wherePath(order.path);
    if (!where) return;
    const extra = this.#also(others);
    const resume = from
      ? { sql: this.#resume(order), values: this.#resumeValues(order, from) }
      : { sql: '', values: [] };
    const direction = order.reverse ? 'DESC' : 'ASC';
    const sql = `SELECT item FROM terms_${this.#store.number} t WHERE ${where.sql}${resume.sql}${extra.sql}
      ORDER BY type ${direction}, value ${direction}, item ${direction}`;
    yield* this.#load(
      this.#store.iterate<{ item: number }>(sql, ...where.values, ...resume.values, ...extra.values),
    );
  }

  /** How many items fulfil a constraint, counted up to {@link ESTIMATE_MAX}. */
  estimate(constraint: Selector): number {
    const where = this.#where(constraint);
    if (!where) return 0;
    const sql = `SELECT COUNT(*) AS n FROM (
      SELECT 1 FROM terms_${this.#store.number} WHERE ${where.sql} LIMIT ${ESTIMATE_MAX})`;
    return this.#store.all<{ n: number }>(sql, ...where.values)[0]?.n ?? 0;
  }

  /** How many items there are in all, counted up to {@link ESTIMATE_MAX}. */
  total(): number {
    const scope = this.#scope;
    if (scope.kind === 'none') return 0;
    if (scope.kind === 'range') return ESTIMATE_MAX;
    const column = scope.pk === undefined ? 'part' : 'pk';
    const sql = `SELECT COUNT(*) AS n FROM (
      SELECT 1 FROM items_${this.#store.number} WHERE ${column} = ? LIMIT ${ESTIMATE_MAX})`;
    return this.#store.all<{ n: number }>(sql, scope.pk ?? scope.part)[0]?.n ?? 0;
  }

  *#load(found: Iterable<{ item: number }>): Iterable<ItemRow> {
    for (const { item } of found) {
      const row = this.#store.bySeq(item);
      if (row && this.accepts(row)) yield row;
    }
  }

  #where(constraint: Selector): { sql: string; values: SqlValue[] } | undefined {
    const base = this.#wherePath(pathText(constraint.path));
    if (!base) return undefined;
    switch (constraint.kind) {
      case 'defined':
        return base;
      case 'equal': {
        const pairs = constraint.values.flatMap((value) => [typeOf(value), indexValue(value)]);
        const condition =
          constraint.values.length === 1
            ? 'type = ? AND value = ?'
            : `(type, value) IN (VALUES ${constraint.values.map(() => '(?, ?)').join(', ')})`;
        return { sql: `${base.sql} AND ${condition}`, values: [...base.values, ...pairs] };
      }
      case 'range': {
        let { sql } = base;
        const values = [...base.values, constraint.type];
        sql += ' AND type = ?';
        if (constraint.low) {
          sql += ` AND value ${constraint.low.inclusive ? '>=' : '>'} ?`;
          values.push(constraint.low.value);
        }
        if (constraint.high) {
          sql += ` AND value ${constraint.high.inclusive ? '<=' : '<'} ?`;
          values.push(constraint.high.value);
        }
        return { sql, values };
      }
    }
  }

  /** The span of a composite index in which the first column fulfils a constraint. */
  #whereComposite(
    path: string,
    composite: Composite,
    within: Selector | undefined,
  ): { sql: string; values: SqlValue[] } | undefined {
    const base = this.#wherePath(path);
    if (!base || !within || within.kind === 'defined') return base;
    const [value] = within.kind === 'equal' ? within.values : [];
    const only: Bound | undefined =
      within.kind === 'equal' &&
      within.values.length === 1 &&
      typeof value !== 'object' &&
      value !== undefined
        ? { value: value as Bound['value'], inclusive: true }
        : undefined;
    const { low, high } = within.kind === 'range' ? within : { low: only, high: only };
    const [from, to] = composite.columns[0].descending ? [high, low] : [low, high];
    let { sql } = base;
    const values = [...base.values, COMPOSITE_TYPE];
    sql += ' AND type = ?';
    if (from) {
      sql += ' AND value >= ?';
      values.push((from.inclusive ? compositeStart : compositeEnd)(from.value, composite));
    }
    if (to) {
      sql += ' AND value < ?';
      values.push((to.inclusive ? compositeEnd : compositeStart)(to.value, composite));
    }
    return { sql, values };
  }

  #wherePath(path: string): { sql: string; values: SqlValue[] } | undefined {
    const scope = this.#scope;
    const id = this.#store.index.findPath(path);
    if (id === undefined || scope.kind === 'none') return undefined;
    if (scope.kind === 'partition') return { sql: 'part = ? AND path = ?', values: [scope.part, id] };
    const parts = `parts_${this.#store.number}`;
    if (scope.range.min === WHOLE_RANGE.min && scope.range.max === WHOLE_RANGE.max) {
      return { sql: `part IN (SELECT id FROM ${parts}) AND path = ?`, values: [id] };
    }
    // A bound that is longer than the hash of the first level is checked on each item, see `accepts`.
    const min = scope.range.min.slice(0, 32);
    const sql = `part IN (SELECT id FROM ${parts} WHERE epk >= ? AND epk < ?) AND path = ?`;
    return { sql, values: [min, scope.range.max, id] };
  }

  /** What an item must fulfil besides: equalities, each one lookup in the index, and paths where it has nothing. */
  #also(others: Constraint[]): { sql: string; values: SqlValue[] } {
    let sql = '';
    const values: SqlValue[] = [];
    for (const other of others) {
      if (other.kind === 'absent') {
        const having = this.#wherePath(pathText(other.path));
        if (!having) continue;
        sql += ` AND t.item NOT IN (SELECT item FROM terms_${this.#store.number} WHERE ${having.sql})`;
        values.push(...having.values);
        continue;
      }
      const [value] = other.kind === 'equal' ? other.values : [];
      if (other.kind !== 'equal' || other.values.length !== 1 || value === undefined) continue;
      sql += ` AND EXISTS (SELECT 1 FROM terms_${this.#store.number} x WHERE x.part = t.part AND x.path = ?
        AND x.type = ? AND x.value = ? AND x.item = t.item)`;
      values.push(this.#store.index.findPath(pathText(other.path)) ?? -1, typeOf(value), indexValue(value));
    }
    return { sql, values };
  }

  #resume({ reverse }: IndexOrder): string {
    return ` AND (type, value, item) ${reverse ? '<=' : '>='} (?, ?, ?)`;
  }

  #resumeValues({ composite }: IndexOrder, { keys, seq }: Position): SqlValue[] {
    if (composite) return [COMPOSITE_TYPE, compositeKey(keys, composite), seq];
    const [key] = keys;
    return [typeOf(key), indexValue(key), seq];
  }

  /** The hash of a row's key, as long as it takes to compare it with the range. */
  #epkOf(row: { part: number; pk: string }, { min, max }: EpkRange): string {
    if (min.length <= 32 && max.length <= 32) return this.#store.epkOfPart(row.part);
    const components = (JSON.parse(row.pk) as unknown[]).map((value) =>
      typeof value === 'object' && value !== null ? undefined : (value as KeyComponent),
    );
    return effectivePartitionKey(components);
  }
}
