import type { OrderKey } from './order.ts';
import type { Filter } from './parser.ts';
import {
  compareFrom,
  hasValue,
  isBehind,
  isOfRank,
  isSameRank,
  type Ordering,
  phasesOf,
  type Rank,
  rankOf,
  tailValues,
} from './ranks.ts';
import { type Condition, property } from './sql.ts';

/**
 * Walking documents in any order a user asks for, without an index made for it.
 *
 * Cosmos DB sorts by one property with the index it has of each, and by several only with a composite
 * index declared beforehand. So the walk takes one key at a time, in three phases: the documents that have
 * a value, `ORDER BY` it; those whose value is NaN; those that have none, last whichever the direction.
 * Documents that tie in one key are walked by the next one in the same way, confined to the tie by an
 * equality, and in the end by the tail, which is unique and has its composite index.
 *
 * A page's position is what its last document is sorted by: the next page begins behind it in each key.
 * Every query is limited to what the page still needs, so that a page costs what it holds, however many
 * documents there are and however many tie.
 */

/** Behind which document a page begins. Only of the first `tied` keys may there be more with the same ranks. */
export type Position = {
  readonly ranks: readonly Rank[];
  readonly tail: readonly (number | string)[];
  readonly tied: number;
};

/** At most `limit` documents that fulfil all conditions, in the order of the clause. */
export type Source<T> = (
  conditions: readonly Condition[],
  orderBy: string,
  limit: number,
) => Promise<readonly T[]>;

export type Walk<T> = {
  /** Where documents come from, each in an order of its own: a partition, or the prefix of a key. */
  readonly sources: readonly Source<T>[];
  /** What the sources filter by: it may say that a phase is empty. */
  readonly filter: Filter;
  readonly ordering: Ordering;
  readonly limit: number;
  readonly after?: Position | undefined;
};

/** What several sources together are asked for beyond a page, so that few are asked twice. */
const spare = 100;

/** One page of the merged order of all sources, and the position behind it if there is more. */
export async function orderedPage<T>(walk: Walk<T>): Promise<{ items: T[]; next?: Position }> {
  const { sources, ordering, limit } = walk;
  const size = sources.length === 1 ? limit : Math.min(limit, Math.ceil((limit + spare) / sources.length));
  const streams = sources.map((source) => new Stream(source, walk, size));
  await Promise.all(streams.map((stream) => stream.fill()));
  const byHead = (a: Stream<T>, b: Stream<T>) => compareFrom(0, ordering, a.head, b.head);
  const waiting = streams.filter(({ head }) => head !== undefined).toSorted(byHead);
  const items: T[] = [];
  for (let first = waiting.shift(); first; first = waiting.shift()) {
    items.push(first.shift());
    if (items.length === limit) break;
    await first.fill();
    if (first.head !== undefined) waiting.splice(placeOf(first, waiting, byHead), 0, first);
  }
  const following = streams.map((stream) => stream.following).filter((document) => document !== undefined);
  const last = items.at(-1);
  if (last === undefined || following.length === 0) return { items };
  return { items, next: positionOf(last, following, ordering) };
}

/** Where an item belongs in a sorted list. */
function placeOf<I>(item: I, sorted: readonly I[], compare: (a: I, b: I) => number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compare(sorted[middle], item) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The position behind a document, of which those that may follow are known. */
export function positionOf(last: unknown, following: readonly unknown[], { keys, tail }: Ordering): Position {
  const ranks = keys.map(({ field }) => rankOf(field.column, last));
  const tied = following.map((document) => {
    const differs = keys.findIndex(({ field }, i) => !isSameRank(rankOf(field.column, document), ranks[i]));
    return differs < 0 ? keys.length : differs;
  });
  return { ranks, tail: tailValues(tail, last), tied: Math.max(...tied) };
}

/** The documents of one source, fetched some at a time. */
class Stream<T> {
  readonly #source: Source<T>;
  readonly #walk: Walk<T>;
  #size: number;
  #after: Position | undefined;
  #taken: Taken<T> = { items: [] };
  #given = 0;
  #isDone = false;

  constructor(source: Source<T>, walk: Walk<T>, size: number) {
    this.#source = source;
    this.#walk = walk;
    this.#size = size;
    this.#after = walk.after;
  }

  /** The next document, if it has been fetched. */
  get head(): T | undefined {
    return this.#taken.items[this.#given];
  }

  /** The next document, or one that is sorted as it in the keys that part it from the last. */
  get following(): T | undefined {
    return this.head ?? this.#taken.beyond;
  }

  shift(): T {
    return this.#taken.items[this.#given++];
  }

  /** Fetches more if none is left and there are any. */
  async fill(): Promise<void> {
    if (this.#isDone || this.head !== undefined) return;
    const { ordering, filter } = this.#walk;
    const taken = await take({ source: this.#source, ordering, filter }, 0, [], this.#after, this.#size);
    // A source that has given its share may well hold most of the page.
    this.#size = Math.min(2 * this.#size, this.#walk.limit);
    const last = taken.items.at(-1);
    this.#isDone = last === undefined || taken.beyond === undefined;
    if (!this.#isDone) this.#after = positionOf(last, [taken.beyond], ordering);
    this.#taken = taken;
    this.#given = 0;
  }
}

type Taking<T> = {
  readonly source: Source<T>;
  readonly ordering: Ordering;
  readonly filter: Filter;
};

/**
 * Documents in their order, and `beyond` if there are more: the next one, or one that is sorted as the next
 * in all keys up to the first in which it differs from the last of the items.
 */
type Taken<T> = { readonly items: T[]; readonly beyond?: T };

/**
 * The first `count` documents behind a position, by the keys from `level` on: what they are sorted by before
 * those is fixed by the conditions.
 */
async function take<T>(
  taking: Taking<T>,
  level: number,
  conditions: readonly Condition[],
  after: Position | undefined,
  count: number,
): Promise<Taken<T>> {
  const key = taking.ordering.keys[level];
  if (!key) return takeByTail(taking, conditions, after, count);
  const phases = phasesOf(key, taking.filter);
  const items: T[] = [];
  for (const phase of phases.slice(after ? Math.max(phases.indexOf(after.ranks[level].phase), 0) : 0)) {
    const resumed = after?.ranks[level].phase === phase ? after : undefined;
    const step = { taking, level, conditions, count: count - items.length };
    const taken =
      phase === 'value' ? await takeValues(step, key, resumed) : await takeTie(step, { phase }, resumed);
    items.push(...taken.items);
    if (taken.beyond !== undefined) return { items, beyond: taken.beyond };
  }
  return { items };
}

type Step<T> = {
  readonly taking: Taking<T>;
  readonly level: number;
  readonly conditions: readonly Condition[];
  readonly count: number;
};

/** The documents that have a value of the key, by it; first the rest of those that tie with the position. */
async function takeValues<T>(step: Step<T>, key: OrderKey, after: Position | undefined): Promise<Taken<T>> {
  const { taking, level, conditions, count } = step;
  const { source, ordering } = taking;
  const { column } = key.field;
  const passed = after?.ranks[level];
  const rest = passed ? await takeTie(step, passed, after) : { items: [] };
  if (rest.beyond !== undefined) return rest;
  const wanted = count - rest.items.length;
  const orderBy = `${property(column.path)} ${key.descending ? 'DESC' : 'ASC'}`;
  const found = await source([...conditions, ...hasValue(key, passed)], orderBy, wanted + 1);
  const beyond = found[wanted];
  if (beyond === undefined) return { items: [...rest.items, ...sortedTies(found, level, ordering)] };
  // Of those that tie with the one beyond only some may have been found: they are asked for in their order.
  const rank = rankOf(column, beyond);
  const tied = found.findIndex((document) => isSameRank(rankOf(column, document), rank));
  const items = [...rest.items, ...sortedTies(found.slice(0, tied), level, ordering)];
  if (tied === wanted) return { items, beyond };
  const tie = await takeTie({ ...step, count: wanted - tied }, rank, undefined);
  return { items: [...items, ...tie.items], beyond: tie.beyond ?? beyond };
}

/** The documents with one rank, by the keys behind this one. None if the position says that it has seen them all. */
async function takeTie<T>(
  { taking, level, conditions, count }: Step<T>,
  rank: Rank,
  after: Position | undefined,
): Promise<Taken<T>> {
  const column = taking.ordering.keys[level]?.field.column;
  if (!column || (after && after.tied <= level)) return { items: [] };
  return take(taking, level + 1, [...conditions, ...isOfRank(column, rank)], after, count);
}

async function takeByTail<T>(
  { source, ordering: { tail } }: Taking<T>,
  conditions: readonly Condition[],
  after: Position | undefined,
  count: number,
): Promise<Taken<T>> {
  const orderBy = tail.map(({ path, descending }) => `${property(path)} ${descending ? 'DESC' : 'ASC'}`);
  const behind = after ? isBehind(tail, after.tail) : [];
  const found = await source([...conditions, ...behind], orderBy.join(', '), count + 1);
  return { items: found.slice(0, count), beyond: found[count] };
}

/** Documents that come sorted by the key of a level, those that tie in it sorted by the keys behind it. */
function sortedTies<T>(found: readonly T[], level: number, ordering: Ordering): T[] {
  const column = ordering.keys[level]?.field.column;
  const sorted: T[] = [];
  let tie: T[] = [];
  for (const document of found) {
    if (column && tie.length > 0 && !isSameRank(rankOf(column, document), rankOf(column, tie[0]))) {
      sorted.push(...tie.toSorted((a, b) => compareFrom(level + 1, ordering, a, b)));
      tie = [];
    }
    tie.push(document);
  }
  return [...sorted, ...tie.toSorted((a, b) => compareFrom(level + 1, ordering, a, b))];
}
