import type { PartHead } from '../part.ts';
import type { Scored } from '../rows.ts';

/** What `part-1.parquet` was written from: a classifier of two classes over two features, two requests. */
export const head: PartHead = {
  workspace: 'default',
  endpoint: 'iris',
  deployment: 'stable',
  source: 'realtime',
  modelId: 'm1',
  version: 3,
  digest: `sha256:${'ab'.repeat(32)}`,
  hour: '2026010203',
  buffer: '00112233445566ff',
  features: ['length', 'höhe'],
  labels: ['no', 'yes'],
};

const request = (at: string, features: number[], classes: string[], probabilities: number[]): Scored => ({
  at: Date.parse(at),
  rows: classes.length,
  inputs: { input: { type: 'float32', dims: [classes.length, 2], data: Float32Array.from(features) } },
  outputs: {
    label: { type: 'string', dims: [classes.length], data: classes },
    probabilities: { type: 'float32', dims: [classes.length, 2], data: Float32Array.from(probabilities) },
  },
  scores: {
    classes,
    scores: Float64Array.from(classes, (_, row) => Math.max(...probabilities.slice(row * 2, row * 2 + 2))),
    probabilities: Float32Array.from(probabilities),
  },
  latencyMicros: 250,
  status: 200,
});

export const requests: readonly Scored[] = [
  request('2026-01-02T03:04:05.678Z', [1.5, Number.NaN, -2, 0.25], ['yes', 'no'], [0.25, 0.75, 0.5, 0.5]),
  request('2026-01-02T03:59:59.999Z', [0, 3], ['no'], [1, 0]),
];

/** The same as a reader sees it. */
export const columns: Readonly<Record<string, readonly (string | number | null)[]>> = {
  predictionId: [
    '2026010203-00112233445566ff-0-cbe3312a',
    '2026010203-00112233445566ff-1-c8b35191',
    '2026010203-00112233445566ff-2-a07f4b7b',
  ],
  ts: [
    Date.parse('2026-01-02T03:04:05.678Z'),
    Date.parse('2026-01-02T03:04:05.678Z'),
    Date.parse('2026-01-02T03:59:59.999Z'),
  ],
  endpoint: ['iris', 'iris', 'iris'],
  deployment: ['stable', 'stable', 'stable'],
  modelId: ['m1', 'm1', 'm1'],
  version: [3, 3, 3],
  digest: Array<string>(3).fill(`sha256:${'ab'.repeat(32)}`),
  'in.length': [1.5, -2, 0],
  'in.höhe': [Number.NaN, 0.25, 3],
  'out.label': ['yes', 'no', 'no'],
  'out.probabilities.no': [0.25, 0.5, 1],
  'out.probabilities.yes': [0.75, 0.5, 0],
  score: [0.75, 0.5, 1],
  class: ['yes', 'no', 'no'],
  latencyMicros: [250, 250, 250],
  status: [200, 200, 200],
  source: ['realtime', 'realtime', 'realtime'],
};
