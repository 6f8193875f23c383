import type { Context } from '../context.ts';
import {
  edgesFor,
  foldHour,
  type PartOf,
  partProfileName,
  type Profile,
  profileFolder,
  profileOf,
  readProfile,
  type RowTable,
  writePartProfile,
} from '../profiles/index.ts';
import { type PartTable, plain, readPart } from './part.ts';
import { hourFolder, type Hour } from './prediction-id.ts';
import { logFolder, onlyRows } from './predictions.ts';
import { RowSet } from './row-set.ts';
import type { Rows } from './rows.ts';

/** Rows as they will be read from their part; without ids where they are not logged. */
export function tableOf({ rows, tensors, scores, classes }: Rows, ids: readonly string[]): RowTable {
  const columns = new Map(tensors.map(({ source }) => [source.name, source.data]));
  return {
    rows,
    columns: [...columns.keys()],
    column(name) {
      if (name === 'predictionId') return ids;
      if (name === 'score') return scores;
      if (name === 'class') return classes;
      return Array.from((columns.get(name) ?? []) as ArrayLike<unknown>, plain);
    },
    hidden: new Map(tensors.flatMap(({ source, hidden }) => (hidden ? [[source.name, hidden]] : []))),
  };
}

/**
 * What was counted in an hour of an endpoint, by version. Parts that have not been counted are counted first: those
 * from before the version had a reference set, and those whose writer died behind them.
 */
export async function hourProfiles(ctx: Context, endpoint: string, hour: Hour): Promise<Profile[]> {
  await countParts(ctx, endpoint, hour);
  const seen = new RowSet(hour);
  return foldHour(ctx, endpoint, hour, {
    isNew({ logged }) {
      const places = logged.flatMap(({ buffer, first, rows }) =>
        Array.from({ length: rows }, (_, i) => [buffer, first + i] as const),
      );
      if (places.some(([buffer, row]) => seen.hasRow(buffer, row))) return false;
      for (const [buffer, row] of places) seen.addRow(buffer, row);
      return true;
    },
    async again(buffer) {
      const bytes = await ctx.stores.blobs('predictions').read(partPath(ctx, endpoint, hour, buffer));
      const table = bytes && (await readPart(bytes));
      if (!table) return undefined;
      const part = partOf(endpoint, hour, buffer, table);
      const edges = part && (await edgesFor(ctx, part));
      const ids = table.column('predictionId').map(String);
      const rows = ids.flatMap((id, row) => (seen.add(id) ? [row] : []));
      if (!part || !edges || rows.length === 0) return undefined;
      const { digest, source } = part;
      const key = { digest, edgeSet: edges.id, source, segment: '', hour };
      return profileOf(onlyRows(table, rows), key, edges);
    },
  });
}

/** Counts the rows of a part anew, before the part is replaced by these: who dies between does both again. */
export async function countAgain(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const table = await readPart(bytes);
  const buffer = bufferOf(name);
  const part = partOf(endpoint, hour, buffer, table);
  if (part) await writePartProfile(ctx, part, table, { isReplaced: true });
  // Nothing says any more of which version the rows were.
  else await ctx.stores.blobs('profiles').remove(partProfileName(ctx, endpoint, hour, buffer));
}

/** What was counted of an hour, made again where it has been counted: without what was erased of it. */
export async function foldAgain(ctx: Context, endpoint: string, hour: Hour): Promise<void> {
  const kept = ctx.stores.blobs('profiles').walk(profileFolder(ctx, endpoint, 'hours', hour));
  if (!(await kept.next()).done) await hourProfiles(ctx, endpoint, hour);
}

async function countParts(ctx: Context, endpoint: string, hour: Hour): Promise<void> {
  const counted = new Set<string>();
  const { blobs } = ctx.stores;
  for await (const { name } of blobs('profiles').walk(profileFolder(ctx, endpoint, 'parts', hour)))
    counted.add(bufferOf(name));
  for await (const { name } of blobs('predictions').walk(logFolder(ctx, endpoint, 'parts', hour))) {
    if (counted.has(bufferOf(name))) continue;
    const bytes = await blobs('predictions').read(name);
    const table = bytes && (await readPart(bytes));
    const part = table && partOf(endpoint, hour, bufferOf(name), table);
    if (
      table &&
      part &&
      (await readProfile(ctx, partProfileName(ctx, endpoint, hour, part.buffer))) === undefined
    )
      await writePartProfile(ctx, part, table);
  }
}

function partOf(endpoint: string, hour: Hour, buffer: string, table: PartTable): PartOf | undefined {
  const first = (name: string) => table.column(name)[0];
  if (table.rows === 0) return undefined;
  return {
    endpoint,
    hour,
    buffer,
    digest: String(first('digest')),
    modelId: String(first('modelId')),
    version: Number(first('version')),
    source: first('source') as PartOf['source'],
  };
}

function partPath(ctx: Context, endpoint: string, hour: Hour, buffer: string): string {
  return `${ctx.workspace}/${endpoint}/parts/${hourFolder(hour)}/${buffer}.parquet`;
}

function bufferOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/\.(parquet|profile)$/, '');
}
