import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import type { Document, Stored } from '../../documents.ts';
import { runPartition, unknownRun } from '../ids.ts';
import { charsMax } from '../limits.ts';
import type { RunKey } from '../model.ts';
import { type Columns, packed, slice, union, unpacked } from './points.ts';

/*
 * Where the points of a run are, all in its partition:
 * - `points`: those of one log call, as it brought them.
 * - `series`: those of one metric that have been folded, the last of them in the document itself and
 * - `block`: the others in blocks that are full and never change.
 *
 * A point only ever moves down this list, and is below before it is gone above. Who reads from top to
 * bottom misses none, whatever moves meanwhile and however many requests the reading takes; what is seen
 * twice is the same point, history being a set.
 */

/** The points of one log call, create-only. The id is a hash of the call, so that a repeated call meets its own document. */
export type Points = Document &
  RunKey & {
    readonly type: 'points';
    /** By metric; `points` are packed columns. */
    readonly series: readonly { readonly key: string; readonly points: string }[];
  };

/** Folded points of one metric. */
export type Series = Document &
  RunKey & {
    readonly type: 'series';
    readonly key: string;
    /** Bounds of the blocks, which are numbered from 0. They may overlap where points came late. */
    readonly sealed: readonly Bounds[];
    /** Packed columns of the points that are in no block. */
    readonly points: string;
  };

export type Time = readonly [timestamp: number, step: number];

/** What the points of a block lie between, both ends included. */
export type Bounds = {
  readonly first: Time;
  readonly last: Time;
  readonly steps: readonly [least: number, greatest: number];
};

/** A full block of a series, create-only. */
type Block = Document & RunKey & { readonly type: 'block'; readonly points: string };

/** So many that a block is under 64 KB even of points that do not pack. */
export const blockPoints = 1900;

/** What there is of one metric: the points that are in no block, and the blocks, which are read one by one. */
export type History = {
  readonly loose: Columns;
  readonly sealed: readonly Bounds[];
  readonly block: (number: number) => Promise<Columns>;
};

/** The history of one metric of a run; an unknown metric has an empty one. */
export async function openHistory(ctx: Context, run: RunKey, key: string): Promise<History> {
  // No metric has such a name, and the store would refuse the query.
  if (key.length > 2 * charsMax.key)
    return { loose: union([]), sealed: [], block: (number) => readBlock(ctx, run, key, number) };
  const unfolded = await ctx.stores.documents('runs').query<string>(
    {
      text: "SELECT VALUE s.points FROM c JOIN s IN c.series WHERE c.type = 'points' AND s.key = @key",
      values: { key },
    },
    { key: runPartition(run), consistency: 'strong' },
  );
  const series = await readSeries(ctx, run, key);
  return {
    loose: union([...(series ? [unpacked(series.doc.points)] : []), ...unfolded.map(unpacked)]),
    sealed: series?.doc.sealed ?? [],
    block: (number) => readBlock(ctx, run, key, number),
  };
}

export function readSeries(ctx: Context, run: RunKey, key: string): Promise<Stored<Series> | undefined> {
  return ctx.stores.documents('runs').read<Series>(runPartition(run), seriesId(key));
}

export async function readBlock(ctx: Context, run: RunKey, key: string, number: number): Promise<Columns> {
  const stored = await ctx.stores.documents('runs').read<Block>(runPartition(run), blockId(key, number));
  if (stored) return unpacked(stored.doc.points);
  // Blocks go only with their run.
  throw unknownRun(run.runId);
}

/** The document of a series with so many points that it has none, or the next so many after `before`; and its new blocks. */
export function seriesDocuments(
  ctx: Context,
  { experimentId, runId }: RunKey,
  key: string,
  sealed: readonly Bounds[],
  points: Columns,
): { series: Series; blocks: Block[] } {
  const envelope = { v: 1, workspace: ctx.workspace, experimentId, runId } as const;
  const blocks: Block[] = [];
  const bounds: Bounds[] = [];
  let from = 0;
  for (; points.values.length - from > blockPoints; from += blockPoints) {
    const full = slice(points, from, from + blockPoints);
    const id = blockId(key, sealed.length + blocks.length);
    blocks.push({ id, type: 'block', ...envelope, points: packed(full) });
    bounds.push(boundsOf(full));
  }
  const series: Series = {
    id: seriesId(key),
    type: 'series',
    ...envelope,
    key,
    sealed: [...sealed, ...bounds],
    points: packed(slice(points, from)),
  };
  return { series, blocks };
}

export function compareTimes(a: Time, b: Time): number {
  return a[0] - b[0] || a[1] - b[1];
}

function boundsOf({ timestamps, steps }: Columns): Bounds {
  return {
    first: [timestamps[0] ?? 0, steps[0] ?? 0],
    last: [timestamps.at(-1) ?? 0, steps.at(-1) ?? 0],
    steps: [steps.reduce((a, b) => Math.min(a, b)), steps.reduce((a, b) => Math.max(a, b))],
  };
}

function seriesId(key: string): string {
  return `series:${keyHash(key)}`;
}

function blockId(key: string, number: number): string {
  return `block:${keyHash(key)}:${number}`;
}

/** Metric keys hold characters that ids may not. */
function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
