import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Item, itemsMax } from '../signal.ts';
import {
  cutItems,
  excess,
  isOutside,
  judgedItem,
  orderedItems,
  signalOf,
  unjudgedItem,
  verdictOf,
} from './index.ts';
import { usual } from './testing.ts';

const item = (name: string, verdict: Item['verdict'], value: number | null, upper = 1): Item => ({
  name,
  metric: 'psi',
  value,
  bounds: value === null ? null : { upper },
  verdict,
  basis: 'profile',
});

describe('bounds', () => {
  test('are crossed beyond them and not at them', () => {
    expect([0.9, 1, 1.1].map((value) => isOutside(value, { lower: 1 }))).toEqual([true, false, false]);
    expect([0.9, 1, 1.1].map((value) => isOutside(value, { upper: 1 }))).toEqual([false, false, true]);
    expect(isOutside(5, {})).toBe(false);
    expect(isOutside(0, { lower: 0, upper: 0 })).toBe(false);
  });

  test('are crossed by more than nothing exactly where a value lies outside', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, number, number, (value, a, b) => {
        const bounds = { lower: Math.min(a, b), upper: Math.max(a, b) };
        expect(excess(value, bounds) > 0).toBe(isOutside(value, bounds));
      }),
    );
    expect(excess(3, {})).toBe(-Infinity);
    expect(excess(3, { upper: 2 })).toBe(0.5);
    expect(excess(3, { upper: 0 })).toBe(3);
  });
});

describe('items', () => {
  test('begin with the worst breach, and end with what has no verdict', () => {
    const items = [
      item('unknown', 'insufficient-data', null),
      item('calm', 'ok', 0.1),
      item('near', 'ok', 0.9),
      item('far', 'breached', 3),
      item('just', 'breached', 1.1),
      item('b', 'ok', 0.5),
      item('a', 'ok', 0.5),
    ];
    const names = ['far', 'just', 'near', 'a', 'b', 'calm', 'unknown'];
    fc.assert(
      fc.property(fc.shuffledSubarray(items, { minLength: items.length }), (shuffled) => {
        expect(orderedItems(shuffled).map(({ name }) => name)).toEqual(names);
      }),
    );
  });

  test('are cut to what a result has room for, the worst of them kept', () => {
    const many = Array.from({ length: itemsMax + 7 }, (_, at) =>
      item(`f${at}`, at === 55 ? 'breached' : 'ok', at === 55 ? 2 : 0),
    );
    const { items, itemsLeftOut } = cutItems(many);
    expect(itemsLeftOut).toBe(7);
    expect(items).toHaveLength(itemsMax);
    expect(items[0]?.name).toBe('f55');
    expect(cutItems(many.slice(0, itemsMax))).not.toHaveProperty('itemsLeftOut');
  });

  test('are judged by bounds, told without them, and say why they have no verdict', () => {
    const of = { name: 'a', metric: 'psi', basis: 'profile' } as const;
    expect(judgedItem(of, 2, { upper: 1 })).toEqual(item('a', 'breached', 2));
    expect(judgedItem(of, 1, { upper: 1 })).toEqual(item('a', 'ok', 1));
    expect(judgedItem(of, 2, null)).toEqual({ ...item('a', 'ok', 2), bounds: null });
    expect(unjudgedItem(of, 'Too few.')).toEqual({
      ...item('a', 'insufficient-data', null),
      reason: 'Too few.',
    });
  });

  test('say together what the worst of them says', () => {
    expect(verdictOf([item('a', 'ok', 0), item('b', 'breached', 2)])).toBe('breached');
    expect(verdictOf([item('a', 'insufficient-data', null), item('b', 'ok', 0)])).toBe('ok');
    expect(verdictOf([item('a', 'insufficient-data', null)])).toBe('insufficient-data');
    expect(verdictOf([])).toBe('insufficient-data');
  });

  test('of which there are none make a signal without a verdict', () => {
    const told = { signal: 'skew', segment: 'a=b', headline: { metric: 'psi' }, items: [] } as const;
    expect(signalOf(told, usual)).toEqual({
      signal: 'skew',
      segment: 'a=b',
      severity: 'warning',
      verdict: 'insufficient-data',
      reason: 'There is nothing to judge.',
      metric: 'psi',
      value: null,
      bounds: null,
      items: [],
    });
  });
});
