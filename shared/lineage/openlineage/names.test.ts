import { describe, expect, test } from 'vitest';
import { locationKey, nameOfLocation } from './names.ts';

describe('a location', () => {
  test.each([
    ['s3://bucket/a/b.csv', 's3://bucket', 'a/b.csv'],
    ['S3A://bucket/a/b.csv', 's3://bucket', 'a/b.csv'],
    ['/data/a.csv', 'file', '/data/a.csv'],
    ['file:///data/a.csv', 'file', '/data/a.csv'],
    ['file:/data/a.csv', 'file', '/data/a.csv'],
    ['https://me:secret@host/a', 'https://host', 'a'],
    ['abfss://fs@account.dfs.core.windows.net/a', 'abfss://fs@account.dfs.core.windows.net', 'a'],
  ])('%s is named as the specification says', (uri, namespace, name) => {
    expect(nameOfLocation(uri)).toEqual({ namespace, name });
  });

  test.each(['', 'iris', 'a/b', 's3://', 'mailto:me', 'https://host'])('%s is none', (uri) => {
    expect(nameOfLocation(uri)).toBeUndefined();
  });

  test('is the same however its name is written', () => {
    const key = locationKey({ namespace: 's3://bucket', name: 'a/b.csv' });
    for (const named of [
      { namespace: 's3a://bucket', name: '/a/b.csv' },
      { namespace: 's3://bucket/', name: 'a/b.csv/' },
    ])
      expect(locationKey(named)).toBe(key);
    expect(locationKey({ namespace: 's3://bucket', name: 'a/c.csv' })).not.toBe(key);
    expect(locationKey({ namespace: 's3://other', name: 'a/b.csv' })).not.toBe(key);
  });
});
