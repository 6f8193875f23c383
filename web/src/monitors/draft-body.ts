import type { MonitorDraft, ReferenceDraft, SignalDraft, ThresholdDraft } from './draft.ts';
import { timeOf } from './times.ts';

/** A JSON object; null takes a setting back to its default. */
export type Body = { readonly [name: string]: unknown };

/** All settings of a draft, as they are sent. Throws an `Error` in words where they cannot be. */
export function bodyOf(draft: MonitorDraft): Body {
  const names = draft.weights.map(({ name }) => name.trim());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`Two lines weigh the feature ${twice}; leave one of them.`);
  return {
    window_seconds: seconds(draft.windowMinutes, 60),
    every_seconds: seconds(draft.everyMinutes, 60),
    offset_seconds: seconds(draft.offsetMinutes, 60),
    reference: referenceBody(draft),
    preset: draft.preset,
    min_rows: number(draft.minRows),
    min_labelled: number(draft.minLabelled),
    max_label_delay_seconds: seconds(draft.labelDelayHours, 3600),
    segments:
      draft.segmentColumn.trim() === ''
        ? null
        : { column: draft.segmentColumn.trim(), values: linesOf(draft.segmentValues) },
    feature_weights: Object.fromEntries(
      draft.weights.map(({ name, weight }) => [name.trim(), number(weight)]),
    ),
    signals: Object.fromEntries(
      Object.entries(draft.signals).map(([signal, each]) => [signal, signalBody(each)]),
    ),
    alerting: {
      breaches: number(draft.breaches),
      of: number(draft.of),
      clear: number(draft.clear),
      hysteresis: number(draft.hysteresis),
      cooldown_seconds: seconds(draft.cooldownHours, 3600),
      channels: draft.channels ?? null,
    },
    retraining: draft.retrains ? retrainingBody(draft) : null,
  };
}

/** Objects whose parts are changed by themselves; others are sent whole. */
const merged = ['feature_weights', 'signals', 'alerting'];

/** What has to be sent to make `after` of `before`: what is not named stays. What is gone is null. */
export function changesOf(before: Body, after: Body, within = ''): Body {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names].flatMap((name): [string, unknown][] => {
      const [old, now] = [before[name], after[name] ?? null];
      if (JSON.stringify(old) === JSON.stringify(now)) return [];
      const isMerged = merged.includes(name) || within.startsWith('signals');
      const inside = within === '' ? name : `${within}.${name}`;
      return isMerged && isBody(old) && isBody(now) && !isThreshold(inside)
        ? [[name, changesOf(old, now, inside)]]
        : [[name, now]];
    }),
  );
}

/** `signals.<signal>.thresholds.<metric>` is replaced as a whole. */
function isThreshold(path: string): boolean {
  return path.split('.').length === 4;
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The reference of a draft, as it is sent. */
export function referenceBody(draft: ReferenceDraft): Body {
  switch (draft.reference) {
    case 'version':
      return { kind: 'version' };
    case 'fixed':
      return {
        kind: 'fixed',
        from: timeOf(draft.referenceFrom) ?? null,
        to: timeOf(draft.referenceTo) ?? null,
      };
    case 'rolling':
      return {
        kind: 'rolling',
        length_seconds: seconds(draft.referenceHours, 3600),
        offset_seconds: seconds(draft.referenceHoursBefore, 3600) ?? 0,
      };
  }
}

function signalBody({ enabled, severity, thresholds }: SignalDraft): Body {
  return {
    enabled,
    severity,
    thresholds: Object.fromEntries(
      Object.entries(thresholds).map(([metric, each]) => [metric, thresholdBody(each)]),
    ),
  };
}

function thresholdBody({ mode, lower, upper, sigmas, windows }: ThresholdDraft): Body | null {
  switch (mode) {
    case 'usual':
      return null;
    case 'given':
      return {
        ...(lower.trim() === '' ? {} : { lower: Number(lower) }),
        ...(upper.trim() === '' ? {} : { upper: Number(upper) }),
      };
    case 'learnt':
      return {
        learnt: {
          ...(sigmas.trim() === '' ? {} : { sigmas: Number(sigmas) }),
          ...(windows.trim() === '' ? {} : { windows: Number(windows) }),
        },
      };
  }
}

function retrainingBody(draft: MonitorDraft): Body {
  return {
    executor: draft.executor.trim(),
    on: draft.retrainsOn,
    ...(draft.alias.trim() === '' ? {} : { alias: draft.alias.trim().replace(/^@/, '') }),
    ...(draft.margin.trim() === '' ? {} : { margin: Number(draft.margin) }),
    ...(draft.maxPerDay.trim() === '' ? {} : { max_per_day: Number(draft.maxPerDay) }),
  };
}

function number(text: string): number | null {
  return text.trim() === '' ? null : Number(text);
}

/** Of whole minutes, since windows are; `null` for what is left empty. */
export function seconds(text: string, each: number): number | null {
  const value = number(text);
  return value === null ? null : Math.round((value * each) / 60) * 60;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
