import { expect, test } from 'vitest';
import { sharesOf, stairs } from './overlay.ts';

test('counts of sides of different size become shares that can be laid over each other', () => {
  expect(sharesOf([300, 100])).toEqual([0.75, 0.25]);
  expect(sharesOf([3, 1])).toEqual([0.75, 0.25]);
  expect(sharesOf([0, 0])).toEqual([0, 0]);
});

test('stairs go along the top of every bar', () => {
  const path = stairs(
    [1, 2],
    (edge) => edge * 10,
    (value) => 100 - value,
  );
  expect(path).toBe('M0.0 99.0L10.0 99.0L10.0 98.0L20.0 98.0');
});
