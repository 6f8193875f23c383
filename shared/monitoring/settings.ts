import type { DriftPreset } from '../stats/index.ts';
import type { Bounds, Severity, SignalName } from './signal.ts';
import type { DetectorName } from './signals/index.ts';

/** Given bounds, or bounds `sigmas` standard deviations around the mean of at least `windows` earlier windows. */
export type ThresholdSetting =
  | { readonly kind: 'given'; readonly bounds: Bounds }
  | { readonly kind: 'learnt'; readonly sigmas: number; readonly windows: number };

/** What is watched, and how. */
export type SignalSetting = {
  readonly enabled: boolean;
  readonly severity: Severity;
  /** By metric; a metric that is not named keeps its default. */
  readonly thresholds: Readonly<Record<string, ThresholdSetting>>;
  /** Which go through the errors, only of `concept-drift`; ADWIN and Page–Hinkley where absent. */
  readonly detectors?: readonly DetectorName[];
};

/** What the window is held against. */
export type ReferenceSetting =
  /** The reference set of the version, or its first predictions where it has none. */
  | { readonly kind: 'version' }
  /** Milliseconds since 1970. */
  | { readonly kind: 'fixed'; readonly from: number; readonly to: number }
  /** So long a time, that ends `offsetSeconds` before the window begins. */
  | { readonly kind: 'rolling'; readonly lengthSeconds: number; readonly offsetSeconds: number };

/** When breaches become an alert, and when it is over: see `shared/alerts`. */
export type AlertingSetting = {
  /** Firing at `breaches` of the last `of` windows that had a verdict. */
  readonly breaches: number;
  readonly of: number;
  /** Resolved after so many windows in a row without a breach, clear of the bound by `1 - hysteresis` of it. */
  readonly clear: number;
  readonly hysteresis: number;
  /** An open incident is told of again after so long. */
  readonly cooldownSeconds: number;
  /** Ids of the webhooks that are told; all that listen to incidents where it is absent. */
  readonly channels?: readonly string[];
};

/** What starts a retraining, by what it is done, and when its outcome replaces the champion. */
export type RetrainingSetting = {
  /** A name in the setting CAIRN_EXECUTORS. */
  readonly executor: string;
  /** The signals whose alerts start it. */
  readonly on: readonly SignalName[];
  /** The alias of the endpoint's model that names the champion, and that a better challenger gets. */
  readonly alias: string;
  /** The challenger's accuracy must exceed the champion's by more than this. */
  readonly margin: number;
  /** Retrainings of one monitor in 24 hours. */
  readonly maxPerDay: number;
};

/** The settings of a monitor, version 2. */
export type MonitorSettingsV2 = {
  readonly windowSeconds: number;
  readonly everySeconds: number;
  /** How long before the latest point of the grid a window ends: for data that come late. */
  readonly offsetSeconds: number;
  readonly reference: ReferenceSetting;
  readonly preset: DriftPreset;
  /** Fewer rows than this on either side are insufficient data, never a verdict. */
  readonly minRows: number;
  readonly minLabelled: number;
  /** How far back late labels open windows again. */
  readonly maxLabelDelaySeconds: number;
  readonly segments: { readonly column: string; readonly values: readonly string[] } | null;
  /** By feature, 1 where absent: shares of drifted features are weighted. */
  readonly featureWeights: Readonly<Record<string, number>>;
  readonly signals: Readonly<Record<SignalName, SignalSetting>>;
  readonly alerting: AlertingSetting;
  readonly retraining: RetrainingSetting | null;
};
