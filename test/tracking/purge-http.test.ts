import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const mlflow = (path: string, body: unknown) => server.call('POST', `/api/2.0/mlflow/${path}`, body);
const purge = (body: unknown) => server.call('POST', '/api/v1/purge', body);
const runStatus = async (runId: string) =>
  (await server.call('GET', `/api/2.0/mlflow/runs/get?run_id=${runId}`)).status;

let names = 0;
async function newExperiment(): Promise<string> {
  const { body } = await mlflow('experiments/create', { name: `e${names++}` });
  return String(body['experiment_id']);
}
async function newRun(experiment_id: string): Promise<string> {
  const { body } = await mlflow('runs/create', { experiment_id });
  return String(body['run']?.['info']?.['run_id']);
}
async function newModel(experiment_id: string): Promise<string> {
  const { body } = await mlflow('logged-models', { experiment_id });
  return String(body['model']?.['info']?.['model_id']);
}

describe('a purge on demand', () => {
  test('removes what is named, counts it, and frees the name of an experiment', async () => {
    const [a, b] = [await newExperiment(), await newExperiment()];
    const runIds = [await newRun(a), await newRun(a), await newRun(b), await newRun(b)];
    const modelId = await newModel(b);
    await newModel(a);
    await mlflow('experiments/delete', { experiment_id: a });
    await mlflow('runs/delete', { run_id: runIds[2] });
    await server.call('DELETE', `/api/2.0/mlflow/logged-models/${modelId}`, {});
    const asked = { experiment_ids: [a], run_ids: [runIds[0], runIds[2]], logged_model_ids: [modelId] };
    const counts = { experiments: 1, runs: 3, logged_models: 2 };
    await eventually(async () =>
      expect(await purge({ ...asked, dry_run: true })).toEqual({
        status: 200,
        body: { ...counts, dry_run: true },
      }),
    );
    await server.drain();
    for (const runId of runIds) expect(await runStatus(runId)).toBe(200);
    expect(await purge(asked)).toMatchObject({ status: 202, body: { experiments: 1, dry_run: false } });
    await server.drain();
    expect(await Promise.all(runIds.map(runStatus))).toEqual([404, 404, 404, 200]);
    expect((await mlflow('experiments/restore', { experiment_id: a })).status).toBe(404);
    expect((await mlflow('experiments/create', { name: 'e0' })).status).toBe(200);
    expect((await purge(asked)).status).toBe(404);
  });

  test('of everything takes what is deleted and old enough, and tells how much that is', async () => {
    const experimentId = await newExperiment();
    const [deleted, active] = [await newRun(experimentId), await newRun(experimentId)];
    await mlflow('runs/delete', { run_id: deleted });
    await eventually(async () =>
      expect((await purge({ older_than_days: 1 })).body).toMatchObject({ experiments: 0, runs: 0 }),
    );
    await server.drain();
    expect(await runStatus(deleted)).toBe(200);
    await eventually(async () => {
      const { status, body } = await purge({ older_than_days: 0 });
      expect([status, body['runs']]).toEqual([202, 1]);
    });
    await server.drain();
    await eventually(async () => expect(await runStatus(deleted)).toBe(404));
    expect(await runStatus(active)).toBe(200);
  });
});

describe('a purge is refused, and nothing is purged,', () => {
  const refusal = async (body: object) => {
    const answer = await purge(body);
    return `${answer.status} ${String(answer.body['detail'])}`;
  };

  test('where one of the things named is not deleted, or not for that long', async () => {
    const experimentId = await newExperiment();
    const [deleted, active] = [await newRun(experimentId), await newRun(experimentId)];
    const modelId = await newModel(experimentId);
    await mlflow('runs/delete', { run_id: deleted });
    expect(await refusal({ run_ids: [deleted, active] })).toMatch(
      /^409 .*is active, and only what is deleted/,
    );
    expect(await refusal({ run_ids: [deleted], older_than_days: 0.5 })).toMatch(/^409 .*Ask for fewer days/);
    expect(await refusal({ run_ids: [deleted], experiment_ids: [experimentId] })).toMatch(
      /^409 Experiment \d+ is active/,
    );
    expect(await refusal({ logged_model_ids: [modelId] })).toMatch(/^409 Logged model m-\w+ is active/);
    expect(await refusal({ experiment_ids: ['0'] })).toMatch(/^409 .*default experiment/);
    await mlflow('experiments/delete', { experiment_id: experimentId });
    await mlflow('runs/restore', { run_id: active });
    expect(await refusal({ experiment_ids: [experimentId] })).toMatch(
      /^409 .*holds run \w+, which has been restored/,
    );
    await server.drain();
    expect(await runStatus(deleted)).toBe(200);
  });

  test.each([
    ['nothing', {}, /^400 .*older_than_days/],
    ['an unknown run', { run_ids: ['f'.repeat(32)] }, /^404 .*not found/],
    ['an unknown experiment', { experiment_ids: ['77'] }, /^404 .*No Experiment with id=77/],
    ['a model id that is none', { logged_model_ids: ['../x'] }, /^404 .*not found/],
    ['an experiment by name', { experiment_ids: ['churn'] }, /^400 .*valid integer/],
    ['days before today', { older_than_days: -1 }, /^400 .*older_than_days/],
    ['no list', { run_ids: 'all' }, /^400 .*run_ids/],
    ['too many', { run_ids: Array(1001).fill('x') }, /^400 .*at most 1000/],
    ['a field it does not know', { run_id: 'x' }, /^400 .*Unknown field 'run_id'/],
  ])('where it names %s', async (_, body, message) => expect(await refusal(body)).toMatch(message));
});
