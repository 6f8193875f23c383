import type { Document } from '../documents.ts';
import { defaultSettings } from './defaults.ts';
import type { BaselineDocument, GoneMonitor, Monitor, MonitorResult } from './model.ts';
import type { MonitorSettingsV2, RetrainingSetting, ThresholdSetting } from './settings.ts';
import type { Item, SignalName, SignalResult, Verdict } from './signal.ts';

type Envelope = Document & { readonly monitorId: string };

/** The settings of version 1. */
export type MonitorV1 = Envelope & {
  readonly type: 'monitor' | 'gone-monitor';
  readonly id: 'monitor';
  readonly v: 1;
  readonly endpoint: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly seq: number;
  readonly windowSeconds: number;
  readonly everySeconds: number;
  readonly minRows: number;
  readonly thresholds: { readonly psi: number; readonly pValue: number; readonly driftedShare: number };
  readonly performance: {
    readonly metric: 'accuracy';
    readonly maxDrop: number;
    readonly minLabelled: number;
  };
  readonly retraining?: {
    readonly executor: string;
    readonly on: 'performance' | 'drift' | 'either';
    readonly alias: string;
    readonly margin: number;
  };
};

type RowsV1 = { readonly reference: number; readonly current: number };

type ColumnV1 =
  | {
      readonly column: string;
      readonly verdict: 'stable' | 'drifted';
      readonly psi: number;
    }
  | { readonly column: string; readonly verdict: 'not-comparable'; readonly reason: string };

/** A result of version 1. */
export type ResultV1 = Envelope &
  Pick<
    MonitorResult,
    | 'endpoint'
    | 'windowStart'
    | 'windowEnd'
    | 'checkedAt'
    | 'settled'
    | 'model'
    | 'otherVersionsRows'
    | 'reference'
    | 'outdated'
  > & {
    readonly type: 'result';
    readonly v: 1;
    readonly drift:
      | { readonly verdict: 'insufficient-data'; readonly reason: string; readonly rows: RowsV1 }
      | {
          readonly verdict: 'stable' | 'drifted';
          readonly rows: RowsV1;
          readonly features: readonly ColumnV1[];
          readonly score: ColumnV1 | null;
          readonly driftedShare: number;
        };
    readonly performance:
      | { readonly verdict: 'unknown'; readonly reason: string; readonly labelled: number }
      | {
          readonly verdict: 'ok' | 'degraded';
          readonly value: number;
          readonly baseline: { readonly accuracy: number };
          readonly standardError: number;
        };
    readonly breach: unknown;
  };

/** A baseline of version 1: an accuracy. */
export type BaselineV1 = Envelope &
  Pick<BaselineDocument, 'digest' | 'window'> & {
    readonly type: 'baseline';
    readonly v: 1;
    readonly source: 'evaluation-set' | 'first-labelled-window';
    readonly accuracy: number;
    readonly rows: number;
  };

/** A monitor as it is written now, whichever version it was written in. */
export function upcastMonitor(doc: Monitor | GoneMonitor | MonitorV1): Monitor | GoneMonitor {
  if (doc.v === 2) return doc;
  const { thresholds, performance, retraining, windowSeconds, everySeconds, minRows, ...head } = doc;
  return {
    ...head,
    v: 2,
    ...defaultSettings,
    windowSeconds,
    everySeconds,
    minRows,
    minLabelled: performance.minLabelled,
    signals: signalsOf({ thresholds, performance }),
    retraining: retraining ? retrainingOf(retraining) : null,
  };
}

function signalsOf({
  thresholds: { psi, pValue, driftedShare },
  performance: { maxDrop },
}: Pick<MonitorV1, 'thresholds' | 'performance'>): MonitorSettingsV2['signals'] {
  const given = (bounds: ThresholdSetting & { kind: 'given' }) => bounds;
  const moved = {
    psi: given({ kind: 'given', bounds: { upper: psi } }),
    'p-value': given({ kind: 'given', bounds: { lower: pValue } }),
  };
  const share = { 'drifted-share': given({ kind: 'given', bounds: { upper: driftedShare } }) };
  const { signals } = defaultSettings;
  return {
    ...signals,
    'feature-drift': { ...signals['feature-drift'], thresholds: { ...moved, ...share } },
    'prediction-drift': { ...signals['prediction-drift'], thresholds: moved },
    // A drop is no bound of now: the usual allowance holds, but for who allowed any.
    performance: { ...signals.performance, enabled: maxDrop < 1 },
  };
}

function retrainingOf({
  on,
  executor,
  alias,
  margin,
}: NonNullable<MonitorV1['retraining']>): RetrainingSetting {
  const drift: readonly SignalName[] = ['feature-drift', 'prediction-drift'];
  const signals = {
    performance: ['performance'],
    drift,
    either: ['performance', ...drift],
  } as const;
  return { executor, on: signals[on], alias, margin, maxPerDay: 1 };
}

/** A result as it is written now. */
export function upcastResult(doc: MonitorResult | ResultV1): MonitorResult {
  if (doc.v === 2) return doc;
  const { drift, performance, breach: _, v: _v, ...head } = doc;
  return {
    ...head,
    v: 2,
    rows: drift.rows,
    signals: [...driftOf(drift), performanceOf(performance)],
  };
}

const common = { segment: '', severity: 'warning' } as const;

function driftOf(drift: ResultV1['drift']): SignalResult[] {
  if (drift.verdict === 'insufficient-data') {
    const none = { ...common, verdict: drift.verdict, reason: drift.reason, value: null, bounds: null };
    return [
      { ...none, signal: 'feature-drift', metric: 'drifted-share', items: [] },
      { ...none, signal: 'prediction-drift', metric: 'psi', items: [] },
    ];
  }
  const { driftedShare, score, features } = drift;
  // It did not say which of both it was, but for the score itself.
  const isScore = score?.verdict === 'drifted';
  const verdict: Verdict = drift.verdict === 'drifted' && !isScore ? 'breached' : 'ok';
  const found: SignalResult = {
    ...common,
    signal: 'feature-drift',
    verdict,
    metric: 'drifted-share',
    value: driftedShare,
    bounds: null,
    items: features.map(itemOf),
  };
  if (!score) return [found];
  const item = itemOf(score);
  const { verdict: ofScore, value } = item;
  return [
    found,
    {
      ...common,
      signal: 'prediction-drift',
      verdict: ofScore,
      metric: 'psi',
      value,
      bounds: null,
      items: [item],
    },
  ];
}

function itemOf(column: ColumnV1): Item {
  const head = { name: column.column, metric: 'psi', bounds: null, basis: 'exact' } as const;
  if (column.verdict === 'not-comparable')
    return { ...head, value: null, verdict: 'insufficient-data', reason: column.reason };
  return { ...head, value: column.psi, verdict: column.verdict === 'drifted' ? 'breached' : 'ok' };
}

function performanceOf(performance: ResultV1['performance']): SignalResult {
  const head = {
    signal: 'performance',
    segment: '',
    severity: 'critical',
    metric: 'accuracy',
    bounds: null,
  } as const;
  if (performance.verdict === 'unknown')
    return { ...head, verdict: 'insufficient-data', reason: performance.reason, value: null, items: [] };
  const verdict: Verdict = performance.verdict === 'degraded' ? 'breached' : 'ok';
  const { value } = performance;
  const item: Item = {
    name: 'accuracy',
    metric: 'accuracy',
    value,
    bounds: null,
    verdict,
    basis: 'outcomes',
  };
  return { ...head, verdict, value, items: [item] };
}

/** A baseline as it is written now. */
export function upcastBaseline(doc: BaselineDocument | BaselineV1): BaselineDocument {
  if (doc.v === 2) return doc;
  const { accuracy: value, rows, source, v: _, ...head } = doc;
  const accuracy = { value, deviation: Math.sqrt(value * (1 - value)) };
  return {
    ...head,
    v: 2,
    figures: { source, task: 'classes', rows, figures: { accuracy }, missing: {} },
  };
}
