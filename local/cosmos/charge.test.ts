import { expect, test } from 'vitest';
import { createCharge, deleteCharge, patchCharge, queryCharge, readCharge, replaceCharge } from './charge.ts';

// The service's published examples for an item of 1 KB with 10 indexed properties.
test('a create costs about 7, a delete about 7, a replace of 2 properties about 10.8, a patch of them 11.6', () => {
  expect(createCharge(1024, 10)).toBeCloseTo(7, 0);
  expect(deleteCharge(1024, 10)).toBeCloseTo(7, 0);
  expect(replaceCharge(1024, 4)).toBeCloseTo(10.8, 0);
  expect(patchCharge(replaceCharge(1024, 4), 2)).toBeCloseTo(11.6, 0);
});

test.each([
  [1, 1, 4.95],
  [4, 1.14, 6.67],
  [16, 1.67, 9.52],
  [64, 4.76, 22.67],
  [256, 20.28, 98.29],
  [1024, 145.9, 625],
  [2048, 291.8, 1250],
])('%i KB cost the published %f to read and %f to write', (kilobytes, read, write) => {
  expect(readCharge(kilobytes * 1024)).toBe(read);
  expect(createCharge(kilobytes * 1024, 0)).toBe(write);
});

test('charges never fall as size grows, and less than 1 KB costs as 1 KB', () => {
  let last = 0;
  for (let bytes = 100; bytes < 2.1 * 1024 * 1024; bytes *= 1.1) {
    expect(readCharge(bytes)).toBeGreaterThanOrEqual(last);
    last = readCharge(bytes);
  }
  expect(readCharge(1)).toBe(1);
});

test('a query costs by what it loads', () => {
  expect(queryCharge(0, 0)).toBeLessThan(3);
  expect(queryCharge(1000, 1024 * 1000)).toBeGreaterThan(50);
});
