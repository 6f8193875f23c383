import { describe, expect, test } from 'vitest';
import { edgeSetOf, profileOf } from '../../profiles/index.ts';
import { defaultSettings } from '../defaults.ts';
import { uniforms } from '../signals/testing.ts';
import { dataQuality } from './quality.ts';
import type { Sides } from './sides.ts';

type Cells = Readonly<Record<string, readonly (string | number | null)[]>>;
const setting = defaultSettings.signals['data-quality'];
const key = { digest: 'd', edgeSet: 'e', source: 'realtime', segment: '', hour: '' } as const;

function sidesOf(reference: Cells, current: Cells, hidden: readonly string[] = []): Sides {
  const edges = edgeSetOf(Object.entries(reference).map(([name, cells]) => ({ name, cells })));
  const side = (cells: Cells, gone: readonly string[]) => {
    const rows = Object.values(cells)[0]?.length ?? 0;
    const profile = profileOf(
      {
        rows,
        columns: Object.keys(cells).map((name) => `in.${name}`),
        column: (name) => cells[name.slice(3)] ?? [],
        hidden: new Map(gone.map((name) => [`in.${name}`, true])),
      },
      key,
      edges,
    );
    return { rows, profile, sample: null };
  };
  return { edges, basis: 'profile', reference: side(reference, []), current: side(current, hidden) };
}

const numbers = (count: number, step = 0.618) => Array.from({ length: count }, (_, i) => (i * step) % 1);
const judge = (sides: Sides, thresholds = setting.thresholds) =>
  dataQuality({ segment: '', sides }, defaultSettings, { ...setting, thresholds }).result;
const breached = (sides: Sides) =>
  judge(sides)
    .items.filter(({ verdict }) => verdict === 'breached')
    .map(({ name, metric }) => `${name} ${metric}`);

describe('the quality of inputs', () => {
  test('is that of the reference as long as the same cells are missing', () => {
    const gaps = (values: number[]) => values.map((value, i) => (i % 5 === 0 ? null : value));
    const result = judge(sidesOf({ x: gaps(numbers(1000)) }, { x: gaps(numbers(400, 0.7548)) }));
    expect(result).toMatchObject({ verdict: 'ok', metric: 'breached-items', value: 0 });
  });

  test('takes NaN for what a table has as null', () => {
    const reference = numbers(1000).map((value, i) => (i % 5 === 0 ? null : value));
    const current = numbers(400).map((value, i) => (i % 5 === 0 ? Number.NaN : value));
    expect(breached(sidesOf({ x: reference }, { x: current }))).toEqual([]);
  });

  test.each([
    ['null-rate', numbers(400).map((value, i) => (i % 10 === 0 ? null : value))],
    ['nan-rate', numbers(400).map((value, i) => (i % 10 === 0 ? Number.NaN : value))],
    ['type-error-rate', numbers(400).map((value, i) => (i % 10 === 0 ? 'n/a' : value))],
    ['out-of-range-rate', numbers(400).map((value, i) => (i % 10 === 0 ? 7 : value))],
    ['out-of-range-rate', numbers(400).map((value, i) => (i % 10 === 0 ? -Infinity : value))],
  ])('says that %s has risen', (metric, cells) => {
    expect(breached(sidesOf({ x: numbers(1000) }, { x: cells }))).toEqual([`x ${metric}`]);
  });

  test('knows the categories of the reference', () => {
    const letters = (count: number, of: string) =>
      Array.from({ length: count }, (_, i) => of[i % of.length] ?? '');
    expect(breached(sidesOf({ x: letters(1000, 'abc') }, { x: letters(400, 'abcd') }))).toEqual([
      'x unseen-rate',
    ]);
  });

  test('expects new ones of a column of many rare categories, and sees when there are more', () => {
    const draw = uniforms(11);
    // Zipf's law, near enough: half of the names are among the first 22 of 500.
    const cities = (count: number, of = 500) =>
      Array.from({ length: count }, () => `city ${Math.floor(of ** draw())}`);
    let told = 0;
    for (let repeat = 0; repeat < 20; repeat++) {
      const reference = { x: cities(1000) };
      for (const rows of [200, 1000, 5000])
        if (breached(sidesOf(reference, { x: cities(rows) })).length > 0) told++;
      const renamed = cities(1000).map((city, i) => (i % 4 === 0 ? `new ${city}` : city));
      expect(breached(sidesOf(reference, { x: renamed }))).toEqual(['x unseen-rate']);
    }
    expect(told).toBeLessThanOrEqual(1);
    const ids = (count: number) => Array.from({ length: count }, () => `id ${draw()}`);
    expect(breached(sidesOf({ x: ids(1000) }, { x: ids(1000) }))).toEqual([]);
  });

  test('allows the few rows beyond its range that chance brings, and no more', () => {
    const draw = uniforms(13);
    const even = (count: number) => Array.from({ length: count }, draw);
    let reference = even(1000);
    let told = 0;
    for (let window = 0; window < 1000; window++) {
      if (window % 20 === 0) reference = even(1000);
      if (breached(sidesOf({ x: reference }, { x: even(200) })).length > 0) told++;
    }
    expect(told).toBeLessThanOrEqual(5);
    const beyond = even(200).map((value, i) => (i < 8 ? 7 : value));
    expect(breached(sidesOf({ x: reference }, { x: beyond }))).toEqual(['x out-of-range-rate']);
  });

  test('is as seldom a false alarm of a hundred columns as of one, and still finds the one that is broken', () => {
    const draw = uniforms(17);
    const names = Array.from({ length: 100 }, (_, i) => `x${i}`);
    const table = (gapsOf: (name: string) => number): Cells =>
      Object.fromEntries(
        names.map((name) => [
          name,
          Array.from({ length: 300 }, () => (draw() < gapsOf(name) ? null : draw())),
        ]),
      );
    const reference = table(() => 0.1);
    const told = Array.from({ length: 30 }, () =>
      breached(
        sidesOf(
          reference,
          table(() => 0.1),
        ),
      ),
    );
    expect(told.flat()).toEqual([]);
    const broken = table((name) => (name === 'x7' ? 0.5 : 0.1));
    expect(breached(sidesOf(reference, broken))).toEqual(['x7 null-rate']);
  });

  test('misses a column that calls no longer have', () => {
    const y = numbers(400);
    const result = judge(sidesOf({ x: numbers(1000), y: numbers(1000) }, { y }));
    expect(result.items[0]).toMatchObject({ name: 'x', metric: 'absent', value: 1, verdict: 'breached' });
  });

  test('allows what chance does in few rows', () => {
    const found = Array.from({ length: 12 }, (_, i) =>
      breached(sidesOf({ x: numbers(200, 0.618) }, { x: numbers(200, 0.5 + i / 31) })),
    );
    expect(found.flat()).toEqual([]);
  });

  test('is held against given bounds at their word', () => {
    const sides = sidesOf({ x: numbers(1000) }, { x: numbers(400).map((v, i) => (i % 10 === 0 ? null : v)) });
    const bounds = (upper: number) => ({ 'null-rate': { kind: 'given', bounds: { upper } } }) as const;
    expect(judge(sides, bounds(0.2)).verdict).toBe('ok');
    expect(judge(sides, bounds(0.05)).verdict).toBe('breached');
  });

  test('is not told of columns that the data policy hides, nor of too few rows', () => {
    expect(judge(sidesOf({ x: numbers(1000) }, { x: numbers(400) }, ['x']))).toMatchObject({
      verdict: 'insufficient-data',
      reason: 'The data policy masks or hashes it.',
    });
    expect(judge(sidesOf({ x: numbers(1000) }, { x: numbers(199) })).reason).toContain('199 rows');
  });
});
