import { type Detection, expectFinite } from './detection.ts';

export type PageHinkleySettings = {
  /** Values that are too few to judge. */
  readonly rowsMin: number;
  /** How far a value may lie from the mean without saying anything, in units of the values. */
  readonly delta: number;
  /** How much cumulated change is a drift, in units of the values. */
  readonly threshold: number;
  /** How much of what was cumulated stays with each value. */
  readonly alpha: number;
  /** Which changes of the mean count. */
  readonly mode: 'up' | 'down' | 'both';
};

const defaults: PageHinkleySettings = {
  rowsMin: 30,
  delta: 0.005,
  threshold: 50,
  alpha: 0.9999,
  mode: 'both',
};

export type PageHinkley = {
  readonly detector: 'page-hinkley';
  readonly settings: PageHinkleySettings;
  count: number;
  mean: number;
  /** Cumulated deviations from the mean, and the least and the largest they were. */
  rise: number;
  fall: number;
  leastRise: number | null;
  largestFall: number;
  isDrifted: boolean;
};

/**
 * The Page–Hinkley test watches the mean of a stream of numbers: drift is a cumulated deviation from the mean so far that
 * has left its own extreme by more than a threshold. Page, Continuous inspection schemes, Biometrika 41, 1954, with the
 * fading of Sebastião and Fernandes, ISMIS 2017; the same as PageHinkley of river 0.26.1, value by value.
 */
export function newPageHinkley(settings: Partial<PageHinkleySettings> = {}): PageHinkley {
  return fresh({ ...defaults, ...settings });
}

/** Takes the next value into the state. */
export function observePageHinkley(state: PageHinkley, value: number): Detection {
  expectFinite(value);
  if (state.isDrifted) Object.assign(state, fresh(state.settings));
  const { alpha, delta, rowsMin, threshold, mode } = state.settings;
  state.count++;
  state.mean += (1 / state.count) * (value - state.mean);
  const deviation = value - state.mean;
  state.rise = alpha * state.rise + deviation - delta;
  state.fall = alpha * state.fall + deviation + delta;
  state.leastRise = Math.min(state.leastRise ?? Infinity, state.rise);
  state.largestFall = Math.max(state.largestFall, state.fall);
  if (state.count < rowsMin) return 'none';
  const isUp = mode !== 'down' && state.rise - state.leastRise > threshold;
  const isDown = mode !== 'up' && state.largestFall - state.fall > threshold;
  state.isDrifted = isUp || isDown;
  return state.isDrifted ? 'drift' : 'none';
}

function fresh(settings: PageHinkleySettings): PageHinkley {
  const empty = { count: 0, mean: 0, rise: 0, fall: 0, leastRise: null, largestFall: -1, isDrifted: false };
  return { detector: 'page-hinkley', settings, ...empty };
}
