import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../shared/settings.ts';
import { items, type JsonObject, testServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

/** Every request reads the policy from the settings that the app opened. */
const policy = (secretsInTexts: Settings['secretsInTexts']) =>
  Object.assign(server.ctx.settings, { secretsInTexts });
beforeEach(() => policy('redact'));

const token = `ghp_${'Ab3dEf6hIj9Lm2Op5Rs8Uv1Xy4'.repeat(2).slice(0, 36)}`;
const note = '[redacted: GitHub token]';
const secretUrl = 'postgres://me:hunter2secret@db/x';

async function post(path: string, body: object, method = 'POST') {
  const response = await server.fetch(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: (text === '' ? {} : JSON.parse(text)) as JsonObject,
    redacted: response.headers.get('x-cairn-redacted'),
  };
}
const mlflow = (path: string, body: object, method?: string) => post(`/api/2.0/mlflow/${path}`, body, method);
const created = async (tags: object[] = []) => {
  const { body, redacted } = await mlflow('runs/create', { experiment_id: '0', tags });
  return { runId: String(body['run']?.['info']?.['run_id']), redacted };
};
const readRun = async (runId: string) =>
  (await server.call('GET', `/api/2.0/mlflow/runs/get?run_id=${runId}`)).body['run'];
const valueOf = (pairs: JsonObject | undefined, key: string) =>
  items(pairs).find((pair) => String(pair['key']) === key)?.['value'];

describe('by the policy `redact` a secret', () => {
  test('in a batch is replaced by a note, the answer says where, and the rest is stored', async () => {
    const { runId } = await created();
    const answer = await mlflow('runs/log-batch', {
      run_id: runId,
      params: [
        { key: 'api key', value: token },
        { key: 'lr', value: '0.1' },
      ],
      tags: [{ key: 'db/π', value: secretUrl }],
      metrics: [{ key: 'loss', value: 1, timestamp: 1, step: 0 }],
    });
    expect(answer.status).toBe(200);
    expect(answer.redacted).toBe('params/api%20key, tags/db/%CF%80');
    const run = await readRun(runId);
    expect(valueOf(run?.['data']?.['params'], 'api key')).toBe(note);
    expect(valueOf(run?.['data']?.['params'], 'lr')).toBe('0.1');
    expect(valueOf(run?.['data']?.['tags'], 'db/π')).toBe('postgres://me:[redacted: password in a URL]@db/x');
    expect(items(run?.['data']?.['metrics'])).toHaveLength(1);
  });

  test('that is sent again is the same param again, and so is another secret of its kind', async () => {
    const { runId } = await created();
    const send = (value: string) => mlflow('runs/log-parameter', { run_id: runId, key: 'k', value });
    expect((await send(token)).status).toBe(200);
    expect((await send(token)).status).toBe(200);
    const other = await send('plain');
    expect(other.status).toBe(400);
    expect(other.text).not.toContain(token);
  });

  test('at the end of a long value is found before the value is cut', async () => {
    const { runId } = await created();
    const value = `${'x'.repeat(5980)} ${token}`;
    expect((await mlflow('runs/log-parameter', { run_id: runId, key: 'k', value })).status).toBe(200);
    expect(JSON.stringify(await readRun(runId))).not.toContain('ghp_');
  });

  test('is found wherever the registry takes tags and descriptions', async () => {
    const said: (string | null)[] = [];
    const send = async (path: string, body: object, method?: string) => {
      const answer = await mlflow(path, body, method);
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain(token);
      said.push(answer.redacted);
      return answer.body;
    };
    const texts = { description: `see ${token}`, tags: [{ key: 'a', value: token }] };
    await send('registered-models/create', { name: 'm', ...texts });
    await send('registered-models/set-tag', { name: 'm', key: 'b', value: token });
    await send('registered-models/update', { name: 'm', description: token }, 'PATCH');
    const { runId } = await created();
    const source = `mlflow-artifacts:/0/${runId}/artifacts/model`;
    await send('model-versions/create', { name: 'm', source, run_id: runId, ...texts });
    await send('model-versions/set-tag', { name: 'm', version: '1', key: 'c', value: token });
    await send('model-versions/update', { name: 'm', version: '1', description: token }, 'PATCH');
    const twice = 'description, tags/a';
    expect(said).toEqual([twice, 'tags/b', 'description', twice, 'tags/c', 'description']);
    const { body } = await server.call('GET', '/api/2.0/mlflow/registered-models/get?name=m');
    expect(JSON.stringify(body)).not.toContain(token);
  });

  test('nothing is said of requests without one', async () => {
    const { runId, redacted } = await created([{ key: 'mlflow.source.git.commit', value: 'ab'.repeat(20) }]);
    expect(redacted).toBeNull();
    expect((await mlflow('runs/set-tag', { run_id: runId, key: 'a', value: 'b' })).redacted).toBeNull();
  });

  test('is found wherever params, tags, names and sources are written', async () => {
    const { runId, redacted } = await created([{ key: 'a', value: token }]);
    expect(redacted).toBe('tags/a');
    const said: (string | null)[] = [];
    const send = async (path: string, body: object, method?: string) => {
      const answer = await mlflow(path, body, method);
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain(token);
      said.push(answer.redacted);
      return answer.body;
    };
    const experiment = await send('experiments/create', { name: 'with', tags: [{ key: 'e', value: token }] });
    const experiment_id = String(experiment['experiment_id']);
    await send('experiments/set-experiment-tag', { experiment_id, key: 'f', value: token });
    await send('runs/create', { experiment_id, run_name: token });
    await send('runs/update', { run_id: runId, run_name: `run ${token}` });
    await send('runs/set-tag', { run_id: runId, key: 'b', value: token });
    await send('runs/log-inputs', {
      run_id: runId,
      datasets: [
        {
          tags: [{ key: 'd', value: token }],
          dataset: {
            name: 'n',
            digest: 'd',
            source_type: 'http',
            source: JSON.stringify({ url: secretUrl }),
          },
        },
      ],
    });
    const model = await send('logged-models', {
      experiment_id,
      name: 'm',
      params: [{ key: 'p', value: token }],
      tags: [{ key: 't', value: token }],
    });
    const modelId = String(model['model']?.['info']?.['model_id']);
    await send(`logged-models/${modelId}/tags`, { tags: [{ key: 'u', value: token }] }, 'PATCH');
    await send(`logged-models/${modelId}/params`, { params: [{ key: 'v', value: token }] });
    expect(said).toEqual([
      'tags/e',
      'tags/f',
      'run_name',
      'run_name',
      'tags/b',
      'datasets%5B0%5D.dataset.source, tags/d',
      'params/p, tags/t',
      'tags/u',
      'params/v',
    ]);
    const seen = JSON.stringify([
      await readRun(runId),
      (await server.call('GET', `/api/2.0/mlflow/experiments/get?experiment_id=${experiment_id}`)).body,
      (await server.call('GET', `/api/2.0/mlflow/logged-models/${modelId}`)).body,
    ]);
    expect(seen).not.toContain(token);
    expect(seen).not.toContain('hunter2secret');
    expect(seen).toContain(note);
  });
});

describe('by the policy `refuse` a secret', () => {
  test('in a batch is refused by its key and kind, never by its value, and nothing is stored', async () => {
    const { runId } = await created();
    policy('refuse');
    const answer = await mlflow('runs/log-batch', {
      run_id: runId,
      params: [
        { key: 'lr', value: '0.1' },
        { key: 'secret', value: `use ${token} here` },
      ],
      metrics: [{ key: 'loss', value: 1, timestamp: 1, step: 0 }],
    });
    expect(answer.status).toBe(400);
    expect(answer.body['error_code']).toBe('INVALID_PARAMETER_VALUE');
    expect(answer.body['message']).toContain("'params/secret' holds what looks like a secret (GitHub token)");
    expect(answer.text).not.toContain(token.slice(0, 12));
    const run = await readRun(runId);
    expect(run?.['data']?.['params']).toBeUndefined();
    expect(run?.['data']?.['metrics']).toBeUndefined();
  });

  test('lets a request through that has none', async () => {
    policy('refuse');
    const { runId } = await created();
    expect((await mlflow('runs/log-parameter', { run_id: runId, key: 'lr', value: '1' })).status).toBe(200);
  });
});

test('a key that is a secret itself is refused without being quoted', async () => {
  const { runId } = await created();
  const answer = await mlflow('runs/set-tag', { run_id: runId, key: token, value: 'x' });
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain(token);
});

test('by the policy `keep` everything is stored as it came', async () => {
  const { runId } = await created();
  policy('keep');
  const answer = await mlflow('runs/set-tag', { run_id: runId, key: 'k', value: token });
  expect(answer.redacted).toBeNull();
  expect(valueOf((await readRun(runId))?.['data']?.['tags'], 'k')).toBe(token);
});
