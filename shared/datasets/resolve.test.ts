import { expect, test } from 'vitest';
import { isCode } from '../http/index.ts';
import { type DatasetRef, resolveUri } from './index.ts';

const ctx = { workspace: 'team-a' };
const runId = '0a1b2c3d4e5f60718899aabbccddeeff';

test('an artifact of a run lies under its experiment, which the run id tells', () => {
  const blob = 'team-a/728224406569967729/0a1b2c3d4e5f60718899aabbccddeeff/artifacts/data/train.csv';
  expect(resolveUri(ctx, { kind: 'artifact', uri: `runs:/${runId}/data/train.csv` })).toEqual({
    container: 'artifacts',
    blob,
  });
  for (const root of ['mlflow-artifacts:', 'mlflow-artifacts://host:5000'])
    expect(resolveUri(ctx, { kind: 'artifact', uri: `${root}/${blob.slice('team-a/'.length)}` })).toEqual({
      container: 'artifacts',
      blob,
    });
});

test('a blob is in reach only in the folder of the workspace', () => {
  expect(resolveUri(ctx, { kind: 'blob', uri: 'artifacts/team-a/x.csv' })).toEqual({
    container: 'artifacts',
    blob: 'team-a/x.csv',
  });
  expect(resolveUri(ctx, { kind: 'blob', uri: 'batch-input/churn@team-a/x.csv' }).blob).toBe(
    'churn@team-a/x.csv',
  );
  expect(resolveUri({ workspace: 'default' }, { kind: 'blob', uri: 'batch-input/churn/x.csv' }).blob).toBe(
    'churn/x.csv',
  );
});

test.each<[DatasetRef['kind'], string]>([
  ['artifact', 'runs:/notarun/x.csv'],
  ['artifact', `runs:/${runId}`],
  ['artifact', `runs:/${runId}/../../secret.csv`],
  ['artifact', 's3://bucket/x.csv'],
  ['artifact', 'mlflow-artifacts:/../other/x.csv'],
  ['blob', 'artifacts/team-b/x.csv'],
  ['blob', 'artifacts/team-a/../team-b/x.csv'],
  ['blob', 'batch-input/churn/x.csv'],
  ['blob', 'elsewhere/team-a/x.csv'],
  ['version', 'iris/3'],
  ['logged', 'https://example.com/x.csv'],
])('refused: %s %s', (kind, uri) => {
  expect(() => resolveUri(ctx, { kind, uri })).toThrow(
    expect.toSatisfy((e) => isCode(e, 'invalid')) as Error,
  );
});
