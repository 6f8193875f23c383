import type { Context } from '../context.ts';
import type { Hour } from './prediction-id.ts';
import { logFolder } from './predictions.ts';
import { placeOf, RowSet } from './row-set.ts';

/**
 * What was erased of one part: which rows, by the numbers that their prediction ids have; nothing of whose they
 * were. Version 1 knows parts alone whose rows all have the name of the part in their ids.
 */
type Tombstone = {
  readonly erasure: string;
  readonly at: number;
  /** The part, by its name. */
  readonly part: string;
} & (
  | { readonly v: 1; readonly rows: readonly number[] }
  | { readonly v: 2; readonly buffers: Readonly<Record<string, readonly number[]>> }
);

/** Rows that are gone. */
export type ErasedRows = { readonly size: number; has(predictionId: string): boolean };

/** Keeps the tombstone of an erasure for a part; one that is there already is from an attempt that broke off. */
export async function keepTombstone(
  ctx: Context,
  { endpoint, hour, erasure }: { readonly endpoint: string; readonly hour: Hour; readonly erasure: string },
  part: string,
  predictionIds: readonly string[],
): Promise<void> {
  const buffers: Record<string, number[]> = {};
  for (const id of predictionIds) {
    const { buffer, row } = placeOf(id);
    (buffers[buffer] ??= []).push(row);
  }
  const tombstone: Tombstone = { v: 2, erasure, at: ctx.clock.now(), part, buffers };
  const name = `${logFolder(ctx, endpoint, 'tombstones', hour)}${bufferOf(part)}.${erasure}.json`;
  await ctx.stores.blobs('predictions').write(name, Buffer.from(JSON.stringify(tombstone)), {
    createOnly: true,
    contentType: 'application/json',
  });
}

/** How many parts and rows of an hour one erasure has taken; a row that was in two parts is one. */
export async function rowsOfErasure(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  erasure: string,
): Promise<{ parts: number; rows: number }> {
  let parts = 0;
  const rows = new RowSet(hour);
  for await (const tombstone of tombstonesOf(ctx, endpoint, hour, (name) =>
    name.endsWith(`.${erasure}.json`),
  )) {
    parts++;
    addTo(rows, tombstone);
  }
  return { parts, rows: rows.size };
}

/** Every row of an hour that was erased, whoever asked for it. */
export async function erasedRows(ctx: Context, endpoint: string, hour: Hour): Promise<ErasedRows> {
  const rows = new RowSet(hour);
  for await (const tombstone of tombstonesOf(ctx, endpoint, hour)) addTo(rows, tombstone);
  return rows;
}

function addTo(rows: RowSet, tombstone: Tombstone): void {
  const buffers = tombstone.v === 1 ? { [bufferOf(tombstone.part)]: tombstone.rows } : tombstone.buffers;
  for (const [buffer, numbers] of Object.entries(buffers))
    for (const row of numbers) rows.addRow(buffer, row);
}

async function* tombstonesOf(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  isWanted: (name: string) => boolean = () => true,
): AsyncGenerator<Tombstone> {
  const container = ctx.stores.blobs('predictions');
  for await (const { name } of container.walk(logFolder(ctx, endpoint, 'tombstones', hour))) {
    const bytes = isWanted(name) ? await container.read(name) : undefined;
    if (bytes) yield JSON.parse(bytes.toString()) as Tombstone;
  }
}

function bufferOf(part: string): string {
  return part.slice(part.lastIndexOf('/') + 1).replace('.parquet', '');
}
