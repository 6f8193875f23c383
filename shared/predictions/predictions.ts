import type { Context } from '../context.ts';
import { type PartTable, readPart } from './part.ts';
import { type Hour, hourFolder, hourOf } from './prediction-id.ts';
import { placeOf, RowSet } from './row-set.ts';

/** Predictions of an endpoint with `from <= ts < to`, in milliseconds since 1970. */
export type PredictionRange = { readonly endpoint: string; readonly from: number; readonly to: number };

type Reading = PredictionRange & {
  /** Only these are read. */
  readonly columns?: readonly string[];
  /** Also the copies that mirrors answered, which were no calls of anybody. */
  readonly withMirrors?: boolean;
};

/** Predictions that one instance wrote together: rows of one version, in the order in which they were answered. */
export type PredictionPart = PartTable & {
  /** Blob name in container `predictions`. */
  readonly name: string;
};

/**
 * The logged predictions of a range, a part at a time, hours in order; a prediction that a queue brought twice
 * comes once. What an instance still buffers is not among them. A part has no columns that its model does not have.
 * The columns stand at `writePart`: predictionId, ts, `in.*`, `out.*`, score, class, version, digest, …
 */
export async function* readPredictions(
  ctx: Context,
  { endpoint, from, to, columns, withMirrors = false }: Reading,
): AsyncGenerator<PredictionPart> {
  const firstSeen = onceEach();
  for await (const { name } of inHours(ctx, endpoint, 'parts', from, to)) {
    const bytes = await ctx.stores.blobs('predictions').read(name);
    // Expired by the lifecycle policy between the listing and now.
    if (!bytes) continue;
    const table = await readPart(bytes, columns && [...columns, 'ts', 'predictionId', 'source']);
    if (!withMirrors && table.column('source')[0] === 'mirror') continue;
    const part = firstSeen(within(table, from, to));
    const shown = columns ? part.columns.filter((column) => columns.includes(column)) : part.columns;
    if (part.rows > 0) yield { ...part, columns: shown, name };
  }
}

/**
 * Leaves out the rows that an earlier part of the hour had. Only rows out of a queue can be there twice: when who
 * wrote them died before the queue was told.
 */
export function onceEach(): <T extends PartTable>(part: T) => T {
  let seen = new RowSet('');
  return (part) => {
    if (!part.isQueued) return part;
    const ids = part.column('predictionId').map(String);
    const hour = placeOf(ids[0] ?? '').hour;
    if (seen.hour !== hour) seen = new RowSet(hour);
    const rows = ids.flatMap((id, row) => (seen.add(id) ? [row] : []));
    return rows.length === part.rows ? part : onlyRows(part, rows);
  };
}

/** The inputs of a part, each with the name of its feature (its column without `in.`). */
export function inputColumns(part: PartTable): [feature: string, values: ReturnType<PartTable['column']>][] {
  return part.columns
    .filter((column) => column.startsWith('in.'))
    .map((column) => [column.slice(3), part.column(column)]);
}

/**
 * What an endpoint's log holds of an hour: predictions, what was true of them, and what has been erased of them;
 * rows too many for a message of the queue, and messages of the queue that could not be made parts.
 */
export type LogKind = 'parts' | 'labels' | 'tombstones' | 'queued' | 'set-aside';

/** The folder of one hour in an endpoint's log. */
export function logFolder(ctx: Context, endpoint: string, kind: LogKind, hour: Hour): string {
  return `${ctx.workspace}/${endpoint}/${kind}/${hourFolder(hour)}/`;
}

/** The hours of which an endpoint's log holds anything, in order, behind `after` where it is given. */
export async function* loggedHours(
  ctx: Context,
  endpoint: string,
  kinds: readonly LogKind[],
  after: Hour = '',
): AsyncGenerator<Hour> {
  const below = async (prefix: string) => {
    const names: string[] = [];
    for await (const { name } of ctx.stores.blobs('predictions').list(prefix))
      names.push(name.slice(prefix.length).replace('/', ''));
    return names;
  };
  const root = `${ctx.workspace}/${endpoint}/`;
  const days = new Set((await Promise.all(kinds.map((kind) => below(`${root}${kind}/`)))).flat());
  for (const day of [...days].toSorted()) {
    const digits = day.replaceAll('-', '');
    if (digits < after.slice(0, 8)) continue;
    const hours = new Set((await Promise.all(kinds.map((kind) => below(`${root}${kind}/${day}/`)))).flat());
    for (const hour of [...hours].toSorted()) if (digits + hour > after) yield digits + hour;
  }
}

/** The blobs of an endpoint's log below the hours that meet [from, to), a day's listing at a time. */
export async function* inHours(
  ctx: Context,
  endpoint: string,
  kind: LogKind,
  from: number,
  to: number,
): AsyncGenerator<{ name: string; bytes: number }> {
  if (from >= to) return;
  const root = `${ctx.workspace}/${endpoint}/${kind}/`;
  const first = hourFolder(hourOf(from));
  const last = hourFolder(hourOf(to - 1));
  // The folders of a day sort as time does.
  for (const day of daysOf(from, to))
    for await (const blob of ctx.stores.blobs('predictions').walk(`${root}${day}/`)) {
      const hour = blob.name.slice(root.length, root.length + first.length);
      if (hour >= first && hour <= last) yield blob;
    }
}

function* daysOf(from: number, to: number): Generator<string> {
  const dayMilliseconds = 86_400_000;
  for (let day = Math.floor(from / dayMilliseconds); day * dayMilliseconds < to; day++)
    yield new Date(day * dayMilliseconds).toISOString().slice(0, 10);
}

/** The rows of a part with `from <= ts < to`. */
export function within(table: PartTable, from: number, to: number): PartTable {
  const times = table.column('ts') as readonly number[];
  if (times.every((at) => at >= from && at < to)) return table;
  return onlyRows(
    table,
    times.flatMap((at, row) => (at >= from && at < to ? [row] : [])),
  );
}

/** Some rows of a part, by their position. */
export function onlyRows<T extends PartTable>(table: T, rows: readonly number[]): T {
  return {
    ...table,
    rows: rows.length,
    column(name) {
      const values = table.column(name);
      return values.length === 0 ? values : rows.map((row) => values[row] ?? null);
    },
  };
}
