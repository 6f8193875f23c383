import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items } from '../support/server.ts';
import { type GuardedServer, guardedServer } from './support.ts';

const workspaces = '/api/v1/workspaces';
const trusts = '/api/v1/access/trusts';
const search = '/api/2.0/mlflow/experiments/search?max_results=10';

let server: GuardedServer;
beforeAll(async () => {
  server = await guardedServer();
});
afterAll(async () => {
  await server.close();
});

const namesSeen = async (caller = server.admin) =>
  items((await caller('GET', workspaces)).body['workspaces']).map(({ name }) => String(name));

describe('a workspace', () => {
  test('is made, described, limited, and listed beside the default one', async () => {
    const limits = {
      calls_per_minute: 100,
      storage_gb: 0.5,
      batch_rows_per_month: 1_000_000,
      batch_retention_days: 30,
    };
    const made = await server.admin('POST', workspaces, { name: 'lab', description: 'Trials', limits });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'lab', description: 'Trials', created_by: 'admin', limits });
    expect(await namesSeen()).toEqual(['default', 'lab']);
    const changed = await server.admin('PATCH', `${workspaces}/lab`, { limits: null });
    expect(changed.body).toMatchObject({ description: 'Trials', limits: {} });
    expect((await server.admin('GET', `${workspaces}/lab`)).body).toEqual(changed.body);
    const described = await server.admin('PATCH', `${workspaces}/default`, { description: 'Everyone' });
    expect(described.body).toMatchObject({ name: 'default', description: 'Everyone' });
    expect(await namesSeen()).toEqual(['default', 'lab']);
  });

  test.each([
    ['no name', {}, 400, 'name'],
    ['a name with capitals', { name: 'Lab' }, 400, 'name'],
    ['a name that is too long', { name: 'a'.repeat(64) }, 400, 'name'],
    ['the name of every one', { name: '*' }, 400, 'name'],
    ['the name of the default one', { name: 'default' }, 409, 'name'],
    ['a limit of nothing', { name: 'x', limits: { calls_per_minute: 0 } }, 400, 'limits.calls_per_minute'],
    [
      'a retention beyond what is kept',
      { name: 'x', limits: { batch_retention_days: 99_999 } },
      400,
      'limits.batch_retention_days',
    ],
    ['a limit of no kind', { name: 'x', limits: { calls: 1 } }, 400, 'limits.calls'],
    ['a description that is too long', { name: 'x', description: 'x'.repeat(1001) }, 400, 'description'],
  ])('is not made of %s', async (_what, body, status, field) => {
    const answer = await server.admin('POST', workspaces, body);
    expect([answer.status, answer.body['field']]).toEqual([status, field]);
  });

  test('is not made twice, and by admins of the deployment only', async () => {
    await server.admin('POST', workspaces, { name: 'once' });
    expect((await server.admin('POST', workspaces, { name: 'once' })).status).toBe(409);
    const boss = server.as(await server.person('boss', 'admin'));
    expect((await boss('POST', workspaces, { name: 'mine' })).status).toBe(403);
    expect((await boss('PATCH', `${workspaces}/default`, { description: 'x' })).status).toBe(403);
    expect((await boss('DELETE', `${workspaces}/once`)).status).toBe(403);
  });

  test('in which a caller holds no role is as one that does not exist', async () => {
    await server.admin('POST', workspaces, { name: 'hidden' });
    const token = await server.person('vic', 'viewer');
    const vic = server.as(token);
    expect(await namesSeen(vic)).toEqual(['default']);
    const answers = await Promise.all(
      ['hidden', 'nowhere'].map(async (name) => {
        const by = server.as(token, { 'x-mlflow-workspace': name });
        const entered = await by('GET', search);
        const looked = await vic('GET', `${workspaces}/${name}`);
        const text = `${entered.status} ${String(entered.body['message'])} ${looked.status} ${String(looked.body['detail'])}`;
        return text.replaceAll(name, 'NAME');
      }),
    );
    expect(answers[0]).toMatch(/^404 Workspace 'NAME' does not exist, or you hold no role in it.* 404 /);
    expect(answers[1]).toBe(answers[0]);
  });

  test('that does not exist is not there for the first admin either, and comes alive when it is made', async () => {
    const there = server.as(`Bearer ${server.adminToken}`, { 'x-mlflow-workspace': 'later' });
    expect((await there('GET', search)).status).toBe(404);
    await server.admin('POST', workspaces, { name: 'later' });
    expect((await there('GET', search)).status).toBe(200);
  });

  test('is the default one where a header names none, and none where it names what can be no name', async () => {
    const header = `Bearer ${server.adminToken}`;
    expect((await server.as(header, { 'x-mlflow-workspace': '' })('GET', search)).status).toBe(200);
    expect((await server.as(header, { 'x-mlflow-workspace': 'No Name' })('GET', search)).status).toBe(400);
  });

  test('is entered by whoever holds a role on one thing in it', async () => {
    await server.admin('POST', workspaces, { name: 'shop' });
    const there = server.as(`Bearer ${server.adminToken}`, { 'x-mlflow-workspace': 'shop' });
    const made = await there('POST', '/api/2.0/mlflow/experiments/create', { name: 'one' });
    await there('POST', '/api/2.0/mlflow/experiments/create', { name: 'other' });
    const token = await server.person('pat');
    const pat = server.as(token, { 'x-mlflow-workspace': 'shop' });
    expect((await pat('GET', search)).status).toBe(404);
    await server.admin('POST', '/api/v1/access/grants', {
      subject: 'principal:pat',
      workspace: 'shop',
      resource: { type: 'experiment', id: String(made.body['experiment_id']) },
      effect: 'allow',
      role: 'viewer',
    });
    const seen = async () =>
      items((await pat('GET', search)).body['experiments']).map(({ name }) => String(name));
    await expect.poll(seen, { timeout: 5000 }).toEqual(['one']);
    expect(await namesSeen(server.as(token))).toEqual(['shop']);
  });

  test('is deleted only once it is empty, with the rules about it', async () => {
    await server.admin('POST', workspaces, { name: 'brief' });
    const there = server.as(`Bearer ${server.adminToken}`, { 'x-mlflow-workspace': 'brief' });
    const made = await there('POST', '/api/2.0/mlflow/experiments/create', { name: 'one' });
    await there('POST', '/api/2.0/mlflow/registered-models/create', { name: 'm' });
    const header = await server.person('sam', 'viewer', 'brief');
    const sam = server.as(header, { 'x-mlflow-workspace': 'brief' });
    expect((await sam('GET', search)).status).toBe(200);
    const full = await server.admin('DELETE', `${workspaces}/brief`);
    expect([full.status, full.body['detail']]).toEqual([
      400,
      "Workspace 'brief' is not empty: 1 experiments, 1 registered models. Delete and purge them first.",
    ]);
    const experimentId = String(made.body['experiment_id']);
    await there('POST', '/api/2.0/mlflow/experiments/delete', { experiment_id: experimentId });
    await there('POST', '/api/v1/purge', { experiment_ids: [experimentId] });
    await there('DELETE', '/api/2.0/mlflow/registered-models/delete', { name: 'm' });
    await server.drain();
    expect((await server.admin('DELETE', `${workspaces}/brief`)).status).toBe(204);
    expect((await server.admin('DELETE', `${workspaces}/brief`)).status).toBe(404);
    expect((await sam('GET', search)).status).toBe(404);
    await server.admin('POST', workspaces, { name: 'brief' });
    expect((await sam('GET', search)).status).toBe(404);
    expect((await server.admin('DELETE', `${workspaces}/default`)).status).toBe(400);
  });
});

describe('a trust', () => {
  const conditions = { repository: 'acme/models', ref: 'refs/heads/main', environment: 'production' };

  test('comes with the principal that it makes of workloads, and takes it and its rules along', async () => {
    const put = await server.admin('PUT', `${trusts}/release`, { issuer: 'github', conditions });
    expect(put.body).toEqual({
      name: 'release',
      issuer: 'github',
      principal_id: 'workload:release',
      conditions,
    });
    const principal = '/api/v1/access/principals/workload:release';
    expect((await server.admin('GET', principal)).body).toMatchObject({ kind: 'workload', name: 'release' });
    expect((await server.admin('DELETE', principal)).status).toBe(400);
    const grant = {
      subject: 'principal:workload:release',
      workspace: 'default',
      effect: 'allow',
      role: 'viewer',
    };
    expect((await server.admin('POST', '/api/v1/access/grants', grant)).status).toBe(201);
    expect((await server.admin('DELETE', `${trusts}/release`)).status).toBe(204);
    expect((await server.admin('GET', principal)).status).toBe(404);
    expect((await server.admin('DELETE', `${trusts}/release`)).status).toBe(404);
    expect((await server.admin('PUT', `${trusts}/release`, { conditions })).status).toBe(200);
    const { body } = await server.admin('GET', '/api/v1/access/grants?subject=principal:workload:release');
    expect(body).toEqual({ grants: [] });
  });

  test('is changed only from the version that was read, and is no other one under another name', async () => {
    const put = (name: string, given: object, headers = {}) =>
      server.as(`Bearer ${server.adminToken}`, headers)('PUT', `${trusts}/${name}`, { conditions: given });
    const made = await put(
      'tests',
      { repository: 'acme/tests', repository_id: '42' },
      { 'if-none-match': '*' },
    );
    expect([made.status, made.headers.get('etag')]).toEqual([200, '"1"']);
    const next = { repository: 'acme/tests', workflow: 'acme/tests/.github/workflows/ci.yml' };
    expect((await put('tests', next, { 'if-match': '"7"' })).status).toBe(409);
    expect((await put('tests', next, { 'if-match': '"1"' })).headers.get('etag')).toBe('"2"');
    expect((await put('twin', next)).status).toBe(409);
    expect(items((await server.admin('GET', trusts)).body['trusts']).map(({ name }) => name)).toContain(
      'tests',
    );
  });

  test.each([
    ['no repository', {}, 'conditions.repository'],
    ['all repositories of an owner', { repository: 'acme/*' }, 'conditions.repository'],
    ['a branch by its short name', { repository: 'a/b', ref: 'main' }, 'conditions.ref'],
    ['a ref with a wildcard inside', { repository: 'a/b', ref: 'refs/heads/*/x' }, 'conditions.ref'],
    [
      'a workflow with its ref',
      { repository: 'a/b', workflow: 'a/b/.github/workflows/c.yml@refs/heads/x' },
      'conditions.workflow',
    ],
    ['a blank environment', { repository: 'a/b', environment: ' ' }, 'conditions.environment'],
    ['a condition of no kind', { repository: 'a/b', actor: 'me' }, 'conditions.actor'],
  ])('is not made of %s', async (_what, given, field) => {
    const answer = await server.admin('PUT', `${trusts}/bad`, { conditions: given });
    expect([answer.status, answer.body['field']]).toEqual([400, field]);
  });

  test('is looked at and made by admins of the deployment only', async () => {
    const chief = server.as(await server.person('chief', 'admin'));
    expect((await chief('GET', trusts)).status).toBe(403);
    expect((await chief('PUT', `${trusts}/mine`, { conditions })).status).toBe(403);
  });
});

test('who enters a workspace reads nothing of one that had its name before', async () => {
  const make = () => server.admin('POST', workspaces, { name: 'tenant' });
  await make();
  expect((await server.admin('DELETE', `${workspaces}/tenant`)).status).toBe(204);
  expect((await make()).status).toBe(201);
  const inside = server.as(`Bearer ${server.adminToken}`, { 'x-mlflow-workspace': 'tenant' });
  const told = await inside('POST', '/api/v1/lineage', {
    eventType: 'COMPLETE',
    eventTime: '2026-01-01T00:00:00Z',
    run: { runId: '01890000-0000-7000-8000-000000000001' },
    job: { namespace: 'n', name: 'j' },
    outputs: [{ namespace: 'n', name: 'secret' }],
    producer: 'https://example.com',
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
  });
  expect(told.status).toBe(200);
  expect((await server.admin('DELETE', `${workspaces}/tenant`)).status).toBe(204);
  const again = await make();
  expect([again.status, again.body['field']]).toEqual([409, 'name']);
});
