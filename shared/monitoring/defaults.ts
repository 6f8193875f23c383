import type { DriftPreset } from '../stats/index.ts';
import type { MonitorSettingsV2, SignalSetting } from './settings.ts';
import { detectorNames } from './signals/index.ts';
import { type Bounds, type Severity, type SignalName, signalNames } from './signal.ts';

/** A figure that bounds can be set for. */
type Metric = {
  /** What it is held against where the settings name nothing; absent where that follows from the reference or baseline. */
  readonly bounds?: Bounds;
  readonly says: string;
  /** Whether bounds can be learnt of earlier windows. */
  readonly isLearnt: boolean;
};

type SignalDefault = {
  readonly isOn: boolean;
  readonly severity: Severity;
  readonly metrics: Readonly<Record<string, Metric>>;
};

const learnt = (says: string, bounds?: Bounds): Metric => ({
  ...(bounds ? { bounds } : {}),
  says,
  isLearnt: true,
});

const psi = learnt('a column has moved far enough to matter from here on (preset cairn)', { upper: 0.2 });
const pValue: Metric = {
  bounds: { lower: 0.01 },
  says: 'the false discovery rate below which a move is not chance, over all features (preset cairn)',
  isLearnt: false,
};
const driftedShare = learnt(
  'the share of features, by weight, that have drifted; by the preset: cairn 0.3, evidently 0.5, nannyml and azureml any',
);
const rate = (of: string) =>
  learnt(`the share of ${of}; by default 0.01 above the reference's, or what chance does where that is more`);
const figure = (of: string) =>
  learnt(`${of}; by default the baseline of the version less an allowance, and beyond chance`);

/** The least rate above the reference's that is a breach of data quality. */
export const rateAllowance = 0.01;

/**
 * All that a monitor can watch: whether it does from the beginning, how bad a breach is, and each figure with the bounds
 * that hold unless the settings name others. Every default of a bound that does not follow from data stands here.
 */
export const signalDefaults: Readonly<Record<SignalName, SignalDefault>> = {
  'feature-drift': {
    isOn: true,
    severity: 'warning',
    metrics: { 'drifted-share': driftedShare, psi, 'p-value': pValue },
  },
  'prediction-drift': { isOn: true, severity: 'warning', metrics: { psi, 'p-value': pValue } },
  'data-quality': {
    isOn: true,
    severity: 'warning',
    metrics: {
      'null-rate': rate('cells that are null'),
      'nan-rate': rate('cells that are NaN'),
      'type-error-rate': rate('text where the reference has numbers, or numbers where it has text'),
      'out-of-range-rate': rate('numbers below the least or above the largest of the reference'),
      'unseen-rate': rate('categories that the reference does not have'),
      absent: rate('rows whose call did not have the column'),
    },
  },
  performance: {
    isOn: true,
    severity: 'critical',
    metrics: {
      accuracy: figure('share of right predictions'),
      'balanced-accuracy': figure('mean recall of the classes'),
      'macro-f1': figure('mean F1 of the classes'),
      auc: figure('area under the ROC curve'),
      'log-loss': figure('mean −ln p of the true class'),
      mae: figure('mean absolute error'),
      rmse: figure('root of the mean squared error'),
      r2: figure('share of the variance that is explained'),
    },
  },
  'estimated-performance': {
    isOn: true,
    severity: 'critical',
    metrics: {
      accuracy: figure('expected share of right predictions'),
      'macro-f1': figure('expected mean F1 of the classes'),
      auc: figure('expected area under the ROC curve'),
    },
  },
  'concept-drift': {
    isOn: true,
    severity: 'warning',
    metrics: Object.fromEntries(
      detectorNames.map((name) => [name, learnt(`drifts that ${name} found in the window`, { upper: 0 })]),
    ),
  },
  traffic: {
    isOn: true,
    severity: 'warning',
    metrics: {
      calls: learnt('calls of the window; by default against the same time of earlier weeks or days'),
      rows: learnt('rows of the window; as calls'),
      'error-rate': learnt('share of calls that failed; by default 0.02 above the usual, and beyond chance'),
    },
  },
  latency: {
    isOn: true,
    severity: 'warning',
    metrics: {
      'p95-ms': learnt(
        'latency that 95 of 100 calls stay below; by default learnt of ten windows, 1.5 times their mean at least',
      ),
      'p99-ms': learnt('the same of 99 of 100'),
    },
  },
  skew: {
    isOn: true,
    severity: 'warning',
    metrics: { 'drifted-share': driftedShare, psi, 'p-value': pValue },
  },
};

/** At which share of drifted features a preset calls a window drifted; `isReached` where the share itself does already. */
export const driftedShareOf: Readonly<
  Record<DriftPreset, { readonly upper: number; readonly isReached: boolean }>
> = {
  cairn: { upper: 0.3, isReached: true },
  evidently: { upper: 0.5, isReached: true },
  nannyml: { upper: 0, isReached: false },
  azureml: { upper: 0, isReached: false },
};

const daySeconds = 86_400;

/** What a monitor watches for that nobody has told anything. */
export const defaultSettings: MonitorSettingsV2 = {
  windowSeconds: 3600,
  everySeconds: 3600,
  offsetSeconds: 0,
  reference: { kind: 'version' },
  preset: 'cairn',
  minRows: 200,
  minLabelled: 100,
  maxLabelDelaySeconds: 7 * daySeconds,
  segments: null,
  featureWeights: {},
  signals: Object.fromEntries(
    signalNames.map((name): [SignalName, SignalSetting] => [
      name,
      { enabled: signalDefaults[name].isOn, severity: signalDefaults[name].severity, thresholds: {} },
    ]),
  ) as Record<SignalName, SignalSetting>,
  alerting: { breaches: 2, of: 3, clear: 3, hysteresis: 0.8, cooldownSeconds: daySeconds },
  retraining: null,
};

/** The bound of a figure that is given, or else that of {@link signalDefaults}; not one that is learnt. */
export function givenBound(
  signal: SignalName,
  { thresholds }: Pick<SignalSetting, 'thresholds'>,
  metric: string,
  side: 'lower' | 'upper',
): number | undefined {
  const set = Object.hasOwn(thresholds, metric) ? thresholds[metric] : undefined;
  if (set?.kind === 'given') return set.bounds[side];
  return signalDefaults[signal].metrics[metric]?.bounds?.[side];
}
