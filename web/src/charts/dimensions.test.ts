import { describe, expect, test } from 'vitest';
import { axisAt, dimensionOf, pathOf, placeOf, within } from './dimensions.ts';

const area = { left: 0, right: 100, top: 0, bottom: 50, missingAt: 60 };
const rates = dimensionOf('rate', ['0.0001', '0.01', undefined, '1']);
const optimizers = dimensionOf('optimizer', ['sgd', 'adam', 'adam', undefined]);
const losses = dimensionOf('loss', [0, 1, 2, Number.NaN]);

describe('dimensionOf', () => {
  test('reads params that are numbers as numbers, far apart ones on a logarithmic scale', () => {
    expect(rates).toMatchObject({ kind: 'numbers', scale: { kind: 'log', low: 0.0001, high: 1 } });
    expect(dimensionOf('depth', ['2', '10'])).toMatchObject({ kind: 'numbers', scale: { kind: 'linear' } });
  });

  test('takes what is not all numbers as texts, ordered with their numbers', () => {
    expect(optimizers).toMatchObject({ kind: 'texts', levels: ['adam', 'sgd'] });
    expect(dimensionOf('layers', ['l10', 'l9', 'l10'])).toMatchObject({ levels: ['l9', 'l10'] });
    expect(dimensionOf('mixed', ['1', 'auto'])).toMatchObject({ kind: 'texts' });
    expect(dimensionOf('blank', ['1', ''])).toMatchObject({ kind: 'texts' });
  });

  test('a metric with a NaN among its values is still of numbers', () => {
    expect(losses).toMatchObject({ kind: 'numbers', scale: { low: 0, high: 2 } });
    expect(dimensionOf('nothing', [undefined, Number.NaN])).toMatchObject({ kind: 'texts' });
  });
});

describe('placeOf', () => {
  test('is a share of the axis, and none for what is missing or not finite', () => {
    expect(placeOf(rates, '0.01')).toBeCloseTo(0.5, 9);
    expect(placeOf(optimizers, 'adam')).toBe(0.25);
    expect(placeOf(losses, 2)).toBe(1);
    expect(placeOf(losses, Number.NaN)).toBeUndefined();
    expect(placeOf(losses, undefined)).toBeUndefined();
    expect(placeOf(optimizers, 'lbfgs')).toBeUndefined();
  });
});

test('a path goes through every axis, and below those where the row has nothing', () => {
  expect(pathOf([rates, optimizers, losses], ['1', undefined, 1], area)).toBe('M0 0L50 60L100 25');
  expect(axisAt(area, 1, 0)).toBe(50);
});

test('a row is within the brushes when each of its places is', () => {
  const dimensions = [rates, losses];
  const low = { key: 'loss', low: 0, high: 0.5 };
  expect(within(dimensions, ['1', 1], [low])).toBe(true);
  expect(within(dimensions, ['1', 1.1], [low])).toBe(false);
  expect(within(dimensions, ['1', undefined], [low])).toBe(false);
  expect(within(dimensions, ['0.0001', 0], [low, { key: 'rate', low: 0.9, high: 1 }])).toBe(false);
  expect(within(dimensions, ['1', 5], [{ key: 'an axis no longer shown', low: 0, high: 0.1 }])).toBe(true);
});
