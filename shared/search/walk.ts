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

/** What one of several sources is asked for beyond its even share of a page. */
const spare = 10;

/** One page of the merged order of all sources, and the position behind it if there is more. */
export async function orderedPage<T>(walk: Walk<T>): Promise<{ items: T[]; next?: Position }> {
  const { sources, ordering, limit } = walk;
  const size = sources.length === 1 ? limit : Math.min(limit, Math.ceil(limit / sources.length) + spare);
  const streams = sources.map((source) => new Stream(source, walk, size));
  await Promise.all(streams.map((stream) => stream.fill()));
  const items: T[] = [];
  for (
    let from = leastOf(streams, ordering);
    from && items.length < limit;
    from = leastOf(streams, ordering)
  ) {
    items.push(from.shift());
    if (items.length < limit) await from.fill();
  }
  const following = streams.map((stream) => stream.following).filter((document) => document !== undefined);
  const last = items.at(-1);
  if (last === undefined || following.length === 0) return { items };
  return { items, next: positionOf(last, following, ordering) };
}

function leastOf<T>(streams: readonly Stream<T>[], ordering: Ordering): Stream<T> | undefined {
  let least: Stream<T> | undefined;
  for (const stream of streams) {
    if (stream.head === undefined) continue;
    if (least === undefined || compareFrom(0, ordering, stream.head, least.head) < 0) least = stream;
  }
  return least;
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
  readonly #size: number;
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
 * The first `count` documents behind a position, by the keys from `level` on: those before it are fixed by
 * the conditions.
 */
async function take<T>(
  taking: Taking<T>,
  level: number,
  conditions: readonly Condition[],
  after: Position | undefined,
  count: number,
): Promise<Taken<T>> {
  const { ordering, filter, source } = taking;
  const key = ordering.keys[level];
  if (!key) return takeByTail(taking, conditions, after, count);
  const { column } = key.field;
  const items: T[] = [];
  const resumed = after?.ranks[level];
  const phases = phasesOf(key, filter);
  for (const phase of phases.slice(resumed ? Math.max(phases.indexOf(resumed.phase), 0) : 0)) {
    const resume = resumed?.phase === phase ? resumed : undefined;
    const isNewTie = phase !== 'value' && !resume;
    if (isNewTie || (resume && after && after.tied > level)) {
      const rank = resume ?? ({ phase } as Rank);
      const within = [...conditions, ...isOfRank(column, rank)];
      const tie = await take(taking, level + 1, within, resume && after, count - items.length);
      items.push(...tie.items);
      if (tie.beyond !== undefined) return { items, beyond: tie.beyond };
    }
    if (phase !== 'value') continue;
    const wanted = count - items.length;
    const orderBy = `${property(column.path)} ${key.descending ? 'DESC' : 'ASC'}`;
    const found = await source([...conditions, ...hasValue(key, resume)], orderBy, wanted + 1);
    const beyond = found[wanted];
    const rank = beyond === undefined ? undefined : rankOf(column, beyond);
    // What is sorted as the document beyond may be there in part only: it is asked for again, in its order.
    const tied = found.findIndex((document) => rank && isSameRank(rankOf(column, document), rank));
    items.push(...sortedTies(found.slice(0, beyond === undefined ? wanted : tied), level, ordering));
    if (beyond === undefined || !rank) continue;
    if (tied === wanted) return { items, beyond };
    const within = [...conditions, ...isOfRank(column, rank)];
    const tie = await take(taking, level + 1, within, undefined, count - items.length);
    return { items: [...items, ...tie.items], beyond: tie.beyond ?? beyond };
  }
  return { items };
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
