import { CairnError } from '../http/index.ts';
import type { DriftPreset } from '../stats/index.ts';
import { defaultSettings, signalDefaults } from './defaults.ts';
import type {
  AlertingSetting,
  MonitorSettingsV2,
  ReferenceSetting,
  RetrainingSetting,
  SignalSetting,
  ThresholdSetting,
} from './settings.ts';
import { type Severity, type SignalName, signalNames } from './signal.ts';
import type { DetectorName } from './signals/index.ts';

/**
 * What is changed of a monitor. Absent stays as it is; `null` takes back what was set, so that the default holds again.
 * Objects are merged, lists are replaced.
 */
export type SettingsChange = {
  readonly windowSeconds?: number | null | undefined;
  readonly everySeconds?: number | null | undefined;
  readonly offsetSeconds?: number | null | undefined;
  readonly reference?: ReferenceSetting | null | undefined;
  readonly preset?: DriftPreset | null | undefined;
  readonly minRows?: number | null | undefined;
  readonly minLabelled?: number | null | undefined;
  readonly maxLabelDelaySeconds?: number | null | undefined;
  readonly segments?: MonitorSettingsV2['segments'] | undefined;
  readonly featureWeights?: Readonly<Record<string, number | null>> | null | undefined;
  readonly signals?: Readonly<Record<string, SignalChange | null>> | null | undefined;
  readonly alerting?: AlertingChange | null | undefined;
  readonly retraining?: RetrainingChange | null | undefined;
};
export type SignalChange = {
  readonly enabled?: boolean | undefined;
  readonly severity?: Severity | undefined;
  readonly thresholds?: Readonly<Record<string, ThresholdSetting | null>> | null | undefined;
  readonly detectors?: readonly DetectorName[] | null | undefined;
};
type AlertingChange = { readonly [K in keyof AlertingSetting]?: AlertingSetting[K] | null | undefined };
type RetrainingChange = { readonly [K in keyof RetrainingSetting]?: RetrainingSetting[K] | undefined } & {
  readonly executor: string;
};

/** What a change is judged by, beside the settings themselves. */
export type Around = {
  /** The alias that the endpoint follows, if it follows one. */
  readonly alias: string | undefined;
  /** Names of the executors that there are. */
  readonly executors: readonly string[];
  readonly now: number;
};

const learntWindowsMin = 5;

/** The settings with a change. Throws `invalid`, naming the field as the API has it. */
export function changedSettings(
  old: MonitorSettingsV2,
  change: SettingsChange,
  around: Around,
): MonitorSettingsV2 {
  const pick = <K extends keyof MonitorSettingsV2>(
    key: K,
    given: MonitorSettingsV2[K] | null | undefined,
  ): MonitorSettingsV2[K] => (given === undefined ? old[key] : (given ?? defaultSettings[key]));
  const settings: MonitorSettingsV2 = {
    windowSeconds: pick('windowSeconds', change.windowSeconds),
    everySeconds: pick('everySeconds', change.everySeconds),
    offsetSeconds: pick('offsetSeconds', change.offsetSeconds),
    reference: pick('reference', change.reference),
    preset: pick('preset', change.preset),
    minRows: pick('minRows', change.minRows),
    minLabelled: pick('minLabelled', change.minLabelled),
    maxLabelDelaySeconds: pick('maxLabelDelaySeconds', change.maxLabelDelaySeconds),
    segments: change.segments === undefined ? old.segments : change.segments,
    featureWeights: merged(old.featureWeights, change.featureWeights),
    signals: change.signals === null ? defaultSettings.signals : signalsOf(old.signals, change.signals ?? {}),
    alerting: alertingOf(old.alerting, change.alerting),
    retraining: retrainingOf(old.retraining, change.retraining, around),
  };
  const { reference } = settings;
  if (reference.kind === 'fixed' && reference.to > around.now)
    throw invalid('reference.to', 'The reference must have ended: give a time that lies in the past.');
  return settings;
}

function signalsOf(
  old: MonitorSettingsV2['signals'],
  change: Readonly<Record<string, SignalChange | null>>,
): MonitorSettingsV2['signals'] {
  const signals: Record<SignalName, SignalSetting> = { ...old };
  for (const [name, each] of Object.entries(change)) {
    if (!isSignal(name))
      throw invalid(`signals.${name}`, `There is no such signal; there are ${signalNames.join(', ')}.`);
    signals[name] = each ? signalOf(name, signals[name], each) : defaultSettings.signals[name];
  }
  return signals;
}

function signalOf(
  name: SignalName,
  old: SignalSetting,
  { enabled, severity, thresholds, detectors = old.detectors }: SignalChange,
): SignalSetting {
  if (detectors && name !== 'concept-drift')
    throw invalid(`signals.${name}.detectors`, "Only signal 'concept-drift' has detectors.");
  const { metrics } = signalDefaults[name];
  for (const [metric, threshold] of Object.entries(thresholds ?? {})) {
    const field = `signals.${name}.thresholds.${metric}`;
    if (!Object.hasOwn(metrics, metric)) {
      const known = Object.keys(metrics);
      throw invalid(
        field,
        known.length > 0
          ? `Signal '${name}' has no such metric; it has ${known.join(', ')}.`
          : `Signal '${name}' has no metric that bounds can be set for.`,
      );
    }
    if (threshold) checkThreshold(field, threshold, metrics[metric].isLearnt);
  }
  return {
    enabled: enabled ?? old.enabled,
    severity: severity ?? old.severity,
    thresholds: merged(old.thresholds, thresholds),
    ...(detectors ? { detectors } : {}),
  };
}

function checkThreshold(field: string, threshold: ThresholdSetting, isLearnt: boolean): void {
  if (threshold.kind === 'learnt') {
    if (!isLearnt) throw invalid(field, 'Bounds of this metric are not learnt; give lower or upper.');
    if (threshold.windows < learntWindowsMin)
      throw invalid(
        `${field}.learnt.windows`,
        `Fewer than ${learntWindowsMin} windows do not tell what is usual: give at least ${learntWindowsMin}.`,
      );
    return;
  }
  const { lower, upper } = threshold.bounds;
  if (lower === undefined && upper === undefined)
    throw invalid(field, 'Give lower, upper or both, or learnt.');
  if (lower !== undefined && upper !== undefined && lower > upper)
    throw invalid(`${field}.lower`, `lower must be at most upper (${upper}).`);
}

function alertingOf(old: AlertingSetting, change: AlertingChange | null | undefined): AlertingSetting {
  if (change === null) return defaultSettings.alerting;
  const alerting = { ...old };
  for (const [key, value] of Object.entries(change ?? {})) {
    const name = key as keyof AlertingSetting;
    if (value === undefined) continue;
    if (value !== null) Object.assign(alerting, { [name]: value });
    else if (name === 'channels') delete alerting.channels;
    else Object.assign(alerting, { [name]: defaultSettings.alerting[name] });
  }
  if (alerting.breaches > alerting.of)
    throw invalid(
      'alerting.breaches',
      `${alerting.breaches} breaches cannot be among ${alerting.of} windows: breaches must be at most of.`,
    );
  return alerting;
}

function retrainingOf(
  old: RetrainingSetting | null,
  change: RetrainingChange | null | undefined,
  { alias: endpointAlias, executors }: Around,
): RetrainingSetting | null {
  if (change === undefined) return old;
  if (change === null) return null;
  if (!executors.includes(change.executor))
    throw invalid(
      'retraining.executor',
      `No executor is named '${change.executor}'; ${executors.length > 0 ? `there is ${executors.join(', ')}` : 'none is set up'}. Declare it in CAIRN_EXECUTORS.`,
    );
  const alias = change.alias ?? old?.alias ?? endpointAlias;
  if (alias === undefined)
    throw invalid(
      'retraining.alias',
      "The endpoint follows no alias; name the one that a better model gets in 'retraining.alias'.",
    );
  return {
    executor: change.executor,
    on: change.on ?? old?.on ?? ['performance'],
    alias,
    margin: change.margin ?? old?.margin ?? 0,
    maxPerDay: change.maxPerDay ?? old?.maxPerDay ?? 1,
  };
}

/** By name: what is given replaces, `null` removes; `null` for all removes all. */
function merged<T>(
  old: Readonly<Record<string, T>>,
  change: Readonly<Record<string, T | null>> | null | undefined,
): Record<string, T> {
  if (change === null) return {};
  const both = Object.entries({ ...old, ...change });
  return Object.fromEntries(both.filter((entry): entry is [string, T] => entry[1] !== null));
}

function isSignal(name: string): name is SignalName {
  return (signalNames as readonly string[]).includes(name);
}

function invalid(field: string, message: string): CairnError {
  return new CairnError('invalid', message, { field });
}
