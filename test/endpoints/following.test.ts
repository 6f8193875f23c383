import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CairnEvent } from '../../shared/events/index.ts';
import { createModel, getReady, modelByName, moveAlias } from '../../shared/registry/index.ts';
import {
  atOnce,
  createEndpoint,
  followAlias,
  getEndpoint,
  following,
  mainOf,
} from '../../shared/endpoints/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import { eventually } from '../support/eventually.ts';
import { items, type TestServer, testServer } from '../support/server.ts';
import { classifier, deploy, publish, register } from '../serving/support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const movedEvent = (modelId: string): CairnEvent => ({
  type: 'alias.moved',
  aggregate: `model/${modelId}`,
  seq: 1,
  actor: 'tester',
  requestId: 'test',
  traceparent: server.ctx.trace,
  at: 0,
  subject: { modelId, alias: 'champion' },
});

describe('endpoints over HTTP', () => {
  test('one is created, shown and listed with the version it is pinned to', async () => {
    await deploy(server, 'shown', classifier());
    const { status, body } = await server.call('GET', '/api/v1/endpoints/shown');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'shown',
      model: 'shown',
      alias: 'champion',
      status: 'ready',
      stable: { version: 1, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });
    const { etag, ...listed } = body;
    expect(etag).toEqual(expect.any(String));
    await eventually(async () => {
      const list = await server.call('GET', '/api/v1/endpoints');
      expect(items(list.body['endpoints']).map(({ name }) => name)).toContain(listed['name']);
    });
  });

  test('bad names, unknown models and aliases, and taken names are refused as problems', async () => {
    await publish(server, 'strict', classifier());
    const create = (name: string, model = 'strict', alias = 'champion') =>
      server.call('POST', '/api/v1/endpoints', { name, model, alias });
    for (const name of [
      '',
      'a',
      'ab',
      '1abc',
      'Abc',
      'a_bc',
      'grün',
      `a${'b'.repeat(32)}`,
      'a'.repeat(128),
      'a/b',
    ])
      expect(await create(name)).toMatchObject({ status: 400, body: { field: 'name' } });
    expect(await create('strict-a', 'absent')).toMatchObject({ status: 404 });
    expect(await create('strict-a', 'strict', 'absent')).toMatchObject({
      status: 400,
      body: { field: 'alias' },
    });
    expect(await create('strict-a')).toMatchObject({ status: 201 });
    expect(await create('strict-a')).toMatchObject({ status: 400, body: { title: 'Already exists' } });
    const missing = await server.fetch('/api/v1/endpoints/nobody');
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-type')).toBe('application/problem+json');
  });

  test('those of another workspace are not seen', async () => {
    await deploy(server, 'private', classifier());
    const headers = { 'x-mlflow-workspace': 'other' };
    expect((await server.fetch('/api/v1/endpoints/private', { headers })).status).toBe(404);
    expect(await (await server.fetch('/api/v1/endpoints', { headers })).json()).toEqual({ endpoints: [] });
    expect((await server.fetch('/endpoints/private/ping', { headers })).status).toBe(404);
  });
});

describe('following an alias', () => {
  test('an endpoint on a version that cannot be served says why, until the alias moves to one that can', async () => {
    const { ctx } = server;
    await publish(server, 'hopeless', Buffer.from('not a model'));
    await createEndpoint(ctx, {
      name: 'hopeless',
      deployments: [following('hopeless', 'champion')],
      rollout: atOnce,
    });
    const ping = await server.call('GET', '/endpoints/hopeless/ping');
    expect(ping).toMatchObject({ status: 409, body: { error_code: 'RESOURCE_CONFLICT' } });
    expect(String(ping.body['message'])).toContain("Version 1 of 'hopeless' cannot be served: ");
    expect(await server.call('GET', '/v2/models/hopeless/ready')).toMatchObject({
      status: 409,
      body: { error: ping.body['message'] },
    });
    await publish(server, 'hopeless', classifier());
    expect((await server.fetch('/endpoints/hopeless/ping')).status).toBe(200);
  });

  test('an endpoint waits with 503 for its version, and answers when it is ready', async () => {
    const { ctx } = server;
    await createModel(ctx, { name: 'waiting' });
    const version = await register(ctx, 'waiting', classifier());
    await moveAlias(ctx, { name: 'waiting', alias: 'champion', version });
    await createEndpoint(ctx, {
      name: 'waiting',
      deployments: [following('waiting', 'champion')],
      rollout: atOnce,
    });
    for (const path of ['/endpoints/waiting/ping', '/v2/models/waiting', '/v2/models/waiting/ready']) {
      const response = await server.fetch(path);
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await server.drain();
    expect(mainOf(await getEndpoint(ctx, 'waiting'))?.stable?.version).toBe(1);
    expect((await server.fetch('/endpoints/waiting/ping')).status).toBe(200);
  });

  test('an alias that moves to a refused version leaves the one before in place', async () => {
    const { ctx } = server;
    await deploy(server, 'steady', classifier());
    const version = await register(ctx, 'steady', new TextEncoder().encode('not a model'));
    await moveAlias(ctx, { name: 'steady', alias: 'champion', version });
    await server.drain();
    expect(mainOf(await getEndpoint(ctx, 'steady'))?.stable?.version).toBe(1);
  });

  test('a move is pinned once, however often and concurrently its event is delivered', async () => {
    const { ctx } = server;
    await deploy(server, 'repeated', classifier());
    const { modelId } = await modelByName(ctx, 'repeated');
    const version = await register(ctx, 'repeated', classifier(1));
    await server.drain();
    await moveAlias(ctx, { name: 'repeated', alias: 'champion', version });
    const before = await getEndpoint(ctx, 'repeated');
    await Promise.all(Array.from({ length: 8 }, () => followAlias(ctx, movedEvent(modelId))));
    await server.drain();
    await followAlias(ctx, movedEvent(modelId));
    const after = await getEndpoint(ctx, 'repeated');
    expect(mainOf(after)?.stable?.version).toBe(2);
    expect(after.seq).toBe(before.seq + 1);
  });

  test('whatever the order of moves and deliveries, the endpoint ends on the version the alias holds', async () => {
    const { ctx } = server;
    await deploy(server, 'raced', classifier());
    const { modelId } = await modelByName(ctx, 'raced');
    for (const shift of [1, 2, 3]) await register(ctx, 'raced', classifier(shift));
    await server.drain();
    const moves = [2, 3, 1, 4, 2, 3, 4].map(async (version, i) => {
      await moveAlias(ctx, { name: 'raced', alias: 'champion', version });
      if (i % 2 === 0) await followAlias(ctx, movedEvent(modelId));
    });
    await Promise.all(moves);
    await server.drain();
    const { aliases } = await modelByName(ctx, 'raced');
    expect(mainOf(await getEndpoint(ctx, 'raced'))?.stable?.version).toBe(aliases['champion']);
  });

  test('other aliases and other models do not move it', async () => {
    await deploy(server, 'apart', classifier());
    await publish(server, 'apart', classifier(1), 'challenger');
    expect(mainOf(await getEndpoint(server.ctx, 'apart'))?.stable?.version).toBe(1);
  });
});

describe('what an instance knows', () => {
  test('a warm prediction reads nothing from the metadata store', async () => {
    await deploy(server, 'warm', classifier());
    const body = { dataframe_records: [{ length: 1, width: 2, höhe: 3 }] };
    await server.call('POST', '/endpoints/warm/invocations', body);
    const before = server.ctx.stores.documents.meter.requests;
    expect((await server.call('POST', '/endpoints/warm/invocations', body)).status).toBe(200);
    expect(server.ctx.stores.documents.meter.requests).toBe(before);
  });

  test('a move reaches it within 10 seconds, in the background from 5 seconds on', async () => {
    await deploy(server, 'timed', classifier());
    let now = Date.now();
    const ctx = { ...server.ctx, clock: { now: () => now } };
    const version = async () => (await targetOf(ctx, 'timed')).model.ready.version;
    expect(await version()).toBe(1);
    await publish(server, 'timed', classifier(1));
    now += 4_900;
    expect(await version()).toBe(1);
    now += 5_200;
    expect(await version()).toBe(2);

    await publish(server, 'timed', classifier(2));
    now += 6_000;
    expect(await version()).toBe(2);
    await expect.poll(version).toBe(3);
  });

  test('a version that no longer loads does not take a warm endpoint down', async () => {
    const { ctx } = server;
    await deploy(server, 'robust', classifier());
    const { model } = await targetOf(ctx, 'robust');
    await publish(server, 'robust', classifier(0.4711));
    const { served } = await getReady(ctx, model.ready.modelId, 2);
    await ctx.stores.blobs('models').write(served.blob, Buffer.from('other bytes'));
    const later = { ...ctx, clock: { now: () => Date.now() + 20_000 } };
    expect(mainOf(await getEndpoint(ctx, 'robust'))?.stable?.version).toBe(2);
    expect((await targetOf(later, 'robust')).model.ready.version).toBe(1);
  });
});
