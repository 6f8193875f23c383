import { describe, expect, test } from 'vitest';
import { seconds, short, tickLabels, xLabels, xText } from './labels.ts';

describe('tickLabels', () => {
  test('have as many digits as tell neighbours apart', () => {
    expect(tickLabels([0, 0.5, 1])).toEqual(['0', '0.5', '1']);
    expect(tickLabels([0.90001, 0.90002, 0.90003])).toEqual(['0.90001', '0.90002', '0.90003']);
    expect(tickLabels([10000, 12500, 15000])).toEqual(['10k', '12.5k', '15k']);
    expect(tickLabels([1e-6, 1e-4, 1e-2])).toEqual(['1e-6', '0.0001', '0.01']);
    expect(tickLabels([3])).toEqual(['3']);
  });
});

test('short numbers', () => {
  expect(
    [0, 999, 9999, 12_345, 1_500_000, 2e9, 3.2e12, 1e20, 1e-7, -0.25].map((value) => short(value)),
  ).toEqual(['0', '999', '9999', '12.35k', '1.5M', '2B', '3.2T', '1e20', '1e-7', '-0.25']);
});

test('seconds are told in units that readers count in', () => {
  expect([0, 0.05, 1.5, 60, 90, 3600, 5400, 86_400, 180_000, -90].map(seconds)).toEqual([
    '0 s',
    '50 ms',
    '1.5 s',
    '1 min',
    '1 min 30 s',
    '1 h',
    '1 h 30 min',
    '24 h',
    '2 d 2 h',
    '−1 min 30 s',
  ]);
});

test('labels along x follow the axis, those of time the distance between ticks', () => {
  const noon = new Date(2026, 2, 5, 12).getTime() / 1000;
  expect(xLabels('step', [0, 500])).toEqual(['0', '500']);
  expect(xLabels('relative', [0, 60])).toEqual(['0 s', '1 min']);
  expect(xLabels('time', [noon, noon + 5])).toEqual(['12:00:00', '12:00:05']);
  expect(xLabels('time', [noon, noon + 12 * 3600])).toEqual(['12:00', '6 Mar']);
  expect(xLabels('time', [noon, noon + 86_400])).toEqual(['5 Mar', '6 Mar']);
  expect(xText('step', 12_000)).toBe('Step 12,000');
  expect(xText('time', noon)).toBe('5 Mar 2026, 12:00:00');
});
