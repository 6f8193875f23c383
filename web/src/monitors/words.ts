import type { Monitor, MonitorBounds, MonitorThreshold } from '../api/types.ts';

/** What a monitor can watch, in the order in which it is shown. */
export const signals = [
  'performance',
  'estimated-performance',
  'feature-drift',
  'prediction-drift',
  'concept-drift',
  'data-quality',
  'traffic',
  'latency',
  'skew',
] as const;

export type SignalName = (typeof signals)[number];

export const severities = ['info', 'warning', 'critical'] as const;

export const signalMeanings: Readonly<Record<SignalName, string>> = {
  performance: 'How good predictions were, by the labels that came.',
  'estimated-performance': 'How good they are likely to be, by the probabilities themselves; without labels.',
  'feature-drift': 'Whether inputs are distributed otherwise than in the reference.',
  'prediction-drift': 'Whether answers are.',
  'concept-drift': 'Whether errors grow, found before the mean of a window shows it.',
  'data-quality': 'Missing, malformed, unseen and out-of-range inputs.',
  traffic: 'Calls, rows and errors, against earlier weeks and days.',
  latency: 'How long answers take, against earlier windows.',
  skew: 'Inputs against the set the version was trained on; only where the reference is another.',
};

type MetricWords = {
  /** What holds unless bounds are set. */
  readonly usual: string;
  /** The same as bounds, where it does not follow from data. */
  readonly bounds?: MonitorBounds;
  /** Whether bounds can be learnt of earlier windows. */
  readonly isLearnt: boolean;
};

const drift: Readonly<Record<string, MetricWords>> = {
  psi: { usual: 'at most 0.2', bounds: { upper: 0.2 }, isLearnt: true },
  'p-value': {
    usual: 'a false discovery rate of 1 %, over all features',
    bounds: { lower: 0.01 },
    isLearnt: false,
  },
};
const share: Readonly<Record<string, MetricWords>> = {
  'drifted-share': {
    usual: 'by the preset: 30 % (cairn), 50 % (evidently), none (nannyml, azureml)',
    isLearnt: true,
  },
};
const baseline: MetricWords = {
  usual: 'the baseline of the version, less an allowance and what chance can do',
  isLearnt: true,
};
const rate: MetricWords = {
  usual: '1 % above the reference, or what chance does where that is more',
  isLearnt: true,
};
const earlier: MetricWords = { usual: 'half to double of what the same time had before', isLearnt: true };
const slower: MetricWords = {
  usual: 'learnt of ten windows, at least half above their mean',
  isLearnt: true,
};
const drifts: MetricWords = { usual: 'none', bounds: { upper: 0 }, isLearnt: true };
const isOff: MetricWords = { ...drifts, usual: 'off: it finds drifts where there are none' };

const all = <const T extends readonly string[]>(names: T, words: MetricWords) =>
  Object.fromEntries(names.map((name) => [name, words]));

/** The figures that bounds can be set for. */
export const metrics: Readonly<Record<SignalName, Readonly<Record<string, MetricWords>>>> = {
  performance: all(
    ['accuracy', 'balanced-accuracy', 'macro-f1', 'auc', 'log-loss', 'mae', 'rmse', 'r2'],
    baseline,
  ),
  'estimated-performance': all(['accuracy', 'macro-f1', 'auc'], baseline),
  'feature-drift': { ...share, ...drift },
  'prediction-drift': drift,
  'concept-drift': { ...all(['adwin', 'page-hinkley'], drifts), ...all(['ddm', 'eddm'], isOff) },
  'data-quality': all(
    ['null-rate', 'nan-rate', 'type-error-rate', 'out-of-range-rate', 'unseen-rate', 'absent'],
    rate,
  ),
  traffic: {
    ...all(['calls', 'rows'], earlier),
    'error-rate': { ...rate, usual: '2 % above what was usual' },
  },
  latency: all(['p95-ms', 'p99-ms'], slower),
  skew: { ...share, ...drift },
};

export const presetWords: Readonly<Record<string, string>> = {
  cairn: 'cairn: PSI and a test, corrected for the number of features',
  evidently: 'evidently: tests and distances as Evidently chooses them',
  nannyml: 'nannyml: Jensen–Shannon beyond what the reference itself varies',
  azureml: 'azureml: Wasserstein and Jensen–Shannon above 0.1',
};

const driftedShares: Readonly<Record<string, number>> = {
  cairn: 0.3,
  evidently: 0.5,
  nannyml: 0,
  azureml: 0,
};

/** Whether a bound is what would hold if none were set. */
export function isUsual(
  signal: SignalName,
  metric: string,
  threshold: MonitorThreshold,
  preset: Monitor['preset'],
): boolean {
  if (threshold.learnt) return false;
  const usual =
    metric === 'drifted-share' ? { upper: driftedShares[preset] } : metrics[signal][metric]?.bounds;
  return usual !== undefined && usual.lower === threshold.lower && usual.upper === threshold.upper;
}

/** What makes a figure a whole sentence. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
