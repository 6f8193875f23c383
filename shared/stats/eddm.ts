import { type Detection, expectError } from './detection.ts';

export type EddmSettings = {
  /** Errors that are too few to judge; the largest distance is sought after as many values. */
  readonly errorsMin: number;
  /** Share of the largest distance below which it warns, and finds drift. */
  readonly warning: number;
  readonly drift: number;
};

const defaults: EddmSettings = { errorsMin: 30, warning: 0.95, drift: 0.9 };

export type Eddm = {
  readonly detector: 'eddm';
  readonly settings: EddmSettings;
  count: number;
  errors: number;
  /** The place of the last error, from 1. */
  lastError: number;
  /** Mean of the distances between errors, and Σ (distance − mean)². */
  mean: number;
  squares: number;
  /** Largest μ + 2σ of the distances so far; `null` before the first. */
  largest: number | null;
  isWarning: boolean;
  isDrifted: boolean;
};

/**
 * The Early Drift Detection Method watches the distances between the errors of a classifier (1 wrong, 0 right): drift is
 * a mean distance whose μ + 2σ falls well below the largest that it was, which shows slow changes sooner than a rate.
 * Baena-García and others, Early drift detection method, IWKDDS 2006; the same as EDDM of river 0.26.1, value by value.
 *
 * @throws RangeError where `warning` is less than `drift`
 */
export function newEddm(settings: Partial<EddmSettings> = {}): Eddm {
  const all = { ...defaults, ...settings };
  if (all.warning < all.drift)
    throw new RangeError(
      `EDDM warns below ${all.warning} and finds drift below ${all.drift}: it must warn first.`,
    );
  return fresh(all);
}

/** Takes the next error into the state. A warning stays until an error ends it. */
export function observeEddm(state: Eddm, error: number): Detection {
  expectError(error);
  if (state.isDrifted) Object.assign(state, fresh(state.settings));
  state.count++;
  if (error === 1) takeError(state);
  if (state.isDrifted) return 'drift';
  return state.isWarning ? 'warning' : 'none';
}

function takeError(state: Eddm): void {
  const { settings } = state;
  const distance = state.count - state.lastError;
  state.lastError = state.count;
  state.errors++;
  const gap = distance - state.mean;
  state.mean += (1 / state.errors) * gap;
  state.squares += gap * (distance - state.mean);
  if (state.count <= settings.errorsMin) return;
  const deviation = Math.sqrt(state.errors > 1 ? state.squares / (state.errors - 1) : 0);
  const reach = state.mean + 2 * deviation;
  if (state.largest === null || reach > state.largest) {
    state.largest = reach;
    return;
  }
  if (state.errors <= settings.errorsMin) return;
  const level = reach / state.largest;
  state.isDrifted = level < settings.drift;
  if (!state.isDrifted) state.isWarning = level < settings.warning;
}

function fresh(settings: EddmSettings): Eddm {
  const empty = { count: 0, errors: 0, lastError: 0, mean: 0, squares: 0, largest: null };
  return { detector: 'eddm', settings, ...empty, isWarning: false, isDrifted: false };
}
