import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kindFor, scaleOf, shareOf, valueAt } from './scales.ts';

const scale = (kind: 'linear' | 'log', values: number[], ticksMax?: number) => {
  const made = scaleOf(kind, values, ticksMax);
  if (!made) throw new Error('no scale');
  return made;
};

describe('a linear scale', () => {
  test('has round ticks within its ends', () => {
    expect(scale('linear', [0, 10]).ticks).toEqual([0, 2, 4, 6, 8, 10]);
    expect(scale('linear', [0.13, 0.58]).ticks).toEqual([0.2, 0.3, 0.4, 0.5]);
    expect(scale('linear', [-0.2, 0.2], 5).ticks).toEqual([-0.2, -0.1, 0, 0.1, 0.2]);
  });

  test('of one value has room on both sides', () => {
    expect(scale('linear', [4, 4])).toMatchObject({ low: 2, high: 6 });
    expect(scale('linear', [0])).toMatchObject({ low: -0.5, high: 0.5 });
  });

  test('ignores what is not finite', () => {
    expect(scale('linear', [1, Number.NaN, Number.POSITIVE_INFINITY, 3])).toMatchObject({ low: 1, high: 3 });
    expect(scaleOf('linear', [Number.NaN])).toBeUndefined();
  });
});

describe('a logarithmic scale', () => {
  test('has powers of ten as ticks, every n-th where they are many', () => {
    expect(scale('log', [0.001, 10]).ticks).toEqual([0.001, 0.01, 0.1, 1, 10]);
    expect(scale('log', [1e-12, 1]).ticks.length).toBeLessThanOrEqual(6);
  });

  test('over less than a few decades has ticks between them', () => {
    expect(scale('log', [0.9, 12]).ticks).toEqual([1, 2, 5, 10]);
    expect(scale('log', [3.1, 3.9]).ticks.length).toBeGreaterThan(1);
  });

  test('gives zero and negative values no place, and is none where all are', () => {
    const made = scale('log', [-5, 0, 0.1, 10]);
    expect(made).toMatchObject({ low: 0.1, high: 10 });
    expect(shareOf(made, 0)).toBeUndefined();
    expect(shareOf(made, -5)).toBeUndefined();
    expect(shareOf(made, 1)).toBeCloseTo(0.5, 12);
    expect(scaleOf('log', [-1, 0])).toBeUndefined();
  });
});

test('a value between the ends and its share tell each other, with ticks enough to read', () => {
  const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.constantFrom('linear' as const, 'log' as const),
      positive,
      positive,
      share,
      (kind, a, b, at) => {
        const made = scale(kind, [a, b]);
        expect(shareOf(made, valueAt(made, at))).toBeCloseTo(at, 3);
        expect(made.ticks.length).toBeGreaterThan(0);
        expect(made.ticks.length).toBeLessThanOrEqual(12);
      },
    ),
  );
});

test('no finite value whatever breaks a scale', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('linear' as const, 'log' as const),
      fc.array(fc.double(), { maxLength: 4 }),
      (kind, values) => {
        const made = scaleOf(kind, values);
        for (const tick of made?.ticks ?? []) expect(tick).not.toBeNaN();
        expect(made?.ticks.length ?? 0).toBeLessThanOrEqual(12);
        for (const value of values) expect(made && shareOf(made, value)).not.toBeNaN();
      },
    ),
  );
});

test('only positive values far apart ask for a logarithmic scale', () => {
  expect(kindFor([1e-6, 1e-2])).toBe('log');
  expect(kindFor([1, 100])).toBe('linear');
  expect(kindFor([0, 1e9])).toBe('linear');
  expect(kindFor([])).toBe('linear');
});
