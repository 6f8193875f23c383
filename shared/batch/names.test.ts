import { describe, expect, test } from 'vitest';
import { folderOf, parseName } from './names.ts';

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
});
