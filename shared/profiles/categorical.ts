import { createHash } from 'node:crypto';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { addDistinct, type Distinct, mergeDistinct, noDistinct } from './distinct.ts';
import { mergeMissing, type Missing, noneMissing, readMissing, writeMissing } from './missing.ts';

/** Categories that are counted by name. */
export const categoriesMax = 1_024;
/** A longer one is known by its beginning and a hash. */
const categoryCharsMax = 128;

/**
 * A column of categories. The counts are exact while there are at most 1,024; beyond it those of Misra and Gries
 * (1982), merged as Agarwal and others (Mergeable summaries, 2012): each is too low by at most n / 1,025, and what they
 * are too low by, together with the categories that are not named, is `other`.
 */
export type CategoryCounts = {
  readonly kind: 'categorical';
  readonly counts: ReadonlyMap<string, number>;
  readonly other: number;
  readonly distinct: Distinct;
  /** Values that the reference does not have. */
  readonly unseen: number;
  readonly missing: Missing;
};

export function noCategories(): CategoryCounts {
  return {
    kind: 'categorical',
    counts: new Map(),
    other: 0,
    distinct: noDistinct(),
    unseen: 0,
    missing: noneMissing(),
  };
}

/** Counts cells; `known` are the categories of the reference, `undefined` where it has too many to tell. */
export function countCategories(
  cells: ArrayLike<string | number | null>,
  known: ReadonlySet<string> | undefined,
): CategoryCounts {
  const missing = noneMissing();
  const distinct = noDistinct();
  const counts = new Map<string, number>();
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (cell === null) missing.nulls++;
    else if (typeof cell === 'number') missing.typeErrors++;
    else counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  let unseen = 0;
  const named = new Map<string, number>();
  for (const [text, count] of counts) {
    const category = nameOf(text);
    addDistinct(distinct, text);
    if (known && !known.has(category)) unseen += count;
    named.set(category, (named.get(category) ?? 0) + count);
  }
  return { kind: 'categorical', ...mostFrequent(named, 0), distinct, unseen, missing };
}

export function mergeCategories(a: CategoryCounts, b: CategoryCounts): CategoryCounts {
  const counts = new Map(a.counts);
  for (const [category, count] of b.counts) counts.set(category, (counts.get(category) ?? 0) + count);
  return {
    kind: 'categorical',
    ...mostFrequent(counts, a.other + b.other),
    distinct: mergeDistinct(a.distinct, b.distinct),
    unseen: a.unseen + b.unseen,
    missing: mergeMissing(a.missing, b.missing),
  };
}

/** A category as it is counted, and as UTF-8 can hold it: half of a surrogate pair is U+FFFD, which it is in the log as well. */
export function nameOf(text: string): string {
  if (text.length <= categoryCharsMax) return text.toWellFormed();
  return `${text.slice(0, 64).toWellFormed()}…${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** At most 1,024 of the counts, each less by the 1,025th, so that what is said of them holds in whatever order they came. */
function mostFrequent(
  counts: ReadonlyMap<string, number>,
  other: number,
): Pick<CategoryCounts, 'counts' | 'other'> {
  if (counts.size <= categoriesMax) return { counts, other };
  const next = [...counts.values()].toSorted((a, b) => b - a)[categoriesMax] ?? 0;
  const kept = new Map<string, number>();
  let rest = other;
  for (const [category, count] of counts) {
    if (count > next) kept.set(category, count - next);
    rest += Math.min(count, next);
  }
  return { counts: kept, other: rest };
}

export function writeCategories(writer: ByteWriter, column: CategoryCounts): void {
  writeMissing(writer, column.missing);
  writer.count(column.unseen);
  writer.count(column.other);
  writer.count(column.counts.size);
  for (const [category, count] of [...column.counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    writer.text(category);
    writer.count(count);
  }
  writer.sparse(column.distinct, (value) => writer.u8(value));
}

export function readCategories(reader: ByteReader): CategoryCounts {
  const missing = readMissing(reader);
  const [unseen, other] = [reader.count(), reader.count()];
  const counts = new Map(reader.list(() => [reader.text(), reader.count()] as const));
  const distinct = reader.sparse(noDistinct(), () => reader.u8());
  return { kind: 'categorical', counts, other, distinct, unseen, missing };
}
