import { afterAll, beforeAll, expect, test } from 'vitest';
import { items, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

test('where nobody signs in any workspace can be used, and those that were made are listed beside the default one', async () => {
  const search = '/api/2.0/mlflow/experiments/search?max_results=1';
  const used = await server.fetch(search, { headers: { 'x-mlflow-workspace': 'never-made' } });
  expect(used.status).toBe(200);
  expect((await server.call('POST', '/api/v1/workspaces', { name: 'made' })).status).toBe(201);
  const { body } = await server.call('GET', '/api/v1/workspaces');
  expect(items(body['workspaces']).map(({ name }) => String(name))).toEqual(['default', 'made']);
});

test('where nobody signs in rules can be made ahead, and stop nobody until somebody has to', async () => {
  await server.call('POST', '/api/v1/access/principals', { name: 'local-user' });
  const deny = { subject: 'principal:local-user', workspace: 'default', effect: 'deny' };
  expect((await server.call('POST', '/api/v1/access/grants', deny)).status).toBe(201);
  const authorization = `Basic ${Buffer.from('local-user:').toString('base64')}`;
  const seen = await server.fetch('/api/2.0/mlflow/experiments/search?max_results=1', {
    headers: { authorization },
  });
  expect(seen.status).toBe(200);
});
