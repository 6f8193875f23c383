/**
 * What the prediction log costs on one core: a row on the request path, a row when its part is written, and a check
 * of a day from its profiles. Processor time, so that other work on the machine does not show.
 */
import { encodePart, type PartHead } from '../shared/predictions/part.ts';
import { bufferPredictions } from '../shared/predictions/buffer.ts';
import { predictionIds } from '../shared/predictions/prediction-id.ts';
import { rowsOf, type Scored } from '../shared/predictions/rows.ts';
import { windowProfile } from '../shared/predictions/window-profile.ts';
import { decodeProfile, encodeProfile } from '../shared/profiles/codec.ts';
import { ProfileCounter } from '../shared/profiles/counter.ts';
import { edgeSetOf } from '../shared/profiles/edges.ts';
import { mergeProfiles, type Profile, profileOf, type ProfileKey } from '../shared/profiles/profile.ts';
import { countHour, tableOf } from '../shared/predictions/counted.ts';
import { partProfileName, writeProfile } from '../shared/profiles/store.ts';
import { spanAt } from '../shared/profiles/spans.ts';
import { inTurns } from '../shared/turns.ts';
import { testContext } from '../test/support/context.ts';
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

export async function benchProfiles({ quick }: BenchOptions): Promise<BenchRow[]> {
  const repeats = quick ? 3 : 10;
  const reference = inputOf(call(100_000, 7));
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
  const counter = new ProfileCounter(key, edges);
  const matrix = { names: features, data: inputOf(part), rows: partRows, hidden: new Set<string>() };
  const updating = micros(repeats, () =>
    counter.addMatrix(matrix, {
      classes: part.scores?.classes ?? null,
      scores: part.scores?.scores ?? null,
    }),
  );
  const updatingTable = micros(repeats, () => profileOf(table, key, edges));
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
    {
      name: 'profile updated by a table of numbers × 20 features',
      value: perRow(updating, partRows),
      unit: 'µs/row',
      budget: { max: 5 },
    },
    {
      name: 'profile updated by a part of the log × 20 features',
      value: perRow(updatingTable, partRows),
      unit: 'µs/row',
      budget: { max: 5 },
    },
    { name: 'profile of 5,000 rows × 20 features', value: bytes.length / 1024, unit: 'KB' },
    {
      name: 'a day of 24 hour profiles × 20 features read and added',
      value: check / 1000,
      unit: 'ms',
      budget: { max: 1000 },
    },
    ...(await stored(profile, quick ? 600 : 6_000)),
  ];
}

function inputOf(scored: Scored): Float32Array {
  return scored.inputs['input']?.data as Float32Array;
}

/** An hour of many parts, and a day of hours, in storage: Azurite in a process of its own. */
async function stored(profile: Profile, parts: number): Promise<BenchRow[]> {
  const context = await testContext();
  const start = Date.UTC(2026, 0, 2);
  const ctx: Context = { ...context.ctx, clock: { now: () => start + 36 * 3_600_000 } };
  try {
    const write = (span: string, i: number, rows: Profile['rows']) => {
      const buffer = i.toString(16).padStart(16, '0');
      const places = { logged: [{ buffer, first: 0, rows }], sample: [] };
      return writeProfile(ctx, partProfileName(ctx, span, span, buffer), {
        ...profile,
        key: { ...profile.key, hour: span },
        rows,
        ...places,
      });
    };
    const hourSpan = spanAt(start, 'hour');
    await inTurns(
      Array.from({ length: parts }, (_, i) => i),
      16,
      (i) => write(hourSpan, i, 200),
    );
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
    const processor = process.cpuUsage();
    const began = performance.now();
    await countHour(ctx, hourSpan, hourSpan, undefined);
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(processor);
    clearInterval(watch);
    return [
      {
        name: `hour of ${parts} parts × 20 features rolled up`,
        value: seconds * (6_000 / parts),
        unit: 's for 6,000',
        budget: { max: 60 },
      },
      {
        name: 'the same, processor time',
        value: ((user + system) / 1e6) * (6_000 / parts),
        unit: 's for 6,000',
      },
      {
        name: 'the same, memory beside what the process had',
        value: (peak - before) / 1024 / 1024,
        unit: 'MB',
        budget: { max: 150 },
      },
      ...(await storedDay(ctx, profile, start)),
    ];
  } finally {
    await context.close();
  }
}

/** A day of a million predictions, of hours that have been rolled up, and once it is rolled up itself. */
async function storedDay(ctx: Context, profile: Profile, start: number): Promise<BenchRow[]> {
  const endpoint = 'day';
  for (let i = 0; i < hours; i++) {
    const span = spanAt(start + i * 3_600_000, 'hour');
    const buffer = '0'.repeat(16);
    await writeProfile(ctx, partProfileName(ctx, endpoint, span, buffer), {
      ...profile,
      key: { ...profile.key, hour: span },
      rows: Math.round(rowsOfDay / hours),
    });
    await countHour(ctx, endpoint, span, undefined);
  }
  const read = async (from: number) => {
    const began = performance.now();
    await windowProfile(ctx, endpoint, { from, to: from + 24 * 3_600_000 });
    return performance.now() - began;
  };
  // A day that does not begin at midnight is read hour by hour.
  const byHours = await read(start - 3_600_000);
  await read(start);
  return [
    {
      name: 'window of 24 hours × 20 features read from storage by hours',
      value: byHours,
      unit: 'ms',
      budget: { max: 1000 },
    },
    { name: 'the same as one day', value: await read(start), unit: 'ms', budget: { max: 500 } },
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
