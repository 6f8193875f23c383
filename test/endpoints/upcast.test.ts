import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointsOf, getEndpoint } from '../../shared/endpoints/index.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { classifier, publish } from '../serving/support.ts';
import { items, type TestServer, testServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';
import { get, patch } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

/** An endpoint as it was written before endpoints had deployments. */
async function write(name: string, more: Record<string, unknown> = {}): Promise<void> {
  await publish(server, name, classifier());
  const { modelId } = await modelByName(server.ctx, name);
  const doc = {
    id: `endpoint:${name}`,
    type: 'endpoint',
    v: 1,
    workspace: 'default',
    name,
    modelId,
    model: name,
    alias: 'champion',
    seq: 3,
    createdAt: 1,
    updatedAt: 2,
    ...more,
  };
  await server.ctx.stores.documents('endpoints').write(['default'], { op: 'create', doc });
}

describe('an endpoint of the first format', () => {
  test('is read with one deployment that gets all calls, and moves at once', async () => {
    const dataPolicy = {
      version: 2,
      purpose: 'old',
      retentionDays: 9,
      pii: {},
      changedAt: 1,
      changedBy: 'x',
    };
    await write('first', { labels: { risk: 'low' }, dataPolicy });
    expect((await get(server, 'first')).body).toMatchObject({
      model: 'first',
      alias: 'champion',
      status: 'waiting',
      deployments: [{ name: 'main', kind: 'model', alias: 'champion', stable: null }],
      traffic: { main: 100 },
      mirror: {},
      limits: { rows_max: 10_000 },
      logging: { sample_rate: 1, durability: 'buffer', retention_days: 9 },
      rollout: { plan: [100] },
      labels: { risk: 'low' },
      created_at: 1,
    });
    await eventually(async () => {
      const { body } = await server.call('GET', '/api/v1/endpoints');
      expect(items(body['endpoints']).map(({ name }) => name)).toContain('first');
    });
  });

  test('is found by its model, and follows its alias', async () => {
    await write('found');
    const { modelId } = await modelByName(server.ctx, 'found');
    expect((await endpointsOf(server.ctx, modelId)).map(({ name }) => name)).toEqual(['found']);
    expect((await server.fetch('/endpoints/found/ping')).status).toBe(200);
    await publish(server, 'found', classifier(1));
    expect(await getEndpoint(server.ctx, 'found')).toMatchObject({
      v: 2,
      deployments: [{ stable: { version: 2 } }],
    });
  });

  test('is changed, and then of the format of now', async () => {
    await write('changed');
    const { etag } = await get(server, 'changed');
    expect((await patch(server, 'changed', { limits: { rows_max: 5 } }, etag ?? '')).status).toBe(200);
    const stored = await server.ctx.stores
      .documents('endpoints')
      .read<{ id: string; type: string; v: number; workspace: string }>(['default'], 'endpoint:changed');
    expect(stored?.doc).toMatchObject({ v: 2, seq: 4, limits: { rowsMax: 5 }, traffic: { main: 100 } });
    expect(stored?.doc).not.toHaveProperty('alias');
  });

  test('is deleted, and made again', async () => {
    await write('ended');
    expect((await server.fetch('/api/v1/endpoints/ended', { method: 'DELETE' })).status).toBe(204);
    expect((await get(server, 'ended')).status).toBe(404);
    const made = await server.call('POST', '/api/v1/endpoints', {
      name: 'ended',
      model: 'ended',
      alias: 'champion',
    });
    expect(made.status).toBe(201);
    expect((await getEndpoint(server.ctx, 'ended')).seq).toBeGreaterThan(4);
  });
});
