import { expect, test } from 'vitest';
import { defaultSettings } from './defaults.ts';
import { breachedSignals } from './model.ts';
import { type MonitorV1, type ResultV1, upcastBaseline, upcastMonitor, upcastResult } from './upcast.ts';

const envelope = { workspace: 'default', monitorId: 'm', v: 1 } as const;
const monitor: MonitorV1 = {
  ...envelope,
  id: 'monitor',
  type: 'monitor',
  endpoint: 'e',
  createdAt: 1,
  updatedAt: 2,
  seq: 3,
  windowSeconds: 86_400,
  everySeconds: 3600,
  minRows: 50,
  thresholds: { psi: 0.5, pValue: 0.05, driftedShare: 0.9 },
  performance: { metric: 'accuracy', maxDrop: 0.05, minLabelled: 30 },
};

test('a monitor of version 1 is read with the bounds that it had', () => {
  expect(upcastMonitor(monitor)).toEqual({
    ...defaultSettings,
    id: 'monitor',
    type: 'monitor',
    v: 2,
    workspace: 'default',
    monitorId: 'm',
    endpoint: 'e',
    createdAt: 1,
    updatedAt: 2,
    seq: 3,
    windowSeconds: 86_400,
    everySeconds: 3600,
    minRows: 50,
    minLabelled: 30,
    signals: {
      ...defaultSettings.signals,
      'feature-drift': {
        ...defaultSettings.signals['feature-drift'],
        thresholds: {
          psi: { kind: 'given', bounds: { upper: 0.5 } },
          'p-value': { kind: 'given', bounds: { lower: 0.05 } },
          'drifted-share': { kind: 'given', bounds: { upper: 0.9 } },
        },
      },
      'prediction-drift': {
        ...defaultSettings.signals['prediction-drift'],
        thresholds: {
          psi: { kind: 'given', bounds: { upper: 0.5 } },
          'p-value': { kind: 'given', bounds: { lower: 0.05 } },
        },
      },
    },
  });
});

test.each([
  ['performance', ['performance']],
  ['drift', ['feature-drift', 'prediction-drift']],
  ['either', ['performance', 'feature-drift', 'prediction-drift']],
] as const)('retraining on %s is on the signals %j', (on, signals) => {
  const retraining = { executor: 'x', on, alias: 'champion', margin: 0.1 };
  expect(upcastMonitor({ ...monitor, retraining }).retraining).toEqual({
    ...retraining,
    on: signals,
    maxPerDay: 1,
  });
});

test('what is of version 2 is left as it is', () => {
  const now = upcastMonitor(monitor);
  expect(upcastMonitor(now)).toBe(now);
});

const result = {
  ...envelope,
  id: 'result:00000000000009',
  type: 'result',
  endpoint: 'e',
  windowStart: 1,
  windowEnd: 9,
  checkedAt: 10,
  settled: true,
  model: { modelId: 'a', version: 1, digest: 'sha256:b' },
  otherVersionsRows: 0,
  reference: { source: 'dataset', uri: 'u', rows: 3000 },
  drift: {
    verdict: 'drifted',
    rows: { reference: 3000, current: 300 },
    features: [
      { column: 'a', verdict: 'drifted', psi: 0.7 },
      { column: 'b', verdict: 'not-comparable', reason: 'No.' },
    ],
    score: { column: 'score', verdict: 'stable', psi: 0.1 },
    driftedShare: 1,
  },
  performance: { verdict: 'degraded', value: 0.5, baseline: { accuracy: 0.9 }, standardError: 0.01 },
  breach: { reasons: ['drift'], at: 10 },
} as const satisfies ResultV1;

test('a result of version 1 is read as signals', () => {
  const read = upcastResult(result);
  expect(read).toMatchObject({
    v: 2,
    windowEnd: 9,
    rows: { reference: 3000, current: 300 },
    signals: [
      {
        signal: 'feature-drift',
        verdict: 'breached',
        value: 1,
        items: [
          { name: 'a', value: 0.7, verdict: 'breached' },
          { name: 'b', value: null, verdict: 'insufficient-data', reason: 'No.' },
        ],
      },
      { signal: 'prediction-drift', verdict: 'ok', value: 0.1 },
      { signal: 'performance', verdict: 'breached', value: 0.5 },
    ],
  });
  expect(read).not.toHaveProperty('drift');
  expect(breachedSignals(read)).toEqual(['feature-drift', 'performance']);
  expect(upcastResult(read)).toBe(read);
});

test('a result of version 1 without enough rows or labels has no verdict', () => {
  const rows = { reference: 0, current: 3 };
  const few = {
    ...result,
    drift: { verdict: 'insufficient-data', reason: 'Few rows.', rows },
    performance: { verdict: 'unknown', reason: 'Few labels.', labelled: 0 },
  } as const;
  expect(upcastResult(few)).toMatchObject({
    rows,
    signals: [
      { signal: 'feature-drift', verdict: 'insufficient-data', reason: 'Few rows.' },
      { signal: 'prediction-drift', verdict: 'insufficient-data', reason: 'Few rows.' },
      { signal: 'performance', verdict: 'insufficient-data', reason: 'Few labels.' },
    ],
  });
});

test('a baseline of version 1 is an accuracy with its deviation', () => {
  const old = { ...envelope, id: 'baseline:d', type: 'baseline', digest: 'd' } as const;
  const window = { from: 1, to: 2 };
  expect(
    upcastBaseline({ ...old, source: 'first-labelled-window', accuracy: 0.9, rows: 300, window }),
  ).toMatchObject({
    v: 2,
    window,
    figures: {
      source: 'first-labelled-window',
      task: 'classes',
      rows: 300,
      figures: { accuracy: { value: 0.9, deviation: expect.closeTo(0.3, 12) } },
    },
  });
});
