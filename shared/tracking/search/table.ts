import type { Context } from '../../context.ts';
import type { Page } from '../../http/index.ts';
import { isRough, property } from '../../search/index.ts';
import { loggedValue } from '../metric-values.ts';
import type { DatasetInput, Run } from '../model.ts';
import { findRuns, parseRunSearch, type ParsedRunSearch, type RunSearch, tokenWithin } from './find-runs.ts';

/** Names of what a table shows of each run. */
export type RunColumns = {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly tags: readonly string[];
};

/** A run as a table shows it: with the asked columns as far as it has them. */
export type RunRow = Pick<
  Run,
  'runId' | 'experimentId' | 'name' | 'userId' | 'status' | 'startTime' | 'endTime' | 'lifecycle'
> & {
  readonly datasets: readonly Pick<DatasetInput, 'name' | 'digest' | 'context'>[];
  /** May be NaN or infinite. */
  readonly metrics: ReadonlyMap<string, number>;
  /** Long ones are cut, and end in an ellipsis. */
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
};

const textCharsMax = 500;
const datasetsMax = 20;
/** Bytes of JSON of one page, and of the names of one kind of column: no answer is to be over 1 MB. */
const pageBytesMax = 800_000;
const namesBytesMax = 250_000;
const runsSampled = 100;

/**
 * One page of a table of runs. Only what the table shows and what decides the search leaves the store, so
 * that runs may have any number of metrics. A page ends early where it would grow too large.
 */
export async function searchRunRows(
  ctx: Context,
  search: RunSearch,
  columns: RunColumns,
): Promise<Page<RunRow>> {
  const parsed = parseRunSearch(search);
  const page = await findRuns(ctx, search, parsed, selectOf(columns, parsed));
  const rows = page.items.map((run) => rowOf(run, columns));
  const fitting = fittingCount(rows);
  if (fitting === rows.length) return { ...page, items: rows };
  return {
    items: rows.slice(0, fitting),
    nextToken: tokenWithin(ctx, search, parsed, page.items, fitting),
  };
}

/** The names that the newest runs have: first those that most of them have, and only those if there are very many. */
export async function runColumns(
  ctx: Context,
  experimentIds: readonly string[],
): Promise<RunColumns & { readonly runsSampled: number }> {
  const { items } = await findRuns(
    ctx,
    { experimentIds, stages: ['active', 'deleted'], limit: runsSampled },
    undefined,
    'c.experimentId, c.runId, c.startTime, c.lifecycle, c.m, c.params, c.tags',
  );
  return {
    metrics: namesOf(items.map(({ m }) => m)),
    params: namesOf(items.map(({ params }) => params)),
    tags: namesOf(items.map(({ tags }) => tags)),
    runsSampled: items.length,
  };
}

/** What is selected of a run: its attributes, the asked columns, and whatever the search sorts and judges by. */
function selectOf(columns: RunColumns, { filter, ordering }: ParsedRunSearch): string {
  const deciding = [
    ...ordering.keys.map(({ field }) => field),
    ...filter.filter(isRough).map(({ field }) => field),
  ];
  const keysOf = (entity: string) =>
    new Set(deciding.filter((field) => field.entity === entity).map(({ key }) => key));
  const metrics = new Set([...columns.metrics, ...keysOf('metric')]);
  const whole = { params: keysOf('parameter'), tags: keysOf('tag') };
  const texts = (map: 'params' | 'tags') => {
    const cut = columns[map].filter((key) => !whole[map].has(key));
    return objectOf([
      ...[...whole[map]].map((key) => [key, property([map, key])] as const),
      ...[...new Set(cut)].map((key) => [key, `LEFT(${property([map, key])}, ${textCharsMax + 1})`] as const),
    ]);
  };
  const pick = (path: readonly string[], keys: Iterable<string>) =>
    objectOf([...new Set(keys)].map((key) => [key, property([...path, key])] as const));
  const long = objectOf(
    (['params', 'tags'] as const).map(
      (map) => [map, pick(['long', map], [...columns[map], ...whole[map]])] as const,
    ),
  );
  return [
    'c.experimentId, c.runId, c.name, c.userId, c.status, c.startTime, c.endTime, c.artifactUri, c.lifecycle',
    `ARRAY(SELECT TOP ${datasetsMax} d.name, d.digest, d.context FROM d IN c.datasets) AS datasets`,
    `${pick(['m'], metrics)} AS m`,
    `${pick(['mn'], metrics)} AS mn`,
    `${texts('params')} AS params`,
    `${texts('tags')} AS tags`,
    `${long} AS long`,
  ].join(', ');
}

/** An object in the text of a query; what is undefined is left out of it. */
function objectOf(members: readonly (readonly [key: string, sql: string])[]): string {
  return `{${members.map(([key, sql]) => `${JSON.stringify(key)}: ${sql}`).join(', ')}}`;
}

function rowOf(run: Run, columns: RunColumns): RunRow {
  const { runId, experimentId, name, userId, status, startTime, endTime, lifecycle, datasets = [] } = run;
  const texts = (map: 'params' | 'tags') =>
    chosen(columns[map], run[map], (text, key) => shown(text, Object.hasOwn(run.long?.[map] ?? {}, key)));
  return {
    ...{ runId, experimentId, name: shown(name), userId: shown(userId), status, startTime, lifecycle },
    ...(endTime === undefined ? {} : { endTime }),
    datasets,
    metrics: chosen(columns.metrics, run.m, (value, key) => loggedValue(value, Object.hasOwn(run.mn, key))),
    params: texts('params'),
    tags: texts('tags'),
  };
}

function chosen<V, P>(
  keys: readonly string[],
  values: Readonly<Record<string, V>>,
  present: (value: V, key: string) => P,
): Map<string, P> {
  return new Map(
    keys.filter((key) => Object.hasOwn(values, key)).map((key) => [key, present(values[key], key)]),
  );
}

function shown(text: string, isPrefix = false): string {
  return isPrefix || text.length > textCharsMax ? `${text.slice(0, textCharsMax)}…` : text;
}

/** How many of the rows a page has room for, at least one. */
function fittingCount(rows: readonly RunRow[]): number {
  let bytes = 0;
  const over = rows.findIndex((row) => (bytes += bytesOf(row)) > pageBytesMax);
  return over < 0 ? rows.length : Math.max(over, 1);
}

function bytesOf({ metrics, params, tags, ...attributes }: RunRow): number {
  return Buffer.byteLength(JSON.stringify([attributes, ...metrics, ...params, ...tags]));
}

/** The keys of maps, those of the most maps first and then by name, as many as there is room for. */
function namesOf(maps: readonly Readonly<Record<string, unknown>>[]): string[] {
  const counts = new Map<string, number>();
  for (const map of maps) for (const key of Object.keys(map)) counts.set(key, (counts.get(key) ?? 0) + 1);
  let bytes = 0;
  return [...counts]
    .toSorted(([a, inA], [b, inB]) => inB - inA || (a < b ? -1 : 1))
    .map(([key]) => key)
    .filter((key) => (bytes += Buffer.byteLength(JSON.stringify(key)) + 1) <= namesBytesMax);
}
