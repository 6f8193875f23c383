import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logModelMetrics, type ModelPoint } from '../../shared/tracking/logged-models/metrics.ts';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const api = (path: string) => `/api/2.0/mlflow/logged-models${path}`;
const call = (method: string, path: string, body?: unknown) => server.call(method, api(path), body);

async function newModel(fields: object = {}): Promise<string> {
  const { body } = await call('POST', '', { experiment_id: '0', name: 'churn', ...fields });
  return String(body['model']?.['info']?.['model_id']);
}

async function model(id: string): Promise<JsonObject> {
  return (await call('GET', `/${id}`)).body['model'] ?? {};
}

const runId = 'a'.repeat(32);
const point = (modelId: string, more: Partial<ModelPoint>): ModelPoint => ({
  modelId,
  key: 'acc',
  value: 0.5,
  timestamp: 10,
  step: 1,
  ...more,
});

describe('a logged model', () => {
  test('is pending with just these fields when it is created with nothing but an experiment', async () => {
    const { status, body } = await call('POST', '', { experiment_id: '0' });
    expect(status).toBe(200);
    const info = body['model']?.['info'] ?? {};
    expect(body).toEqual({
      model: {
        info: {
          model_id: expect.stringMatching(/^m-0{16}[0-9a-f]{16}$/),
          experiment_id: '0',
          name: expect.stringMatching(/^[a-z]+-[a-z]+-\d+$/),
          creation_timestamp_ms: expect.any(Number),
          last_updated_timestamp_ms: info['creation_timestamp_ms'],
          artifact_uri: `mlflow-artifacts:/0/models/${String(info['model_id'])}/artifacts`,
          status: 'LOGGED_MODEL_PENDING',
          model_type: '',
          source_run_id: '',
        },
        data: {},
      },
    });
  });

  test('keeps all that it is created with, however long, and is read at both prefixes', async () => {
    const long = 'é'.repeat(20_000);
    const given = {
      model_type: 'agent',
      source_run_id: runId,
      params: [
        { key: 'depth', value: '4' },
        { key: '__proto__', value: long },
      ],
      tags: [{ key: 'a/b c', value: long }],
    };
    const id = await newModel(given);
    const found = await model(id);
    expect(found['info']).toMatchObject({
      name: 'churn',
      model_type: 'agent',
      source_run_id: runId,
      tags: given.tags,
    });
    expect(items(found['data']?.['params'])).toEqual(given.params);
    const pages = await server.call('GET', `/ajax-api/2.0/mlflow/logged-models/${id}`);
    expect(pages.body['model']).toEqual(found);
  });

  test.each([
    ['LOGGED_MODEL_READY', 'LOGGED_MODEL_READY'],
    ['LOGGED_MODEL_UPLOAD_FAILED', 'LOGGED_MODEL_UPLOAD_FAILED'],
    [2, 'LOGGED_MODEL_READY'],
  ])('finalized with %s is %s', async (status, shown) => {
    const id = await newModel();
    const { body } = await call('PATCH', `/${id}`, { model_id: id, status });
    expect(body['model']?.['info']?.['status']).toBe(shown);
    expect(await model(id)).toEqual(body['model']);
  });

  test('deleted is not found any more, but for who asks for deleted ones; deleting it again is fine', async () => {
    const id = await newModel();
    for (let i = 0; i < 2; i++)
      expect(await call('DELETE', `/${id}`, { model_id: id })).toEqual({ status: 200, body: {} });
    expect(await call('GET', `/${id}`)).toMatchObject({
      status: 404,
      body: {
        error_code: 'RESOURCE_DOES_NOT_EXIST',
        message: `Logged model with ID '${id}' not found.`,
      },
    });
    expect((await call('GET', `/${id}?allow_deleted=true`)).body['model']?.['info']).toMatchObject({
      model_id: id,
    });
  });

  test('is of its workspace alone', async () => {
    const id = await newModel();
    const response = await server.fetch(api(`/${id}`), { headers: { 'x-mlflow-workspace': 'other' } });
    expect(response.status).toBe(404);
  });

  test('in a deleted or an unknown experiment is refused', async () => {
    const created = await server.call('POST', '/api/2.0/mlflow/experiments/create', { name: 'gone' });
    const experiment_id = String(created.body['experiment_id']);
    await server.call('POST', '/api/2.0/mlflow/experiments/delete', { experiment_id });
    expect(await call('POST', '', { experiment_id })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining("'active' state") },
    });
    expect(await call('POST', '', { experiment_id: '77' })).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No Experiment with id=77 exists' },
    });
  });
});

describe('tags and params', () => {
  test('the last tag of one key wins; a tag is removed by its key, slashes and spaces included', async () => {
    const id = await newModel({ tags: [{ key: 'kept', value: '1' }] });
    const tags = [
      { key: 'a/b c%', value: '1' },
      { key: 'a/b c%', value: '2' },
      { key: 'kept', value: '3' },
    ];
    expect(await call('PATCH', `/${id}/tags`, { tags })).toEqual({ status: 200, body: {} });
    const found = items((await model(id))['info']?.['tags']);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining(tags.slice(1)));
    expect(await call('DELETE', `/${id}/tags/a/b%20c%25`)).toEqual({ status: 200, body: {} });
    expect(items((await model(id))['info']?.['tags'])).toEqual([{ key: 'kept', value: '3' }]);
    expect(await call('DELETE', `/${id}/tags/a%2Fb%20c%25`)).toMatchObject({
      status: 404,
      body: { message: `No tag with key 'a/b c%' found for model with ID '${id}'.` },
    });
  });

  test('a param is final: the same value again is fine, another one is refused with all of its call', async () => {
    const id = await newModel({ params: [{ key: 'a', value: '1' }] });
    const add = (...params: { key: string; value: string }[]) =>
      call('POST', `/${id}/params`, { model_id: id, params });
    expect((await add({ key: 'a', value: '1' }, { key: 'b', value: '' })).status).toBe(200);
    expect(await add({ key: 'c', value: '1' }, { key: 'a', value: '2' })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringMatching(/not allowed/) },
    });
    expect(items((await model(id))['data']?.['params'])).toEqual([
      { key: 'a', value: '1' },
      { key: 'b', value: '' },
    ]);
  });

  test('many who write to one model at once lose nothing', async () => {
    const id = await newModel();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        i % 2
          ? call('PATCH', `/${id}/tags`, { tags: [{ key: `t${i}`, value: '' }] })
          : call('POST', `/${id}/params`, { params: [{ key: `p${i}`, value: '' }] }),
      ),
    );
    // What lost each of its tries is told so, and comes back.
    expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
    const served = answers.filter(({ status }) => status === 200).length;
    const found = await model(id);
    expect(items(found['info']?.['tags']).length + items(found['data']?.['params']).length).toBe(served);
  });
});

describe('what was measured of a model', () => {
  const measured = async (id: string) => items((await model(id))['data']?.['metrics']);

  test('is the latest of each metric, run and dataset, by timestamp and then step', async () => {
    const id = await newModel();
    const d = { datasetName: 'd', datasetDigest: 'x' };
    await logModelMetrics(server.ctx, runId, [
      point(id, { value: 0.1, timestamp: 11, step: 1 }),
      point(id, { value: 0.2, timestamp: 10, step: 9 }),
      point(id, { value: 0.3, timestamp: 11, step: 0 }),
      point(id, { ...d, value: 0.4 }),
      point(id, { ...d, datasetDigest: 'y', value: 0.5 }),
      point(id, { key: 'nan', value: Number.NaN }),
      point(id, { key: 'inf', value: Number.NEGATIVE_INFINITY, step: 0 }),
    ]);
    const link = { model_id: id, run_id: runId };
    const acc = { key: 'acc', ...link };
    expect(await measured(id)).toEqual([
      { ...acc, value: 0.1, timestamp: 11, step: 1 },
      { ...acc, value: 0.4, timestamp: 10, step: 1, dataset_name: 'd', dataset_digest: 'x' },
      { ...acc, value: 0.5, timestamp: 10, step: 1, dataset_name: 'd', dataset_digest: 'y' },
      { ...link, key: 'nan', value: 'NaN', timestamp: 10, step: 1 },
      { ...link, key: 'inf', value: '-Infinity', timestamp: 10, step: 0 },
    ]);
  });

  test('comes twice, late or from many at once, and is there once and latest', async () => {
    const id = await newModel();
    const points = Array.from({ length: 40 }, (_, i) =>
      point(id, { key: `m${i % 4}`, value: i, timestamp: i }),
    );
    await Promise.all([...points, ...points].map((p) => logModelMetrics(server.ctx, runId, [p])));
    await logModelMetrics(server.ctx, runId, points.slice(0, 4));
    const found = await measured(id);
    expect(found.map(({ key, value }) => [key, value])).toEqual(
      expect.arrayContaining([
        ['m0', 36],
        ['m1', 37],
        ['m2', 38],
        ['m3', 39],
      ]),
    );
    expect(found).toHaveLength(4);
  });

  test('costs one write where many calls meet', async () => {
    const id = await newModel();
    const { meter } = server.ctx.stores.documents;
    const before = meter.requests;
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => logModelMetrics(server.ctx, runId, [point(id, { key: `m${i}` })])),
    );
    expect(await measured(id)).toHaveLength(50);
    // The first call alone, the other 49 together, and the read above.
    expect(meter.requests - before).toBeLessThanOrEqual(5);
  });

  test('of a model that does not exist is refused', async () => {
    await expect(logModelMetrics(server.ctx, runId, [point('m-1', {})])).rejects.toMatchObject({
      code: 'not-found',
      message: "Logged model with ID 'm-1' not found.",
    });
  });
});

describe('a search of logged models', () => {
  const search = (body: object) => call('POST', '/search', body);
  let experimentId = '';
  beforeAll(async () => {
    const { body } = await server.call('POST', '/api/2.0/mlflow/experiments/create', { name: 'searched' });
    experimentId = String(body['experiment_id']);
    for (const name of ['a', 'b', 'c', 'gone']) {
      const id = await newModel({ experiment_id: experimentId, name });
      await logModelMetrics(server.ctx, runId, [
        point(id, { value: name.charCodeAt(0), datasetName: 'd', datasetDigest: 'x' }),
      ]);
      if (name === 'gone') await call('DELETE', `/${id}`, {});
    }
  });
  const names = (body: JsonObject) => items(body['models']).map((found) => String(found['info']?.['name']));

  test('gives pages in order, models as a read gives them, and nothing where there is none', async () => {
    const asked = {
      experiment_ids: [experimentId],
      filter: 'metrics.acc > 0',
      order_by: [{ field_name: 'metrics.acc', ascending: false, dataset_name: 'd' }],
      max_results: 2,
    };
    await eventually(async () => {
      const first = await search(asked);
      expect(names(first.body)).toEqual(['c', 'b']);
      const second = await search({ ...asked, page_token: first.body['next_page_token'] });
      expect([names(second.body), second.body['next_page_token']]).toEqual([['a'], undefined]);
      const [found] = items(first.body['models']);
      expect(found).toEqual(await model(String(found?.['info']?.['model_id'])));
    });
    expect((await search({ ...asked, filter: "name = 'gone'" })).body).toEqual({});
    expect((await search({ experiment_ids: ['424242'] })).body).toEqual({});
    expect(names((await search({ experiment_ids: [experimentId], max_results: 0 })).body)).toHaveLength(3);
  });

  test('gives a token that is good for this search only', async () => {
    const asked = { experiment_ids: [experimentId], max_results: 1 };
    const { body } = await search(asked);
    const page_token = body['next_page_token'];
    for (const other of [
      { filter: "name != 'z'" },
      { experiment_ids: [experimentId, '0'] },
      { order_by: [{ field_name: 'name' }] },
      { datasets: [{ dataset_name: 'd' }] },
    ])
      expect(await search({ ...asked, ...other, page_token })).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringMatching(/page token/i) },
      });
  });

  test.each([
    ['no experiments', { experiment_ids: undefined }, /experiment_ids/],
    ['an experiment that is no number', { experiment_ids: ['zzz'] }, /Invalid experiment ID 'zzz'/],
    ['an entity of runs', { filter: 'metric.acc > 1' }, /^Invalid entity type 'metric'/],
    ['an unknown attribute', { filter: "foo = 'x'" }, /key 'foo'/],
    ['a text compared by size', { filter: "name > 'x'" }, /Invalid comparator '>'/],
    ['a metric in quotes', { filter: "metrics.a > '1'" }, /numeric value/],
    ['an OR', { filter: "name = 'a' OR name = 'b'" }, /Invalid clause/],
    ['an order by nothing', { order_by: [{}] }, /Invalid order by field name/],
    ['an order by a param', { order_by: [{ field_name: 'params.a' }] }, /Only metrics are supported/],
    [
      'too many orders',
      { order_by: Array.from({ length: 11 }, () => ({ field_name: 'name' })) },
      /at most 10/,
    ],
    [
      'a dataset by digest alone',
      { datasets: [{ dataset_digest: 'x' }] },
      /`dataset_name` in the `datasets`/,
    ],
    ['a page of less than nothing', { max_results: -1 }, /max_results/],
    ['a token of nobody', { page_token: 'abc' }, /page token/],
  ])('refuses %s', async (_, asked, message) => {
    const { status, body } = await search({ experiment_ids: ['0'], ...asked });
    expect([status, String(body['error_code'])]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect(body['message']).toMatch(message);
  });
});

describe('a logged model that is registered', () => {
  const registry = (method: string, path: string, body?: unknown) =>
    server.call(method, `/api/2.0/mlflow/${path}`, body);

  test('gives its files, its run and its id to the version, and notes each version once', async () => {
    await registry('POST', 'registered-models/create', { name: 'of-logged' });
    const id = await newModel({ source_run_id: runId });
    const asked = { name: 'of-logged', source: `models:/${id}`, model_id: id };
    const created = await registry('POST', 'model-versions/create', asked);
    expect(created.body['model_version']).toMatchObject({
      version: '1',
      source: `models:/${id}`,
      run_id: runId,
      model_id: id,
    });
    const copy = { name: 'of-logged', source: 'models:/of-logged/1' };
    expect((await registry('POST', 'model-versions/create', copy)).body['model_version']).toMatchObject({
      run_id: runId,
      model_id: id,
    });
    for (const version of [1, 2]) {
      const uri = await registry('GET', `model-versions/get-download-uri?name=of-logged&version=${version}`);
      expect(uri.body['artifact_uri']).toBe(`mlflow-artifacts:/0/models/${id}/artifacts`);
    }
    const [first, second] = ['1', '2'].map((version) => ({ name: 'of-logged', version }));
    // The client notes the version itself, before or after the server does.
    await call('PATCH', `/${id}/tags`, {
      tags: [{ key: 'mlflow.modelVersions', value: JSON.stringify([first]) }],
    });
    await server.drain();
    const info = (await model(id))['info'];
    expect(items(info?.['registrations'])).toEqual([first, second]);
    expect(items(info?.['tags'])).toEqual([
      { key: 'mlflow.modelVersions', value: JSON.stringify([first, second]) },
    ]);
  });

  test.each([
    ['an unknown model', { source: `models:/m-${'f'.repeat(32)}` }, /Logged model with ID 'm-f+' not found/],
    ['another model than it says', { source: `models:/m-${'f'.repeat(32)}`, model_id: 'm-1' }, /model_id/],
    ['a model by no name we know', { source: 'models:/a/b/c' }, /^Invalid model version source/],
  ])('is refused where the source names %s', async (_, asked, message) => {
    const { status, body } = await registry('POST', 'model-versions/create', { name: 'of-logged', ...asked });
    expect([status, String(body['error_code'])]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect(body['message']).toMatch(message);
  });
});

describe('bad input is told apart, names the field, and is no failure of the server', () => {
  const refused = (method: string, path: string, body: unknown, message: RegExp) =>
    [`${method} ${path} ${JSON.stringify(body)?.slice(0, 60)}`, method, path, body, message] as const;
  test.each([
    refused('POST', '', {}, /Missing value for required parameter 'experiment_id'/),
    refused('POST', '', { experiment_id: 0 }, /'experiment_id'/),
    refused('POST', '', { experiment_id: '0', name: 5 }, /'name'/),
    ...['a/b', 'a:b', 'a.b', 'a%b', 'a"b', "a'b"].map((name) =>
      refused('POST', '', { experiment_id: '0', name }, /^Invalid model name \(/),
    ),
    refused('POST', '', { experiment_id: '0', name: 'n'.repeat(501) }, /length of 500/),
    refused('POST', '', { experiment_id: '0', tags: {} }, /'tags'/),
    refused('POST', '', { experiment_id: '0', params: [{ value: '1' }] }, /'params\[0\].key'/),
    refused('POST', '', { experiment_id: '0', tags: [{ key: 'k'.repeat(251) }] }, /tags\[0\].key/),
    refused(
      'POST',
      '',
      { experiment_id: '0', params: [{ key: 'k', value: 'v'.repeat(65_536) }] },
      /params\[0\].value/,
    ),
    refused('PATCH', '/ID', {}, /Missing value for required parameter 'status'/),
    refused('PATCH', '/ID', { status: 'DONE' }, /'status'/),
    refused('PATCH', '/ID', { status: 0 }, /'status'/),
    refused('DELETE', '/ID/tags/%zz', undefined, /Invalid path/),
  ])('%s', async (_, method, path, body, message) => {
    const answer = await call(method, path.replace('ID', await newModel()), body);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    expect(answer.body['message']).toMatch(message);
  });

  test.each([
    ['GET', '/m-nope'],
    ['GET', `/${'f'.repeat(32)}`],
    ['GET', '/m-%2e%2e%2fx'],
    ['DELETE', '/m-nope'],
    ['PATCH', '/m-nope/tags'],
    ['POST', '/m-nope/params'],
    ['DELETE', '/m-nope/tags/k'],
  ])('%s %s is 404', async (method, path) => {
    const answer = await call(method, path, method === 'GET' ? undefined : {});
    expect(answer).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
  });

  test('a model over what a document can hold is refused as too large', async () => {
    const params = Array.from({ length: 60 }, (_, i) => ({
      key: `p${i}`,
      value: `${i}${'v'.repeat(60_000)}`,
    }));
    const { status } = await call('POST', '', { experiment_id: '0', params });
    expect(status).toBe(413);
  });
});
