import { expect, test } from 'vitest';
import { dimensionOf } from './dimensions.ts';
import { ticksOf } from './ticks.ts';

test('numbers have round ticks at their place', () => {
  expect(ticksOf(dimensionOf('x', [0, 10]))).toContainEqual({ label: '4', share: 0.4 });
});

test('texts stand in the middle of their part of the axis; of many, every n-th', () => {
  expect(ticksOf(dimensionOf('x', ['a', 'b']))).toEqual([
    { label: 'a', share: 0.25 },
    { label: 'b', share: 0.75 },
  ]);
  const many = Array.from({ length: 40 }, (_, at) => `l${at}`);
  expect(ticksOf(dimensionOf('x', many)).length).toBeLessThanOrEqual(16);
  expect(ticksOf(dimensionOf('x', ['', 'a']))[0]?.label).toBe('(empty)');
});
