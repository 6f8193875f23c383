import { describe, expect, test } from 'vitest';
import { merged, originOf, pointsOver, stepsWithin } from './points.ts';

const start = Date.UTC(2026, 0, 1);
const points = [
  { step: 0, timestamp: start + 1000, value: 3 },
  { step: 10, timestamp: start + 3000, value: 2 },
  { step: 20, timestamp: start + 7500, value: 1 },
];

describe('pointsOver', () => {
  test('puts a point at its step, at seconds since the origin, or at Unix seconds', () => {
    expect(pointsOver('step', points, start).map(({ x }) => x)).toEqual([0, 10, 20]);
    expect(pointsOver('relative', points, start).map(({ x }) => x)).toEqual([1, 3, 7.5]);
    expect(pointsOver('time', points, start)[0]?.x).toBe(start / 1000 + 1);
  });

  test('orders by x, and of several at one step draws the last logged', () => {
    const twice = [
      { step: 5, timestamp: 20, value: 2 },
      { step: 5, timestamp: 10, value: 1 },
      { step: -1, timestamp: 30, value: 0 },
    ];
    expect(pointsOver('step', twice, 0)).toEqual([
      { x: -1, y: 0 },
      { x: 5, y: 2 },
    ]);
  });
});

describe('originOf', () => {
  test('is the start of the run, unless a point is told to be earlier', () => {
    expect(originOf(start, points)).toBe(start);
    expect(originOf(start, [{ step: 0, timestamp: 5, value: 1 }, ...points])).toBe(5);
  });
});

describe('merged', () => {
  test('takes each point once and keeps the order', () => {
    const late = { step: 15, timestamp: start + 9000, value: 5 };
    expect(merged(points, [...points.slice(2), late]).map(({ step }) => step)).toEqual([0, 10, 15, 20]);
  });

  test('is the same array where nothing is new, NaN included', () => {
    const known = [...points, { step: 30, timestamp: start + 9000, value: Number.NaN }];
    expect(merged(known, [{ step: 30, timestamp: start + 9000, value: Number.NaN }])).toBe(known);
  });
});

describe('stepsWithin', () => {
  test('a range of steps is the whole steps in it', () => {
    expect(stepsWithin('step', points, start, [0.4, 12.6])).toEqual([1, 12]);
  });

  test('a range of time reaches to the neighbours on both sides', () => {
    expect(stepsWithin('relative', points, start, [2, 4])).toEqual([0, 20]);
    expect(stepsWithin('relative', points, start, [0.5, 1.5])).toEqual([0, 10]);
    expect(stepsWithin('relative', [], start, [0, 1])).toBeUndefined();
  });
});
