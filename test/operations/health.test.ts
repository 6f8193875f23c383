import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStores } from '../../shared/azure/index.ts';
import { readiness } from '../../shared/health/index.ts';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const log = { info() {}, warn() {}, error() {} };

test('an app that reaches everything is live and ready, and says so of each dependency', async () => {
  expect(await server.call('GET', '/health/live')).toEqual({ status: 200, body: { status: 'live' } });
  expect(await server.call('GET', '/v2/health/ready')).toEqual({
    status: 200,
    body: { ready: true, live: true },
  });
  const { status, body } = await server.call('GET', '/health/ready');
  const ready = (name: string) => ({ name, ready: true, milliseconds: expect.any(Number) as number });
  expect({ status, body }).toEqual({
    status: 200,
    body: { status: 'ready', dependencies: [ready('documents'), ready('blobs'), ready('queues')] },
  });
});

test('asked a hundred times at once it asks its dependencies once', async () => {
  const { meter } = server.ctx.stores.documents;
  const before = meter.requests;
  const answers = await Promise.all(Array.from({ length: 100 }, () => server.fetch('/health/ready')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(meter.requests - before).toBeLessThanOrEqual(1);
});

test('an identity that is refused, and a queue that is not there, are said with what to do', async () => {
  const connectionString = process.env['AzureWebJobsStorage'] ?? '';
  const otherKey = connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${btoa('another key')}`);
  const refused = await openStores({
    ...server.ctx.settings,
    storage: { by: 'connection-string', connectionString: otherKey },
  });
  const found = await readiness({ log, stores: { ...refused, documents: server.ctx.stores.documents } });
  await refused.close();
  expect(found).toMatchObject({
    ready: false,
    dependencies: [
      { name: 'documents', ready: true },
      { name: 'blobs', ready: false, reason: expect.stringContaining('a role is missing') as string },
      { name: 'queues', ready: false, reason: expect.stringContaining('a role is missing') as string },
    ],
  });
  await QueueServiceClient.fromConnectionString(connectionString).deleteQueue('work');
  await expect
    .poll(() => server.call('GET', '/health/ready'), { timeout: 5_000 })
    .toMatchObject({
      status: 503,
      body: {
        status: 'not-ready',
        dependencies: [
          { ready: true },
          { ready: true },
          { name: 'queues', ready: false, reason: expect.stringContaining('not there') as string },
        ],
      },
    });
});

test('one that does not answer is not waited for', async () => {
  const { documents } = server.ctx.stores;
  const silent = Object.assign(
    () => ({ read: () => new Promise(() => undefined) }),
    documents,
  ) as unknown as typeof documents;
  const stores = { ...server.ctx.stores, documents: silent };
  const { ready, dependencies } = await readiness({ log, stores }, 100);
  expect(ready).toBe(false);
  expect(dependencies[0]).toMatchObject({
    name: 'documents',
    ready: false,
    reason: 'No answer within 0.1 s.',
  });
});
