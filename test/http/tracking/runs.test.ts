import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { items } from '../../support/server.ts';
import { failure, pairsIn, trackingApi } from './support.ts';

const { server, post, get, newExperiment, newRun, run, data, tags } = trackingApi();

const invalid = (message: string | RegExp) => failure(400, 'INVALID_PARAMETER_VALUE', message);
const unknown = (message: string | RegExp) => failure(404, 'RESOURCE_DOES_NOT_EXIST', message);
const absent = 'f'.repeat(32);

describe('a new run', () => {
  test('is answered whole, with its ids twice and what is unset left out', async () => {
    const experiment_id = await newExperiment('made');
    const { body } = await post('runs/create', {
      experiment_id,
      user_id: 'ada',
      run_name: 'first',
      start_time: 12,
      tags: [{ key: 'a', value: 'b' }],
    });
    const id = String(body['run']?.['info']?.['run_id']);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const info = {
      run_id: id,
      run_uuid: id,
      experiment_id,
      run_name: 'first',
      user_id: 'ada',
      status: 'RUNNING',
      start_time: 12,
      artifact_uri: `mlflow-artifacts:/${experiment_id}/${id}/artifacts`,
      lifecycle_stage: 'active',
    };
    const made = {
      info,
      data: {
        tags: [
          { key: 'a', value: 'b' },
          { key: 'mlflow.runName', value: 'first' },
        ],
      },
      inputs: {},
    };
    expect(body).toEqual({ run: made });
    expect(await run(id)).toEqual({ ...made, outputs: {} });
    expect((await get(`runs/get?run_uuid=${id}`)).body).toEqual({ run: { ...made, outputs: {} } });
  });

  test('is of the default experiment unless told, and starts now', async () => {
    const before = Date.now();
    const { body } = await post('runs/create', { experiment_id: '' });
    const info = body['run']?.['info'];
    expect(info?.['experiment_id']).toBe('0');
    expect(Number(info?.['start_time'])).toBeGreaterThanOrEqual(before);
  });

  test('is named by its field, else by its tag, else by words and a number', async () => {
    const nameOf = async (body: object) => {
      const made = await run(await newRun(body));
      const name = String(made['info']?.['run_name']);
      expect(pairsIn(made['data']?.['tags'])['mlflow.runName']).toBe(name);
      return name;
    };
    const tagged = (value: string) => [{ key: 'mlflow.runName', value }];
    expect(await nameOf({ run_name: 'field' })).toBe('field');
    expect(await nameOf({ tags: tagged('tag') })).toBe('tag');
    expect(await nameOf({ run_name: 'same', tags: tagged('same') })).toBe('same');
    expect(await nameOf({ run_name: 'field', tags: tagged('') })).toBe('field');
    expect(await nameOf({ run_name: '' })).toMatch(/^[a-z]+-[a-z]+-\d{1,4}$/);
    expect(await post('runs/create', { run_name: 'x', tags: tagged('y') })).toMatchObject(
      invalid(
        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='x', mlflow.runName='y').",
      ),
    );
  });

  test('takes tags of any name, long ones too', async () => {
    const odd = [
      { key: 'odd*,key', value: '1' },
      { key: '../up', value: '2' },
      { key: 'note', value: 'é'.repeat(8000) },
      { key: 'cut', value: '😀'.repeat(8001) },
    ];
    const id = await newRun({ tags: odd });
    expect(await tags(id)).toEqual({
      'odd*,key': '1',
      '../up': '2',
      note: 'é'.repeat(8000),
      cut: '😀'.repeat(8000),
    });
  });
});

describe('a run', () => {
  test('is updated in what is given, and left as it is by nothing', async () => {
    const id = await newRun({ run_name: 'before' });
    const update = (body: object) => post('runs/update', { run_id: id, ...body });
    expect((await update({})).body['run_info']).toEqual((await run(id))['info']);
    expect((await update({ run_name: '' })).body['run_info']).toMatchObject({ run_name: 'before' });
    const { body } = await update({ status: 'FINISHED', end_time: 99, run_name: 'after' });
    expect(body['run_info']).toMatchObject({
      run_id: id,
      run_uuid: id,
      status: 'FINISHED',
      end_time: 99,
      run_name: 'after',
    });
    expect(pairsIn((await data(id))['tags'])).toEqual({ 'mlflow.runName': 'after' });
    // By its older name, and a status by its number in the protocol.
    const again = await post('runs/update', { run_uuid: id, status: 1 });
    expect(again.body['run_info']).toMatchObject({ status: 'RUNNING', end_time: 99 });
  });

  test('is renamed by its tag, one or in a batch, and an empty one changes nothing', async () => {
    const id = await newRun({ run_name: 'before' });
    const nameIn = async () => {
      const { info, data: has } = await run(id);
      return [info?.['run_name'], pairsIn(has?.['tags'])['mlflow.runName']];
    };
    const tag = (value: string) => ({ key: 'mlflow.runName', value });
    await post('runs/set-tag', { run_id: id, ...tag('by tag') });
    expect(await nameIn()).toEqual(['by tag', 'by tag']);
    await post('runs/set-tag', { run_id: id, ...tag('') });
    expect(await nameIn()).toEqual(['by tag', 'by tag']);
    await post('runs/log-batch', { run_id: id, tags: [tag('by batch')] });
    expect(await nameIn()).toEqual(['by batch', 'by batch']);
    await post('runs/delete-tag', { run_id: id, key: 'mlflow.runName' });
    expect(await nameIn()).toEqual(['by batch', undefined]);
  });

  test('loses a tag once', async () => {
    const id = await newRun({ tags: [{ key: 'a', value: 'x'.repeat(3000) }] });
    const remove = () => post('runs/delete-tag', { run_id: id, key: 'a' });
    expect(await remove()).toEqual({ status: 200, body: {} });
    expect(await tags(id)).toEqual({});
    expect(await remove()).toMatchObject(unknown(`No tag with name: a in run with id ${id}`));
    expect(await post('runs/delete-tag', { run_id: absent, key: 'a' })).toMatchObject(
      unknown(`Run with id=${absent} not found`),
    );
  });

  test('is deleted and restored, each as often as one likes, and refuses writes in between', async () => {
    const id = await newRun({ tags: [{ key: 'k', value: 'v' }] });
    const stage = async () => (await run(id))['info']?.['lifecycle_stage'];
    for (let i = 0; i < 2; i++)
      expect(await post('runs/delete', { run_id: id })).toEqual({ status: 200, body: {} });
    expect(await stage()).toBe('deleted');
    const model = JSON.stringify({ artifact_path: 'm', flavors: {}, utc_time_created: '', run_id: id });
    for (const [verb, body] of [
      ['log-metric', { key: 'm', value: 1, timestamp: 1 }],
      ['log-parameter', { key: 'p', value: '1' }],
      ['set-tag', { key: 'p', value: '1' }],
      ['delete-tag', { key: 'k' }],
      ['log-batch', {}],
      ['update', { status: 'FINISHED' }],
      ['log-model', { model_json: model }],
      ['log-inputs', { models: [{ model_id: 'm-1' }] }],
      ['outputs', { models: [{ model_id: 'm-1', step: 1 }] }],
    ] as const)
      expect({ verb, ...(await post(`runs/${verb}`, { run_id: id, ...body })) }).toEqual({
        verb,
        ...invalid(`The run ${id} must be in the 'active' state. Current state is deleted.`),
      });
    for (let i = 0; i < 2; i++)
      expect(await post('runs/restore', { run_id: id })).toEqual({ status: 200, body: {} });
    expect(await stage()).toBe('active');
    expect(await data(id)).toEqual({ tags: expect.arrayContaining([{ key: 'k', value: 'v' }]) });
    for (const verb of ['delete', 'restore'])
      expect(await post(`runs/${verb}`, { run_id: absent })).toMatchObject(unknown(/not found/));
  });

  test('of another workspace is not found by any endpoint', async () => {
    const id = await newRun();
    const headers = { 'x-mlflow-workspace': 'elsewhere', 'content-type': 'application/json' };
    for (const [verb, body] of [
      ['delete', {}],
      ['restore', {}],
      ['update', {}],
      ['set-tag', { key: 'k', value: '' }],
      ['delete-tag', { key: 'k' }],
      ['log-inputs', {}],
    ] as const) {
      const response = await server().fetch(`/api/2.0/mlflow/runs/${verb}`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ run_id: id, ...body }),
      });
      expect([verb, response.status]).toEqual([verb, 404]);
    }
  });

  test('changed by many at once keeps every change', async () => {
    const id = await newRun();
    const answers = await Promise.all([
      post('runs/update', { run_id: id, end_time: 5 }),
      post('runs/set-tag', { run_id: id, key: 'a', value: '1' }),
      post('runs/log-inputs', { run_id: id, models: [{ model_id: 'm-in' }] }),
      post('runs/outputs', { run_id: id, models: [{ model_id: 'm-out', step: 1 }] }),
      post('runs/log-parameter', { run_id: id, key: 'p', value: '1' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(await run(id)).toMatchObject({
      info: { end_time: 5 },
      data: { params: [{ key: 'p', value: '1' }] },
      inputs: { model_inputs: [{ model_id: 'm-in' }] },
      outputs: { model_outputs: [{ model_id: 'm-out', step: 1 }] },
    });
    expect(await tags(id)).toEqual({ a: '1' });
  });

  test('tells once of its end, its deletion and its return', async () => {
    const id = await newRun();
    for (const status of ['RUNNING', 'FINISHED', 'FINISHED'])
      await post('runs/update', { run_id: id, status });
    for (const verb of ['delete', 'delete', 'restore', 'restore']) await post(`runs/${verb}`, { run_id: id });
    const events = await server()
      .ctx.stores.documents('runs')
      .query<string>(
        { text: 'SELECT VALUE c.event.type FROM c WHERE c.type = "event"' },
        { key: ['0', id], consistency: 'strong' },
      );
    expect(events.toSorted()).toEqual(['run.created', 'run.deleted', 'run.finished', 'run.restored']);
  });
});

describe('a long param or tag', () => {
  const long = 'é€😀'.repeat(1000);

  test('is read whole, one by one, in a batch, and in a search', async () => {
    const experiment_id = await newExperiment('long');
    const id = await newRun({ experiment_id });
    await post('runs/log-parameter', { run_id: id, key: 'p', value: long });
    const batch = {
      run_id: id,
      params: Array.from({ length: 100 }, (_, i) => ({ key: `p${i}`, value: `${i} ${long}` })),
      tags: [{ key: 't', value: long }],
    };
    expect(await post('runs/log-batch', batch)).toEqual({ status: 200, body: {} });
    expect(pairsIn((await data(id))['params'])).toEqual(
      pairsIn([{ key: 'p', value: long }, ...batch.params] as never),
    );
    expect(await tags(id)).toEqual({ t: long });
    const whole = await data(id);
    await eventually(async () => {
      const { body } = await post('runs/search', { experiment_ids: [experiment_id], max_results: 10 });
      expect(items(body['runs']).map((found) => found['data'])).toEqual([whole]);
    });
    await post('runs/set-tag', { run_id: id, key: 't', value: 'short' });
    expect(await tags(id)).toEqual({ t: 'short' });
  });

  test('is cut at MLflow’s length, counted in characters', async () => {
    const id = await newRun();
    await post('runs/log-batch', {
      run_id: id,
      params: [{ key: 'p', value: '😀'.repeat(6001) }],
      tags: [{ key: 't', value: '😀'.repeat(8001) }],
    });
    expect((await data(id))['params']).toEqual([{ key: 'p', value: '😀'.repeat(6000) }]);
    expect(await tags(id)).toEqual({ t: '😀'.repeat(8000) });
  });

  test('is the same when logged again, and refused when it differs where it is not shown', async () => {
    const id = await newRun();
    const log = (value: string) => post('runs/log-parameter', { run_id: id, key: 'p', value });
    expect((await log(long)).status).toBe(200);
    expect((await log(long)).status).toBe(200);
    expect(await log(`${long}!`)).toMatchObject(invalid(/Changing param values is not allowed/));
    expect(await log(long.slice(0, 300))).toMatchObject(invalid(/Changing param values is not allowed/));
    // What MLflow cuts away does not count.
    const cut = await newRun();
    for (const length of [6001, 7000, 6000])
      expect(
        (await post('runs/log-parameter', { run_id: cut, key: 'p', value: 'x'.repeat(length) })).status,
      ).toBe(200);
  });

  test('of a million bytes in all leaves the run’s document small', async () => {
    const id = await newRun();
    for (let b = 0; b < 5; b++)
      await post('runs/log-batch', {
        run_id: id,
        params: Array.from({ length: 100 }, (_, i) => ({
          key: `p${b}-${i}`,
          value: `${b} ${i} `.repeat(500),
        })),
      });
    const stored = await server().ctx.stores.documents('runs').read(['0', id], id);
    expect(JSON.stringify(stored?.doc).length).toBeLessThan(600_000);
    expect(items((await data(id))['params'])).toHaveLength(500);
  });
});

describe('the models of a run, as clients before MLflow 3 log them', () => {
  const model = (artifact_path: string) =>
    JSON.stringify({
      artifact_path,
      flavors: { python_function: { loader_module: 'x', config: { secret: 1 } }, onnx: { data: 'm' } },
      utc_time_created: 'now',
      run_id: 'r',
      model_uuid: 'u',
      signature: {},
    });
  const historyOf = async (id: string): Promise<unknown> =>
    JSON.parse((await tags(id))['mlflow.log-model.history'] ?? 'null');

  test('are a list in a tag, each once, without the configuration of its flavours', async () => {
    const id = await newRun();
    for (const path of ['a', 'b', 'a'])
      expect(await post('runs/log-model', { run_id: id, model_json: model(path) })).toEqual({
        status: 200,
        body: {},
      });
    const entry = (artifact_path: string) => ({
      artifact_path,
      flavors: { python_function: { loader_module: 'x' }, onnx: { data: 'm' } },
      utc_time_created: 'now',
      run_id: 'r',
      model_uuid: 'u',
    });
    expect(await historyOf(id)).toEqual([entry('a'), entry('b')]);
  });

  test('are many: the tag is not cut', async () => {
    const id = await newRun();
    for (let i = 0; i < 80; i++) await post('runs/log-model', { run_id: id, model_json: model(`m${i}`) });
    expect(await historyOf(id)).toHaveLength(80);
  });

  test.each([
    ['no JSON', 'x', /Malformed model info/],
    ['a list', '[]', /Malformed model info/],
    [
      'an incomplete description',
      '{"artifact_path":"m","flavors":{},"run_id":"x"}',
      "Model json is missing mandatory fields: {'utc_time_created'}",
    ],
  ])('are not %s', async (_, model_json, message) => {
    const id = await newRun();
    expect(await post('runs/log-model', { run_id: id, model_json })).toMatchObject(invalid(message));
    expect(await tags(id)).toEqual({});
  });

  test('are refused beside a tag that is no list', async () => {
    const id = await newRun({ tags: [{ key: 'mlflow.log-model.history', value: 'mine' }] });
    expect(await post('runs/log-model', { run_id: id, model_json: model('a') })).toMatchObject(
      invalid(/is no JSON list/),
    );
  });
});
