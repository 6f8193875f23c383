import { describe, expect, test } from 'vitest';
import { AGGREGATES } from './aggregates.ts';
import { likePattern } from './like.ts';
import { and, calculate, compare, not, or } from './operators.ts';
import { canonical, compareStrings, compareValues, equalValues, type Value } from './values.ts';

const ascending: Value[] = [
  undefined,
  null,
  false,
  true,
  -1e300,
  -1,
  0,
  1e-300,
  1,
  '',
  'a',
  'aa',
  'b',
  '\uffff',
  '😀',
  [],
  {},
];

test('the order of values goes by type, then by value, texts by code point', () => {
  for (const [i, left] of ascending.entries())
    for (const [j, right] of ascending.entries())
      expect(Math.sign(compareValues(left, right))).toBe(Math.sign(i - j));
});

test('texts are ordered as their UTF-8 bytes are', () => {
  const texts = ['', 'a', 'ab', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '😀a', '🙂'];
  for (const left of texts)
    for (const right of texts) {
      expect(Math.sign(compareStrings(left, right))).toBe(
        Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right))),
      );
    }
});

test('equal values have equal texts, whatever the order of their keys', () => {
  const [left, right] = [
    { a: 1, b: [{ c: null }] },
    { b: [{ c: null }], a: 1 },
  ];
  expect(equalValues(left, right)).toBe(true);
  expect(canonical(left)).toBe(canonical(right));
  expect(equalValues({ a: 1 }, { a: '1' })).toBe(false);
  expect(canonical({ a: 1 })).not.toBe(canonical({ a: '1' }));
});

describe('three-valued logic', () => {
  test.each<[Value, Value, Value, Value]>([
    [true, true, true, true],
    [true, false, false, true],
    [false, undefined, false, undefined],
    [true, undefined, undefined, true],
    [undefined, undefined, undefined, undefined],
    ['x', true, undefined, true],
    [1, false, false, undefined],
  ])('%j with %j: AND %j, OR %j', (left, right, both, either) => {
    expect([and(left, right), and(right, left)]).toEqual([both, both]);
    expect([or(left, right), or(right, left)]).toEqual([either, either]);
  });

  test('NOT of what is no boolean is undefined', () => {
    expect([not(true), not(undefined), not(null), not(0)]).toEqual([false, undefined, undefined, undefined]);
  });
});

describe('comparison', () => {
  test('types do not mix: an order is undefined, equality is false', () => {
    expect(compare('<', 1, '2')).toBeUndefined();
    expect(compare('>=', null, 0)).toBeUndefined();
    expect(compare('=', 1, '1')).toBe(false);
    expect(compare('!=', 1, '1')).toBe(true);
  });

  test('with undefined every comparison is undefined', () => {
    for (const operator of ['=', '!=', '<', '>='] as const)
      expect(compare(operator, undefined, undefined)).toBeUndefined();
  });

  test('arrays and objects are equal by value and have no order', () => {
    expect(compare('=', [1, { a: 2 }], [1, { a: 2 }])).toBe(true);
    expect(compare('<', [1], [2])).toBeUndefined();
  });
});

test('arithmetic on anything but numbers, or without a finite result, is undefined', () => {
  expect(calculate('+', 1, '1')).toBeUndefined();
  expect(calculate('/', 1, 0)).toBeUndefined();
  expect(calculate('||', 'a', 1)).toBeUndefined();
  expect(calculate('%', 7, 4)).toBe(3);
});

test('LIKE takes %, _, sets and an escape, and everything else as it is', () => {
  const like = (text: string, pattern: string, escape?: string) => likePattern(pattern, escape)(text);
  expect(like('a.b\nc', 'a.%')).toBe(true);
  expect(like('abc', 'a.%')).toBe(false);
  expect(like('dx', '[^a-c]_')).toBe(true);
  expect(like('bx', '[^a-c]_')).toBe(false);
  expect(like('-', '[a-]')).toBe(true);
  expect(like('10%', '10!%', '!')).toBe(true);
  expect(like('100', '10!%', '!')).toBe(false);
  expect(like('abcb', 'a%b')).toBe(true);
  expect(like('ab', 'ab%b')).toBe(false);
  expect(like('', '%')).toBe(true);
  expect(like('a', '')).toBe(false);
  expect(like('x😀y', 'x_y')).toBe(true);
});

test('LIKE ends soon, whatever the pattern', () => {
  const before = process.cpuUsage();
  expect(likePattern(`${'%a'.repeat(50)}%b`, undefined)('a'.repeat(5000))).toBe(false);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000);
});

describe('aggregates', () => {
  const over = (name: string, values: Value[]): Value => {
    const accumulator = AGGREGATES.get(name)?.();
    for (const value of values) accumulator?.add(value);
    return accumulator?.result();
  };

  test.each<[string, Value[], Value]>([
    ['COUNT', [1, null, undefined], 2],
    ['SUM', [1, 2, undefined], 3],
    ['SUM', [], 0],
    ['SUM', [1, 'x'], undefined],
    ['AVG', [1, 2, undefined], 1.5],
    ['AVG', [], undefined],
    ['AVG', [1, null], undefined],
    ['MIN', [2, 1, 'a', undefined], 1],
    ['MAX', [2, 1, 'a', undefined], 'a'],
    ['MIN', [], undefined],
  ])('%s of %j is %j', (name, values, expected) => {
    expect(over(name, values)).toBe(expected);
  });
});
