import { type Detection, expectError } from './detection.ts';

export type DdmSettings = {
  /** Values that are too few to judge. */
  readonly rowsMin: number;
  /** Standard deviations above the least error rate from which it warns, and finds drift. */
  readonly warning: number;
  readonly drift: number;
};

const defaults: DdmSettings = { rowsMin: 30, warning: 2, drift: 3 };

export type Ddm = {
  readonly detector: 'ddm';
  readonly settings: DdmSettings;
  count: number;
  /** Share of errors so far. */
  rate: number;
  /** The rate and its standard deviation where their sum was least; `null` before the first verdict. */
  least: { rate: number; deviation: number } | null;
  isDrifted: boolean;
};

/**
 * The Drift Detection Method watches the errors of a classifier (1 wrong, 0 right): drift is an error rate p whose
 * p + s, s = √(p (1 − p) / n), lies far above the least that it was. Gama, Medas, Castillo and Rodrigues, Learning with
 * drift detection, SBIA 2004; the same as DDM of river 0.26.1, value by value.
 */
export function newDdm(settings: Partial<DdmSettings> = {}): Ddm {
  return fresh({ ...defaults, ...settings });
}

/** Takes the next error into the state. */
export function observeDdm(state: Ddm, error: number): Detection {
  expectError(error);
  if (state.isDrifted) Object.assign(state, fresh(state.settings));
  state.count++;
  state.rate += (1 / state.count) * (error - state.rate);
  const { rate, count, settings } = state;
  if (count <= settings.rowsMin) return 'none';
  const deviation = Math.sqrt((rate * (1 - rate)) / count);
  let least = state.least ?? { rate, deviation };
  if (rate + deviation <= least.rate + least.deviation) least = { rate, deviation };
  state.least = least;
  const isBeyond = (bound: number) => rate + deviation > least.rate + bound * least.deviation;
  state.isDrifted = isBeyond(settings.drift);
  if (state.isDrifted) return 'drift';
  return isBeyond(settings.warning) ? 'warning' : 'none';
}

function fresh(settings: DdmSettings): Ddm {
  return { detector: 'ddm', settings, count: 0, rate: 0, least: null, isDrifted: false };
}
