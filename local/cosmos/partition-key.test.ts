import { describe, expect, test } from 'vitest';
import { murmurHash3x64 } from './murmur.ts';
import {
  effectivePartitionKey,
  epkRangeOf,
  extractPartitionKey,
  type KeyComponent,
  parsePartitionKey,
  splitPath,
  splitRanges,
} from './partition-key.ts';

describe('MurmurHash3', () => {
  test.each([
    ['', '00000000000000000000000000000000'],
    ['hello', 'cbd8a7b341bd9b025b1e906a48ae1d19'],
    ['hello, world', '342fac623a5ebc8e4cdcbc079642414d'],
    ['The quick brown fox jumps over the lazy dog.', 'cd99481f9ee902c9695da1a38987b6e7'],
  ])('of %j is the published one', (text, expected) => {
    const hex = murmurHash3x64(Buffer.from(text)).map((half) => half.toString(16).padStart(16, '0'));
    expect(hex.join('')).toBe(expected);
  });
});

describe('effective partition key', () => {
  // What the official client computes for the same keys, to send bulk operations to the right range.
  test.each<[KeyComponent, string]>([
    ['redmond', '22E342F38A486A088463DFF7838A5963'],
    ['', '32E9366E637A71B4E710384B2F4970A0'],
    [null, '378867E4430E67857ACE5C908374FE16'],
    [undefined, '11622DAA78F835834610ABE56EFF5CB5'],
    [true, '0E711127C5B5A8E4726AC6DD306A3E59'],
    [false, '2FE1BE91E90A3439635E0E9E37361EF2'],
    [5, '19C08621B135968252FB34B4CF66F811'],
    [12.5, '07DF764FB9F920170F575121799C6829'],
  ])('of %j', (value, expected) => {
    expect(effectivePartitionKey([value])).toBe(expected);
  });

  test('of a hierarchical key starts with that of its prefix', () => {
    const whole = effectivePartitionKey(['a', 'b']);
    const { min, max } = epkRangeOf(['a']);
    expect(whole.startsWith(min)).toBe(true);
    expect(whole >= min && whole < max).toBe(true);
    expect(effectivePartitionKey(['b', 'a']) >= min && effectivePartitionKey(['b', 'a']) < max).toBe(false);
  });

  test('equal ranges get about equal shares of the keys, and every key is in one', () => {
    const ranges = splitRanges(4);
    const counts = ranges.map(() => 0);
    for (let i = 0; i < 4000; i++) {
      const epk = effectivePartitionKey([`key${i}`]);
      const at = ranges.flatMap(({ min, max }, n) => (epk >= min && epk < max ? [n] : []));
      expect(at).toHaveLength(1);
      counts[at[0] ?? 0] += 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});

describe('partition keys of requests and items', () => {
  const definition = { paths: ['/a', '/b/c'], kind: 'MultiHash' as const, version: 2 };

  test('the header and the item give the same text for the same key', () => {
    const item = { a: 'x', b: { c: 1 } };
    expect(extractPartitionKey(item, definition).text).toBe(parsePartitionKey('["x", 1.0]', definition).text);
    expect(extractPartitionKey({ a: null }, definition).text).toBe(
      parsePartitionKey('[null,{}]', definition).text,
    );
  });

  test.each(['', 'x', '{}', '[]', '[1,2,3]', '[[1]]', '[{"a":1}]'])('the header %j is refused', (header) => {
    expect(() => parsePartitionKey(header, definition)).toThrow(/partition key/);
  });

  test('a path may quote its names', () => {
    expect(splitPath('/a/"b c/d"/e')).toEqual(['a', 'b c/d', 'e']);
  });

  test('an item whose key is an array is refused', () => {
    expect(() => extractPartitionKey({ a: [1] }, definition)).toThrow(/\/a/);
  });
});
