import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestContext, testContext } from '../../test/support/context.ts';
import { isCode } from '../http/index.ts';
import { createExperiment, createRun } from '../tracking/index.ts';
import { type DatasetRef, resolveUri } from './index.ts';

let context: TestContext;
beforeAll(async () => {
  context = await testContext({ workspace: 'team-a' });
});
afterAll(() => context.close());

const artifact = (uri: string): DatasetRef => ({ kind: 'artifact', uri });

describe('where the bytes of a dataset lie', () => {
  test('an artifact of a run lies where the run keeps its artifacts', async () => {
    const { ctx } = context;
    const { runId, experimentId } = await createRun(ctx, {});
    const elsewhere = await createExperiment(ctx, {
      name: 'elsewhere',
      artifactLocation: 'mlflow-artifacts:/shelf',
    });
    const shelved = await createRun(ctx, { experimentId: elsewhere.experimentId });
    expect(await resolveUri(ctx, artifact(`runs:/${runId}/data/train.csv`))).toEqual({
      container: 'artifacts',
      blob: `team-a/${experimentId}/${runId}/artifacts/data/train.csv`,
    });
    expect(await resolveUri(ctx, artifact(`runs:/${shelved.runId}/x.csv`))).toEqual({
      container: 'artifacts',
      blob: `team-a/shelf/${shelved.runId}/artifacts/x.csv`,
    });
  });

  test.each(['mlflow-artifacts:', 'mlflow-artifacts://host:5000'])('%s names a path', async (root) => {
    expect(await resolveUri(context.ctx, artifact(`${root}/0/data/train.csv`))).toEqual({
      container: 'artifacts',
      blob: 'team-a/0/data/train.csv',
    });
  });

  test('a blob is in reach only in the folder of the workspace', async () => {
    const blob = async (uri: string, workspace = 'team-a') =>
      (await resolveUri({ ...context.ctx, workspace }, { kind: 'blob', uri })).blob;
    expect(await blob('artifacts/team-a/x.csv')).toBe('team-a/x.csv');
    expect(await blob('batch-input/churn@team-a/x.csv')).toBe('churn@team-a/x.csv');
    expect(await blob('batch-input/churn/x.csv', 'default')).toBe('churn/x.csv');
  });

  test.each(['models', 'overflow'])('what the platform keeps in %s is out of reach', async (container) => {
    for (const workspace of ['default', 'team-a', 'team-b'])
      await expect(
        resolveUri(
          { ...context.ctx, workspace: 'default' },
          { kind: 'blob', uri: `${container}/${workspace}/x` },
        ),
      ).rejects.toSatisfy((error) => isCode(error, 'invalid'));
  });

  test.each<[DatasetRef['kind'], string, 'invalid' | 'not-found']>([
    ['artifact', 'runs:/notarun/x.csv', 'not-found'],
    ['artifact', `runs:/${'0'.repeat(32)}/x.csv`, 'not-found'],
    ['artifact', `runs:/${'0'.repeat(32)}`, 'invalid'],
    ['artifact', 's3://bucket/x.csv', 'invalid'],
    ['artifact', 'mlflow-artifacts:/../other/x.csv', 'invalid'],
    ['blob', 'artifacts/team-b/x.csv', 'invalid'],
    ['blob', 'artifacts/team-a/../team-b/x.csv', 'invalid'],
    ['blob', 'batch-input/churn/x.csv', 'invalid'],
    ['blob', 'elsewhere/team-a/x.csv', 'invalid'],
    ['blob', 'models/team-a/served/0', 'invalid'],
    ['version', 'iris/3', 'invalid'],
    ['logged', 'https://example.com/x.csv', 'invalid'],
  ])('refused: %s %s', async (kind, uri, code) => {
    await expect(resolveUri(context.ctx, { kind, uri })).rejects.toSatisfy((error) => isCode(error, code));
  });
});
