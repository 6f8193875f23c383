/**
 * What the prediction log costs on one core: a row on the request path, a row when its part is written, and a check
 * of a day from its profiles. Processor time, so that other work on the machine does not show.
 */
import { encodePart, type PartHead } from '../shared/predictions/part.ts';
import { bufferPredictions } from '../shared/predictions/buffer.ts';
import { tableOf } from '../shared/predictions/counted.ts';
import { predictionIds } from '../shared/predictions/prediction-id.ts';
import { rowsOf, type Scored } from '../shared/predictions/rows.ts';
import { decodeProfile, encodeProfile } from '../shared/profiles/codec.ts';
import { edgeSetOf } from '../shared/profiles/edges.ts';
import { mergeProfiles, profileOf, type ProfileKey } from '../shared/profiles/profile.ts';
import type { Context } from '../shared/context.ts';
import type { BenchOptions, BenchRow } from './report.ts';

const featureCount = 20;
const partRows = 5_000;
const hours = 24;
const rowsOfDay = 1_000_000;

const features = Array.from({ length: featureCount }, (_, i) => `feature_${i}`);
const head: PartHead = {
  workspace: 'default',
  endpoint: 'bench',
  deployment: 'main',
  source: 'realtime',
  modelId: 'm',
  version: 1,
  digest: `sha256:${'0'.repeat(64)}`,
  hour: '2026010203',
  buffer: '0011223344556677',
  features,
  labels: ['no', 'yes'],
};

/** A call of some rows, normally distributed by the sum of twelve uniform numbers. */
function call(rows: number, seed: number): Scored {
  let state = seed;
  const uniform = () => (state = (state * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
  const normal = () => Array.from({ length: 12 }, uniform).reduce((sum, each) => sum + each, -6);
  const probabilities = Float32Array.from({ length: rows * 2 }, uniform);
  return {
    at: Date.UTC(2026, 0, 2, 3),
    rows,
    inputs: {
      input: {
        type: 'float32',
        dims: [rows, featureCount],
        data: Float32Array.from({ length: rows * featureCount }, normal),
      },
    },
    outputs: { probabilities: { type: 'float32', dims: [rows, 2], data: probabilities } },
    scores: {
      classes: Array.from({ length: rows }, (_, i) => (i % 2 ? 'yes' : 'no')),
      scores: Float64Array.from({ length: rows }, (_, i) => probabilities[i] ?? 0),
      probabilities,
    },
    latencyMicros: 100,
    status: 200,
  };
}

/** Microseconds of processor time of one `work`, the least of some. */
function micros(repeats: number, work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats; i++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}

export function benchProfiles({ quick }: BenchOptions): BenchRow[] {
  const repeats = quick ? 3 : 10;
  const reference = call(100_000, 7).inputs['input']?.data as Float32Array;
  const edges = edgeSetOf(
    features.map((name, i) => ({ name, cells: reference.filter((_, at) => at % featureCount === i) })),
    { isFloat32: true },
  );
  const key: ProfileKey = {
    digest: head.digest,
    edgeSet: edges.id,
    source: 'realtime',
    segment: '',
    hour: head.hour,
  };
  const part = call(partRows, 11);
  const rows = rowsOf(head, [part]);
  const ids = predictionIds('default/bench', head.hour, head.buffer, 0, partRows);
  const table = tableOf(rows, ids);
  const profile = profileOf(table, key, edges);
  const bytes = encodeProfile(profile);

  const one = call(1, 13);
  const singles = 4_000;
  const request = micros(repeats, () => {
    const ctx = silent();
    for (let i = 0; i < singles; i++) bufferPredictions(ctx, head, one);
  });
  const writing = micros(repeats, () => encodePart(head, rowsOf(head, [part]), ids));
  const counting = micros(repeats, () => encodeProfile(profileOf(table, key, edges)));
  const hourProfile = { ...profile, rows: rowsOfDay / hours };
  const day = Array.from({ length: hours }, () => encodeProfile(hourProfile));
  const check = micros(repeats, () => day.map(decodeProfile).reduce(mergeProfiles));
  const perRow = (value: number, count: number) => value / count;
  return [
    {
      name: 'log, request path, calls of one row × 20 features',
      value: perRow(request, singles),
      unit: 'µs/row',
      budget: { max: 10 },
    },
    { name: 'log, part written, 5,000 rows × 20 features', value: perRow(writing, partRows), unit: 'µs/row' },
    {
      name: 'profile counted and encoded, 5,000 rows × 20 features',
      value: perRow(counting, partRows),
      unit: 'µs/row',
      budget: { max: 20 },
    },
    { name: 'profile of 5,000 rows × 20 features', value: bytes.length / 1024, unit: 'KB' },
    {
      name: 'a day of 24 hour profiles × 20 features read and added',
      value: check / 1000,
      unit: 'ms',
      budget: { max: 1000 },
    },
  ];
}

/** As much of a context as remembering rows takes; nothing is written before the bench ends. */
function silent(): Context {
  return {
    workspace: 'default',
    ids: { hex: () => head.buffer },
    clock: { now: () => Date.UTC(2026, 0, 2, 3) },
    settings: { predictionFlushSeconds: 3_600 },
    stores: {},
  } as unknown as Context;
}
