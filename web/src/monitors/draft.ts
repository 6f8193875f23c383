import type { Monitor, MonitorThreshold } from '../api/types.ts';
import { localText } from './times.ts';
import { isUsual, metrics, type SignalName, signals } from './words.ts';

export const thresholdModes = ['usual', 'given', 'learnt'] as const;

/** A bound as it is being written. */
export type ThresholdDraft = {
  readonly mode: (typeof thresholdModes)[number];
  readonly lower: string;
  readonly upper: string;
  readonly sigmas: string;
  readonly windows: string;
};

export type SignalDraft = {
  readonly enabled: boolean;
  readonly severity: string;
  readonly thresholds: Readonly<Record<string, ThresholdDraft>>;
};

export type WeightDraft = { readonly key: number; readonly name: string; readonly weight: string };

/** The settings of a monitor as they are being written: text until they are sent, and empty for the default. */
export type MonitorDraft = {
  readonly windowMinutes: string;
  readonly everyMinutes: string;
  readonly offsetMinutes: string;
  readonly reference: Monitor['reference']['kind'];
  readonly referenceFrom: string;
  readonly referenceTo: string;
  readonly referenceHours: string;
  readonly referenceHoursBefore: string;
  readonly preset: string;
  readonly minRows: string;
  readonly minLabelled: string;
  readonly labelDelayHours: string;
  readonly segmentColumn: string;
  /** A value a line: values may hold commas. */
  readonly segmentValues: string;
  readonly weights: readonly WeightDraft[];
  readonly signals: Readonly<Record<SignalName, SignalDraft>>;
  readonly breaches: string;
  readonly of: string;
  readonly clear: string;
  readonly hysteresis: string;
  readonly cooldownHours: string;
  /** Ids of webhooks; undefined for all of them. */
  readonly channels: readonly string[] | undefined;
  readonly retrains: boolean;
  readonly executor: string;
  readonly retrainsOn: readonly string[];
  readonly alias: string;
  readonly margin: string;
  readonly maxPerDay: string;
};

export type ReferenceDraft = Pick<
  MonitorDraft,
  'reference' | 'referenceFrom' | 'referenceTo' | 'referenceHours' | 'referenceHoursBefore'
>;

/** What holds where an input is empty, as the hints say it. */
export const usual = {
  windowMinutes: '60',
  everyMinutes: '60',
  offsetMinutes: '0',
  minRows: '200',
  minLabelled: '100',
  labelDelayHours: '168',
  breaches: '2',
  of: '3',
  clear: '3',
  hysteresis: '0.8',
  cooldownHours: '24',
  sigmas: '3',
  windows: '10',
} as const;

const noThreshold: ThresholdDraft = { mode: 'usual', lower: '', upper: '', sigmas: '', windows: '' };

/** A monitor as its form begins. */
export function draftOf(monitor: Monitor): MonitorDraft {
  const { reference, alerting, retraining, segments } = monitor;
  const isFixed = reference.kind === 'fixed';
  const isRolling = reference.kind === 'rolling';
  return {
    windowMinutes: String(monitor.window_seconds / 60),
    everyMinutes: String(monitor.every_seconds / 60),
    offsetMinutes: String(monitor.offset_seconds / 60),
    reference: reference.kind,
    referenceFrom: isFixed ? localText(reference.from) : '',
    referenceTo: isFixed ? localText(reference.to) : '',
    referenceHours: isRolling ? String(reference.length_seconds / 3600) : '',
    referenceHoursBefore: isRolling ? String(reference.offset_seconds / 3600) : '',
    preset: monitor.preset,
    minRows: String(monitor.min_rows),
    minLabelled: String(monitor.min_labelled),
    labelDelayHours: String(monitor.max_label_delay_seconds / 3600),
    segmentColumn: segments?.column ?? '',
    segmentValues: segments?.values.join('\n') ?? '',
    weights: Object.entries(monitor.feature_weights).map(([name, weight], key) => ({
      key,
      name,
      weight: String(weight),
    })),
    signals: Object.fromEntries(signals.map((signal) => [signal, signalDraft(monitor, signal)])) as Record<
      SignalName,
      SignalDraft
    >,
    breaches: String(alerting.breaches),
    of: String(alerting.of),
    clear: String(alerting.clear),
    hysteresis: String(alerting.hysteresis),
    cooldownHours: String(alerting.cooldown_seconds / 3600),
    channels: alerting.channels,
    retrains: retraining !== null,
    executor: retraining?.executor ?? '',
    retrainsOn: retraining?.on ?? ['performance'],
    alias: retraining?.alias ?? '',
    margin: retraining ? String(retraining.margin) : '',
    maxPerDay: retraining ? String(retraining.max_per_day) : '',
  };
}

export function newWeight(beside: readonly WeightDraft[]): WeightDraft {
  return { key: Math.max(-1, ...beside.map(({ key }) => key)) + 1, name: '', weight: '' };
}

function signalDraft({ signals: set, preset }: Monitor, signal: SignalName): SignalDraft {
  const { enabled, severity, thresholds } = set[signal];
  return {
    enabled,
    severity,
    thresholds: Object.fromEntries(
      Object.keys(metrics[signal]).map((metric) => [
        metric,
        thresholdDraft(signal, metric, thresholds[metric], preset),
      ]),
    ),
  };
}

function thresholdDraft(
  signal: SignalName,
  metric: string,
  threshold: MonitorThreshold | undefined,
  preset: string,
): ThresholdDraft {
  if (!threshold || isUsual(signal, metric, threshold, preset)) return noThreshold;
  const { lower, upper, learnt } = threshold;
  if (learnt)
    return {
      ...noThreshold,
      mode: 'learnt',
      sigmas: String(learnt.sigmas),
      windows: String(learnt.windows),
    };
  return {
    ...noThreshold,
    mode: 'given',
    lower: lower === undefined ? '' : String(lower),
    upper: upper === undefined ? '' : String(upper),
  };
}
