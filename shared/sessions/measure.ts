import { probe } from './probe.ts';
import { cutRows, hasFreeRows, joinRows } from './rows.ts';
import { rowsOfZeros } from './feeds.ts';
import type { Session } from './runtime.ts';
import type { Tensors } from './tensor.ts';

/** What a model showed of itself when it was loaded. */
export type Measured = {
  /** Whether rows of several calls may run together, and those of one call apart: what it says of one does not depend on the others. */
  readonly rowsFree: boolean;
  /** Typical run on one row; `null` where no sizes were found that it runs on. */
  readonly oneRowMilliseconds: number | null;
  /** What each further row takes. */
  readonly perRowMilliseconds: number;
  /** Of runs on as many rows as calls are run together by; `null` as above. */
  readonly p99Milliseconds: number | null;
};

export type MeasurePlan = {
  /** Rows that calls are run together by at most. */
  readonly rows: number;
  /** Sizes to try first where the model leaves them open and they are no number of rows. */
  readonly widths: readonly number[];
};

const searchingMilliseconds = 300;
const warmingMilliseconds = 30;
const warmingRunsMax = 20;
const roundMilliseconds = 30;
const roundRunsMax = 100;
/** Between the slowest runs of a model and the typical one. */
const unevenRatio = 4;
/** A model this slow on one row is not tried on more: whoever waits for it to load waits for that too. */
const slowMilliseconds = 100;

/**
 * Warms a model up, so that no caller pays for its first run, times it, and finds out whether its rows are
 * free. What it says to made-up rows is for nobody to see.
 */
export async function measure(session: Session, plan: MeasurePlan): Promise<Measured> {
  const one = await firstThatRuns(session, plan.widths);
  if (!one)
    return { rowsFree: false, oneRowMilliseconds: null, perRowMilliseconds: 0, p99Milliseconds: null };
  const alone = await typical(session, one);
  const slow: Measured = {
    rowsFree: false,
    oneRowMilliseconds: alone.p50,
    perRowMilliseconds: 0,
    p99Milliseconds: alone.p99,
  };
  if (alone.p50 > slowMilliseconds || !hasFreeRows(session.inputs, session.outputs)) return slow;
  const rows = await probe(session, one);
  if (!rows) return slow;
  const { count, p50, p99 } = await atMost(session, rows, plan.rows);
  const perRowMilliseconds = count > 1 ? Math.max(0, (p50 - alone.p50) / (count - 1)) : 0;
  return {
    rowsFree: true,
    oneRowMilliseconds: alone.p50,
    perRowMilliseconds,
    // Where so many would have taken too long to try, it is what they would take.
    p99Milliseconds: p99 + (plan.rows - count) * perRowMilliseconds,
  };
}

async function firstThatRuns(session: Session, widths: readonly number[]): Promise<Tensors | null> {
  const until = performance.now() + searchingMilliseconds;
  for (const feeds of rowsOfZeros(session.inputs, widths)) {
    if (await runs(session, feeds)) return warmed(session, feeds);
    if (performance.now() > until) return null;
  }
  return null;
}

async function warmed(session: Session, feeds: Tensors): Promise<Tensors> {
  const until = performance.now() + warmingMilliseconds;
  for (let i = 0; i < warmingRunsMax && performance.now() < until; i++) await session.run(feeds);
  return feeds;
}

function runs(session: Session, feeds: Tensors): Promise<boolean> {
  return session.run(feeds).then(
    () => true,
    () => false,
  );
}

/** Times as many rows as calls are run together by, in steps, so that a slow model ends it early. */
async function atMost(
  session: Session,
  rows: Tensors,
  most: number,
): Promise<{ count: number; p50: number; p99: number }> {
  const pair = (count: number) =>
    cutRows(joinRows(Array.from({ length: Math.ceil(count / 2) }, () => rows)), 0, count);
  for (let count = 1; ; count = Math.min(count * 8, most)) {
    const feeds = pair(count);
    const begun = performance.now();
    if (!(await runs(session, feeds))) return { count: 1, ...(await typical(session, pair(1))) };
    if (count === most || performance.now() - begun > slowMilliseconds)
      return { count, ...(await typical(session, feeds)) };
  }
}

/**
 * Of two rounds the better. The same rows take a model the same work each time: what else the machine does can
 * only add to a run, and what is far from the typical one is that.
 */
async function typical(session: Session, feeds: Tensors): Promise<{ p50: number; p99: number }> {
  const rounds = [await round(session, feeds), await round(session, feeds)];
  const p50 = Math.min(...rounds.map((each) => each.p50));
  return { p50, p99: Math.min(unevenRatio * p50, ...rounds.map((each) => each.p99)) };
}

async function round(session: Session, feeds: Tensors): Promise<{ p50: number; p99: number }> {
  const times: number[] = [];
  const until = performance.now() + roundMilliseconds;
  do {
    const begun = performance.now();
    await session.run(feeds);
    times.push(performance.now() - begun);
  } while (times.length < roundRunsMax && performance.now() < until);
  times.sort((a, b) => a - b);
  const quantile = (share: number) => times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? 0;
  return { p50: quantile(0.5), p99: quantile(0.99) };
}
