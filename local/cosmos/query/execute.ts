import { CosmosError } from '../errors.ts';
import { Access, ESTIMATE_MAX, type IndexOrder, type Position, type Scope } from '../store/access.ts';
import type { ContainerStore, ItemRow } from '../store/container-store.ts';
import { isIndexed, pathText } from '../store/terms.ts';
import type { Query } from './ast.ts';
import {
  bound,
  type CompiledQuery,
  compileQuery,
  evaluateConstant,
  type Parameters,
  type Row,
  runGroups,
} from './compile.ts';
import { type Absence, constraintsOf, pathOf, type Selector } from './constraints.ts';
import { canonical, compareValues, type Json, type JsonObject, type Value } from './values.ts';

export const PAGE_BYTES_MAX = 4 * 1024 * 1024;

/** So few items are read through sooner than looked up. */
const SCANNED_MAX = 50;

/** Where a page ended. `seq` and `row` name the last item and how many of its rows were taken. */
export type Continuation = { taken: number; seq?: number; rows?: number; keys?: Value[] };

export type QueryRun = {
  store: ContainerStore;
  query: Query;
  parameters: Parameters;
  scope: Scope;
  itemsMax: number;
  continuation: Continuation | undefined;
  isLive: (row: ItemRow) => boolean;
  /** Items that look different to this reader, see {@link History.overlay}. */
  overlay: ReadonlyMap<number, { row: ItemRow | undefined }>;
};

export type Page = {
  values: Json[];
  continuation: Continuation | undefined;
  /** What was read to make the page, for the charge. */
  loadedItems: number;
  loadedBytes: number;
  /** How the index was used, as text for the curious. */
  access: string;
  /** True where an ordered scan went from high to low. */
  reverse: boolean;
};

/**
 * Runs one page of a query over the items of a scope.
 *
 * The index proposes candidates, in its own order where that is the order asked for; every candidate is then checked
 * against the whole filter.
 *
 * @throws CosmosError 400 for an ORDER BY that no index serves, and for whatever does not compile
 */
export function runPage(run: QueryRun): Page {
  return new Execution(run).page();
}

type Found = { row: ItemRow; item: JsonObject };

class Execution {
  readonly #run: QueryRun;
  readonly #compiled: CompiledQuery;
  readonly #access: Access;
  readonly #constraints: Selector[];
  readonly #absences: Absence[];
  readonly #order: IndexOrder | undefined;
  #loadedItems = 0;
  #loadedBytes = 0;
  #description = 'scan';

  constructor(run: QueryRun) {
    this.#run = run;
    this.#compiled = compileQuery(run.query, run.parameters);
    this.#access = new Access(run.store, run.scope);
    const constraints = constraintsOf(run.query, run.parameters).filter(({ path }) =>
      isIndexed(path, run.store.index.policy),
    );
    this.#constraints = constraints.filter((constraint) => constraint.kind !== 'absent');
    this.#absences = constraints.filter((constraint) => constraint.kind === 'absent');
    this.#order = run.query.orderBy.length > 0 ? orderOf(run.query, run.store) : undefined;
  }

  page(): Page {
    const { query, parameters } = this.#run;
    const top = query.top ? bound(evaluateConstant(query.top, parameters), 'TOP') : Infinity;
    const limit = query.limit ? bound(evaluateConstant(query.limit, parameters), 'LIMIT') : Infinity;
    const offset = query.offset ? bound(evaluateConstant(query.offset, parameters), 'OFFSET') : 0;
    const take = Math.min(top, limit);
    if (query.from.length === 0) return this.#collected(constantResult(this.#compiled), offset, take);
    if (this.#compiled.grouping) return this.#collected(this.#groups(), offset, take);
    if (query.distinct) return this.#collected(this.#distinct(), offset, take);
    return this.#streamed(offset, take);
  }

  /** Results that are known as a whole before the first can be given; a page is a slice of them. */
  #collected(all: Value[], offset: number, take: number): Page {
    const { continuation, itemsMax } = this.#run;
    const taken = continuation?.taken ?? 0;
    const results = all.slice(offset, offset + take);
    const values = results.slice(taken, taken + itemsMax) as Json[];
    const next = taken + values.length;
    return this.#result(values, next < results.length ? { taken: next } : undefined);
  }

  #streamed(offset: number, take: number): Page {
    const { continuation, itemsMax } = this.#run;
    const values: Json[] = [];
    let bytes = 0;
    let toSkip = continuation ? 0 : offset;
    let taken = continuation?.taken ?? 0;
    if (take === 0) return this.#result([], undefined);
    for (const found of this.#candidates(continuation)) {
      let rows = 0;
      const before = found.row.seq === continuation?.seq ? (continuation.rows ?? 0) : 0;
      const done = this.#forEachRow(found, (row) => {
        if (++rows <= before) return true;
        const value = this.#compiled.project(row);
        if (value === undefined) return true;
        if (toSkip > 0) {
          toSkip--;
          return true;
        }
        values.push(value);
        taken++;
        bytes += value === found.item ? found.row.body.length : sizeOf(value);
        return taken < take && values.length < itemsMax && bytes < PAGE_BYTES_MAX;
      });
      if (done) continue;
      if (taken >= take) return this.#result(values, undefined);
      return this.#result(values, { taken, seq: found.row.seq, rows, keys: this.#keys(found) });
    }
    return this.#result(values, undefined);
  }

  #groups(): Value[] {
    const { grouping } = this.#compiled;
    if (!grouping) return [];
    const rows = (emit: (row: Row) => boolean): void => {
      for (const found of this.#candidates(undefined)) this.#forEachRow(found, emit);
    };
    return runGroups(grouping, rows, []);
  }

  #distinct(): Value[] {
    const seen = new Map<string, Value>();
    for (const found of this.#candidates(undefined)) {
      this.#forEachRow(found, (row) => {
        const value = this.#compiled.project(row);
        const key = canonical(value);
        if (value !== undefined && !seen.has(key)) seen.set(key, value);
        return true;
      });
    }
    return [...seen.values()];
  }

  #forEachRow({ item }: Found, emit: (row: Row) => boolean): boolean {
    const row: Row = Array.from({ length: this.#compiled.slots });
    row[0] = item;
    return this.#compiled.rows(row, emit);
  }

  #keys({ item }: Found): Value[] {
    return this.#compiled.orderBy.map(({ evaluate }) => evaluate([item]));
  }

  /** The items that may give results, in the order of the results, from where the last page ended. */
  #candidates(from: Continuation | undefined): Iterable<Found> {
    const order = this.#order;
    if (!order) return this.#inSequence(from?.seq ?? 0);
    const position = from?.keys && from.seq !== undefined ? { keys: from.keys, seq: from.seq } : undefined;
    const best = this.#best();
    const within = this.#constraintOn(
      order.composite ? pathText(order.composite.columns[0].names) : order.path,
    );
    if (best && best.count < ESTIMATE_MAX && best.constraint !== within && this.#isSelective(best.count)) {
      this.#description = `${describe(best.constraint)}, sorted`;
      return this.#sorted(best.constraint, order, position);
    }
    this.#description = `ordered by ${order.path}${within ? ` within ${within.kind}` : ''}`;
    const rows = this.#found(this.#access.ordered(order, within, this.#besides(within), position));
    return this.#overlaid(rows, (a, b) => this.#compare(order, a, b), position);
  }

  #inSequence(from: number): Iterable<Found> {
    const total = this.#access.total();
    // The index has the entries of a whole first level: a small partition of it is sooner read through.
    const best = total > SCANNED_MAX ? this.#best() : undefined;
    let rows: Iterable<ItemRow>;
    if (best && best.count < total) {
      this.#description = describe(best.constraint);
      rows = this.#access.filtered(best.constraint, this.#besides(best.constraint), from);
    } else if (best && total === ESTIMATE_MAX) {
      this.#description = describe(best.constraint);
      rows = this.#access.filtered(best.constraint, [], from);
    } else {
      rows = this.#access.scan(from);
    }
    const position = { keys: [], seq: from };
    return this.#overlaid(this.#found(rows), (a, b) => a.row.seq - b.row.seq, position);
  }

  *#sorted(constraint: Selector, order: IndexOrder, from: Position | undefined): Iterable<Found> {
    const rows = this.#found(this.#access.filtered(constraint, this.#besides(constraint), 0));
    const all = [...this.#overlaid(rows, (a, b) => a.row.seq - b.row.seq, undefined)];
    const sorted = all
      .filter((found) => !this.#keys(found).includes(undefined))
      .toSorted((a, b) => this.#compare(order, a, b));
    for (const found of sorted) {
      if (!from || this.#comparePosition(order, found, from) >= 0) yield found;
    }
  }

  *#found(rows: Iterable<ItemRow>): Iterable<Found> {
    for (const row of rows) {
      if (this.#run.overlay.has(row.seq) || !this.#run.isLive(row)) continue;
      yield this.#load(row);
    }
  }

  #load(row: ItemRow): Found {
    this.#loadedItems++;
    this.#loadedBytes += row.body.length;
    return { row, item: JSON.parse(row.body) as JsonObject };
  }

  /** Merges in the old versions of items that this reader sees as they were. Both sides are in order. */
  *#overlaid(
    rows: Iterable<Found>,
    compare: (a: Found, b: Found) => number,
    from: Position | undefined,
  ): Iterable<Found> {
    const { overlay, isLive } = this.#run;
    const order = this.#order;
    const old = [...overlay.values()]
      .flatMap(({ row }) => (row && this.#access.accepts(row) && isLive(row) ? [this.#load(row)] : []))
      .filter((found) => !order || !this.#keys(found).includes(undefined))
      .filter(
        (found) =>
          !from ||
          (order && from.keys.length > 0
            ? this.#comparePosition(order, found, from) >= 0
            : found.row.seq >= from.seq),
      )
      .toSorted(compare);
    for (const found of rows) {
      while (old[0] && compare(old[0], found) < 0) yield old.shift() as Found;
      yield found;
    }
    yield* old;
  }

  #best(): { constraint: Selector; count: number } | undefined {
    let best: { constraint: Selector; count: number } | undefined;
    for (const constraint of this.#constraints) {
      const count = this.#access.estimate(constraint);
      if (!best || count < best.count) best = { constraint, count };
    }
    return best;
  }

  /** The one that says most of the values at a path. */
  #constraintOn(path: string): Selector | undefined {
    const kinds = ['equal', 'range', 'defined'];
    return this.#constraints
      .filter((constraint) => pathText(constraint.path) === path)
      .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))[0];
  }

  #besides(used: Selector | undefined): (Selector | Absence)[] {
    return [...this.#constraints.filter((constraint) => constraint !== used), ...this.#absences];
  }

  /** Whether sorting `count` items is cheaper than going down the order until a page is full. */
  #isSelective(count: number): boolean {
    const page = Math.min(this.#run.itemsMax, 100);
    const total = this.#access.total();
    return count <= 50 || count < (page * total) / Math.max(count, 1);
  }

  #compare(order: IndexOrder, a: Found, b: Found): number {
    return this.#comparePosition(order, a, { keys: this.#keys(b), seq: b.row.seq });
  }

  #comparePosition({ reverse }: IndexOrder, found: Found, position: Position): number {
    const keys = this.#keys(found);
    for (const [i, { descending }] of this.#compiled.orderBy.entries()) {
      const order = compareValues(keys[i], position.keys[i]);
      if (order !== 0) return descending ? -order : order;
    }
    return reverse ? position.seq - found.row.seq : found.row.seq - position.seq;
  }

  #result(values: Json[], continuation: Continuation | undefined): Page {
    return {
      values,
      continuation,
      loadedItems: this.#loadedItems,
      loadedBytes: this.#loadedBytes,
      access: this.#description,
      reverse: this.#order?.reverse ?? false,
    };
  }
}

/**
 * The index that gives the order asked for.
 *
 * @throws CosmosError 400 where there is none: the service sorts only by what is indexed
 */
function orderOf(query: Query, store: ContainerStore): IndexOrder {
  const columns = query.orderBy.map(({ expr, descending }) => {
    const path = pathOf(expr, query);
    if (!path || path.length === 0 || path.includes('[]')) {
      throw new CosmosError(
        400,
        "Unsupported ORDER BY clause: it must name a property of the item, such as 'c.name'.",
      );
    }
    return { path, descending };
  });
  const [first] = columns;
  if (columns.length === 1 && first) {
    if (!isIndexed(first.path, store.index.policy)) {
      throw new CosmosError(
        400,
        `The index path corresponding to the order-by item '${first.path.join('.')}' is excluded.`,
      );
    }
    return { composite: undefined, path: pathText(first.path), reverse: first.descending };
  }
  for (const composite of store.index.composites) {
    if (composite.columns.length !== columns.length) continue;
    if (!composite.columns.every(({ names }, i) => names.join('/') === columns[i]?.path.join('/'))) continue;
    const flips = composite.columns.map(({ descending }, i) => descending !== columns[i]?.descending);
    if (flips.every((flip) => flip === flips[0])) {
      return { composite, path: composite.name, reverse: flips[0] };
    }
  }
  throw new CosmosError(
    400,
    'The order by query does not have a corresponding composite index that it can be served from.',
  );
}

/** A query without FROM has one row, of nothing. */
function constantResult(compiled: CompiledQuery): Value[] {
  const values: Value[] = [];
  if (compiled.grouping) return runGroups(compiled.grouping, (emit) => compiled.rows([], emit), []);
  compiled.rows([], (row) => {
    values.push(compiled.project(row));
    return true;
  });
  return values.filter((value) => value !== undefined);
}

function describe(constraint: Selector): string {
  return `${constraint.kind} ${pathText(constraint.path)}`;
}

function sizeOf(value: Json): number {
  return typeof value === 'object' ? JSON.stringify(value).length : 8;
}
