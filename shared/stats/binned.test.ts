import { expect, test } from 'vitest';
import { coarsened, coarseStarts, equalWidth, quantileOfBins } from './binned.ts';

test('tenths of a reference are made of its fine bins, none of them lost', () => {
  const fine = Array.from({ length: 258 }, (_, i) => (i === 0 || i === 257 ? 0 : 4));
  const coarse = coarsened(fine, coarseStarts(fine));
  expect(coarse.length).toBeGreaterThanOrEqual(9);
  expect(coarse.length).toBeLessThanOrEqual(10);
  expect(coarse.reduce((sum, count) => sum + count, 0)).toBe(256 * 4);
});

test('a value that is a tenth of the reference or more is a bin of its own', () => {
  expect(coarseStarts([0, 0, 100, 0])).toEqual([0, 2, 3]);
  const starts = coarseStarts([5, 1, 60, 1, 30, 3]);
  expect(coarsened([5, 1, 60, 1, 30, 3], starts)).toContain(60);
  expect(coarsened([0, 0, 0, 9, 0, 0], starts)).not.toEqual(coarsened([0, 0, 9, 0, 0, 0], starts));
});

test('quantiles lie on a straight line within a bin, and between the least and the largest', () => {
  const [edges, range] = [[0, 1, 2], { min: -1, max: 5 }] as const;
  const counts = [1, 2, 4, 0, 1];
  const at = (share: number) => quantileOfBins(counts, edges, range, share);
  expect([at(0), at(0.125), at(0.25), at(0.375), at(0.625), at(0.875), at(1)]).toEqual([
    -1, 0, 0.5, 1, 1.5, 2, 5,
  ]);
  expect(quantileOfBins([0, 0, 0, 7, 0], edges, { min: 2, max: 2 }, 0.5)).toBe(2);
  expect(quantileOfBins([8], [], { min: 1, max: 9 }, 0.5)).toBe(5);
  expect(quantileOfBins([0, 0, 0, 0, 0], edges, range, 0.5)).toBeNaN();
});

test('bins of equal width have each count where its values lie, whole numbers exactly', () => {
  // Values 1, 1, 3 and 4 between the edges 1, 3, 4: below, [1, 3), [3, 4), exactly 4, above.
  const counted = { counts: [0, 2, 1, 1, 0], sums: [0, 2, 3, 4, 0] };
  expect(equalWidth(counted, { min: 1, max: 4 }, 4)).toEqual([2, 0, 1, 1]);
  expect(equalWidth({ counts: [0, 3, 0], sums: [0, 6, 0] }, { min: 2, max: 2 }, 3)).toEqual([3, 0, 0]);
});
