import { createHash } from 'node:crypto';
import { CairnError } from '../http/index.ts';
import type { Ordering, Rank } from './ranks.ts';
import type { Position } from './walk.ts';

/** A rank as tokens have it: a list of its value, or the name of its phase. */
type PackedRank = readonly [number | string] | 'nan' | 'missing';

type Packed = {
  readonly of: string;
  readonly ranks: readonly PackedRank[];
  readonly tail: readonly (number | string)[];
  readonly tied: number;
};

/**
 * The token of a position. `search` is all that decides what is found and in which order, such as the
 * filter: the token is good for the same search only.
 */
export function positionToken({ ranks, tail, tied }: Position, search: unknown): string {
  const packed: Packed = {
    of: fingerprint(search),
    ranks: ranks.map((rank) => (rank.phase === 'value' ? [rank.value] : rank.phase)),
    tail,
    tied,
  };
  return Buffer.from(JSON.stringify(packed)).toString('base64url');
}

/** The position in a token, `undefined` for none. Throws `invalid` for a token of another search, or of none. */
export function positionIn(
  token: string | undefined,
  search: unknown,
  { keys, tail }: Ordering,
): Position | undefined {
  if (!token) return undefined;
  const packed = parsed(token);
  if (packed?.of !== undefined && packed.of !== fingerprint(search))
    throw new CairnError(
      'invalid',
      'The page token belongs to another search: pass it with the filter, order_by, view and ids of the search that gave it.',
      { field: 'page_token' },
    );
  if (
    packed &&
    isListOf(packed.ranks, keys.length, isRank) &&
    isListOf(packed.tail, tail.length, isValue) &&
    Number.isInteger(packed.tied)
  )
    return {
      ranks: packed.ranks.map(
        (rank): Rank => (typeof rank === 'string' ? { phase: rank } : { phase: 'value', value: rank[0] }),
      ),
      tail: packed.tail,
      tied: packed.tied,
    };
  throw new CairnError(
    'invalid',
    `Invalid page token '${token.slice(0, 100)}'; pass the next_page_token of the answer before.`,
    { field: 'page_token' },
  );
}

function fingerprint(search: unknown): string {
  return createHash('sha256').update(JSON.stringify(search)).digest('base64url').slice(0, 16);
}

function parsed(token: string): Packed | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Packed) : undefined;
  } catch {
    return undefined;
  }
}

function isListOf(list: unknown, length: number, is: (item: unknown) => boolean): boolean {
  return Array.isArray(list) && list.length === length && list.every(is);
}

function isRank(rank: unknown): boolean {
  return rank === 'nan' || rank === 'missing' || isListOf(rank, 1, isValue);
}

function isValue(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'string';
}
