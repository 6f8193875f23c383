import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { latencyAt } from './latency.ts';
import { day, hour, minute } from './names.ts';
import { readSummaries } from './read.ts';
import { type Answered, type CallOutcome, mergeSummaries, requestsOf, type Summary } from './summary.ts';

/** What happened in one step of time; a step in which nothing did has no point. */
export type Point = {
  readonly at: number;
  readonly requests: number;
  readonly rows: number;
  readonly errors: Readonly<Record<Exclude<CallOutcome, '2xx'>, number>>;
  /** Milliseconds, at most 1.6 % off; `null` where no call was answered. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly nonFinite: number;
  readonly dropped: number;
  /** Rows of a run of the model on average, of all calls that shared it; `null` where none was seen. */
  readonly meanBatchRows: number | null;
};

export type Series = Omit<Answered, 'digest'> & { readonly points: readonly Point[] };

export type Metrics = {
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
  readonly series: readonly Series[];
};

export type MetricsRange = {
  /** Milliseconds since 1970. Absent: an hour before `to`. */
  readonly from?: number | undefined;
  /** Absent: now. */
  readonly to?: number | undefined;
  /** Absent: so that there are 130 points at most. */
  readonly stepSeconds?: number | undefined;
};

const pointsMax = 1_000;
const pointsWished = 130;
const rangeMax = 31 * day;
/** Beyond this range hours are read, not minutes. */
const minutesRangeMax = 2 * day;
const steps = [minute, 5 * minute, 15 * minute, hour, 6 * hour, day];

/**
 * What was counted of an endpoint's calls, in steps of time from `from` to `to`, each widened to whole steps: a series
 * for each version of each deployment that was called. Throws `invalid` for a range or a step that is not to be had.
 */
export async function metricsOf(
  ctx: Context,
  endpoint: { readonly name: string; readonly createdAt: number },
  asked: MetricsRange,
): Promise<Metrics> {
  const { from, to, step } = checked(ctx, asked);
  const by = step % hour === 0 ? 'hour' : 'minute';
  // What was counted before is another endpoint's, which had the name.
  const since = Math.min(to, Math.max(from, endpoint.createdAt));
  const summaries = await readSummaries(ctx, endpoint.name, since, to, by);
  const series = new Map<string, { answered: Omit<Answered, 'digest'>; points: Point[] }>();
  for (const summary of mergeSummaries(summaries.map(anyDigest), step)) {
    const { deployment, variant, version } = summary;
    const key = `${deployment}/${variant}/${version}`;
    const one = series.get(key) ?? { answered: { deployment, variant, version }, points: [] };
    series.set(key, one);
    one.points.push(pointOf(summary, step));
  }
  return {
    from,
    to,
    stepSeconds: step / 1000,
    series: [...series.values()].map(({ answered, points }) => ({ ...answered, points })),
  };
}

/** A version has one digest as long as its endpoint has one model; where it had others before, they are one line. */
function anyDigest(summary: Summary): Summary {
  return { ...summary, digest: null };
}

function pointOf(summary: Summary, step: number): Point {
  const { calls, rows, runs, runRows, latency, nonFinite, dropped } = summary;
  const { '2xx': _, ...errors } = calls;
  const milliseconds = (share: number) => (latencyAt(latency, share) ?? 0) / 1000;
  return {
    at: Math.floor(summary.at / step) * step,
    requests: requestsOf(summary),
    rows,
    errors,
    latency:
      latency.size > 0 ? { p50: milliseconds(0.5), p95: milliseconds(0.95), p99: milliseconds(0.99) } : null,
    nonFinite,
    dropped,
    meanBatchRows: runs === 0 ? null : runRows / runs,
  };
}

function checked(ctx: Context, asked: MetricsRange): { from: number; to: number; step: number } {
  const to = asked.to ?? ctx.clock.now();
  const from = asked.from ?? to - hour;
  if (from >= to) throw invalid("'from' must be before 'to'.", 'from');
  if (to - from > rangeMax) throw invalid("From 'from' to 'to' are at most 31 days.", 'from');
  const isLong = to - from > minutesRangeMax;
  const step =
    asked.stepSeconds === undefined
      ? (steps.find((each) => (to - from) / each <= pointsWished && (!isLong || each >= hour)) ?? day)
      : asked.stepSeconds * 1000;
  if (step < minute || step % minute !== 0)
    throw invalid("'step_seconds' must be a multiple of 60.", 'step_seconds');
  if (isLong && step % hour !== 0)
    throw invalid("Of more than two days 'step_seconds' must be a multiple of 3600.", 'step_seconds');
  const [first, end] = [Math.floor(from / step) * step, Math.ceil(to / step) * step];
  if ((end - first) / step > pointsMax)
    throw invalid(
      `A step of ${step / 1000} s gives more than ${pointsMax} points from 'from' to 'to'; ask for a longer step.`,
      'step_seconds',
    );
  return { from: first, to: end, step };
}

function invalid(message: string, field: string): CairnError {
  return new CairnError('invalid', message, { field });
}
