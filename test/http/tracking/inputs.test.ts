import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { items } from '../../support/server.ts';
import { failure, trackingApi } from './support.ts';

const { post, newExperiment, newRun, run } = trackingApi();

const invalid = (message: string | RegExp) => failure(400, 'INVALID_PARAMETER_VALUE', message);
const dataset = (more: object = {}) => ({
  name: 'iris',
  digest: 'abc',
  source_type: 'local',
  source: '{"uri":"iris.csv"}',
  schema: '{"columns":[]}',
  profile: '{"rows":150}',
  ...more,
});
const context = (value: string) => [{ key: 'mlflow.data.context', value }];

describe('the inputs of a run', () => {
  test('are the datasets as they were first logged, each name and digest once', async () => {
    const id = await newRun();
    const log = (datasets: unknown[]) => post('runs/log-inputs', { run_id: id, datasets });
    const first = { tags: context('training'), dataset: dataset() };
    const bare = { dataset: { name: 'bare', digest: '1', source_type: 'code', source: '' } };
    expect(await log([first, bare])).toEqual({ status: 200, body: {} });
    const other = { tags: context('eval'), dataset: dataset({ digest: 'def', source: 'x'.repeat(65_535) }) };
    await log([{ tags: context('ignored'), dataset: dataset({ source: 'ignored' }) }, other, other]);
    expect((await run(id))['inputs']).toEqual({ dataset_inputs: [first, bare, other] });
  });

  test('are as large as MLflow lets them be', async () => {
    const id = await newRun();
    const large = {
      tags: [],
      dataset: dataset({ schema: '"'.repeat(1_048_575), profile: 'é'.repeat(9_000_000) }),
    };
    expect((await post('runs/log-inputs', { run_id: id, datasets: [large] })).status).toBe(200);
    expect((await run(id))['inputs']).toEqual({ dataset_inputs: [{ dataset: large.dataset }] });
  });

  test('that would make the run too large are refused, and it can still be ended', async () => {
    const id = await newRun();
    const models = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ model_id: String(i).padEnd(10_000, 'x') }));
    expect((await post('runs/log-inputs', { run_id: id, models: models(99) })).status).toBe(200);
    const tooLarge = failure(413, 'INVALID_PARAMETER_VALUE', /^Run \w+ would be over 1900000 bytes/);
    expect(await post('runs/log-inputs', { run_id: id, models: models(190) })).toEqual(tooLarge);
    expect(await post('runs/outputs', { run_id: id, models: models(91) })).toEqual(tooLarge);
    expect((await post('runs/update', { run_id: id, status: 'FINISHED' })).status).toBe(200);
  });

  test('are models, and what a run made are others; a search leaves out the models that went in', async () => {
    const experiment_id = await newExperiment('in and out');
    const id = await newRun({ experiment_id });
    const models = ['m-1', 'm-1', 'm-2'].map((model_id) => ({ model_id }));
    await post('runs/log-inputs', { run_id: id, models, datasets: [{ dataset: dataset() }] });
    await post('runs/log-inputs', { run_id: id, models });
    await post('runs/outputs', { run_id: id, models: [{ model_id: 'm-3', step: 4 }, { model_id: 'm-4' }] });
    await post('runs/outputs', { run_id: id, models: [{ model_id: 'm-3', step: 5 }] });
    await post('runs/outputs', { run_id: id, models: [] });
    const dataset_inputs = [{ dataset: dataset() }];
    const outputs = {
      model_outputs: [
        { model_id: 'm-3', step: 5 },
        { model_id: 'm-4', step: 0 },
      ],
    };
    expect(await run(id)).toMatchObject({
      inputs: { dataset_inputs, model_inputs: [{ model_id: 'm-1' }, { model_id: 'm-2' }] },
      outputs,
    });
    await eventually(async () => {
      const { body } = await post('runs/search', { experiment_ids: [experiment_id], max_results: 10 });
      expect(items(body['runs'])).toMatchObject([{ inputs: { dataset_inputs }, outputs }]);
      expect(items(body['runs'])[0]?.['inputs']).not.toHaveProperty('model_inputs');
    });
  });

  test('logged by many at once are all there', async () => {
    const id = await newRun();
    const digests = Array.from({ length: 8 }, (_, i) => `d${i}`);
    const answers = await Promise.all(
      digests.map((digest) =>
        post('runs/log-inputs', { run_id: id, datasets: [{ dataset: dataset({ digest }) }] }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    const found = items((await run(id))['inputs']?.['dataset_inputs']);
    expect(found.map((input) => String(input['dataset']?.['digest'])).toSorted()).toEqual(digests);
  });

  test.each([
    ['name', 501, 500],
    ['digest', 37, 36],
    ['source', 65_536, 65_535],
    ['schema', 1_048_576, 1_048_575],
    ['profile', 16_777_216, 16_777_215],
  ])('have no %s of %i characters', async (name, length, max) => {
    const id = await newRun();
    const datasets = [{ dataset: dataset({ [name]: 'x'.repeat(length) }) }];
    expect(await post('runs/log-inputs', { run_id: id, datasets })).toMatchObject(
      invalid(`'${name}' exceeds the maximum length of ${max} characters`),
    );
  });

  test('have no longer tags than MLflow’s, and no more datasets at once', async () => {
    const id = await newRun();
    const log = (datasets: unknown[]) => post('runs/log-inputs', { run_id: id, datasets });
    expect(await log([{ tags: [{ key: 'k'.repeat(256), value: '' }], dataset: dataset() }])).toMatchObject(
      invalid("'key' exceeds the maximum length of 255 characters"),
    );
    expect(await log([{ tags: [{ key: 'k', value: 'v'.repeat(501) }], dataset: dataset() }])).toMatchObject(
      invalid("'value' exceeds the maximum length of 500 characters"),
    );
    expect(
      await log(Array.from({ length: 1001 }, (_, i) => ({ dataset: dataset({ digest: `${i}` }) }))),
    ).toMatchObject(invalid(/At most 1000 datasets/));
  });

  test('of a body beyond any limit are 413', async () => {
    const id = await newRun();
    const datasets = [{ dataset: dataset({ profile: 'x'.repeat(41 * 1024 * 1024) }) }];
    expect(await post('runs/log-inputs', { run_id: id, datasets })).toMatchObject(
      failure(413, 'INVALID_PARAMETER_VALUE', /over \d+ bytes/),
    );
  });
});
