import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  doaneEdges,
  histogram,
  mergeMoments,
  momentsOf,
  noMoments,
  openEnded,
  quantileEdges,
  sturgesEdges,
  variance,
} from './index.ts';

const sample = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 40 });

describe('histogram', () => {
  test('counts [a, b), the last bin closed, and what is outside or no number apart', () => {
    const values = [0, 0.999, 1, 2, 3, 3.001, -0.001, Infinity, -Infinity, Number.NaN];
    const found = histogram(values, [0, 1, 2, 3]);
    expect([...found.counts]).toEqual([2, 1, 2]);
    expect(found).toMatchObject({ below: 2, above: 2, missing: 1 });
    expect([...openEnded(found)]).toEqual([4, 1, 4]);
  });

  test('has an answer for a single bin [v, v] and for no bins', () => {
    expect(histogram([1, 2, 3], [2, 2])).toMatchObject({ counts: Float64Array.of(1), below: 1, above: 1 });
    expect(histogram([1], [])).toMatchObject({ counts: new Float64Array(), above: 1 });
    expect([...openEnded(histogram([1], []))]).toEqual([]);
  });

  test('loses no value, and of two parts adds up to that of the whole', () => {
    fc.assert(
      fc.property(sample, sample, sample, (a, b, anchors) => {
        const edges = quantileEdges(anchors, 5);
        const [ofA, ofB, whole] = [a, b, [...a, ...b]].map((each) => histogram(each, edges));
        expect(whole.counts).toEqual(ofA.counts.map((count, at) => count + ofB.counts[at]));
        const counted = whole.counts.reduce((sum, count) => sum + count, whole.below + whole.above);
        expect(counted).toBe(a.length + b.length);
      }),
    );
  });
});

describe('edges', () => {
  test('at quantiles are numpy’s, parting the sample evenly', () => {
    expect([...quantileEdges([1, 2, 3, 4, 10], 4)]).toEqual([1, 2, 3, 4, 10]);
    expect([...quantileEdges([0, 1], 4)]).toEqual([0, 0.25, 0.5, 0.75, 1]);
    const many = Array.from({ length: 1000 }, (_, at) => (at * 0.6180339887498949) % 1);
    for (const count of histogram(many, quantileEdges(many)).counts) expect(count).toBe(100);
  });

  test('merge where values tie, and leave out what is not finite', () => {
    expect([...quantileEdges([0, 0, 0, 0, 0, 0, 1, 2])]).toEqual([
      0, 0.6000000000000005, 1.2999999999999998, 2,
    ]);
    expect([...quantileEdges([4, 4, 4])]).toEqual([4, 4]);
    expect([...quantileEdges([1, Infinity, Number.NaN])]).toEqual([1, 1]);
    expect([...quantileEdges([])]).toEqual([]);
  });

  test('of equal width are numpy’s, for a constant and a single value too', () => {
    expect([...sturgesEdges([0, 1, 2, 3, 4, 5, 6, 7])]).toEqual([0, 1.75, 3.5, 5.25, 7]);
    for (const edgesOf of [sturgesEdges, doaneEdges]) {
      expect([...edgesOf([3, 3, 3])]).toEqual([2.5, 3.5]);
      expect([...edgesOf([3])]).toEqual([2.5, 3.5]);
      expect([...edgesOf([])]).toEqual([]);
      expect([...edgesOf([Number.NaN, Infinity])]).toEqual([]);
    }
    expect([...doaneEdges([1, 2])]).toEqual([1, 2]);
  });
});

describe('moments', () => {
  test('of merged parts are those of the whole', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const merged = mergeMoments(momentsOf(a), momentsOf(b));
        const whole = momentsOf([...a, ...b]);
        const { mean, squares, ...exact } = whole;
        expect(merged).toMatchObject(exact);
        expect(merged.mean).toBeCloseTo(mean, 6);
        expect(Math.abs(merged.squares - squares)).toBeLessThanOrEqual(1e-9 * Math.max(squares, 1e-3));
        expect(mergeMoments(noMoments, whole)).toEqual(whole);
        expect(mergeMoments(whole, noMoments)).toEqual(whole);
      }),
    );
  });

  test('keep their digits far from zero', () => {
    const shifted = [4, 7, 13, 16].map((x) => x + 1e9);
    expect(variance(momentsOf(shifted), 1)).toBe(30);
    expect(variance(mergeMoments(momentsOf(shifted.slice(0, 1)), momentsOf(shifted.slice(1))), 0)).toBe(22.5);
  });

  test('count finite values only, and have no variance without enough of them', () => {
    expect(momentsOf([1, Number.NaN, 3, Infinity])).toEqual({
      count: 2,
      mean: 2,
      squares: 2,
      min: 1,
      max: 3,
    });
    expect(momentsOf([])).toEqual(noMoments);
    expect(variance(noMoments)).toBeNaN();
    expect(variance(momentsOf([5]), 1)).toBeNaN();
    expect(variance(momentsOf([5]), 0)).toBe(0);
  });
});
