import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GuardedServer, guardedServer } from '../access/support.ts';
import { items } from '../support/server.ts';
import { parseExposition } from './parse.ts';
import { endpoint } from './support.ts';

let server: GuardedServer;
beforeAll(async () => {
  server = await guardedServer();
  const { status } = await server.admin('POST', '/api/v1/workspaces', { name: 'team-a' });
  if (status !== 201) throw new Error(`The workspace was not made: ${status}`);
  await endpoint(server.ctx, 'here');
  await endpoint({ ...server.ctx, workspace: 'team-a' }, 'there');
  await server.drain();
});
afterAll(() => server.close());

const get = (path: string, authorization: string, headers: Record<string, string> = {}) =>
  server.fetch(path, { headers: { ...headers, authorization } });

describe('GET /metrics', () => {
  test('answers a viewer in the format that is asked for', async () => {
    const token = await server.person('grace', 'viewer');
    const text = await get('/metrics', token);
    expect(text.status).toBe(200);
    expect(text.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(parseExposition(await text.text(), 'text').types.get('cairn_build_info')).toBe('gauge');
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
    const openmetrics = await get('/metrics', token, { accept });
    expect(openmetrics.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    expect(parseExposition(await openmetrics.text(), 'openmetrics').types.get('cairn_build')).toBe('info');
  });

  test('takes the workspace from its query, for whoever has a role there', async () => {
    const token = await server.person('ada', 'viewer', 'team-a');
    const there = await get('/metrics?workspace=team-a', token);
    expect(there.status).toBe(200);
    const told = await there.text();
    expect(told).toContain('endpoint="there"');
    expect(told).not.toContain('endpoint="here"');
    expect((await get('/metrics', token)).status).toBe(403);
    const statuses = ['team-b', 'Team_A'].map(
      async (name) => (await get(`/metrics?workspace=${name}`, token)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 400]);
    expect((await get('/metrics?format=text', token)).status).toBe(403);
  });
});

test('GET /api/v1/prometheus/targets lists a target for each workspace of the caller', async () => {
  const token = await server.person('alan', 'viewer', 'team-a');
  const response = await get('/api/v1/prometheus/targets', token);
  expect(response.headers.get('content-type')).toBe('application/json');
  const [target, ...others] = items(await response.json());
  expect(others).toEqual([]);
  expect(target).toEqual({
    targets: ['127.0.0.1:7071'],
    labels: {
      __scheme__: 'http',
      __metrics_path__: '/metrics',
      __param_workspace: 'team-a',
      workspace: 'team-a',
    },
  });
  const everywhere = await server.person('root', 'viewer', '*');
  const all = items(await (await get('/api/v1/prometheus/targets', everywhere)).json());
  expect(all.map(({ labels }) => labels?.['workspace'])).toEqual(['default', 'team-a']);
  const nobody = await server.person('nobody');
  expect(await (await get('/api/v1/prometheus/targets', nobody)).json()).toEqual([]);
});
