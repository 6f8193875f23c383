import type { Context } from '../../context.ts';
import { type Page, pageOf, positionIn, unlessCode } from '../../http/index.ts';
import { inTurns } from '../../turns.ts';
import { sample } from './sample.ts';
import { blockPoints, compareTimes, type History, openHistory, type Time } from './store.ts';
import { experimentOfRun, unknownRun } from '../ids.ts';
import type { MetricPoint } from '../model.ts';
import { type Columns, countUpTo, pick, type Place, placeAt, slice, union } from './points.ts';
import { readRun } from '../runs/runs.ts';

/** A point and the run it belongs to. */
export type RunPoint = MetricPoint & { readonly runId: string };

/** Reads under way at once: of runs, and of blocks of one of them. */
const runsAtOnceMax = 16;
const blocksAtOnceMax = 16;

export type HistoryPage = {
  readonly runId: string;
  readonly key: string;
  /** Points of a page, at least 1. */
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

/**
 * The history of one metric page by page, in order by (timestamp, step, value). Each page begins behind the
 * last point of the one before, so that no point comes twice or is left out while others are logged. An
 * unknown metric has no points; throws `not-found` for an unknown run.
 */
export async function metricHistoryPage(
  ctx: Context,
  { runId, key, limit, pageToken }: HistoryPage,
): Promise<Page<MetricPoint>> {
  const token = positionIn(pageToken, { timestamp: 0, step: 0, value: '' });
  const after = token && { ...token, value: Number(token.value) };
  const points = await pointsAfter(await historyOf(ctx, runId, key), after, limit + 1);
  return pageOf(pointsOf(key, points), limit, ({ timestamp, step, value }) => ({
    timestamp,
    step,
    value: String(value),
  }));
}

/** The histories of one metric in some runs, run by run in order of their ids, `limit` points in all. Unknown runs have none. */
export async function metricHistoryBulk(
  ctx: Context,
  { runIds, key, limit }: { runIds: readonly string[]; key: string; limit: number },
): Promise<RunPoint[]> {
  const points: RunPoint[] = [];
  const ids = [...new Set(runIds)].toSorted();
  for (let i = 0; i < ids.length && points.length < limit; i += runsAtOnceMax) {
    const some = await inTurns(ids.slice(i, i + runsAtOnceMax), runsAtOnceMax, async (runId) => {
      const history = await unlessCode(historyOf(ctx, runId, key), 'not-found');
      const first = history ? await pointsAfter(history, undefined, limit - points.length) : union([]);
      return pointsOf(key, first).map((point) => ({ ...point, runId }));
    });
    points.push(...some.flat());
  }
  return points.slice(0, limit);
}

export type HistoryInterval = {
  readonly runIds: readonly string[];
  readonly key: string;
  /** Only points of these steps, both ends included. */
  readonly steps?: readonly [first: number, last: number] | undefined;
  /** Points of each run, at least 1. */
  readonly maxResults: number;
};

/**
 * As many points of one metric as a chart draws: of each run at most `maxResults`, evenly over those of the
 * interval, by (step, timestamp, value). Runs are sampled each for itself, in the order they are named; unknown runs have none.
 */
export async function metricHistoryBulkInterval(
  ctx: Context,
  { runIds, key, steps, maxResults }: HistoryInterval,
): Promise<RunPoint[]> {
  const sampled = await inTurns([...new Set(runIds)], runsAtOnceMax, async (runId) => {
    const history = await unlessCode(historyOf(ctx, runId, key), 'not-found');
    if (!history) return [];
    const points = sample(await pointsWithin(history, steps), maxResults);
    return pointsOf(key, points).map((point) => ({ ...point, runId }));
  });
  return sampled.flat();
}

/** Throws `not-found` for an unknown run. */
async function historyOf(ctx: Context, runId: string, key: string): Promise<History> {
  const experimentId = experimentOfRun(runId);
  if (experimentId === undefined) throw unknownRun(runId);
  const [history] = await Promise.all([
    openHistory(ctx, { experimentId, runId }, key),
    // Says whether there is such a run in the workspace.
    readRun(ctx, runId),
  ]);
  return history;
}

/** The first `limit` points behind a place. Blocks are read in order until no other can hold one of them. */
async function pointsAfter(
  { loose, sealed, block }: History,
  after: Place | undefined,
  limit: number,
): Promise<Columns> {
  const behind = (points: Columns) => (after ? slice(points, countUpTo(points, after)) : points);
  const time: Time | undefined = after && [after.timestamp, after.step];
  const numbers = [...sealed.entries()]
    .filter(([, bounds]) => !time || compareTimes(bounds.last, time) >= 0)
    .toSorted(([, a], [, b]) => compareTimes(a.first, b.first));
  let points = behind(loose);
  while (numbers.length > 0) {
    const [next] = numbers;
    if (!next || isComplete(points, limit, next[1].first)) break;
    const some = numbers.splice(0, Math.ceil(limit / blockPoints));
    const blocks = await inTurns(some, blocksAtOnceMax, ([number]) => block(number));
    points = union([...blocks.map(behind), points]);
  }
  return slice(points, 0, limit);
}

/** Whether the first `limit` points are known where all that may be missing begin at `next`. */
function isComplete(points: Columns, limit: number, next: Time): boolean {
  if (points.values.length < limit) return false;
  const { timestamp, step } = placeAt(points, limit - 1);
  return compareTimes([timestamp, step], next) < 0;
}

async function pointsWithin(
  { loose, sealed, block }: History,
  steps: readonly [first: number, last: number] | undefined,
): Promise<Columns> {
  const [first, last] = steps ?? [-Infinity, Infinity];
  const numbers = [...sealed.keys()].filter((number) => {
    const [least, greatest] = sealed[number].steps;
    return least <= last && greatest >= first;
  });
  const points = union([...(await inTurns(numbers, blocksAtOnceMax, block)), loose]);
  if (!steps) return points;
  const within: number[] = [];
  points.steps.forEach((step, i) => {
    if (step >= first && step <= last) within.push(i);
  });
  return pick(points, within);
}

function pointsOf(key: string, points: Columns): MetricPoint[] {
  return Array.from(points.values, (_, i) => ({ key, ...placeAt(points, i) }));
}
