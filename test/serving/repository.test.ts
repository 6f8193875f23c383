import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServer, testServer } from '../support/server.ts';
import { makeEndpoint } from './asking.ts';
import { classifier, publish, register } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ CAIRN_SCORING_TARGETS: 'any' });
  await publish(server, 'iris', classifier());
  await register(server.ctx, 'iris', classifier(1));
  await server.drain();
  await makeEndpoint(server, 'iris', {
    deployments: [
      { name: 'blue', model: 'iris', version: 2 },
      { name: 'green', model: 'iris', version: 1 },
      { name: 'there', url: 'http://127.0.0.1:1/invocations' },
    ],
  });
  await makeEndpoint(server, 'away', {
    deployments: [{ name: 'there', url: 'http://127.0.0.1:1/invocations' }],
  });
  await server.drain();
  await server.call('POST', '/v2/models/iris/infer', {});
});
afterAll(() => server.close());

const post = async (path: string, body?: string) => {
  const response = await server.fetch(path, { method: 'POST', ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as unknown };
};

describe('the model repository', () => {
  const away = {
    name: 'away',
    state: 'UNAVAILABLE',
    reason: 'All its deployments are elsewhere; they take invocations only.',
  };
  const iris = ['1', '2'].map((version) => ({ name: 'iris', version, state: 'READY', reason: '' }));

  test('lists what may answer, a line for each version, with or without a body', async () => {
    for (const body of [undefined, '', '{}', '{"ready":false}'])
      await expect
        .poll(() => post('/v2/repository/index', body), { timeout: 5_000 })
        .toEqual({ status: 200, body: [away, ...iris] });
    await expect
      .poll(() => post('/v2/repository/index', '{"ready":true}'), { timeout: 5_000 })
      .toEqual({ status: 200, body: iris });
    await expect
      .poll(() => server.call('GET', '/v2/models'), { timeout: 5_000 })
      .toEqual({ status: 200, body: { models: ['away', 'iris'] } });
  });

  test('is no other workspace’s', async () => {
    const headers = { 'x-mlflow-workspace': 'other' };
    expect(await (await server.fetch('/v2/models', { headers })).json()).toEqual({ models: [] });
    const index = await server.fetch('/v2/repository/index', { method: 'POST', headers });
    expect(await index.json()).toEqual([]);
  });

  test.each(['[]', '1', '{', '{"ready":"yes"}', '{"ready":1}'])(
    '%s is no request for its index',
    async (body) => {
      expect(await post('/v2/repository/index', body)).toEqual({
        status: 400,
        body: { error: expect.stringMatching(/./) },
      });
    },
  );

  test('says that a load is of the instance that was asked, and takes no other model for it', async () => {
    expect(await post('/v2/repository/models/iris/load')).toEqual({
      status: 200,
      body: {
        name: 'iris',
        state: 'READY',
        reason: 'Loaded by the instance that was asked; every other one loads it with its first call.',
      },
    });
    const config = JSON.stringify({ parameters: { config: '{"backend":"python"}' } });
    expect((await post('/v2/repository/models/iris/load', config)).status).toBe(400);
    const file = JSON.stringify({ parameters: { 'file:1/model.onnx': 'AAAA' } });
    expect((await post('/v2/repository/models/iris/load', file)).status).toBe(400);
  });

  test('unloads nothing, says why, and the model goes on answering', async () => {
    const body = JSON.stringify({ parameters: { unload_dependents: false } });
    expect(await post('/v2/repository/models/iris/unload', body)).toEqual({
      status: 400,
      body: {
        error: expect.stringContaining('Model iris stays: instances load a model when it is asked for'),
      },
    });
    expect((await server.call('GET', '/v2/models/iris/ready')).status).toBe(200);
  });

  test('knows no model that is not there', async () => {
    for (const verb of ['load', 'unload'])
      expect(await post(`/v2/repository/models/nobody/${verb}`)).toEqual({
        status: 404,
        body: { error: 'Model nobody not found' },
      });
  });
});
