import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier, publish } from '../serving/support.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const api = (path: string) => `/api/2.0/mlflow/${path}`;
const post = (path: string, body: unknown) => server.call('POST', api(path), body);
const get = (path: string) => server.call('GET', path);

async function postRaw(path: string, body: string | Uint8Array<ArrayBuffer> | ReadableStream) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' };
  const response = await server.fetch(api(path), init);
  return { status: response.status, body: (await response.json()) as JsonObject };
}

async function newRun(): Promise<string> {
  return String((await post('runs/create', {})).body['run']?.['info']?.['run_id']);
}

const invalid = { status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } };

describe('bodies', () => {
  test('a value that nests deeper than the stack is shown in part', async () => {
    for (const value of [
      '['.repeat(100_000) + ']'.repeat(100_000),
      `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    ]) {
      const answer = await postRaw('experiments/create', `{"name":${value}}`);
      expect(answer).toMatchObject(invalid);
      expect(String(answer.body['message'])).toContain("for parameter 'name'");
    }
  });

  test('one that nests deeper than the stack is refused in plain words, whatever characters it holds', async () => {
    const answer = await postRaw(
      'experiments/create',
      `{"name":"\\ud83d\\ude00","tags":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    );
    expect(answer).toMatchObject(invalid);
    expect(answer.body['message']).toBe('The body is not valid JSON: it nests too deeply.');
  });

  test('a text of millions of equal characters is refused at once, wherever a pattern looks at it', async () => {
    const runId = await newRun();
    const ones = `${'1'.repeat(1_000_000)}x`;
    const slashes = `a${'/'.repeat(1_000_000)}a`;
    const began = performance.now();
    for (const [path, body] of [
      ['runs/log-metric', { run_id: runId, key: 'm', value: ones, timestamp: 1 }],
      ['runs/log-metric', { run_id: runId, key: 'm', value: 1, timestamp: ones }],
      ['runs/log-batch', { run_id: runId, metrics: [{ key: 'm', value: ones, timestamp: 1 }] }],
      ['experiments/create', { name: 'slashes', artifact_location: slashes }],
      ['artifacts/presigned-upload-url', { run_id: runId, path: slashes }],
      ['artifacts/presigned-download-url', { run_id: runId, path: slashes }],
    ] as const)
      expect(await post(path, body)).toMatchObject(invalid);
    // By a pattern that looks at each again and again it would be minutes.
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('half of a surrogate pair is refused, a whole one is kept', async () => {
    expect(await postRaw('registered-models/create', '{"name":"half \\ud800"}')).toMatchObject(invalid);
    expect(await postRaw('registered-models/create', '{"name":"x","\\uDC00":1}')).toMatchObject(invalid);
    const whole = await postRaw('registered-models/create', '{"name":"whole \\ud83d\\ude00"}');
    expect(whole).toMatchObject({ status: 200, body: { registered_model: { name: 'whole 😀' } } });
  });

  test('bytes that are not UTF-8 are refused, not replaced', async () => {
    const body = Buffer.from('{"name":"\xff\xfe"}', 'latin1');
    expect(await postRaw('experiments/create', body)).toMatchObject({
      status: 400,
      body: { error_code: 'BAD_REQUEST', message: 'The body is not valid UTF-8.' },
    });
  });

  test('one whose sender goes away is the sender’s failure', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('{"name":'));
        controller.error(new Error('aborted'));
      },
    });
    expect(await postRaw('experiments/create', body)).toMatchObject({
      status: 400,
      body: { message: 'The body broke off before its end.' },
    });
  });

  test('what would not fit a document is 413, and leaves nothing behind', async () => {
    const tags = Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, value: 'v'.repeat(8000) }));
    for (const [path, body] of [
      ['experiments/create', { name: 'large', tags }],
      ['registered-models/create', { name: 'large', description: 'x'.repeat(3_000_000) }],
    ] as const)
      expect((await post(path, body)).status).toBe(413);
    expect((await get(api('experiments/get-by-name?experiment_name=large'))).status).toBe(404);
    expect((await post('registered-models/create', { name: 'large' })).status).toBe(200);
  });
});

describe('names', () => {
  test('an id that no document can have is not found', async () => {
    for (const id of ['a/b', 'a\\b', 'a?b', 'a#b', '../..', 'x'.repeat(3000)]) {
      const text = encodeURIComponent(id);
      expect((await get(api(`runs/get?run_id=${text}`))).status).toBe(404);
      // An experiment's is a number, and it is told that this is none.
      expect(await get(api(`experiments/get?experiment_id=${text}`))).toMatchObject(invalid);
      expect(await post('runs/create', { experiment_id: id })).toMatchObject(invalid);
      expect(await post('runs/search', { experiment_ids: [id] })).toEqual({ status: 200, body: {} });
      expect((await get(`/api/v1/monitors/${text}`)).status).toBe(404);
      expect((await get(`/api/v1/retraining-jobs/${text}`)).status).toBe(404);
    }
  });

  test('the id of another kind of job is not found among batch jobs', async () => {
    const jobId = 'retrain-default-flights-1';
    const doc = { id: 'job', type: 'retraining-job', v: 1, workspace: 'default', jobId, status: 'requested' };
    await server.ctx.stores.documents('jobs').write([jobId], { op: 'create', doc });
    expect((await get(`/api/v1/batch-jobs/${jobId}`)).status).toBe(404);
    expect((await server.call('POST', `/api/v1/batch-jobs/${jobId}/cancel`)).status).toBe(404);
  });

  test('an error quotes a long name in part', async () => {
    const { status, body } = await post('runs/update', { run_id: 'x'.repeat(1_000_000) });
    expect(status).toBe(404);
    expect(String(body['message']).length).toBeLessThan(2100);
  });

  test('metrics, params and tags may be called as members of objects are', async () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    const runId = await newRun();
    const texts = names.map((key) => ({ key, value: '1' }));
    const metrics = names.map((key) => ({ key, value: 1, timestamp: 1 }));
    expect(
      (await post('runs/log-batch', { run_id: runId, metrics, params: texts, tags: texts })).status,
    ).toBe(200);
    const { body } = await get(api(`runs/get?run_id=${runId}`));
    const data = body['run']?.['data'];
    expect(data?.['metrics']).toEqual(metrics.map((metric) => ({ ...metric, step: 0 })));
    expect(data?.['params']).toEqual(texts);
    expect(data?.['tags']).toEqual(expect.arrayContaining(texts));
  });

  test('an alias that no version holds is not there, whatever it is called', async () => {
    await publish(server, 'members', classifier());
    for (const alias of ['constructor', '__proto__', 'toString']) {
      const path = api(`registered-models/alias?name=members&alias=${alias}`);
      expect(await get(path)).toMatchObject(invalid);
      const endpoint = { name: 'members', model: 'members', alias };
      expect(await server.call('POST', '/api/v1/endpoints', endpoint)).toMatchObject({
        status: 400,
        body: { field: 'alias' },
      });
    }
    for (const alias of ['constructor', '__proto__']) {
      await post('registered-models/alias', { name: 'members', alias, version: '1' });
      const path = api(`registered-models/alias?name=members&alias=${alias}`);
      expect((await get(path)).body['model_version']).toMatchObject({ version: '1' });
      expect((await server.call('DELETE', path, { name: 'members', alias })).status).toBe(200);
      expect(await get(path)).toMatchObject(invalid);
    }
  });

  test('a place for artifacts that storage cannot name is refused', async () => {
    for (const artifact_location of ['mlflow-artifacts:/a\0b', `mlflow-artifacts:/${'x'.repeat(600)}`])
      expect(await post('experiments/create', { name: 'placed', artifact_location })).toMatchObject(invalid);
  });

  test('a source that storage cannot name is refused as one, and holds up no other version', async () => {
    await post('registered-models/create', { name: 'sources' });
    const sources = ['a\u0001b.onnx', 'a//b.onnx', `${'x'.repeat(1100)}.onnx`, 'a\\b.onnx'];
    for (const source of sources)
      await post('model-versions/create', { name: 'sources', source: `mlflow-artifacts:/${source}` });
    await server.drain();
    for (const version of sources.keys()) {
      const path = api(`model-versions/get?name=sources&version=${version + 1}`);
      const { body } = await get(path);
      expect(String(body['model_version']?.['status_message'])).toContain('names no file');
    }
  });
});

describe('paths', () => {
  test('where nothing is, the answer has the shape of the protocol', async () => {
    for (const path of ['/api/2.0/mlflow/nothing', '/ajax-api/3.0/x', '/endpoints/a/b/invocations'])
      expect(await get(path)).toMatchObject({ status: 404, body: { error_code: 'ENDPOINT_NOT_FOUND' } });
    for (const path of ['/v2/models/a/b', '/v2/nothing'])
      expect(await get(path)).toEqual({ status: 404, body: { error: expect.stringContaining(path) } });
    expect(await get('/api/v1/nothing')).toMatchObject({ status: 404, body: { title: 'No such path' } });
  });

  test('times beyond the calendar are refused', async () => {
    for (const time of ['9007199254740991', '8640000000000001', '-1', '253402300800000']) {
      expect((await get(`/api/v1/monitors/x/results/${time}`)).status).toBe(400);
      expect((await get(`/api/v1/endpoints/x/labelled?from=${time}&to=${time}`)).status).toBe(400);
    }
  });
});
