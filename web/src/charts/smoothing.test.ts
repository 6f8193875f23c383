import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smoothed } from './smoothing.ts';

describe('smoothed', () => {
  test('follows the formula by hand', () => {
    // m1 = 0.5·1 = 0.5, /0.5 = 1; m2 = 0.25 + 1.5 = 1.75, /0.75 = 7/3; m3 = 0.875 + 1 = 1.875, /0.875 = 15/7
    const [first, second, third] = smoothed([1, 3, 2], 0.5);
    expect(first).toBeCloseTo(1, 12);
    expect(second).toBeCloseTo(7 / 3, 12);
    expect(third).toBeCloseTo(15 / 7, 12);
  });

  test('no weight is no change', () => {
    expect(smoothed([1, Number.NaN, 3], 0)).toEqual([1, Number.NaN, 3]);
  });

  test('a constant stays what it is from its first point on, and no result leaves the range of its values', () => {
    const weights = fc.double({ min: 0, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }),
        weights,
        (values, weight) => {
          const result = smoothed(values, weight);
          const [low, high] = [Math.min(...values), Math.max(...values)];
          for (const value of result) {
            expect(value).toBeGreaterThanOrEqual(low - 1e-6);
            expect(value).toBeLessThanOrEqual(high + 1e-6);
          }
          expect(result[0]).toBeCloseTo(values[0] ?? 0, 6);
        },
      ),
    );
  });

  test('what is not finite stays a gap and does not poison what follows', () => {
    const gap = smoothed([1, Number.NaN, Number.POSITIVE_INFINITY, 3], 0.5);
    expect(gap.slice(1, 3)).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
    expect(gap[3]).toBe(smoothed([1, 3], 0.5)[1]);
  });

  test('a weight of one or more cannot freeze the curve', () => {
    expect(smoothed([1, 2], 1)[1]).toBeGreaterThan(1);
  });
});
