import { requestsOf, type Summary } from '../../summaries/index.ts';
import type { SignalSetting } from '../settings.ts';
import type { Bounds, Item } from '../signal.ts';
import { type JudgedSignal, signalOf } from './items.ts';
import { type Found, Holder } from './held.ts';
import type { PastWindow, Side } from './learnt.ts';
import { judgedItem, unjudgedItem } from './verdict.ts';

/** Calls of callers: copies that a mirror got are none. */
export type Traffic = {
  readonly calls: number;
  /** Of the calls that were answered. */
  readonly rows: number;
  /** Calls that failed or took too long; what callers did wrong, or too often, is no error of the service. */
  readonly errors: number;
};

export type TrafficInput = {
  readonly segment: string;
  readonly traffic: Traffic;
  /** Of windows of the same length at the same time of earlier weeks and of earlier days, since the endpoint was there. */
  readonly weeks: readonly Traffic[];
  readonly days: readonly Traffic[];
  readonly past?: readonly PastWindow[];
};

export function trafficOf(summaries: Iterable<Summary>): Traffic {
  const sum = { calls: 0, rows: 0, errors: 0 };
  for (const summary of summaries) {
    if (summary.variant === 'mirror') continue;
    sum.calls += requestsOf(summary);
    sum.rows += summary.rows;
    sum.errors += summary.calls['500'] + summary.calls['504'];
  }
  return sum;
}

/** Fewer earlier windows than this tell nothing of what is usual; weeks are taken where there are as many. */
const comparedMin = 3;

/**
 * Calls and rows may halve or double before anybody is told: traffic is of people, and holidays and campaigns are no
 * faults. Where they vary more from week to week, or are so few that chance moves them further, three standard deviations.
 */
const usualFactor = 2;
const usualSigmas = 3;

/**
 * With at least so many calls usual, chance leaves a window without any in less than one case of a thousand: e⁻⁷.
 */
const silentMin = 7;

/**
 * One call of fifty that fails more than usual is what callers notice; beyond that, and beyond three standard errors, is a
 * breach. Less than the usual share cannot be one.
 */
const errorRise = 0.02;
const errorSigmas = 3;

/** An error rate of fewer calls is that of single calls. */
const errorCallsMin = 20;

const calls: Side = { side: 'both', least: 0 };
const errorRate: Side = { side: 'upper', least: 0, most: 1 };

/**
 * How many calls an endpoint got, and how many it failed, against the same time of earlier weeks, of earlier days where
 * there are not enough weeks, or what the settings say. That no call came at all where some usually do is an item of its
 * own, `no-traffic`, which no setting moves.
 */
export function traffic(input: TrafficInput, setting: SignalSetting): JudgedSignal {
  const { segment, traffic: now, weeks, days, past } = input;
  const compared = weeks.length >= comparedMin ? weeks : days;
  const holder = new Holder(setting, past);
  const why = tooFew(weeks, days);
  const item = (
    metric: 'calls' | 'rows' | 'error-rate',
    value: number,
    side: Side,
    bounds: Bounds | undefined,
  ): Item =>
    holder.hold(
      { name: metric, metric, basis: 'summaries' },
      value,
      side,
      (): Found => (bounds ? { bounds } : { bounds: null, why }),
    );
  const items = [
    silence(now, compared, why),
    item('calls', now.calls, calls, usualBounds(compared.map((each) => each.calls))),
    item('rows', now.rows, calls, usualRows(compared)),
    now.calls < errorCallsMin
      ? unjudgedItem(
          { name: 'error-rate', metric: 'error-rate', basis: 'summaries' },
          `The window has ${now.calls} calls; an error rate is told of at least ${errorCallsMin}.`,
        )
      : item('error-rate', now.errors / now.calls, errorRate, usualErrors(now, compared)),
  ];
  return signalOf(
    {
      signal: 'traffic',
      segment,
      headline: { metric: 'calls', name: 'calls' },
      items,
      learnt: holder.learnt,
    },
    setting,
  );
}

function silence({ calls: now }: Traffic, compared: readonly Traffic[], why: string): Item {
  const of = { name: 'no-traffic', metric: 'calls', basis: 'summaries' } as const;
  if (now > 0) return judgedItem(of, now, { lower: 1 });
  if (compared.length < comparedMin) return unjudgedItem(of, why, now);
  const least = Math.min(...compared.map((each) => each.calls));
  return least >= silentMin ? judgedItem(of, now, { lower: 1 }) : judgedItem(of, now, null);
}

/** Around the mean: by a factor, or three deviations between windows, or three of a count that is drawn by chance. */
function usualBounds(values: readonly number[], perDraw = 1): Bounds | undefined {
  if (values.length < comparedMin) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const apart = 1 + 1 / values.length;
  const distance =
    usualSigmas *
    Math.max(
      Math.sqrt((squares / (values.length - 1)) * apart),
      // One more than the usual calls, so that of none at all one is no surprise.
      Math.sqrt((mean + perDraw) * perDraw * apart),
    );
  const lower = Math.min(mean / usualFactor, mean - distance);
  return {
    ...(lower > 0 ? { lower } : {}),
    upper: Math.max(mean * usualFactor, mean + distance),
  };
}

/** Rows come by calls, of so many each. */
function usualRows(compared: readonly Traffic[]): Bounds | undefined {
  const all = compared.reduce((sum, each) => sum + each.calls, 0);
  const rows = compared.reduce((sum, each) => sum + each.rows, 0);
  return usualBounds(
    compared.map((each) => each.rows),
    all === 0 ? 1 : Math.max(1, rows / all),
  );
}

/** Without windows to compare with, an endpoint is expected not to fail. */
function usualErrors({ calls: now }: Traffic, compared: readonly Traffic[]): Bounds {
  const all = compared.reduce((sum, each) => sum + each.calls, 0);
  const failed = compared.reduce((sum, each) => sum + each.errors, 0);
  const usual = all === 0 ? 0 : failed / all;
  const tolerated = Math.min(usual + errorRise, 1);
  const chance = errorSigmas * Math.sqrt((tolerated * (1 - tolerated)) / now);
  return { upper: Math.min(tolerated + chance, 1) };
}

function tooFew(weeks: readonly Traffic[], days: readonly Traffic[]): string {
  return `There are ${weeks.length} earlier weeks and ${days.length} earlier days to compare with; at least ${comparedMin} of either are needed, or thresholds.`;
}
