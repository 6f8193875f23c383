import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareValues, type Json } from '../query/values.ts';
import { compilePolicy, parsePolicy } from './index-policy.ts';
import { compileComposites, compositeKey, isIndexed, pathText, termsOf } from './terms.ts';

const policyOf = (included: string[], excluded: string[]) =>
  compilePolicy(
    parsePolicy({
      includedPaths: included.map((path) => ({ path })),
      excludedPaths: excluded.map((path) => ({ path })),
    }),
  );

const paths = (item: Record<string, Json>, included: string[], excluded: string[]) => [
  ...new Set([...termsOf(item, policyOf(included, excluded), []).values()].map(({ path }) => path)),
];

describe('index policy', () => {
  test('the most precise path decides', () => {
    const policy = policyOf(['/*', '/a/b/c/?'], ['/a/*', '/a/b/c/d/?']);
    expect(isIndexed(['x'], policy)).toBe(true);
    expect(isIndexed(['a', 'x'], policy)).toBe(false);
    expect(isIndexed(['a', 'b', 'c'], policy)).toBe(true);
    expect(isIndexed(['a', 'b', 'c', 'd'], policy)).toBe(false);
  });

  test('id and _ts are indexed whatever the policy says, _etag is not', () => {
    const policy = policyOf([], ['/*']);
    expect([isIndexed(['id'], policy), isIndexed(['_ts'], policy), isIndexed(['x'], policy)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isIndexed(['_etag'], policyOf(['/*'], []))).toBe(false);
  });

  test('only what is included has entries, and wildcards take in every key below', () => {
    const item = { id: '1', m: { a: 1, b: 2 }, big: { a: 1 }, name: 'x' };
    expect(paths(item, ['/m/*', '/name/?'], ['/*']).toSorted((a, b) => a.localeCompare(b))).toEqual([
      '/id',
      '/m',
      '/m/a',
      '/m/b',
      '/name',
    ]);
  });

  test('elements of arrays have entries under one path, each value once', () => {
    const terms = termsOf({ tags: ['a', 'b', 'a'] }, policyOf(['/*'], []), []);
    const values = [...terms.values()].flatMap(({ path, value }) => (path === '/tags/[]' ? [value] : []));
    expect(values).toEqual(['a', 'b']);
  });

  test('names with / and names like [] do not collide with paths', () => {
    const texts = [['a/b'], ['a', 'b'], ['a~1b'], ['[]']].map((names) => pathText(names));
    expect(new Set(texts).size).toBe(4);
    expect(paths({ '[]': 1 }, ['/*'], [])).toEqual(['/~2']);
  });
});

describe('composite keys', () => {
  const value = fc.oneof(
    fc.constantFrom<Json>(
      null,
      true,
      false,
      0,
      -0,
      1,
      -1,
      0.5,
      -1e300,
      1e300,
      5e-324,
      '',
      'a',
      'a\0',
      'a\0b',
      'ab',
      '😀',
      '\uffff',
      [],
      {},
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  );

  test.each([
    ['ascending', 'ascending'],
    ['ascending', 'descending'],
    ['descending', 'ascending'],
  ] as const)('sort as the values do: %s, %s', (first, second) => {
    const [composite] = compileComposites([
      [
        { path: '/a', order: first },
        { path: '/b', order: second },
      ],
    ]);
    const property = fc.property(value, value, value, value, (a1, b1, a2, b2) => {
      const order = (x: Json, y: Json, direction: string) =>
        compareValues(x, y) * (direction === 'descending' ? -1 : 1);
      const expected = order(a1, a2, first) || order(b1, b2, second);
      const bytes = Buffer.compare(compositeKey([a1, b1], composite), compositeKey([a2, b2], composite));
      expect(Math.sign(bytes)).toBe(Math.sign(expected) + 0);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
