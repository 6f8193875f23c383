import { describe, expect, test } from 'vitest';
import { edgeSetOf, profileOf } from '../../profiles/index.ts';
import { defaultSettings } from '../defaults.ts';
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
