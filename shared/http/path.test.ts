import { describe, expect, test } from 'vitest';
import { checkedPath, decodedPath } from './path.ts';

const pathOf = (encoded: string) => checkedPath(decodedPath(encoded));

describe('a path of a file', () => {
  test('is decoded once and stays in its folder', () => {
    expect(pathOf('a%20b/100%25.csv')).toBe('a b/100%.csv');
    for (const path of [
      '',
      'a/',
      'a//b',
      '../a',
      'a/%2e%2e/b',
      'a/%252e%252e/b',
      'a%5Cb',
      'a%00b',
      'a%c2%85b',
      '%zz',
      'a%ef%bf%be',
      'x'.repeat(901),
      'x/'.repeat(250) + 'x',
    ])
      expect(() => pathOf(path)).toThrow(/path/);
  });
});
