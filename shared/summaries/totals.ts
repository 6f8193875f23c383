import type { Context } from '../context.ts';
import { getEndpoint } from '../endpoints/index.ts';
import { unlessCode } from '../http/index.ts';
import { bucketStart } from './latency.ts';
import { hour, type Owner, totalsBlob } from './names.ts';
import { readSummaries } from './read.ts';
import { type CallOutcome, outcomes, type Summary, type Variant } from './summary.ts';

/** Upper bounds of the bins of {@link Total.durations}, in seconds; what took longer is in one more. */
export const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What was counted of one version of a deployment, ever since its endpoint was made. Nothing in it ever grows less. */
export type Total = {
  readonly deployment: string;
  readonly variant: Variant;
  readonly version: number | null;
  /** When the last of it was counted, to the minute or the hour. */
  readonly lastAt: number;
  readonly calls: Readonly<Record<CallOutcome, number>>;
  readonly rows: number;
  readonly nonFinite: number;
  readonly dropped: number;
  /** Calls in each bin of {@link durationBounds}, not cumulated. A call lies where the middle of its bucket does. */
  readonly durations: readonly number[];
  /** Their sum, from the middles of the buckets: at most 1.6 % off. */
  readonly durationMicros: number;
};

/** Of the calls from `since` to before `until`, milliseconds since 1970. */
export type Totals = { readonly since: number; readonly until: number; readonly series: readonly Total[] };

type Named = { readonly name: string; readonly createdAt: number };

/**
 * What was counted of an endpoint from the hour in which it was made to before `until`, also what the summaries no
 * longer hold: a base of the days that are long over, and the summaries since.
 */
export async function readTotals(ctx: Context, endpoint: Named, until: number): Promise<Totals> {
  for (;;) {
    const { base, etag } = await readBase(ctx, endpoint);
    const totals = await continueTotals(ctx, endpoint.name, base, until);
    const blobs = ctx.stores.blobs('profiles');
    // While it is carried on, days behind it may be removed.
    if ((await blobs.stat(totalsBlob(ownerOf(ctx, endpoint.name))))?.etag !== etag) continue;
    return totals;
  }
}

/** Totals of an endpoint with what was counted from where they end to before `until`. */
export async function continueTotals(
  ctx: Context,
  name: string,
  totals: Totals,
  until: number,
): Promise<Totals> {
  if (until <= totals.until) return totals;
  const summaries = await readSummaries(ctx, name, totals.until, until, 'hour');
  return { since: totals.since, until, series: addTotals(totals.series, totalsOf(summaries)) };
}

/**
 * Carries the base of an endpoint on to `until`, the beginning of a day to which nothing is added any more: then the
 * days before it may be removed. Of an endpoint that is gone nothing is kept.
 */
export async function carryTotals(ctx: Context, name: string, until: number): Promise<void> {
  const blobs = ctx.stores.blobs('profiles');
  const blob = totalsBlob(ownerOf(ctx, name));
  const endpoint = await unlessCode(getEndpoint(ctx, name), 'not-found');
  if (!endpoint) return blobs.remove(blob);
  for (;;) {
    const { base, etag } = await readBase(ctx, endpoint);
    if (base.until >= until) return;
    const totals = await continueTotals(ctx, name, base, until);
    const condition = etag === undefined ? { createOnly: true } : { ifMatch: etag };
    const bytes = Buffer.from(JSON.stringify({ v: 1, ...totals }));
    if (await blobs.write(blob, bytes, { ...condition, contentType: 'application/json' })) return;
  }
}

/** All of two sums, each series once. */
export function addTotals(sum: readonly Total[], more: readonly Total[]): Total[] {
  return merged(sum, more, (a, b) => a + b, Math.max);
}

/** The greater of two sums of the same, figure by figure. */
export function greaterTotals(one: readonly Total[], other: readonly Total[]): Total[] {
  return merged(one, other, Math.max, Math.max);
}

/** What identifies a series of an endpoint. */
export function seriesOf({
  deployment,
  variant,
  version,
}: Pick<Total, 'deployment' | 'variant' | 'version'>) {
  return `${deployment}/${variant}/${version}`;
}

/** The sums of some summaries, by deployment, variant and version. */
function totalsOf(summaries: readonly Summary[]): Total[] {
  const groups = Map.groupBy(summaries, seriesOf);
  return [...groups.values()].map((group) => group.map(totalOf).reduce((sum, each) => add(sum, each)));
}

function add(sum: Total, more: Total): Total {
  const [both = sum] = addTotals([sum], [more]);
  return both;
}

function totalOf(summary: Summary): Total {
  const { deployment, variant, version, at: lastAt, calls, rows, nonFinite, dropped } = summary;
  const durations = Array<number>(durationBounds.length + 1).fill(0);
  let durationMicros = 0;
  for (const [bucket, times] of summary.latency) {
    const micros = (bucketStart(bucket) + bucketStart(bucket + 1) - 1) / 2;
    const found = durationBounds.findIndex((bound) => micros <= bound * 1_000_000);
    const bin = found === -1 ? durationBounds.length : found;
    durations[bin] = (durations[bin] ?? 0) + times;
    durationMicros += micros * times;
  }
  return {
    deployment,
    variant,
    version,
    lastAt,
    calls,
    rows,
    nonFinite,
    dropped,
    durations,
    durationMicros,
  };
}

type Combine = (a: number, b: number) => number;

function merged(one: readonly Total[], other: readonly Total[], combine: Combine, latest: Combine): Total[] {
  const found = new Map(one.map((each) => [seriesOf(each), each]));
  for (const more of other) {
    const known = found.get(seriesOf(more));
    found.set(seriesOf(more), known ? combined(known, more, combine, latest) : more);
  }
  return [...found.values()];
}

function combined(a: Total, b: Total, combine: Combine, latest: Combine): Total {
  const calls = Object.fromEntries(
    outcomes.map((outcome) => [outcome, combine(a.calls[outcome], b.calls[outcome])]),
  );
  return {
    ...a,
    lastAt: latest(a.lastAt, b.lastAt),
    calls: calls as Total['calls'],
    rows: combine(a.rows, b.rows),
    nonFinite: combine(a.nonFinite, b.nonFinite),
    dropped: combine(a.dropped, b.dropped),
    durations: a.durations.map((count, bin) => combine(count, b.durations[bin] ?? 0)),
    durationMicros: combine(a.durationMicros, b.durationMicros),
  };
}

/**
 * What the base holds; nothing of the time before the endpoint was made, where it is of an earlier one of its name. The
 * hour in which it was made counts from its beginning: hours that are put together cannot be cut.
 */
async function readBase(
  ctx: Context,
  { name, createdAt }: Named,
): Promise<{ base: Totals; etag: string | undefined }> {
  const begun = Math.floor(createdAt / hour) * hour;
  const stored = await ctx.stores.blobs('profiles').readStored(totalsBlob(ownerOf(ctx, name)));
  const totals = stored && (JSON.parse(stored.bytes.toString()) as Totals & { readonly v: number });
  const isOurs = totals?.v === 1 && totals.since === begun;
  const nothing: Totals = { since: begun, until: begun, series: [] };
  return {
    base: isOurs ? { since: totals.since, until: totals.until, series: totals.series } : nothing,
    etag: stored?.etag,
  };
}

function ownerOf({ workspace }: Pick<Context, 'workspace'>, endpoint: string): Owner {
  return { workspace, endpoint };
}
