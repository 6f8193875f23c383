import { createHash } from 'node:crypto';
import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { EdgeSet } from './edges.ts';
import { profileOf, type Profile, type ProfileKey, type RowTable } from './profile.ts';

/** Which column splits the rows of an endpoint, and by which of its values; the rows of all others are one more segment. */
export type Segmentation = {
  readonly v: 1;
  /** Of column and values: what was counted by one cannot be added to what was counted by another. */
  readonly id: string;
  /** An input, by the name of its feature. */
  readonly column: string;
  readonly values: readonly string[];
};

const valuesMax = 20;
const valueCharsMax = 128;
/** The segment of the rows that have none of the values. */
export const otherSegment = '*';
/** How long an instance believes what it has read. */
const cacheMilliseconds = 60_000;

type Known = { readonly segmentation: Segmentation | undefined; readonly readAt: number };
const known = new WeakMap<Stores, Map<string, Known>>();

/**
 * Splits what is counted of an endpoint from now on by a column, or no longer (`null`). Instances know within a minute;
 * rows of the log that were not split are counted again when a window asks for their segments. Throws `invalid`.
 */
export async function putSegments(
  ctx: Context,
  endpoint: string,
  split: { readonly column: string; readonly values: readonly string[] } | null,
): Promise<void> {
  const name = segmentsName(ctx, endpoint);
  if (split) {
    const bytes = Buffer.from(JSON.stringify(segmentationOf(split)));
    await ctx.stores.blobs('profiles').write(name, bytes, { contentType: 'application/json' });
  } else await ctx.stores.blobs('profiles').remove(name);
  cacheOf(ctx.stores).delete(name);
}

/** The same values in any order, and one named twice, give the same. Throws `invalid`. */
export function segmentationOf({
  column,
  values,
}: {
  readonly column: string;
  readonly values: readonly string[];
}): Segmentation {
  const each = [...new Set(values)].toSorted();
  if (each.length === 0 || each.length > valuesMax || each.some((value) => value.length > valueCharsMax))
    throw new CairnError(
      'invalid',
      `Name 1 to ${valuesMax} values to split by, of at most ${valueCharsMax} characters each.`,
      { field: 'segments.values' },
    );
  const content = { v: 1, column, values: each } as const;
  const id = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  return { ...content, id };
}

/** How an endpoint is split; `undefined` where it is not. */
export async function segmentsOf(ctx: Context, endpoint: string): Promise<Segmentation | undefined> {
  const cache = cacheOf(ctx.stores);
  const name = segmentsName(ctx, endpoint);
  const found = cache.get(name);
  const age = ctx.clock.now() - (found?.readAt ?? Number.NaN);
  // A clock that was set back tells nothing about age.
  if (found && age >= 0 && age < cacheMilliseconds) return found.segmentation;
  const bytes = await ctx.stores.blobs('profiles').read(name);
  const segmentation = bytes && readSegmentation(bytes, name);
  cache.set(name, { segmentation, readAt: ctx.clock.now() });
  return segmentation;
}

/** The segments that a split makes, as profiles and results name them. */
export function segmentNames({ column, values }: Segmentation): string[] {
  return [...values.map((value) => segmentName(column, value)), otherSegment];
}

/** The profiles of the segments that have any of the rows. Where the log hides the column, all of them are others. */
export function segmentProfiles(
  table: RowTable,
  key: Omit<ProfileKey, 'segment'>,
  edges: EdgeSet,
  segmentation: Segmentation,
): Profile[] {
  const name = `in.${segmentation.column}`;
  const cells = table.hidden.has(name) ? [] : table.column(name);
  const segmentOf = splitter(segmentation);
  const rows = new Map<string, number[]>();
  for (let row = 0; row < table.rows; row++) {
    const segment = segmentOf(cells[row] ?? null);
    const of = rows.get(segment);
    if (of) of.push(row);
    else rows.set(segment, [row]);
  }
  return [...rows]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([segment, some]) => {
      const counted = profileOf(someRows(table, some), { ...key, segment }, edges);
      return { ...counted, logged: [], sample: [] };
    });
}

/** The segment of a cell. Numbers are compared as numbers, and as a float32 column has them. */
export function splitter({ column, values }: Segmentation): (cell: string | number | null) => string {
  const byText = new Map<string | number, string>();
  for (const value of values) {
    const segment = segmentName(column, value);
    byText.set(value, segment);
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number)) continue;
    byText.set(Math.fround(number), segment);
    byText.set(number, segment);
  }
  return (cell) => (cell === null ? otherSegment : (byText.get(cell) ?? otherSegment));
}

function someRows(table: RowTable, rows: readonly number[]): RowTable {
  return {
    ...table,
    rows: rows.length,
    column(name) {
      const values = name === 'predictionId' ? [] : table.column(name);
      return values.length === 0 ? [] : rows.map((row) => values[row] ?? null);
    },
  };
}

function segmentName(column: string, value: string): string {
  return `${column}=${value}`;
}

function segmentsName(ctx: Context, endpoint: string): string {
  return `${ctx.workspace}/${endpoint}/_segments.json`;
}

function readSegmentation(bytes: Buffer, name: string): Segmentation {
  const read = JSON.parse(bytes.toString()) as Segmentation;
  if (read.v === 1) return read;
  throw new Error(
    `The segments at '${name}' are of format '${String(read.v)}', which this release does not read.`,
  );
}

function cacheOf(stores: Stores): Map<string, Known> {
  const cache = known.get(stores) ?? new Map<string, Known>();
  known.set(stores, cache);
  return cache;
}
