import { describe, expect, test } from 'vitest';
import type { Monitor } from '../api/types.ts';
import { bodyOf, changesOf } from './draft-body.ts';
import { draftOf, type MonitorDraft } from './draft.ts';
import { signals } from './words.ts';

const bounds = {
  'drifted-share': { upper: 0.3 },
  psi: { upper: 0.2 },
  'p-value': { lower: 0.01 },
};

const monitor: Monitor = {
  name: 'iris',
  endpoint: 'iris',
  window_seconds: 3600,
  every_seconds: 3600,
  offset_seconds: 0,
  reference: { kind: 'version' },
  preset: 'cairn',
  min_rows: 200,
  min_labelled: 100,
  max_label_delay_seconds: 604_800,
  segments: null,
  feature_weights: { age: 3, size: 0 },
  signals: {
    ...Object.fromEntries(
      signals.map((name) => [name, { enabled: true, severity: 'warning', thresholds: {} }]),
    ),
    'feature-drift': { enabled: true, severity: 'warning', thresholds: bounds },
    latency: {
      enabled: true,
      severity: 'warning',
      thresholds: { 'p95-ms': { learnt: { sigmas: 3, windows: 10 } }, 'p99-ms': { upper: 250 } },
    },
  },
  alerting: { breaches: 2, of: 3, clear: 3, hysteresis: 0.8, cooldown_seconds: 86_400 },
  retraining: null,
};

const changed = (changes: Partial<MonitorDraft>, of = monitor) =>
  changesOf(bodyOf(draftOf(of)), bodyOf({ ...draftOf(of), ...changes }));

/** A draft with one bound changed. */
function withBound(
  signal: 'feature-drift' | 'latency',
  metric: string,
  threshold: object,
): Partial<MonitorDraft> {
  const draft = draftOf(monitor);
  const { thresholds } = draft.signals[signal];
  const before = thresholds[metric] ?? { mode: 'usual', lower: '', upper: '', sigmas: '', windows: '' };
  return {
    signals: {
      ...draft.signals,
      [signal]: {
        ...draft.signals[signal],
        thresholds: { ...thresholds, [metric]: { ...before, ...threshold } },
      },
    },
  };
}

describe('what is sent of a changed monitor', () => {
  test('is nothing where nothing was changed', () => {
    expect(changed({})).toEqual({});
  });

  test.each<[string, Partial<MonitorDraft>, object]>([
    ['a figure', { minRows: '50' }, { min_rows: 50 }],
    ['an empty figure, which is the default again', { minRows: '' }, { min_rows: null }],
    ['minutes as seconds', { windowMinutes: '1440' }, { window_seconds: 86_400 }],
    ['hours as seconds', { labelDelayHours: '0.5' }, { max_label_delay_seconds: 1800 }],
    [
      'a rolling reference',
      { reference: 'rolling', referenceHours: '168', referenceHoursBefore: '' },
      { reference: { kind: 'rolling', length_seconds: 604_800, offset_seconds: 0 } },
    ],
    [
      'segments, with values that hold commas',
      { segmentColumn: ' country ', segmentValues: 'CH, east\n\n DE ' },
      { segments: { column: 'country', values: ['CH, east', 'DE'] } },
    ],
    [
      'weights: one changed, one gone, one new',
      {
        weights: [
          { key: 0, name: 'age', weight: '2' },
          { key: 2, name: 'pay', weight: '0.5' },
        ],
      },
      { feature_weights: { age: 2, size: null, pay: 0.5 } },
    ],
    [
      'a part of the alerting',
      { breaches: '3', cooldownHours: '' },
      { alerting: { breaches: 3, cooldown_seconds: null } },
    ],
    ['webhooks', { channels: ['w1'] }, { alerting: { channels: ['w1'] } }],
    [
      'a retraining, without what is left to the server',
      { retrains: true, executor: 'nightly', alias: '@champion' },
      { retraining: { executor: 'nightly', on: ['performance'], alias: 'champion' } },
    ],
  ])('is %s', (_, changes, body) => {
    expect(changed(changes)).toEqual(body);
  });

  test('is a bound as a whole, and null for the usual one', () => {
    expect(changed(withBound('feature-drift', 'psi', { mode: 'given', upper: '0.25' }))).toEqual({
      signals: { 'feature-drift': { thresholds: { psi: { upper: 0.25 } } } },
    });
    expect(changed(withBound('latency', 'p99-ms', { mode: 'given', lower: '1', upper: '' }))).toEqual({
      signals: { latency: { thresholds: { 'p99-ms': { lower: 1 } } } },
    });
    expect(changed(withBound('latency', 'p95-ms', { mode: 'usual' }))).toEqual({
      signals: { latency: { thresholds: { 'p95-ms': null } } },
    });
    expect(changed(withBound('feature-drift', 'drifted-share', { mode: 'learnt', windows: '30' }))).toEqual({
      signals: { 'feature-drift': { thresholds: { 'drifted-share': { learnt: { windows: 30 } } } } },
    });
  });

  test('is null for a retraining, segments and channels that are taken away', () => {
    const full: Monitor = {
      ...monitor,
      segments: { column: 'country', values: ['CH'] },
      alerting: { ...monitor.alerting, channels: ['w1'] },
      retraining: { executor: 'x', on: ['performance'], alias: 'champion', margin: 0, max_per_day: 1 },
    };
    expect(changed({ retrains: false, segmentColumn: '', channels: undefined }, full)).toEqual({
      retraining: null,
      segments: null,
      alerting: { channels: null },
    });
  });

  test('is refused with two weights of one feature', () => {
    const weights = [0, 1].map((key) => ({ key, name: 'age', weight: '1' }));
    expect(() => changed({ weights })).toThrow('Two lines weigh the feature age');
  });
});

test('a bound as it would be anyway is shown as usual, one by another preset as given', () => {
  expect(draftOf(monitor).signals['feature-drift'].thresholds).toMatchObject({
    psi: { mode: 'usual' },
    'p-value': { mode: 'usual' },
    'drifted-share': { mode: 'usual' },
  });
  const evidently = draftOf({ ...monitor, preset: 'evidently' }).signals['feature-drift'];
  expect(evidently.thresholds['drifted-share']).toMatchObject({ mode: 'given', upper: '0.3' });
});
