import { type Counts, latencyAt, mergeCounts, type Summary, totalOf } from '../../summaries/index.ts';
import type { SignalSetting } from '../settings.ts';
import type { Band, Item } from '../signal.ts';
import { type JudgedSignal, signalOf } from './items.ts';
import { foundOf, Holder } from './held.ts';
import { learnBounds, type PastWindow } from './learnt.ts';
import { unjudgedItem } from './verdict.ts';

export type LatencyInput = {
  readonly segment: string;
  /** Of the calls that were answered or took too long: see `latencyOf`. */
  readonly latency: Counts;
  readonly minRows: number;
  /** Earlier results, which the usual bounds are learnt of, too: without them no verdict unless bounds are given. */
  readonly past?: readonly PastWindow[];
};

/** How long callers waited: copies that a mirror got made nobody wait. */
export function latencyOf(summaries: Iterable<Summary>): Counts {
  return mergeCounts(
    [...summaries].filter(({ variant }) => variant !== 'mirror').map((each) => each.latency),
  );
}

const quantiles = { 'p95-ms': 0.95, 'p99-ms': 0.99 } as const;

/**
 * What is usual is learnt of ten windows at least: where 1.5 times the mean is the bound, three deviations matter only to
 * endpoints whose latency varies a lot, and those of fewer windows say little.
 */
const learntOf = { kind: 'learnt', sigmas: 3, windows: 10 } as const;

/**
 * Latency may rise by half before anybody is told: a start of a new instance, or a busier neighbour, moves percentiles of
 * quiet endpoints by as much.
 */
const riseMin = 1.5;

/** ± so many deviations of a rank hold that of the true percentile in 95 of 100 cases. */
const bandErrors = 1.96;

/**
 * How long the slowest twentieth and hundredth of the calls took at least, in milliseconds, at most 1.6 % off. Where the
 * settings name no bounds they are learnt of earlier windows, and not below 1.5 times the mean of these.
 */
export function latency(input: LatencyInput, setting: SignalSetting): JudgedSignal {
  const { segment, latency: counts, minRows, past = [] } = input;
  const waited = totalOf(counts);
  const holder = new Holder(setting, past);
  const items = Object.entries(quantiles).map(([metric, share]): Item => {
    const of = { name: metric, metric, basis: 'summaries' } as const;
    const value = millisecondsAt(counts, share);
    if (value === undefined || waited < minRows)
      return unjudgedItem(
        of,
        `${waited} calls were answered or took too long; at least ${Math.max(1, minRows)} are needed (min_rows).`,
      );
    const item = holder.hold(of, value, side, () => foundOf(rising(learnBounds(past, of, learntOf, side))));
    return { ...item, band: bandOf(counts, share) };
  });
  return signalOf(
    { signal: 'latency', segment, headline: { metric: 'p95-ms' }, items, learnt: holder.learnt },
    setting,
  );
}

/** The percentiles of the ranks that the true one has in 95 of 100 cases: ranks are drawn as by a binomial. */
function bandOf(counts: Counts, share: number): Band {
  const waited = totalOf(counts);
  const rank = share * waited;
  const error = bandErrors * Math.sqrt((1 - share) * rank);
  const at = (place: number) => millisecondsAt(counts, Math.min(Math.max(place / waited, 0), 1)) ?? 0;
  return { lower: at(rank - error), upper: at(rank + error) };
}

const side = { side: 'upper', least: 0 } as const;

function rising(learnt: ReturnType<typeof learnBounds>): ReturnType<typeof learnBounds> {
  if ('why' in learnt) return learnt;
  return {
    ...learnt,
    bounds: { upper: Math.max(learnt.bounds.upper ?? 0, riseMin * learnt.mean) },
  };
}

function millisecondsAt(counts: Counts, share: number): number | undefined {
  const micros = latencyAt(counts, share);
  return micros === undefined ? undefined : micros / 1000;
}
