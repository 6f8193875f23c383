import type { Context } from '../context.ts';
import {
  countedSegments,
  edgesFor,
  foldHour,
  type HourLog,
  keyOf,
  type PartOf,
  partProfileName,
  type Profile,
  profileOf,
  removeMadeOf,
  type RowTable,
  rollUpName,
  type Segmentation,
  segmentProfiles,
  segmentsOf,
  spanFolder,
  type Uncounted,
  writeCounted,
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
export async function hourProfiles(ctx: Context, endpoint: string, hour: Hour): Promise<readonly Profile[]> {
  return (await countHour(ctx, endpoint, hour, undefined)).profiles;
}

/** The same as it is kept; with a segmentation by the segments of that. */
export function countHour(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  segmentation: Segmentation | undefined,
): ReturnType<typeof foldHour> {
  return foldHour(ctx, endpoint, hour, segmentation?.id ?? '', () =>
    hourLog(ctx, endpoint, hour, segmentation),
  );
}

function hourLog(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  segmentation: Segmentation | undefined,
): HourLog {
  const seen = new RowSet(hour);
  return {
    isNew(rows) {
      if (rows.some(({ buffer, first, rows: count }) => seen.hasAny(buffer, first, first + count)))
        return false;
      for (const { buffer, first, rows: count } of rows)
        for (let row = first; row < first + count; row++) seen.addRow(buffer, row);
      return true;
    },
    async again(buffer) {
      const bytes = await ctx.stores.blobs('predictions').read(partPath(ctx, endpoint, hour, buffer));
      const table = bytes && (await readPart(bytes));
      const part = table && partOf(endpoint, hour, buffer, table);
      const edges = part && (await edgesFor(ctx, part));
      if (!edges) return [];
      const ids = table.column('predictionId').map(String);
      const rows = onlyRows(
        table,
        ids.flatMap((id, row) => (seen.add(id) ? [row] : [])),
      );
      if (rows.rows === 0) return [];
      const key = keyOf(part, edges);
      return segmentation
        ? segmentProfiles(rows, key, edges, segmentation)
        : [profileOf(rows, { ...key, segment: '' }, edges)];
    },
    countOthers: (counted, before) => countOthers(ctx, { endpoint, hour, segmentation }, counted, before),
  };
}

/** Counts the parts of an hour that are not among those counted; says which it could not. */
async function countOthers(
  ctx: Context,
  {
    endpoint,
    hour,
    segmentation,
  }: {
    readonly endpoint: string;
    readonly hour: Hour;
    readonly segmentation: Segmentation | undefined;
  },
  counted: ReadonlySet<string>,
  before: Uncounted | undefined,
): ReturnType<HourLog['countOthers']> {
  const container = ctx.stores.blobs('predictions');
  const others: string[] = [];
  for await (const { name } of container.walk(logFolder(ctx, endpoint, 'parts', hour)))
    if (!counted.has(bufferOf(name))) others.push(name);
  if (before?.parts === others.length && !(await areAnyCounted(ctx, before.versions)))
    return { uncounted: before, isAnyCounted: false };
  const versions = new Set<string>();
  let parts = 0;
  for (const name of others) {
    const bytes = await container.read(name);
    const part = bytes && partOf(endpoint, hour, bufferOf(name), await readPart(bytes, partColumns));
    const edges = part && (await edgesFor(ctx, part));
    if (!edges) {
      if (bytes) parts++;
      if (part) versions.add(versionOf(part));
    } else if (segmentation) {
      const segments = countedSegments(part, await readPart(bytes), edges, segmentation);
      await writeCounted(ctx, part, { segments });
    } else await writePartProfile(ctx, part, await readPart(bytes));
  }
  return {
    uncounted: { parts, versions: [...versions].toSorted() },
    isAnyCounted: parts < others.length,
  };
}

async function areAnyCounted(ctx: Context, versions: readonly string[]): Promise<boolean> {
  for (const version of versions) if (await isCounted(ctx, version)) return true;
  return false;
}

/** Whether a version, as {@link versionOf} names it, is counted by now. */
export async function isCounted(ctx: Context, version: string): Promise<boolean> {
  const [modelId = '', number] = version.split('/');
  return (await edgesFor(ctx, { modelId, version: Number(number) })) !== undefined;
}

function versionOf({ modelId, version }: PartOf): string {
  return `${modelId}/${version}`;
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
  // What else is there was split as it is no longer; and without rows nothing says of which version they were.
  const segmentation = await segmentsOf(ctx, endpoint);
  const kept = part
    ? ['', segmentation?.id].map((id) => partProfileName(ctx, endpoint, hour, buffer, id))
    : [];
  await removeBut(ctx, partProfileName(ctx, endpoint, hour, buffer).replace(/profile$/, ''), kept);
}

/** What was counted of an hour, made again where it has been counted: without what was erased of it. */
export async function foldAgain(ctx: Context, endpoint: string, hour: Hour): Promise<void> {
  const folder = spanFolder(ctx, endpoint, hour);
  const kept = new Set<string>();
  for await (const { name } of ctx.stores.blobs('profiles').walk(folder)) kept.add(name);
  const segmentation = await segmentsOf(ctx, endpoint);
  const made: string[] = [];
  if (kept.size > 0)
    for (const each of [undefined, ...(segmentation ? [segmentation] : [])]) {
      await countHour(ctx, endpoint, hour, each);
      made.push(rollUpName(ctx, endpoint, hour, each?.id ?? ''));
    }
  await removeBut(ctx, folder, made);
  await removeMadeOf(ctx, endpoint, hour);
}

async function removeBut(ctx: Context, prefix: string, kept: readonly string[]): Promise<void> {
  const container = ctx.stores.blobs('profiles');
  for await (const { name } of container.walk(prefix)) if (!kept.includes(name)) await container.remove(name);
}

const partColumns = ['digest', 'modelId', 'version', 'source'];

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
  return name.slice(name.lastIndexOf('/') + 1).replace(/\.parquet$/, '');
}
