import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mlflowVersion } from '../../functions/http/platform.ts';
import { loop } from '../../shared/execution/testing.ts';
import { writeModel } from '../../shared/onnx/index.ts';
import { createModel } from '../../shared/registry/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { deployAll, makeEndpoint } from './asking.ts';
import { classifier, register } from './support.ts';

/** The element of a table at an index, whose range only the runtime knows. */
const picks = writeModel({
  graph: {
    inputs: [{ name: 'i', kind: 'tensor', elementType: 'int64', shape: ['n'] }],
    outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['n'] }],
    nodes: [{ op: 'Gather', inputs: ['w', 'i'], outputs: ['y'] }],
    initializers: [{ name: 'w', type: 'float32', shape: [2], data: Float32Array.of(1, 2) }],
  },
});

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deployAll(server, { iris: classifier(), loops: loop(), picks });
  await makeEndpoint(server, 'hurried', {
    model: 'loops',
    alias: 'champion',
    limits: { timeout_seconds: 3 },
  });
  await makeEndpoint(server, 'closed', {
    deployments: [{ name: 'main', model: 'iris', alias: 'champion' }],
    traffic: { main: 0 },
  });
  // Nothing has read this version when it is asked for.
  await createModel(server.ctx, { name: 'unread' });
  await register(server.ctx, 'unread', classifier());
  await makeEndpoint(server, 'waiting', { model: 'unread', version: 1 });
}, 120_000);
afterAll(() => server.close());

async function post(path: string, body: unknown) {
  const headers = { 'content-type': 'application/json', 'x-request-id': 'asked-1' };
  const response = await server.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as unknown,
  };
}
const infer = (name: string, ...inputs: object[]) => post(`/v2/models/${name}/infer`, { inputs });
const invoke = (name: string, inputs: object) => post(`/endpoints/${name}/invocations`, { inputs });

describe('a model that takes too long', () => {
  const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [3, 4] };
  const times = (count: number) => ({ name: 'times', datatype: 'INT64', shape: [], data: [count] });

  test('is a 504 in the words of either protocol, and the next call is answered', async () => {
    expect(await invoke('hurried', { x: [[3, 4]], times: 2 ** 50 })).toMatchObject({
      status: 504,
      body: { error_code: 'DEADLINE_EXCEEDED', message: 'Request processing time exceeded limit' },
    });
    expect(await infer('hurried', x, times(2 ** 50))).toMatchObject({
      status: 504,
      body: { error: expect.stringMatching(/./) },
    });
    await expect
      .poll(async () => infer('hurried', x, times(2)), { timeout: 30_000 })
      .toMatchObject({ status: 200, body: { outputs: [{ data: [3, 4] }] } });
  });
});

describe('a model that fails on what it takes', () => {
  test('is a 500 that names the request, and nothing of the runtime', async () => {
    const message = 'The model failed to run. Quote request asked-1.';
    expect(await infer('picks', { name: 'i', datatype: 'INT64', shape: [1], data: [-99] })).toMatchObject({
      status: 500,
      body: { error: message },
    });
    expect(await invoke('picks', { i: [-99] })).toMatchObject({
      status: 500,
      body: { error_code: 'INTERNAL_ERROR', message },
    });
    expect(await invoke('picks', { i: [1] })).toMatchObject({
      status: 200,
      body: { predictions: { y: [2] } },
    });
  });
});

describe('an endpoint that cannot answer yet', () => {
  test('is a 503 that says when to come back, and that is not ready', async () => {
    const why = "Version 1 of 'unread' is still being read; try again in a moment.";
    expect(await infer('waiting')).toEqual({ status: 503, retryAfter: '1', body: { error: why } });
    expect(await invoke('waiting', [])).toEqual({
      status: 503,
      retryAfter: '1',
      body: { error_code: 'TEMPORARILY_UNAVAILABLE', message: why },
    });
    const ready = await server.fetch('/v2/models/waiting/ready');
    expect([ready.status, ready.headers.get('retry-after'), await ready.json()]).toEqual([
      503,
      '1',
      { name: 'waiting', ready: false },
    ]);
    for (const probe of ['ping', 'health'])
      expect((await server.fetch(`/endpoints/waiting/${probe}`)).status).toBe(503);
  });

  test('with no traffic is a 503, and its deployment is reached by name', async () => {
    const why = "Endpoint 'closed' takes no calls: its traffic is 0.";
    expect(await infer('closed')).toMatchObject({ status: 503, body: { error: why } });
    expect(await invoke('closed', [])).toMatchObject({ status: 503, body: { message: why } });
    const headers = { 'x-cairn-deployment': 'main' };
    expect((await server.fetch('/v2/models/closed/ready', { headers })).status).toBe(200);
  });
});

describe('the probes of a scoring server', () => {
  test.each([
    ['ping', '\n'],
    ['health', '\n'],
    ['version', mlflowVersion],
  ])('%s answers as that of MLflow', async (probe, text) => {
    const response = await server.fetch(`/endpoints/iris/${probe}`);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json',
      text,
    ]);
    expect((await server.fetch(`/endpoints/nobody/${probe}`)).status).toBe(404);
  });
});
