import type { FeatureCounts, Profile } from '../../profiles/index.ts';
import { chiSquareTail } from '../../stats/index.ts';
import { rateAllowance } from '../defaults.ts';
import type { MonitorSettingsV2, SignalSetting } from '../settings.ts';
import type { Item } from '../signal.ts';
import { cutItems, insufficient, judgedItem, type PastWindow, unjudgedItem } from '../signals/index.ts';
import { boundsSet } from './bounds.ts';
import { type Judged, whyFew } from './drift.ts';
import type { Sides } from './sides.ts';

export type QualityInput = {
  readonly segment: string;
  readonly sides: Sides;
  readonly past?: readonly PastWindow[];
};

/** By metric, how many of the rows, and what to hold it against in the reference. */
type Rates = Readonly<Record<string, Rate>>;
type Rate = {
  readonly current: number;
  readonly reference: number;
  /** How much further than a count of rows what was found in the reference strays: a variance, in rows. */
  readonly strays?: number;
};

/** A rate of a column, or that it cannot be told; and what the settings hold it against, where they do. */
type Asked = {
  readonly of: Pick<Item, 'name' | 'metric' | 'basis'>;
  readonly rate: Rate | 'hidden';
  readonly set?: ReturnType<typeof boundsSet>;
};

/**
 * By chance any rate of any column exceeds the reference's in one window of so many. A window asks for dozens of rates at
 * once, so each of them has its part of that alone (Bonferroni, after Dunn, Journal of the American Statistical Association
 * 56, 1961): however many columns there are, a window is a false alarm as seldom.
 */
const falseAlarmRate = 0.001;

/** So many standard errors one of so many rates exceeds by chance in {@link falseAlarmRate}: 3.1 of one, 4 of 30, 4.8 of 1,000. */
function chanceErrors(rates: number): number {
  let [from, to] = [0, 10];
  for (let halved = 0; halved < 40; halved++) {
    const middle = (from + to) / 2;
    // The upper tail of the normal distribution is half that of its square.
    if (chiSquareTail(middle ** 2, 1) / 2 > falseAlarmRate / rates) from = middle;
    else to = middle;
  }
  return to;
}

/**
 * Whether the inputs are as complete and as sound as those of the reference: shares of cells that are null, NaN, of
 * another type, out of the reference's range or of no category it has, and of calls without the column. Without bounds of
 * its own a share may exceed the reference's by {@link rateAllowance}, or by what chance does where that is more.
 */
export function dataQuality(
  { segment, sides, past = [] }: QualityInput,
  { minRows }: Pick<MonitorSettingsV2, 'minRows'>,
  setting: SignalSetting,
): Judged {
  const head = { signal: 'data-quality', segment, metric: 'breached-items' } as const;
  const few = whyFew(sides, minRows, segment);
  if (few !== undefined) return { result: insufficient(head, setting, few), details: [] };
  const { reference, current, basis } = sides;
  const asked = [...reference.profile.features].flatMap(([name, counts]): Asked[] => {
    const now = current.profile.features.get(name);
    if (!now || now.kind !== counts.kind) return [];
    if (now.missing.hidden > 0) return [{ of: { name, metric: 'null-rate', basis }, rate: 'hidden' }];
    return Object.entries(ratesOf(counts, now, reference.profile)).map(([metric, rate]) => {
      const of = { name, metric, basis } as const;
      return { of, rate, set: boundsSet(setting, past, of, { side: 'upper', least: 0, most: 1 }) };
    });
  });
  const errors = chanceErrors(asked.filter(({ rate, set }) => rate !== 'hidden' && !set).length);
  const items = asked.map(({ of, rate, set }): Item => {
    if (rate === 'hidden') return unjudgedItem(of, 'The data policy masks or hashes it.');
    const value = rate.current / current.rows;
    if (set && 'why' in set) return unjudgedItem(of, set.why, value);
    return judgedItem(of, value, set?.bounds ?? usual(rate, errors, reference.rows, current.rows));
  });
  if (items.every(({ verdict }) => verdict === 'insufficient-data'))
    return {
      result: {
        ...insufficient(head, setting, items[0]?.reason ?? 'No column was counted.'),
        ...cutItems(items),
      },
      details: items,
    };
  const breached = items.filter(({ verdict }) => verdict === 'breached').length;
  const { severity } = setting;
  const verdict = breached > 0 ? 'breached' : 'ok';
  return {
    result: { ...head, severity, verdict, value: breached, bounds: { upper: 0 }, ...cutItems(items) },
    details: items,
  };
}

/**
 * The difference of two shares by chance: so many standard errors, and further where few rows are meant, since few are more
 * often many than the normal distribution has it. That is the second term of Cornish and Fisher (1938), with the skewness of
 * a count of the window (Poisson) around a share that is known by a count of the reference (gamma).
 */
function usual({ reference: hits, strays = 0 }: Rate, errors: number, referenceRows: number, rows: number) {
  const rate = hits / referenceRows;
  // Of a share that the reference does not have, one in its rows is what chance allows (Laplace).
  const p = (hits + 1) / (referenceRows + 2);
  const [ofReference, ofWindow] = [1 / referenceRows, 1 / rows];
  const error = Math.sqrt(p * (1 - p) * (ofReference + ofWindow) + strays * ofReference ** 2);
  const skewed = (2 * ofReference ** 2 + ofWindow ** 2) / (ofReference + ofWindow);
  const chance = errors * error + ((errors ** 2 - 1) / 6) * Math.max(1 - 2 * p, 0) * skewed;
  return { upper: Math.min(rate + Math.max(rateAllowance, chance), 1) };
}

function ratesOf(reference: FeatureCounts, current: FeatureCounts, { rows }: Profile): Rates {
  const [from, to] = [reference.missing, current.missing];
  // A table cannot tell null from NaN, and a tensor of numbers has NaN alone: either is held against both together.
  const without = from.nulls + from.nans;
  const rates: Record<string, Rates[string]> = {
    'null-rate': { current: to.nulls, reference: without },
    'type-error-rate': { current: to.typeErrors, reference: from.typeErrors },
    absent: { current: to.absent, reference: from.absent },
  };
  if (reference.kind === 'numeric' && current.kind === 'numeric') {
    rates['nan-rate'] = { current: to.nans, reference: without };
    const { counts } = current;
    // Without edges the reference has no range.
    if (counts.length > 1)
      rates['out-of-range-rate'] = {
        current: counts[0] + (counts.at(-1) ?? 0) + to.positiveInfinities + to.negativeInfinities,
        // Of n rows more of the same kind two are expected beyond the least and the largest of n.
        reference: Math.min(Math.max(2, from.positiveInfinities + from.negativeInfinities), rows),
      };
  }
  if (reference.kind === 'categorical' && current.kind === 'categorical')
    rates['unseen-rate'] = { current: current.unseen, ...unseenIn(reference) };
  return rates;
}

/**
 * How many rows of the reference stand for what it does not have: of a reference that the categories are those of as many
 * as it has only once (Good, Biometrika 40, 1953), with the variance of that (Esty, Annals of Statistics 11, 1983). A column
 * of many rare categories goes on to bring new ones.
 */
function unseenIn({
  counts,
  unseen,
}: Extract<FeatureCounts, { kind: 'categorical' }>): Omit<Rate, 'current'> {
  if (unseen > 0) return { reference: unseen };
  const times = (n: number) => [...counts.values()].filter((count) => count === n).length;
  return { reference: times(1), strays: 2 * times(2) };
}
