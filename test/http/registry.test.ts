import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linearClassifier } from '../../shared/onnx/index.ts';
import { getVersion, modelByName, moveAlias } from '../../shared/registry/index.ts';
import { eventually } from '../support/eventually.ts';
import { items, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const api = (path: string) => `/api/2.0/mlflow/${path}`;
const post = (path: string, body: unknown) => server.call('POST', api(path), body);
const onnx = linearClassifier({
  features: ['a', 'b'],
  labels: ['no', 'yes'],
  coefficients: [1, 2, -1, -2],
  intercepts: [0, 0.5],
});

async function uploaded(file: string, bytes: Uint8Array): Promise<{ runId: string; source: string }> {
  const { body } = await post('runs/create', {});
  const info = body['run']?.['info'];
  const uri = String(info?.['artifact_uri']).replace('mlflow-artifacts:/', '');
  const put = await server.fetch(`/api/2.0/mlflow-artifacts/artifacts/${uri}/model/${file}`, {
    method: 'PUT',
    body: Buffer.from(bytes),
  });
  expect(put.status).toBe(200);
  return { runId: String(info?.['run_id']), source: `runs:/${String(info?.['run_id'])}/model` };
}

describe('models and versions', () => {
  test('versions are numbered in order, whoever registers at once', async () => {
    await post('registered-models/create', { name: 'numbers' });
    const source = 'mlflow-artifacts:/0/x/artifacts/model';
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post('model-versions/create', { name: 'numbers', source })),
    );
    expect(
      answers.map((a) => Number(a.body['model_version']?.['version'])).toSorted((x, y) => x - y),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('models are listed by name, page by page', async () => {
    for (const name of ['list c', 'list a', 'list b']) await post('registered-models/create', { name });
    await eventually(async () => {
      const names: string[] = [];
      let token = '';
      do {
        const { body } = await server.call(
          'GET',
          api(`registered-models/search?max_results=1&page_token=${token}`),
        );
        names.push(...items(body['registered_models']).map((m) => String(m['name'])));
        token = String(body['next_page_token'] ?? '');
      } while (token !== '');
      expect(names.filter((n) => n.startsWith('list'))).toEqual(['list a', 'list b', 'list c']);
      expect(names).toEqual(names.toSorted());
    });
  });

  test('a version of an ONNX file becomes ready, with digest, signature, features and labels', async () => {
    const { source, runId } = await uploaded('model.onnx', onnx);
    await post('registered-models/create', { name: 'ready' });
    await post('model-versions/create', { name: 'ready', source, run_id: runId });
    await server.drain();
    const { modelId } = await modelByName(server.ctx, 'ready');
    const { inspection } = await getVersion(server.ctx, modelId, 1);
    expect(inspection).toMatchObject({
      state: 'ready',
      ready: {
        modelId,
        version: 1,
        digest: `sha256:${createHash('sha256').update(onnx).digest('hex')}`,
        features: ['a', 'b'],
        labels: ['no', 'yes'],
        signature: { inputs: [{ name: 'input', elementType: 'float32', shape: ['batch', 2] }] },
      },
    });
  });

  test.each([
    ['a file that is no ONNX', 'model.onnx', Buffer.from('not a model'), /./],
    ['a pickle', 'model.pkl', Buffer.from([0x80, 4]), /no ONNX file/],
  ])('%s is refused with the reason, and stays registered', async (name, file, bytes, reason) => {
    const { source } = await uploaded(file, bytes);
    await post('registered-models/create', { name });
    await post('model-versions/create', { name, source });
    await server.drain();
    const { body } = await server.call('GET', api(`model-versions/get?name=${name}&version=1`));
    expect(body['model_version']).toMatchObject({
      status: 'READY',
      status_message: expect.stringMatching(/^Not servable: /),
    });
    expect(body['model_version']?.['status_message']).toMatch(reason);
  });
});

describe('aliases', () => {
  test('an alias moves, resolves, and is recorded; of two who swap it, one is told', async () => {
    await post('registered-models/create', { name: 'alias' });
    for (let i = 0; i < 3; i++)
      await post('model-versions/create', { name: 'alias', source: 'mlflow-artifacts:/0/x/m' });
    await post('registered-models/alias', { name: 'alias', alias: 'champion', version: '1' });
    const moves = await Promise.allSettled(
      [2, 3].map((version) =>
        moveAlias(server.ctx, { name: 'alias', alias: 'champion', version, expected: 1 }),
      ),
    );
    expect(moves.map((m) => m.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const held = await server.call('GET', api('registered-models/alias?name=alias&alias=champion'));
    expect(['2', '3']).toContain(held.body['model_version']?.['version']);
    const { modelId } = await modelByName(server.ctx, 'alias');
    const history = await server.ctx.stores
      .documents('models')
      .query<{ to: number }>(
        { text: "SELECT * FROM c WHERE c.type = 'alias-move'" },
        { key: ['default', modelId], consistency: 'strong' },
      );
    expect(history).toHaveLength(2);
  });

  test.each([
    ['POST', 'registered-models/create', { name: 'a/b' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'registered-models/create', { name: '' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'registered-models/get?name=nobody', undefined, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [
      'POST',
      'model-versions/create',
      { name: 'nobody', source: 'runs:/x/y' },
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ],
    ['POST', 'model-versions/create', { name: 'bad', source: '/etc/passwd' }, 400, 'INVALID_PARAMETER_VALUE'],
    [
      'POST',
      'model-versions/create',
      { name: 'bad', source: 'mlflow-artifacts:/a/%2e%2e/b' },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['GET', 'model-versions/get?name=bad&version=abc', undefined, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'model-versions/get?name=bad&version=9', undefined, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [
      'POST',
      'registered-models/alias',
      { name: 'bad', alias: 'latest', version: 1 },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      'registered-models/alias',
      { name: 'bad', alias: 'v3', version: 1 },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      'registered-models/alias',
      { name: 'bad', alias: 'x', version: 9 },
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ],
    ['GET', 'registered-models/alias?name=bad&alias=x', undefined, 400, 'INVALID_PARAMETER_VALUE'],
  ] as const)('%s %s %j is %i', async (method, path, body, status, code) => {
    await post('registered-models/create', { name: 'bad' });
    expect(await server.call(method, api(path), body)).toMatchObject({ status, body: { error_code: code } });
  });
});
