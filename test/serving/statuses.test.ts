import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mlflowVersion } from '../../functions/http/platform.ts';
import { loop, looped, picking } from '../../shared/execution/testing.ts';
import { createModel, getReady, modelByName } from '../../shared/registry/index.ts';
import { loadModel } from '../../shared/serving/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { deployAll, makeEndpoint } from './asking.ts';
import { classifier, register } from './support.ts';

/** The element of a table at an index, whose range only the runtime knows. */
const picks = picking([{ op: 'Gather', inputs: ['w', 'i'], outputs: ['y'] }]);

/** Says that it takes any number of rows, and takes one. */
const single = picking(
  [
    { op: 'Reshape', inputs: ['i', 'one'], outputs: ['at'] },
    { op: 'Gather', inputs: ['w', 'at'], outputs: ['y'] },
  ],
  { one: 1n },
);

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deployAll(server, { iris: classifier(), loops: loop(), picks, single });
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

describe('a model that has as many calls waiting as it takes', () => {
  test('is a 429 in the words of either protocol that says when to come back, and later a 200', async () => {
    const { ctx } = server;
    const { modelId } = await modelByName(ctx, 'loops');
    const model = await loadModel(ctx, await getReady(ctx, modelId, 1));
    const ask = (times: bigint) => model.run(ctx, looped(times), { millisecondsMax: 4_000 });
    const running = ask(2n ** 50n);
    await after(20);
    const waiting = Array.from({ length: 2_000 }, () => ask(1n));
    const inputs = { x: [[3, 4]], times: 2 };
    const ended = Promise.allSettled([running, ...waiting]);
    const message = 'The model has as many calls waiting as it takes; try again later.';
    expect(await invoke('loops', inputs)).toEqual({
      status: 429,
      retryAfter: expect.stringMatching(/^[1-9]\d?$/),
      body: { error_code: 'REQUEST_LIMIT_EXCEEDED', message },
    });
    const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [3, 4] };
    expect(await infer('loops', x, { name: 'times', datatype: 'INT64', shape: [], data: [2] })).toEqual({
      status: 429,
      retryAfter: expect.stringMatching(/^[1-9]\d?$/),
      body: { error: message },
    });
    await ended;
    expect(await invoke('loops', inputs)).toMatchObject({ status: 200 });
  });
});

describe('a model that fails on what it takes', () => {
  const index = (...data: number[]) => ({ name: 'i', datatype: 'INT64', shape: [data.length], data });

  test('is a 400 that names the inputs where other values of these sizes are no trouble', async () => {
    const message = "The model cannot run on these values of 'i'.";
    expect(await infer('picks', index(-99))).toMatchObject({ status: 400, body: { error: message } });
    expect(await invoke('picks', { i: [-99] })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message },
    });
    expect(await invoke('picks', { i: [1] })).toMatchObject({
      status: 200,
      body: { predictions: { y: [2] } },
    });
  });

  test('is a 500 that names the request, and nothing of the runtime, where it fails on any', async () => {
    const message = 'The model failed to run. Quote request asked-1.';
    expect(await infer('single', index(0, 0))).toMatchObject({ status: 500, body: { error: message } });
    expect(await invoke('single', { i: [0, 0] })).toMatchObject({
      status: 500,
      body: { error_code: 'INTERNAL_ERROR', message },
    });
    expect(await invoke('single', { i: [1] })).toMatchObject({ status: 200 });
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
