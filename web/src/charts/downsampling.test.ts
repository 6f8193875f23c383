import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { thinned } from './downsampling.ts';

const wave = Array.from({ length: 10_000 }, (_, x) => ({ x, y: Math.sin(x / 50) }));

describe('thinned', () => {
  test('few points are left alone', () => {
    const few = wave.slice(0, 100);
    expect(thinned(few, 100)).toBe(few);
  });

  test('many become few, in order, with both ends', () => {
    const result = thinned(wave, 400);
    expect(result.length).toBeLessThanOrEqual(400);
    expect(result.length).toBeGreaterThan(200);
    expect(result[0]).toEqual(wave[0]);
    expect(result.at(-1)).toEqual(wave.at(-1));
    expect(result.map(({ x }) => x)).toEqual(result.map(({ x }) => x).toSorted((a, b) => a - b));
  });

  test('a single spike survives wherever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: wave.length - 1 }), fc.constantFrom(-9, 9), (at, y) => {
        const spiked = wave.map((point, index) => (index === at ? { x: point.x, y } : point));
        expect(thinned(spiked, 200)).toContainEqual({ x: at, y });
      }),
      { numRuns: 40 },
    );
  });

  test('a gap stays a gap', () => {
    const torn = wave.map((point) =>
      point.x >= 5000 && point.x < 5300 ? { ...point, y: Number.NaN } : point,
    );
    const gaps = thinned(torn, 400).filter(({ y }) => Number.isNaN(y));
    expect(gaps.length).toBeGreaterThan(0);
    expect(gaps.every(({ x }) => x >= 5000 && x < 5300)).toBe(true);
  });

  test('many points at one x keep the extremes of it', () => {
    const column = Array.from({ length: 1000 }, (_, at) => ({ x: 7, y: (at * 37) % 1000 }));
    const ys = thinned(column, 100).map(({ y }) => y);
    expect(ys).toContain(0);
    expect(ys).toContain(999);
    expect(ys.length).toBeLessThanOrEqual(4);
  });
});
