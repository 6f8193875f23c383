import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../defaults.ts';
import { type Column, columnOf, type Sample } from '../sample.ts';
import type { SignalResult } from '../signal.ts';
import { featureDrift, predictionDrift, whyFew } from './drift.ts';
import { edgesOfSample, sampledSide, type Sides } from './sides.ts';

const long = process.env['CAIRN_TEST'] === 'long';

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normals(random: () => number, count: number, mean = 0, deviation = 1): number[] {
  return Array.from(
    { length: count },
    () => mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

const sampleOf = (
  columns: Record<string, readonly (string | number | null)[]>,
  score?: readonly number[],
): Sample => {
  const features = new Map<string, Column>(
    Object.entries(columns).map(([name, cells]) => [name, columnOf(cells)]),
  );
  return {
    rows: Object.values(columns)[0]?.length ?? 0,
    features,
    score: score ? Float64Array.from(score) : null,
    classes: null,
  };
};

/** Both sides as samples, and as they would be counted. */
function sidesOf(reference: Sample, current: Sample): Sides {
  const edges = edgesOfSample(reference);
  return {
    edges,
    basis: 'exact',
    reference: sampledSide(reference, edges),
    current: sampledSide(current, edges),
  };
}

const { signals } = defaultSettings;
const check = (reference: Sample, current: Sample, settings = defaultSettings): SignalResult =>
  featureDrift(
    { signal: 'feature-drift', segment: '', sides: sidesOf(reference, current) },
    settings,
    settings.signals['feature-drift'],
  ).result;
const checkScore = (reference: Sample, current: Sample): SignalResult =>
  predictionDrift(
    { signal: 'prediction-drift', segment: '', sides: sidesOf(reference, current) },
    defaultSettings,
    signals['prediction-drift'],
  ).result;

const names = { ok: 'stable', breached: 'drifted', 'insufficient-data': 'not-comparable' } as const;

function featuresOf({ items, reason }: SignalResult): Record<string, string> {
  if (items.length === 0) throw new Error(reason);
  const features = items.filter(({ name }) => name !== 'features');
  return Object.fromEntries(features.map(({ name, verdict }) => [name, names[verdict]]));
}

/** A reference of one column against a window of one column. */
const one = (reference: readonly (string | number | null)[], current: readonly (string | number | null)[]) =>
  featuresOf(check(sampleOf({ x: reference }), sampleOf({ x: current })))['x'];

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

describe('a window', () => {
  test('from the distribution of the reference is stable, over many windows', () => {
    const random = seeded(1);
    const rows = (count: number) =>
      sampleOf(
        {
          normal: normals(random, count),
          skewed: normals(random, count).map(Math.exp),
          counts: Array.from({ length: count }, () => Math.floor(random() * 5)),
          zeros: Array.from({ length: count }, () => (random() < 0.9 ? 0 : random())),
          gaps: Array.from({ length: count }, () => (random() < 0.1 ? null : random())),
          category: Array.from({ length: count }, () => 'abcdefgh'[Math.floor(random() ** 2 * 8)] ?? 'a'),
        },
        Array.from({ length: count }, random),
      );
    const reference = rows(5000);
    const windows = long ? 2000 : 100;
    const found = Array.from({ length: windows }, () => check(reference, rows(250)));
    const alarms = found.flatMap((drift) =>
      Object.entries(featuresOf(drift)).filter(([, verdict]) => verdict !== 'stable'),
    );
    expect(found.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    // Six features, each window: the bound is on single false alarms too.
    expect(alarms.length).toBeLessThanOrEqual(windows * 6 * 0.001);
  });

  test('that moved is found, with the features that moved and no other', () => {
    const random = seeded(2);
    const rows = (count: number, shift: number) =>
      sampleOf({
        mean: normals(random, count, shift),
        spread: normals(random, count, 0, 1 + shift),
        still: normals(random, count),
        quiet: normals(random, count).map(Math.exp),
      });
    const drift = check(rows(5000, 0), rows(500, 1));
    expect(drift.verdict).toBe('breached');
    expect(featuresOf(drift)).toEqual({
      mean: 'drifted',
      spread: 'drifted',
      still: 'stable',
      quiet: 'stable',
    });
    expect(drift).toMatchObject({ metric: 'drifted-share', value: 0.5, bounds: { upper: 0.3 } });
  });

  test('is stable while fewer features moved than the share; the score is a signal of its own', () => {
    const random = seeded(3);
    const rows = (count: number, shift: number, scoreShift: number) =>
      sampleOf(
        {
          a: normals(random, count, shift),
          b: normals(random, count),
          c: normals(random, count),
          d: normals(random, count),
        },
        normals(random, count, scoreShift),
      );
    const reference = rows(3000, 0, 0);
    const moved = rows(500, 2, 0);
    expect(check(reference, moved)).toMatchObject({ verdict: 'ok', value: 0.25 });
    expect(checkScore(reference, moved)).toMatchObject({ verdict: 'ok' });
    expect(checkScore(reference, rows(500, 2, 2))).toMatchObject({
      verdict: 'breached',
      metric: 'psi',
      items: [{ name: 'score', verdict: 'breached' }],
    });
  });

  test('counts features by their weights', () => {
    const random = seeded(3);
    const rows = (shift: number) =>
      sampleOf({ a: normals(random, 1000, shift), b: normals(random, 1000), c: normals(random, 1000) });
    const [reference, moved] = [rows(0), rows(2)];
    const weighted = (featureWeights: Record<string, number>) =>
      check(reference, moved, { ...defaultSettings, featureWeights });
    expect(weighted({ a: 0 })).toMatchObject({ verdict: 'ok', value: 0 });
    expect(weighted({ a: 6 })).toMatchObject({ verdict: 'breached', value: 0.75 });
    expect(weighted({ a: 0, b: 0, c: 0 })).toMatchObject({ verdict: 'insufficient-data' });
  });

  test.each(['evidently', 'nannyml', 'azureml'] as const)(
    'is judged by preset %s by its own rules',
    (preset) => {
      const random = seeded(5);
      const rows = (count: number, shift: number) =>
        sampleOf({
          a: normals(random, count, shift),
          b: normals(random, count),
          city: Array.from({ length: count }, () => 'abc'[Math.floor(random() * 3)] ?? 'a'),
        });
      const settings = { ...defaultSettings, preset };
      const found = check(rows(5000, 0), rows(3000, 3), settings);
      expect(featuresOf(found)).toEqual({ a: 'drifted', b: 'stable', city: 'stable' });
      expect(found.items.find(({ name }) => name === 'a')?.metric).not.toBe('psi');
      expect(found).toMatchObject({ value: 1 / 3, verdict: preset === 'evidently' ? 'ok' : 'breached' });
    },
  );
});

describe('a window has a defined answer when', () => {
  test('a segment of it is empty, which is said of the segment', () => {
    const sides = { reference: { rows: 500 }, current: { rows: 0 } } as Sides;
    expect(whyFew(sides, 200, 'country=CH')).toBe('The window has no predictions where country=CH.');
    expect(whyFew(sides, 200, '')).toBe('The window has no predictions.');
  });

  const hundreds = Array.from({ length: 400 }, (_, i) => (i * 0.618) % 1);

  test('it is empty, or small, or the reference is', () => {
    expect(check(sampleOf({ x: hundreds }), sampleOf({ x: [] }))).toMatchObject({
      verdict: 'insufficient-data',
      reason: 'The window has no predictions.',
      value: null,
    });
    expect(check(sampleOf({ x: hundreds }), sampleOf({ x: hundreds.slice(0, 199) })).verdict).toBe(
      'insufficient-data',
    );
    expect(check(sampleOf({ x: hundreds.slice(0, 199) }), sampleOf({ x: hundreds })).verdict).toBe(
      'insufficient-data',
    );
    expect(check(sampleOf({ x: hundreds }), sampleOf({ x: hundreds.slice(0, 200) })).verdict).toBe('ok');
  });

  test.each([
    ['a feature is constant and stays so', times(300, 7), times(300, 7), 'stable'],
    ['a constant takes another value', times(300, 7), times(300, 8), 'drifted'],
    ['a constant begins to vary', times(300, 0.5), hundreds, 'drifted'],
    ['a varying feature becomes constant', hundreds, times(300, 0.5), 'drifted'],
    ['every value is missing on both sides', times(300, null), times(300, null), 'stable'],
    ['every value goes missing', hundreds, times(300, null), 'drifted'],
    ['every value was missing', times(300, null), hundreds, 'drifted'],
    ['half of the values go missing', hundreds, hundreds.map((x, i) => (i % 2 ? x : null)), 'drifted'],
    [
      'most values are zero and stay so',
      hundreds.map((x) => (x < 0.95 ? 0 : x)),
      hundreds.map((x) => (x < 0.95 ? 0 : x)),
      'stable',
    ],
    ['most values were zero', hundreds.map((x) => (x < 0.95 ? 0 : x)), hundreds, 'drifted'],
    [
      'a category is new and common',
      [...times(200, 'a'), ...times(200, 'b')],
      [...times(200, 'a'), ...times(200, 'c')],
      'drifted',
    ],
    [
      'a category is new and rare',
      [...times(200, 'a'), ...times(200, 'b')],
      [...times(200, 'a'), ...times(199, 'b'), 'c'],
      'stable',
    ],
    ['a category is gone', [...times(200, 'a'), ...times(200, 'b')], times(300, 'a'), 'drifted'],
    ['there is one category', times(300, 'a'), times(300, 'a'), 'stable'],
    ['categories go missing', [...times(200, 'a'), ...times(200, 'b')], times(300, null), 'drifted'],
    [
      'values are infinite',
      hundreds.map((x) => (x < 0.5 ? Infinity : x)),
      hundreds.map((x) => (x < 0.5 ? Infinity : x)),
      'stable',
    ],
  ] as const)('%s', (_, reference, current, verdict) => {
    expect(one(reference, current)).toBe(verdict);
  });

  test('a feature is on one side only: it is left out of the share', () => {
    const drift = check(
      sampleOf({ x: hundreds, gone: hundreds }),
      sampleOf({ x: hundreds, added: hundreds }),
    );
    expect(featuresOf(drift)).toEqual({ x: 'stable', gone: 'not-comparable', added: 'not-comparable' });
    expect(drift).toMatchObject({ verdict: 'ok', value: 0 });
  });

  test('a feature is of another kind: it is left out of the share', () => {
    const drift = check(
      sampleOf({ x: hundreds, y: times(400, 'a') }),
      sampleOf({ x: hundreds, y: hundreds }),
    );
    expect(featuresOf(drift)).toEqual({ x: 'stable', y: 'not-comparable' });
  });

  test('no feature can be compared', () => {
    expect(check(sampleOf({ a: hundreds }), sampleOf({ b: hundreds })).verdict).toBe('insufficient-data');
  });

  test('figures are finite whatever the values', () => {
    const cell = fc.oneof(fc.double(), fc.constantFrom(0, 1, null), fc.integer({ min: 0, max: 5 }));
    const column = fc.array(cell, { minLength: 200, maxLength: 260 });
    fc.assert(
      fc.property(column, column, (reference, current) => {
        const { items } = check(sampleOf({ x: reference }), sampleOf({ x: current }));
        for (const { value } of items) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThan(Number.POSITIVE_INFINITY);
        }
      }),
      { numRuns: long ? 2000 : 100 },
    );
  });
});
