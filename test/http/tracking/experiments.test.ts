import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { items } from '../../support/server.ts';
import { failure, pairsIn, trackingApi } from './support.ts';

const { path, server, post, get, newExperiment, experiment, newRun, run } = trackingApi();

const invalid = (message: string | RegExp) => failure(400, 'INVALID_PARAMETER_VALUE', message);
const unknown = (message: string | RegExp) => failure(404, 'RESOURCE_DOES_NOT_EXIST', message);

describe('an experiment', () => {
  test('is created, found by id and name, and its name stays its own', async () => {
    const id = await newExperiment('churn', { tags: [{ key: 'team', value: 'a' }] });
    expect(id).toMatch(/^\d+$/);
    const byName = await get('experiments/get-by-name?experiment_name=churn');
    expect(byName.body['experiment']).toEqual({
      experiment_id: id,
      name: 'churn',
      artifact_location: `mlflow-artifacts:/${id}`,
      lifecycle_stage: 'active',
      creation_time: expect.any(Number),
      last_update_time: expect.any(Number),
      workspace: 'default',
      tags: [{ key: 'team', value: 'a' }],
    });
    expect((await get(`experiments/get?experiment_id=${id}`)).body).toEqual(byName.body);
    expect(await post('experiments/create', { name: 'churn' })).toMatchObject(
      failure(400, 'RESOURCE_ALREADY_EXISTS', 'Experiment(name=churn) already exists.'),
    );
  });

  test('is made once by many who create one name at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('experiments/create', { name: 'race' })),
    );
    expect(answers.filter((a) => a.status === 200)).toHaveLength(1);
    expect(answers.filter((a) => String(a.body['error_code']) === 'RESOURCE_ALREADY_EXISTS')).toHaveLength(
      19,
    );
  });

  test('named 0 exists from the start, in each workspace by itself', async () => {
    expect(await experiment('0')).toMatchObject({ name: 'Default' });
    expect(await experiment('000')).toMatchObject({ name: 'Default', experiment_id: '0' });
    const headers = { 'x-mlflow-workspace': 'other', 'content-type': 'application/json' };
    const create = await server().fetch(path('experiments/create'), {
      method: 'POST',
      headers,
      body: '{"name":"churn"}',
    });
    expect(create.status).toBe(200);
    await eventually(async () => {
      const found = await server().fetch(path('experiments/search?max_results=10'), { headers });
      const { experiments } = (await found.json()) as { experiments: { name: string }[] };
      // Both may be of one millisecond, and then the ids decide their order.
      expect(experiments.map(({ name }) => name).toSorted()).toEqual(['Default', 'churn']);
    });
  });

  test('takes what MLflow ignores: unknown fields, and null for what is left out', async () => {
    const body = { name: 'lenient', artifact_location: null, tags: null, colour: 'red' };
    expect((await post('experiments/create', body)).status).toBe(200);
  });
});

describe('a name', () => {
  test('is changed, and the old one is free at once', async () => {
    const id = await newExperiment('before');
    expect(await post('experiments/update', { experiment_id: id, new_name: 'after' })).toEqual({
      status: 200,
      body: {},
    });
    expect((await get('experiments/get-by-name?experiment_name=after')).body).toMatchObject({
      experiment: { experiment_id: id, name: 'after' },
    });
    expect(await get('experiments/get-by-name?experiment_name=before')).toMatchObject(
      unknown("Could not find experiment with name 'before'"),
    );
    expect(await newExperiment('before')).not.toBe(id);
    // To its own name, an experiment is renamed by doing nothing.
    expect((await post('experiments/update', { experiment_id: id, new_name: 'after' })).status).toBe(200);
  });

  test('that is taken is refused, and nothing is changed', async () => {
    const id = await newExperiment('mine');
    await newExperiment('yours');
    expect(await post('experiments/update', { experiment_id: id, new_name: 'yours' })).toMatchObject(
      failure(400, 'RESOURCE_ALREADY_EXISTS', 'Experiment(name=yours) already exists.'),
    );
    expect(await experiment(id)).toMatchObject({ name: 'mine' });
  });

  test('goes to one of many who want it, and each loser keeps its own', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => newExperiment(`racer ${i}`)));
    const answers = await Promise.all(
      ids.map((experiment_id) => post('experiments/update', { experiment_id, new_name: 'prize' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const [i, id] of ids.entries()) {
      const won = answers[i]?.status === 200;
      const name = won ? 'prize' : `racer ${i}`;
      expect((await get(`experiments/get-by-name?experiment_name=${name}`)).body).toMatchObject({
        experiment: { experiment_id: id },
      });
    }
  });
});

describe('a tag of an experiment', () => {
  test('is set, set anew and removed; the last one leaves no list behind', async () => {
    const id = await newExperiment('tagged');
    const set = (key: string, value?: string) =>
      post('experiments/set-experiment-tag', { experiment_id: id, key, value });
    for (const [key, value] of [
      ['a', '1'],
      ['größe', 'ß'],
      ['a', '2'],
      ['empty', undefined],
      ['__proto__', 'x'],
      ['long', 'x'.repeat(20_000)],
    ] as const)
      expect(await set(key, value)).toEqual({ status: 200, body: {} });
    expect(pairsIn((await experiment(id))['tags'])).toEqual(
      Object.fromEntries([
        ['a', '2'],
        ['größe', 'ß'],
        ['empty', ''],
        ['__proto__', 'x'],
        ['long', 'x'.repeat(20_000)],
      ]),
    );
    const remove = (key: string) => post('experiments/delete-experiment-tag', { experiment_id: id, key });
    expect(await remove('a')).toEqual({ status: 200, body: {} });
    expect(await remove('a')).toMatchObject(unknown(`No tag with name: a in experiment with id ${id}`));
    for (const key of ['größe', 'empty', '__proto__', 'long']) await remove(key);
    expect(await experiment(id)).not.toHaveProperty('tags');
  });

  test('is kept by each of many who set one at once', async () => {
    const id = await newExperiment('tagged by many');
    const keys = Array.from({ length: 6 }, (_, i) => `k${i}`);
    await Promise.all(
      keys.map((key) => post('experiments/set-experiment-tag', { experiment_id: id, key, value: key })),
    );
    expect(Object.keys(pairsIn((await experiment(id))['tags'])).toSorted()).toEqual(keys);
  });
});

describe('deleting an experiment', () => {
  test('takes its runs with it, and restoring it brings all of them back', async () => {
    const id = await newExperiment('doomed');
    const kept = await newRun({ experiment_id: id });
    const gone = await newRun({ experiment_id: id });
    await post('runs/delete', { run_id: gone });
    expect(await post('experiments/delete', { experiment_id: id })).toEqual({ status: 200, body: {} });
    expect(await experiment(id)).toMatchObject({ lifecycle_stage: 'deleted', name: 'doomed' });
    for (const runId of [kept, gone])
      expect((await run(runId))['info']).toMatchObject({ lifecycle_stage: 'deleted' });
    expect(await post('experiments/restore', { experiment_id: id })).toEqual({ status: 200, body: {} });
    expect(await experiment(id)).toMatchObject({ lifecycle_stage: 'active' });
    for (const runId of [kept, gone])
      expect((await run(runId))['info']).toMatchObject({ lifecycle_stage: 'active' });
    expect((await post('runs/set-tag', { run_id: gone, key: 'a', value: 'b' })).status).toBe(200);
  });

  test('refuses every change in it, and its name stays taken', async () => {
    const id = await newExperiment('frozen', { tags: [{ key: 'k', value: 'v' }] });
    const runId = await newRun({ experiment_id: id });
    await post('experiments/delete', { experiment_id: id });
    const inactive = `The experiment ${id} must be in the 'active' state. Current state is deleted.`;
    expect(await post('runs/create', { experiment_id: id })).toMatchObject(invalid(inactive));
    for (const [verb, body] of [
      ['set-experiment-tag', { key: 'a', value: 'b' }],
      ['delete-experiment-tag', { key: 'k' }],
    ] as const)
      expect(await post(`experiments/${verb}`, { experiment_id: id, ...body })).toMatchObject(
        invalid(inactive),
      );
    expect(await post('experiments/update', { experiment_id: id, new_name: 'thawed' })).toMatchObject(
      failure(400, 'INVALID_STATE', 'Cannot rename a non-active experiment.'),
    );
    expect(await post('runs/set-tag', { run_id: runId, key: 'a', value: 'b' })).toMatchObject(
      invalid(`The run ${runId} must be in the 'active' state. Current state is deleted.`),
    );
    expect(await post('experiments/create', { name: 'frozen' })).toMatchObject(
      failure(400, 'RESOURCE_ALREADY_EXISTS', /already exists/),
    );
  });

  test('is not found a second time, nor is restoring what is active', async () => {
    const id = await newExperiment('twice');
    const missing = unknown(`No Experiment with id=${id} exists`);
    expect(await post('experiments/restore', { experiment_id: id })).toMatchObject(missing);
    await post('experiments/delete', { experiment_id: id });
    expect(await post('experiments/delete', { experiment_id: id })).toMatchObject(missing);
  });

  test('and a run of it: whichever changed last decides, however quickly they follow', async () => {
    const id = await newExperiment('flicker');
    const runId = await newRun({ experiment_id: id });
    const stage = async () => (await run(runId))['info']?.['lifecycle_stage'];
    for (let round = 0; round < 5; round++) {
      await post('experiments/delete', { experiment_id: id });
      expect(await stage()).toBe('deleted');
      await post('runs/restore', { run_id: runId });
      expect(await stage()).toBe('active');
      expect((await post('runs/set-tag', { run_id: runId, key: 'k', value: `${round}` })).status).toBe(200);
      await post('runs/delete', { run_id: runId });
      await post('experiments/restore', { experiment_id: id });
      expect(await stage()).toBe('active');
    }
  });

  test('stops a run that is being logged to: no call that begins afterwards is applied', async () => {
    const id = await newExperiment('busy');
    const runId = await newRun({ experiment_id: id });
    const log = (step: number) =>
      post('runs/log-metric', { run_id: runId, key: 'm', value: step, timestamp: 1, step });
    // Calls that overlap keep one writer of the run going, which knows the run from its own last write.
    const before = Array.from({ length: 30 }, (_, step) => log(step));
    await post('experiments/delete', { experiment_id: id });
    const after = await Promise.all(Array.from({ length: 10 }, (_, i) => log(1000 + i)));
    expect(after.map(({ status }) => status)).toEqual(Array(10).fill(400));
    await Promise.all(before);
    const { metrics } = (await run(runId))['data'] ?? {};
    expect(Number(items(metrics)[0]?.['step'] ?? 0)).toBeLessThan(1000);
  });
});

describe('where artifacts lie', () => {
  const uriIn = async (artifact_location: string) => {
    const id = await newExperiment(`in ${artifact_location}`, { artifact_location });
    const runId = await newRun({ experiment_id: id });
    return String((await run(runId))['info']?.['artifact_uri']).replace(runId, 'RUN');
  };

  test('is chosen with the experiment, and a run has a folder of its own in it', async () => {
    expect(await uriIn('s3://bucket/a')).toBe('s3://bucket/a/RUN/artifacts');
    expect(await uriIn('s3://bucket/b/')).toBe('s3://bucket/b/RUN/artifacts');
    expect(await uriIn('abfss://c@a.dfs.core.windows.net/x?y=z')).toBe(
      'abfss://c@a.dfs.core.windows.net/x/RUN/artifacts?y=z',
    );
    expect(await uriIn('mlflow-artifacts:/team/a b')).toBe('mlflow-artifacts:/team/a b/RUN/artifacts');
    expect(await uriIn('mlflow-artifacts:/')).toBe('mlflow-artifacts:/RUN/artifacts');
    expect(await uriIn('/mnt/models')).toBe('/mnt/models/RUN/artifacts');
  });

  test.each([
    ['s3://bucket/a#part', "'artifact_location' URL can't include fragments or params."],
    ['hdfs://host/a;p=1', "'artifact_location' URL can't include fragments or params."],
    ['runs:/0123/a', "Artifact location cannot be a runs:/ URI. Given: 'runs:/0123/a'"],
    ['s3://bucket/a?x=../b', 'Invalid query string'],
    ['s3://bucket/a?x=%2e%2e%2fb', 'Invalid query string'],
    ['s3://bucket/../b', /'\.\.' is not allowed/],
    ['s3://bucket/%252E%252e/b', /'\.\.' is not allowed/],
    ['mlflow-artifacts:/a/../b', /'\.\.' is not allowed/],
    ['mlflow-artifacts:/a//b', /empty parts/],
    ['mlflow-artifacts:/a\\b', /backslashes/],
    ['mlflow-artifacts:/a?b=c', /no query/],
    [`mlflow-artifacts:/${'a'.repeat(500)}`, /at most 500 bytes/],
    [`s3://${'a'.repeat(2044)}`, /cannot be greater than 2048 characters/],
    ['s3://bucket/a\u0007', /control characters/],
  ])('is not %s', async (artifact_location, message) => {
    expect(
      await post('experiments/create', { name: `at ${artifact_location}`.slice(0, 400), artifact_location }),
    ).toMatchObject(invalid(message));
  });
});

describe('what happens to an experiment', () => {
  test('is told once each, in order, with the change it is about', async () => {
    const id = await newExperiment('told');
    const change = (verb: string, more: object = {}) =>
      post(`experiments/${verb}`, { experiment_id: id, ...more });
    await change('set-experiment-tag', { key: 'a', value: 'b' });
    await change('set-experiment-tag', { key: 'a', value: 'b' });
    await change('update', { new_name: 'told again' });
    await change('delete');
    await change('delete');
    await change('restore');
    const { ctx } = server();
    const events = await ctx.stores.documents('experiments').query<{ type: string; seq: number }>(
      {
        text: 'SELECT c.event.type, c.event.seq FROM c WHERE c.type = "event" AND c.event.aggregate = @aggregate',
        values: { aggregate: `experiment/${id}` },
      },
      { key: [ctx.workspace], consistency: 'strong' },
    );
    expect(events.toSorted((a, b) => a.seq - b.seq)).toEqual([
      { type: 'experiment.created', seq: 1 },
      { type: 'experiment.updated', seq: 2 },
      { type: 'experiment.updated', seq: 3 },
      { type: 'experiment.deleted', seq: 4 },
      { type: 'experiment.restored', seq: 5 },
    ]);
  });
});
