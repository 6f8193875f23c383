import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const api = (path: string) => `/api/2.0/mlflow/${path}`;
const post = (path: string, body: unknown) => server.call('POST', api(path), body);
const get = (path: string) => server.call('GET', api(path));

async function newRun(): Promise<string> {
  const { body } = await post('runs/create', { experiment_id: '0', start_time: 1 });
  return String(body['run']?.['info']?.['run_id']);
}

async function data(runId: string): Promise<JsonObject> {
  return (await get(`runs/get?run_id=${runId}`)).body['run']?.['data'] ?? {};
}

describe('experiments', () => {
  test('an experiment is created, found by id and name, and its name stays its own', async () => {
    const { body } = await post('experiments/create', { name: 'churn', tags: [{ key: 'team', value: 'a' }] });
    const id = String(body['experiment_id']);
    expect(id).toMatch(/^\d+$/);
    const byName = await get('experiments/get-by-name?experiment_name=churn');
    expect(byName.body['experiment']).toMatchObject({
      experiment_id: id,
      name: 'churn',
      artifact_location: `mlflow-artifacts:/${id}`,
      lifecycle_stage: 'active',
      tags: [{ key: 'team', value: 'a' }],
    });
    expect((await get(`experiments/get?experiment_id=${id}`)).body).toEqual(byName.body);
    expect(await post('experiments/create', { name: 'churn' })).toMatchObject({
      status: 400,
      body: { error_code: 'RESOURCE_ALREADY_EXISTS', message: 'Experiment(name=churn) already exists.' },
    });
  });

  test('of many who create one name at once, exactly one succeeds', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('experiments/create', { name: 'race' })),
    );
    expect(answers.filter((a) => a.status === 200)).toHaveLength(1);
    expect(answers.filter((a) => String(a.body['error_code']) === 'RESOURCE_ALREADY_EXISTS')).toHaveLength(
      19,
    );
  });

  test('the default experiment exists from the start, in each workspace by itself', async () => {
    expect((await get('experiments/get?experiment_id=0')).body['experiment']).toMatchObject({
      name: 'Default',
    });
    const headers = { 'x-mlflow-workspace': 'other', 'content-type': 'application/json' };
    const create = await server.fetch(api('experiments/create'), {
      method: 'POST',
      headers,
      body: '{"name":"churn"}',
    });
    expect(create.status).toBe(200);
    await eventually(async () => {
      const found = await server.fetch(api('experiments/search?max_results=10'), { headers });
      const { experiments } = (await found.json()) as { experiments: { name: string }[] };
      // Both may be of one millisecond, and then the ids decide their order.
      expect(experiments.map(({ name }) => name).toSorted()).toEqual(['Default', 'churn']);
    });
  });

  test('a search pages through all, newest first', async () => {
    for (let i = 0; i < 5; i++) await post('experiments/create', { name: `page ${i}` });
    await eventually(async () => {
      const seen: string[] = [];
      let token = '';
      do {
        const { body } = await get(`experiments/search?max_results=2&page_token=${token}`);
        seen.push(...items(body['experiments']).map((e) => String(e['name'])));
        token = String(body['next_page_token'] ?? '');
      } while (token !== '');
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((n) => n.startsWith('page')).join()).toBe('page 4,page 3,page 2,page 1,page 0');
    });
  });
});

describe('runs', () => {
  test('what is logged is what is read, NaN and infinities included', async () => {
    const id = await newRun();
    const batch = {
      run_id: id,
      metrics: [
        { key: 'loss', value: 0.5, timestamp: 10, step: 1 },
        { key: 'nan', value: 'NaN', timestamp: 10 },
        { key: 'inf', value: '-Infinity', timestamp: 10, step: '2' },
      ],
      params: [
        { key: 'depth', value: '4' },
        { key: '__proto__', value: 'safe' },
      ],
      tags: [{ key: 'note', value: '' }],
    };
    expect((await post('runs/log-batch', batch)).body).toEqual({});
    const got = await data(id);
    expect(got['metrics']).toEqual([
      { key: 'loss', value: 0.5, timestamp: 10, step: 1 },
      { key: 'nan', value: 'NaN', timestamp: 10, step: 0 },
      { key: 'inf', value: '-Infinity', timestamp: 10, step: 2 },
    ]);
    expect(got['params']).toEqual(batch.params);
    expect(got['tags']).toContainEqual({ key: 'note', value: '' });
  });

  test('the latest value is the one of the largest step, then timestamp, then value', async () => {
    const id = await newRun();
    for (const [step, timestamp, value] of [
      [5, 1, 0.1],
      [4, 9, 0.2],
      [5, 3, 0.3],
      [5, 3, 0.25],
      [-1, 99, 7],
    ])
      await post('runs/log-metric', { run_id: id, key: 'm', value, timestamp, step });
    expect((await data(id))['metrics']).toEqual([{ key: 'm', value: 0.3, timestamp: 3, step: 5 }]);
  });

  test('a repeated call adds nothing', async () => {
    const id = await newRun();
    const call = {
      run_id: id,
      metrics: [{ key: 'm', value: 1, timestamp: 1, step: 1 }],
      tags: [{ key: 't', value: 'x' }],
    };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('runs/log-batch', call)));
    expect(answers.map((a) => a.status)).toEqual(Array(8).fill(200));
    const history = await get(`metrics/get-history?run_id=${id}&metric_key=m`);
    expect(history.body['metrics']).toEqual([{ key: 'm', value: 1, timestamp: 1, step: 1 }]);
  });

  test('twenty writers of one run lose nothing', async () => {
    const id = await newRun();
    const calls = Array.from({ length: 20 }, (_, w) =>
      Array.from({ length: 10 }, (_unused, step) =>
        post('runs/log-metric', { run_id: id, key: `m${w}`, value: step, timestamp: step, step }),
      ),
    );
    const answers = await Promise.all(calls.flat());
    expect(answers.filter((a) => a.status !== 200)).toEqual([]);
    const metrics = items((await data(id))['metrics']);
    expect(metrics).toHaveLength(20);
    for (let w = 0; w < 20; w++) {
      const history = await get(`metrics/get-history?run_id=${id}&metric_key=m${w}`);
      expect(items(history.body['metrics']).map((m) => m['value'])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test('a changed param is refused, and with it everything else of its call', async () => {
    const id = await newRun();
    await post('runs/log-parameter', { run_id: id, key: 'z', value: '1' });
    const refused = await post('runs/log-batch', {
      run_id: id,
      params: [
        { key: 'z', value: '2' },
        { key: 'y', value: '3' },
      ],
      metrics: [{ key: 'm', value: 1, timestamp: 1 }],
    });
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    expect(await data(id)).toMatchObject({ params: [{ key: 'z', value: '1' }] });
    expect((await data(id))['metrics']).toBeUndefined();
  });

  test('status, end and name are updated, and the name is mirrored in its tag', async () => {
    const id = await newRun();
    const { body } = await post('runs/update', {
      run_id: id,
      status: 'FINISHED',
      end_time: 99,
      run_name: 'renamed',
    });
    expect(body['run_info']).toMatchObject({
      run_id: id,
      run_uuid: id,
      status: 'FINISHED',
      end_time: 99,
      run_name: 'renamed',
    });
    expect((await data(id))['tags']).toContainEqual({ key: 'mlflow.runName', value: 'renamed' });
  });

  test('a search merges several experiments, newest first, page by page', async () => {
    const [a, b] = await Promise.all(
      ['merge a', 'merge b'].map(async (name) =>
        String((await post('experiments/create', { name })).body['experiment_id']),
      ),
    );
    for (let i = 0; i < 7; i++)
      await post('runs/create', { experiment_id: i % 2 ? a : b, run_name: `r${i}`, start_time: i });
    await eventually(async () => {
      const seen: string[] = [];
      let page_token = '';
      do {
        const { body } = await post('runs/search', {
          experiment_ids: [a, b, '424242'],
          max_results: 3,
          page_token,
        });
        seen.push(...items(body['runs']).map((r) => String(r['info']?.['run_name'])));
        page_token = String(body['next_page_token'] ?? '');
      } while (page_token !== '');
      expect(seen).toEqual(['r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0']);
    });
  });
});

describe('bad input is told apart, names the field, and changes nothing', () => {
  const cases: [string, string, unknown, number, string, RegExp][] = [
    [
      'a missing field',
      'experiments/create',
      {},
      400,
      'INVALID_PARAMETER_VALUE',
      /Missing value for required parameter 'name'/,
    ],
    [
      'a wrong type',
      'experiments/create',
      { name: 5 },
      400,
      'INVALID_PARAMETER_VALUE',
      /Invalid value 5 for parameter 'name'/,
    ],
    [
      'an unknown run',
      'runs/log-metric',
      { run_id: 'f'.repeat(32), key: 'm', value: 1, timestamp: 1 },
      404,
      'RESOURCE_DOES_NOT_EXIST',
      /Run with id=f+ not found/,
    ],
    [
      'a run id that is none',
      'runs/log-parameter',
      { run_id: '../x', key: 'm', value: '1' },
      404,
      'RESOURCE_DOES_NOT_EXIST',
      /not found/,
    ],
    [
      'an unknown experiment',
      'runs/create',
      { experiment_id: '77' },
      404,
      'RESOURCE_DOES_NOT_EXIST',
      /No Experiment with id=77 exists/,
    ],
    [
      'a value that is no number',
      'runs/log-metric',
      { run_id: 'RUN', key: 'm', value: true, timestamp: 1 },
      400,
      'INVALID_PARAMETER_VALUE',
      /'value'/,
    ],
    [
      'a step beyond exact numbers',
      'runs/log-metric',
      { run_id: 'RUN', key: 'm', value: 1, timestamp: 1, step: 2 ** 53 },
      400,
      'INVALID_PARAMETER_VALUE',
      /'step'/,
    ],
    [
      'a key that is a path',
      'runs/log-metric',
      { run_id: 'RUN', key: '../m', value: 1, timestamp: 1 },
      400,
      'INVALID_PARAMETER_VALUE',
      /parameter .name. supplied: Names may be treated as files/,
    ],
    [
      'a key too long',
      'runs/set-tag',
      { run_id: 'RUN', key: 'k'.repeat(251), value: '' },
      400,
      'INVALID_PARAMETER_VALUE',
      /exceeds the maximum length of 250/,
    ],
    [
      'too many params',
      'runs/log-batch',
      { run_id: 'RUN', params: Array.from({ length: 101 }, (_, i) => ({ key: `p${i}`, value: '' })) },
      400,
      'INVALID_PARAMETER_VALUE',
      /at most 100 params. Got 101/,
    ],
    [
      'a param twice',
      'runs/log-batch',
      {
        run_id: 'RUN',
        params: [
          { key: 'p', value: '1' },
          { key: 'p', value: '2' },
        ],
      },
      400,
      'INVALID_PARAMETER_VALUE',
      /Duplicate parameter keys/,
    ],
    [
      'a page size of nothing',
      'runs/search',
      { experiment_ids: ['0'], max_results: 0 },
      400,
      'INVALID_PARAMETER_VALUE',
      /'max_results'/,
    ],
    [
      'a token of somebody else',
      'runs/search',
      { experiment_ids: ['0'], page_token: 'xyz' },
      400,
      'INVALID_PARAMETER_VALUE',
      /page token/,
    ],
    [
      'an unknown status',
      'runs/update',
      { run_id: 'RUN', status: 'DONE' },
      400,
      'INVALID_PARAMETER_VALUE',
      /'status'/,
    ],
  ];
  test.each(cases)('%s', async (_, path, body, status, code, message) => {
    const id = await newRun();
    const answer = await post(path, JSON.parse(JSON.stringify(body).replace('"RUN"', `"${id}"`)));
    expect(answer).toMatchObject({ status, body: { error_code: code } });
    expect(answer.body['message']).toMatch(message);
    expect(await data(id)).toEqual({ tags: [expect.objectContaining({ key: 'mlflow.runName' })] });
  });

  test.each([
    ['JSON cut short', '{"name": ', 'application/json', 400],
    ['a list', '[]', 'application/json', 400],
    ['another content type', 'name=x', 'text/plain', 400],
    ['nesting without end', '['.repeat(100_000), 'application/json', 400],
    ['nine megabytes', `{"name":"${'x'.repeat(9_000_000)}"}`, 'application/json', 413],
  ])('a body of %s', async (_, body, type, status) => {
    const response = await server.fetch(api('experiments/create'), {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('error_code', 'INVALID_PARAMETER_VALUE');
  });

  test('an unknown path is 404 and a wrong method 405, with a request id to quote', async () => {
    const unknown = await server.fetch('/api/2.0/mlflow/nothing', { headers: { 'x-request-id': 'abc-1' } });
    expect(unknown.status).toBe(404);
    expect(
      unknown.headers.get('x-request-id') ?? ((await unknown.json()) as { requestId: string }).requestId,
    ).toBe('abc-1');
    const wrong = await server.fetch(api('runs/create'), { method: 'DELETE' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST');
  });
});
