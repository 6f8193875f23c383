import type { Context } from '../context.ts';
import { removeProfiles } from '../profiles/index.ts';
import { contended, jitter, swapTries } from '../swap.ts';
import { countAgain, foldAgain } from './counted.ts';
import { type PartTable, readPart } from './part.ts';
import { withoutRows } from './part-rows.ts';
import type { Hour } from './prediction-id.ts';
import { logFolder } from './predictions.ts';
import { eraseLabels } from './labels.ts';
import { RowSet } from './row-set.ts';
import { erasedRows, keepTombstone, rowsOfErasure } from './tombstones.ts';

/** What goes of one hour of an endpoint's log. */
export type RowErasure = {
  readonly endpoint: string;
  readonly hour: Hour;
  /** By whom: it names the tombstones, so that each row is counted once however often this is repeated. */
  readonly erasure: string;
  /** The columns that `choose` looks at. */
  readonly columns: readonly string[];
  /** The positions of the rows that are to go. It may throw, and nothing of that part is changed then. */
  readonly choose: (part: PartTable) => Promise<readonly number[]>;
  /** Counts, and changes nothing. */
  readonly dryRun: boolean;
};

export type ErasedHour = {
  readonly partsRead: number;
  readonly partsRewritten: number;
  readonly rows: number;
  readonly labels: number;
};

/**
 * Takes rows out of the parts of an hour, and then the labels of these rows. Of each part first a tombstone is
 * kept, which says which predictions are gone and not whose they were, then the part is replaced as a whole if it
 * is still the one that was read: whoever reads it gets the old one or the new one. Broken off anywhere and done
 * again, it ends the same, with the same counts. A part stays in its place also where no row of it is left.
 */
export async function eraseHour(ctx: Context, asked: RowErasure): Promise<ErasedHour> {
  const { endpoint, hour, erasure, dryRun } = asked;
  let partsRead = 0;
  const found = new RowSet(hour);
  let partsFound = 0;
  for await (const { name } of ctx.stores
    .blobs('predictions')
    .walk(logFolder(ctx, endpoint, 'parts', hour))) {
    partsRead++;
    const ids = await eraseFrom(ctx, name, asked);
    for (const id of ids) found.add(id);
    partsFound += Math.min(ids.length, 1);
  }
  if (dryRun) return { partsRead, partsRewritten: partsFound, rows: found.size, labels: 0 };
  await foldAgain(ctx, endpoint, hour);
  const { parts, rows } = await rowsOfErasure(ctx, endpoint, hour, erasure);
  const labels =
    rows === 0 ? 0 : await eraseLabels(ctx, endpoint, hour, await erasedRows(ctx, endpoint, hour));
  return { partsRead, partsRewritten: parts, rows, labels };
}

/** The ids of the rows that go of one part. */
async function eraseFrom(ctx: Context, name: string, asked: RowErasure): Promise<string[]> {
  const container = ctx.stores.blobs('predictions');
  for (let tries = 0; tries < swapTries; tries++) {
    const stored = await container.readStored(name);
    // Expired by then.
    if (!stored) return [];
    const table = await readPart(stored.bytes, [...asked.columns, 'predictionId', 'ts']);
    const chosen = await asked.choose(table);
    const column = table.column('predictionId');
    const ids = chosen.map((row) => String(column[row]));
    if (chosen.length === 0 || asked.dryRun) return ids;
    await keepTombstone(ctx, asked, name, ids);
    const rewritten = await withoutRows(stored.bytes, new Set(chosen));
    await countAgain(ctx, asked.endpoint, asked.hour, name, rewritten);
    const contentType = 'application/vnd.apache.parquet';
    if (await container.write(name, rewritten, { contentType, ifMatch: stored.etag })) return ids;
    await jitter(ctx, tries);
  }
  throw contended(`The predictions of '${asked.endpoint}'`);
}

/** What stays of one hour of an endpoint's log when the rest has been kept for long enough. */
export type RowsKept = {
  readonly endpoint: string;
  readonly hour: Hour;
  readonly columns: readonly string[];
  /** The positions of the rows that stay. */
  readonly keep: (part: PartTable) => readonly number[];
  /** Counts, and removes nothing. */
  readonly dryRun: boolean;
};

/** Removes all of an hour but some rows and their labels. Counts the parts and label files that it changes or removes. */
export async function keepOnly(
  ctx: Context,
  { endpoint, hour, columns, keep, dryRun }: RowsKept,
): Promise<{ parts: number; labels: number }> {
  const container = ctx.stores.blobs('predictions');
  const kept = new Set<string>();
  let parts = 0;
  for await (const { name } of container.walk(logFolder(ctx, endpoint, 'parts', hour))) {
    const stored = await container.readStored(name);
    if (!stored) continue;
    const table = await readPart(stored.bytes, [...columns, 'predictionId']);
    const rows = new Set(keep(table));
    const ids = table.column('predictionId');
    for (const row of rows) kept.add(String(ids[row]));
    if (rows.size === table.rows && rows.size > 0) continue;
    parts++;
    if (dryRun) continue;
    if (rows.size === 0) await container.remove(name);
    else {
      const others = new Set([...ids.keys()].filter((row) => !rows.has(row)));
      const contentType = 'application/vnd.apache.parquet';
      const rewritten = await withoutRows(stored.bytes, others);
      await container.write(name, rewritten, { contentType, ifMatch: stored.etag });
    }
  }
  // Counted of rows that are gone; of those that stay it is counted again when it is asked for.
  if (!dryRun) await removeProfiles(ctx, endpoint, hour);
  // An hour of which nothing is left needs no record of what was erased before.
  if (kept.size === 0 && !dryRun) await container.removeBelow(logFolder(ctx, endpoint, 'tombstones', hour));
  const gone = { size: Number.POSITIVE_INFINITY, has: (id: string) => !kept.has(id) };
  return { parts, labels: await eraseLabels(ctx, endpoint, hour, gone, dryRun) };
}
