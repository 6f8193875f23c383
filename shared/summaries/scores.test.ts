import { expect, test } from 'vitest';
import { classBin, valueBin } from './scores.ts';

test('bins of numbers keep their order, are an eighth wide at most, and have room for all that floats hold', () => {
  const numbers = [-1e300, -5, -1, -1e-9, 0, 1e-9, 1, 1.124, 1.126, 2, 1e10, Number.MAX_VALUE];
  const bins = numbers.map(valueBin);
  expect(bins).toEqual(bins.toSorted((a, b) => a - b));
  expect(valueBin(1)).toBe(valueBin(1.124));
  expect(valueBin(1.126)).toBe(valueBin(1) + 1);
  expect(valueBin(-0)).toBe(0);
  expect(valueBin(Infinity)).toBe(valueBin(Number.MAX_VALUE));
  expect(valueBin(Number.NaN)).not.toBe(valueBin(0));
});

test('a class has the same bin in every version, apart from the bins of numbers, and hides its name', () => {
  expect(classBin('setosa')).toBe(classBin('setosa'));
  const bins = new Set(['setosa', 'versicolor', 'virginica', '0', '1', '2', ''].map(classBin));
  expect(bins.size).toBe(7);
  for (const bin of bins) {
    expect(bin).toBeGreaterThanOrEqual(100_000);
    expect(bin).toBeLessThan(100_000 + 4096);
  }
});
