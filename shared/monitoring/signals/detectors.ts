import {
  type Adwin,
  type AdwinSettings,
  type Ddm,
  type DdmSettings,
  type Eddm,
  type EddmSettings,
  newAdwin,
  newDdm,
  newEddm,
  newPageHinkley,
  observeAdwin,
  observeDdm,
  observeEddm,
  observePageHinkley,
  type PageHinkley,
  type PageHinkleySettings,
} from '../../stats/index.ts';

export const detectorNames = ['adwin', 'page-hinkley', 'ddm', 'eddm'] as const;

export type DetectorName = (typeof detectorNames)[number];

/** Which detectors watch the errors, and how; those that are not named do not. */
export type DetectorSettings = {
  readonly adwin?: Partial<AdwinSettings>;
  readonly 'page-hinkley'?: Partial<PageHinkleySettings>;
  readonly ddm?: Partial<DdmSettings>;
  readonly eddm?: Partial<EddmSettings>;
};

/**
 * Those that keep quiet while nothing changes: on streams whose error rate stays between 0.005 and 0.3, each finds a drift
 * in at most one of 100 streams of 10,000 errors, and in one of 1,000 windows later on.
 *
 * ADWIN keeps its published δ. Page–Hinkley's fading (α = 0.9999) is off, since with it one stationary window of ten is a
 * drift in the long run; and its δ is 0.02, so that rates which differ by less are one. DDM and EDDM are for who names
 * them: they hold the present against the best moment there was, which in the beginning is one of luck. As published DDM
 * finds a drift in 23 to 92 of 100 such streams, and EDDM in more than 89.
 */
export const defaultDetectors: DetectorSettings = {
  adwin: { delta: 0.002 },
  'page-hinkley': { alpha: 1, delta: 0.02, threshold: 50, mode: 'up' },
};

/** Detectors by name: as they are by default, or as they were published. */
export function detectorsNamed(names: readonly DetectorName[]): DetectorSettings {
  return Object.fromEntries(
    detectorNames.filter((name) => names.includes(name)).map((name) => [name, defaultDetectors[name] ?? {}]),
  );
}

/** Plain values, which JSON keeps. */
export type DetectorStates = {
  readonly adwin?: Adwin;
  readonly 'page-hinkley'?: PageHinkley;
  readonly ddm?: Ddm;
  readonly eddm?: Eddm;
};

/** Fresh detectors of a kind of errors: DDM and EDDM know right and wrong alone. */
export function newDetectors(settings: DetectorSettings, kind: 'classes' | 'numbers'): DetectorStates {
  const { adwin, ddm, eddm } = settings;
  const pageHinkley = settings['page-hinkley'];
  return {
    ...(adwin ? { adwin: newAdwin(adwin) } : {}),
    ...(pageHinkley ? { 'page-hinkley': newPageHinkley(pageHinkley) } : {}),
    ...(ddm && kind === 'classes' ? { ddm: newDdm(ddm) } : {}),
    ...(eddm && kind === 'classes' ? { eddm: newEddm(eddm) } : {}),
  };
}

export type Drifts = Readonly<Partial<Record<DetectorName, number>>>;

/**
 * Takes errors into the states, which change, and counts the drifts that each found. A mean that fell is none: the model
 * errs less.
 */
export function observeAll(states: DetectorStates, values: Iterable<number>): Drifts {
  const { adwin, ddm, eddm } = states;
  const pageHinkley = states['page-hinkley'];
  const found = { adwin: 0, 'page-hinkley': 0, ddm: 0, eddm: 0 };
  for (const value of values) {
    if (adwin && hasRisen(adwin, value)) found.adwin++;
    if (pageHinkley && observePageHinkley(pageHinkley, value) === 'drift') found['page-hinkley']++;
    if (ddm && observeDdm(ddm, value) === 'drift') found.ddm++;
    if (eddm && observeEddm(eddm, value) === 'drift') found.eddm++;
  }
  return Object.fromEntries(
    detectorNames.filter((name) => states[name] !== undefined).map((name) => [name, found[name]]),
  );
}

function hasRisen(adwin: Adwin, value: number): boolean {
  const { width, total } = adwin;
  return observeAdwin(adwin, value) === 'drift' && adwin.total / adwin.width > total / width;
}
