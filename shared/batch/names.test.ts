import { describe, expect, test } from 'vitest';
import { ownerOfFolder } from '../datasets/index.ts';
import { folderOf, modelFolder, modelIdIn, parseName } from './names.ts';

describe('names of batch files', () => {
  test('a name tells the folder and the workspace it lies in', () => {
    expect(parseName('churn/2026/today.csv')).toEqual({
      workspace: 'default',
      folder: 'churn',
      path: '2026/today.csv',
    });
    expect(parseName(`${folderOf('team-a', 'churn')}/x.csv`)).toEqual({
      workspace: 'team-a',
      folder: 'churn',
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

  test('a folder tells whether it is of an endpoint or of a model', () => {
    const id = '0123456789abcdef0123456789abcdef';
    expect(ownerOfFolder('churn')).toEqual({ type: 'endpoint', id: 'churn' });
    expect(ownerOfFolder(modelFolder(id))).toEqual({ type: 'model', id });
    expect(modelIdIn('model-a')).toBeUndefined();
    expect(parseName(`${folderOf('team-a', modelFolder(id))}/x.csv`)).toEqual({
      workspace: 'team-a',
      folder: `model-${id}`,
      path: 'x.csv',
    });
  });
});
