import { at, isNaNAt } from './matches.ts';
import type { OrderKey } from './order.ts';
import type { Filter } from './parser.ts';
import { type Condition, property } from './sql.ts';
import type { Column, Path } from './table.ts';

/** What a document is sorted by under one key, and in which of the three parts of the order it stands. */
export type Rank =
  | { readonly phase: 'value'; readonly value: number | string }
  | { readonly phase: 'nan' }
  | { readonly phase: 'missing' };
export type Phase = Rank['phase'];

/** What documents of one kind are sorted by in the end: always there, unique together, in a composite index. */
export type TailKey = { readonly path: Path; readonly descending: boolean };

export type Ordering = { readonly keys: readonly OrderKey[]; readonly tail: readonly TailKey[] };

export function rankOf(column: Column, document: unknown): Rank {
  const value = at(document, column.path) as number | string | undefined;
  if (value === undefined) return { phase: 'missing' };
  return isNaNAt(column, document) ? { phase: 'nan' } : { phase: 'value', value };
}

export function isSameRank(a: Rank | undefined, b: Rank | undefined): boolean {
  if (a?.phase === 'value' && b?.phase === 'value') return a.value === b.value;
  return a?.phase === b?.phase;
}

/** The parts of the order of a key that may have documents, given what they are filtered by. */
export function phasesOf({ field }: OrderKey, filter: Filter): Phase[] {
  const { column } = field;
  const phases = new Set<Phase>(['value']);
  if (column.kind === 'number' && column.nan) phases.add('nan');
  if (!column.always) phases.add('missing');
  for (const { field: other, test } of filter) {
    // What holds for some element of a list says nothing of the one value that is sorted by.
    if (other.column.within || other.entity !== field.entity || other.key !== field.key) continue;
    if (test.kind === 'present' && test.negated) return ['missing'];
    phases.delete('missing');
    if (test.kind === 'number' && test.operator !== '!=') phases.delete('nan');
  }
  return [...phases];
}

/** The documents with this rank. */
export function isOfRank(column: Column, rank: Rank): Condition[] {
  const value = property(column.path);
  const nan = column.kind === 'number' && column.nan ? `IS_DEFINED(${property(column.nan)})` : undefined;
  switch (rank.phase) {
    case 'value':
      return [
        (bind) => `${value} = ${bind(rank.value)}`,
        ...(nan !== undefined && rank.value === 0 ? [() => `NOT ${nan}`] : []),
      ];
    case 'nan':
      return [(bind) => `${value} = ${bind(0)}`, () => nan ?? 'false'];
    case 'missing':
      return [() => `NOT IS_DEFINED(${value})`];
  }
}

/** The documents that have a value, those behind `after` where it is one. */
export function hasValue({ field: { column }, descending }: OrderKey, after: Rank | undefined): Condition[] {
  const value = property(column.path);
  const nan = column.kind === 'number' ? column.nan : undefined;
  return [
    after?.phase === 'value'
      ? (bind) => `${value} ${descending ? '<' : '>'} ${bind(after.value)}`
      : () => `IS_DEFINED(${value})`,
    ...(nan ? [() => `NOT IS_DEFINED(${property(nan)})`] : []),
  ];
}

/** The documents behind one with these values of the tail. The first comparison alone is for the index. */
export function isBehind(tail: readonly TailKey[], values: readonly (number | string)[]): Condition[] {
  const [key, ...others] = tail;
  const [value, ...rest] = values;
  if (key === undefined || value === undefined) return [() => 'false'];
  const part = property(key.path);
  const sign = key.descending ? '<' : '>';
  if (others.length === 0) return [(bind) => `${part} ${sign} ${bind(value)}`];
  const further = isBehind(others, rest);
  return [
    (bind) => `${part} ${sign}= ${bind(value)}`,
    (bind) =>
      `(${part} ${sign} ${bind(value)} OR (${further.map((condition) => condition(bind)).join(' AND ')}))`,
  ];
}

export function tailValues(tail: readonly TailKey[], document: unknown): (number | string)[] {
  return tail.map(({ path }) => at(document, path) as number | string);
}

/** The order of two documents by the keys from `level` on and the tail. */
export function compareFrom(level: number, { keys, tail }: Ordering, a: unknown, b: unknown): number {
  for (const { field, descending } of keys.slice(level)) {
    const order = compareRanks(rankOf(field.column, a), rankOf(field.column, b), descending);
    if (order !== 0) return order;
  }
  for (const { path, descending } of tail) {
    const order = compareValues(at(a, path) as number | string, at(b, path) as number | string);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

const phaseOrder: Readonly<Record<Phase, number>> = { value: 0, nan: 1, missing: 2 };

function compareRanks(a: Rank, b: Rank, descending: boolean): number {
  if (a.phase !== 'value' || b.phase !== 'value') return phaseOrder[a.phase] - phaseOrder[b.phase];
  const order = compareValues(a.value, b.value);
  return descending ? -order : order;
}

/** Numbers by size; texts by code point, as the store sorts them, where JavaScript goes by UTF-16 unit. */
function compareValues(a: number | string, b: number | string): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
