import { describe, expect, test } from 'vitest';
import { columnsOf, type Curve, undrawnOf } from './curves.ts';

const curve = (id: string, points: [x: number, y: number][]): Curve => ({
  id,
  label: id,
  color: 'red',
  points: points.map(([x, y]) => ({ x, y })),
});
const a = curve('a', [
  [0, 1],
  [10, Number.NaN],
  [20, -3],
]);
const b = curve('b', [
  [5, 4],
  [20, 2],
]);

describe('columnsOf', () => {
  test('puts curves over the union of their xs, with gaps told from what is not there', () => {
    expect(columnsOf([a, b], 0, 'linear')).toEqual([
      [0, 5, 10, 20],
      [1, undefined, null, -3],
      [undefined, 4, undefined, 2],
    ]);
  });

  test('what is not positive is a gap on a logarithmic scale, and counted', () => {
    expect(columnsOf([a], 0, 'log')[1]).toEqual([1, null, null]);
    expect(undrawnOf([a, b], 'log')).toBe(2);
    expect(undrawnOf([a, b], 'linear')).toBe(1);
  });

  test('smoothing adds a column behind each as it was logged', () => {
    const [xs, raw, smooth] = columnsOf([b], 0.5, 'linear');
    expect(xs).toEqual([5, 20]);
    expect(raw).toEqual([4, 2]);
    expect(smooth?.[0]).toBe(4);
    expect(smooth?.[1]).toBeCloseTo((0.5 * 0.5 * 4 + 0.5 * 2) / 0.75, 12);
  });

  test('no curve is a chart of nothing', () => {
    expect(columnsOf([], 0, 'linear')).toEqual([[]]);
  });
});
