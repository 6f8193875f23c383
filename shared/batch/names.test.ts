import { describe, expect, test } from 'vitest';
import { folderOf, parseName, pathOf } from './names.ts';

describe('names of batch files', () => {
  test('a name tells the endpoint and the workspace whose folder it lies in', () => {
    expect(parseName('churn/2026/today.csv')).toEqual({
      workspace: 'default',
      endpoint: 'churn',
      path: '2026/today.csv',
    });
    expect(parseName(`${folderOf('team-a', 'churn')}/x.csv`)).toEqual({
      workspace: 'team-a',
      endpoint: 'churn',
      path: 'x.csv',
    });
    expect(folderOf('default', 'churn')).toBe('churn');
    for (const name of [
      'today.csv',
      'churn/',
      'Churn/x.csv',
      'churn@/x.csv',
      'a@b@c/x.csv',
      'churn/../x.csv',
    ])
      expect(parseName(name)).toBeUndefined();
  });

  test('a path is decoded once and stays in its folder', () => {
    expect(pathOf('a%20b/100%25.csv')).toBe('a b/100%.csv');
    for (const path of [
      '',
      'a//b',
      '../a',
      'a/%2e%2e/b',
      'a/%252e%252e/b',
      'a%5Cb',
      'a%00b',
      '%zz',
      'x'.repeat(901),
    ])
      expect(() => pathOf(path)).toThrow(/path/);
  });
});
