import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items } from '../support/server.ts';
import { type Caller, type GuardedServer, guardedServer } from './support.ts';

const v2 = '/api/2.0/mlflow';
const v3 = '/api/3.0/mlflow';

let server: GuardedServer;
let admin: Caller;
let experiment: string;

beforeAll(async () => {
  server = await guardedServer();
  admin = server.admin;
  const { body } = await admin('POST', `${v2}/experiments/create`, { name: 'shared' });
  experiment = String(body['experiment_id']);
  await admin('POST', `${v2}/registered-models/create`, { name: 'churn' });
});
afterAll(() => server.close());

const basic = (name: string, password: string) =>
  server.as(`Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`);

/** A user made as MLflow's clients make one. */
async function user(username: string): Promise<Caller> {
  const password = `the password of ${username}`;
  const made = await admin('POST', `${v2}/users/create`, { username, password });
  expect([made.status, made.body]).toMatchObject([200, { user: { username, is_admin: false } }]);
  return basic(username, password);
}

const overExperiment = (username: string, permission?: string) => ({
  experiment_id: experiment,
  username,
  ...(permission ? { permission } : {}),
});
const setTag = (by: Caller) =>
  by('POST', `${v2}/experiments/set-experiment-tag`, { experiment_id: experiment, key: 'k', value: 'v' });
const get = (by: Caller) => by('GET', `${v2}/experiments/get?experiment_id=${experiment}`);

describe('a user of MLflow', () => {
  test('signs in by its password and may do nothing until it is given something', async () => {
    const ann = await user('ann');
    expect((await ann('GET', `${v2}/users/current`)).body).toMatchObject({
      user: { username: 'ann', is_admin: false },
      is_basic_auth: true,
    });
    expect((await get(ann)).status).toBe(403);
    expect((await basic('ann', 'another password')('GET', `${v2}/users/current`)).status).toBe(401);
  });

  test('is there once, and has a password of some length', async () => {
    await user('ben');
    const again = await admin('POST', `${v2}/users/create`, {
      username: 'Ben',
      password: 'long enough it is',
    });
    expect([again.status, again.body['error_code']]).toEqual([400, 'RESOURCE_ALREADY_EXISTS']);
    const short = await admin('POST', `${v2}/users/create`, { username: 'eve', password: 'short' });
    expect([short.status, short.body['error_code']]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect((await admin('GET', `${v2}/users/get?username=eve`)).status).toBe(404);
  });

  test('asks about itself, and of others neither whether they exist', async () => {
    const cid = await user('cid');
    expect((await cid('GET', `${v2}/users/get?username=cid`)).status).toBe(200);
    const other = await cid('GET', `${v2}/users/get?username=ann`);
    const nobody = await cid('GET', `${v2}/users/get?username=nobody`);
    expect([other.status, other.body]).toEqual([403, nobody.body]);
    for (const [method, path, body] of [
      ['GET', `${v2}/users/list`, undefined],
      ['POST', `${v2}/users/create`, { username: 'dora', password: 'long enough it is' }],
      ['PATCH', `${v2}/users/update-admin`, { username: 'cid', is_admin: true }],
      ['DELETE', `${v2}/users/delete`, { username: 'ann' }],
    ] as const)
      expect([path, (await cid(method, path, body)).status]).toEqual([path, 403]);
  });

  test('changes its password with the one it has, an admin without', async () => {
    const dan = await user('dan');
    const change = { username: 'dan', password: 'a wholly new password' };
    for (const current of [undefined, 'a wrong password', change.password]) {
      const refused = await dan('PATCH', `${v2}/users/update-password`, {
        ...change,
        current_password: current,
      });
      expect([refused.status, refused.body['error_code']]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    }
    const current = 'the password of dan';
    expect(
      (await dan('PATCH', `${v2}/users/update-password`, { ...change, current_password: current })).status,
    ).toBe(200);
    expect((await dan('GET', `${v2}/users/current`)).status).toBe(401);
    expect((await basic('dan', change.password)('GET', `${v2}/users/current`)).status).toBe(200);
    await admin('PATCH', `${v2}/users/update-password`, { username: 'dan', password: 'given by an admin' });
    expect((await basic('dan', 'given by an admin')('GET', `${v2}/users/current`)).status).toBe(200);
  });

  test('is admin of everything as long as it is said to be', async () => {
    const fay = await user('fay');
    expect((await fay('GET', `${v2}/users/list`)).status).toBe(403);
    await admin('PATCH', `${v2}/users/update-admin`, { username: 'fay', is_admin: true });
    const listed = await fay('GET', `${v2}/users/list`);
    expect(items(listed.body['users']).find(({ username }) => String(username) === 'fay')).toMatchObject({
      is_admin: true,
    });
    await admin('PATCH', `${v2}/users/update-admin`, { username: 'fay', is_admin: false });
    expect((await fay('GET', `${v2}/users/list`)).status).toBe(403);
  });

  test('is gone with all it held, and does not delete itself', async () => {
    const gus = await user('gus');
    await admin('PATCH', `${v2}/users/update-admin`, { username: 'gus', is_admin: true });
    expect((await gus('DELETE', `${v2}/users/delete`, { username: 'gus' })).status).toBe(400);
    expect((await admin('DELETE', `${v2}/users/delete`, { username: 'gus' })).status).toBe(200);
    expect((await gus('GET', `${v2}/users/current`)).status).toBe(401);
    const again = await user('gus');
    expect((await again('GET', `${v2}/users/list`)).status).toBe(403);
  });
});

describe('a permission of MLflow', () => {
  test('over one experiment is created, shown, changed and deleted, and each does what it says', async () => {
    const hal = await user('hal');
    const path = `${v2}/experiments/permissions`;
    const shownTo = async () =>
      (await admin('GET', `${path}/get?experiment_id=${experiment}&username=hal`)).body[
        'experiment_permission'
      ];
    expect((await admin('GET', `${path}/get?experiment_id=${experiment}&username=hal`)).status).toBe(404);
    const made = await admin('POST', `${path}/create`, overExperiment('hal', 'READ'));
    expect(made.body['experiment_permission']).toMatchObject({
      permission: 'READ',
      experiment_id: experiment,
    });
    expect([(await get(hal)).status, (await setTag(hal)).status]).toEqual([200, 403]);
    const twice = await admin('POST', `${path}/create`, overExperiment('hal', 'EDIT'));
    expect(twice.body['error_code']).toBe('RESOURCE_ALREADY_EXISTS');
    await admin('PATCH', `${path}/update`, overExperiment('hal', 'EDIT'));
    expect(await shownTo()).toMatchObject({ permission: 'EDIT' });
    expect((await setTag(hal)).status).toBe(200);
    await admin('PATCH', `${path}/update`, overExperiment('hal', 'NO_PERMISSIONS'));
    expect([(await get(hal)).status, (await setTag(hal)).status]).toEqual([403, 403]);
    expect((await admin('DELETE', `${path}/delete`, overExperiment('hal'))).status).toBe(200);
    expect((await admin('DELETE', `${path}/delete`, overExperiment('hal'))).status).toBe(404);
    expect((await admin('PATCH', `${path}/update`, overExperiment('hal', 'READ'))).status).toBe(404);
  });

  test('lowers on one experiment what somebody holds in the workspace', async () => {
    const ida = await user('ida');
    await admin('POST', `${v3}/users/permissions/grant`, {
      username: 'ida',
      resource_type: 'workspace',
      resource_id: '*',
      permission: 'USE',
    });
    expect((await setTag(ida)).status).toBe(200);
    await admin('POST', `${v2}/experiments/permissions/create`, overExperiment('ida', 'READ'));
    expect([(await get(ida)).status, (await setTag(ida)).status]).toEqual([200, 403]);
    expect((await ida('POST', `${v2}/experiments/create`, { name: 'of ida' })).status).toBe(200);
  });

  test('to manage one experiment lets somebody share it, and nothing else', async () => {
    const jan = await user('jan');
    await user('kit');
    await admin('POST', `${v2}/experiments/permissions/create`, overExperiment('jan', 'MANAGE'));
    const shared = await jan('POST', `${v2}/experiments/permissions/create`, overExperiment('kit', 'EDIT'));
    expect(shared.status).toBe(200);
    const model = { name: 'churn', username: 'kit', permission: 'READ' };
    expect((await jan('POST', `${v2}/registered-models/permissions/create`, model)).status).toBe(403);
    const wide = { username: 'kit', resource_type: 'workspace', resource_id: '*', permission: 'MANAGE' };
    expect((await jan('POST', `${v3}/users/permissions/grant`, wide)).status).toBe(403);
  });

  test('over a model is found by the name it has now', async () => {
    await user('leo');
    const path = `${v2}/registered-models/permissions`;
    await admin('POST', `${v2}/registered-models/create`, { name: 'before' });
    await admin('POST', `${path}/create`, { name: 'before', username: 'leo', permission: 'MANAGE' });
    await admin('POST', `${v2}/registered-models/rename`, { name: 'before', new_name: 'after' });
    const { body } = await admin('GET', `${path}/get?name=after&username=leo`);
    expect(body['registered_model_permission']).toMatchObject({ name: 'after', permission: 'MANAGE' });
    const shown = await admin('GET', `${v2}/users/get?username=leo`);
    expect(shown.body['user']?.['registered_model_permissions']).toMatchObject([
      { name: 'after', permission: 'MANAGE' },
    ]);
  });

  test('is granted, asked for, listed and revoked by the calls of newer clients, too', async () => {
    const mia = await user('mia');
    const target = { username: 'mia', resource_type: 'experiment', resource_id: experiment };
    const asked = new URLSearchParams(target).toString();
    expect((await mia('GET', `${v3}/users/permissions/get?${asked}`)).body).toEqual({
      allowed: false,
      permission: 'NO_PERMISSIONS',
    });
    await admin('POST', `${v3}/users/permissions/grant`, { ...target, permission: 'EDIT' });
    expect((await mia('GET', `${v3}/users/permissions/get?${asked}`)).body['permission']).toBe('EDIT');
    expect((await mia('GET', `${v3}/users/current/permissions`)).body).toMatchObject({
      is_admin: false,
      permissions: [{ resource_type: 'experiment', resource_pattern: experiment, permission: 'EDIT' }],
    });
    await admin('POST', `${v3}/users/permissions/revoke`, target);
    expect((await admin('GET', `${v3}/users/permissions/get?${asked}`)).body['permission']).toBe(
      'NO_PERMISSIONS',
    );
  });

  test('is refused where it can be none, with the field named', async () => {
    const grant = (more: object) =>
      admin('POST', `${v3}/users/permissions/grant`, {
        username: 'ann',
        resource_type: 'experiment',
        resource_id: experiment,
        permission: 'READ',
        ...more,
      });
    expect((await grant({ permission: 'ALL' })).status).toBe(400);
    expect((await grant({ resource_type: 'scorer' })).status).toBe(400);
    expect((await grant({ username: 'nobody' })).status).toBe(404);
    expect((await grant({ resource_id: '424242' })).status).toBe(404);
    expect((await grant({ resource_type: 'workspace', resource_id: '*', permission: 'EDIT' })).status).toBe(
      400,
    );
  });
});

describe('a workspace of MLflow', () => {
  test('is made, found by its members, described, and deleted once it is empty', async () => {
    const noa = await user('noa');
    const path = `${v3}/workspaces`;
    const made = await admin('POST', path, { name: 'team-n', description: 'of n' });
    expect([made.status, made.body]).toEqual([201, { workspace: { name: 'team-n', description: 'of n' } }]);
    expect((await admin('POST', path, { name: 'team-n' })).body['error_code']).toBe(
      'RESOURCE_ALREADY_EXISTS',
    );
    const namesFor = async (by: Caller) =>
      items((await by('GET', path)).body['workspaces']).map(({ name }) => String(name));
    expect(await namesFor(admin)).toContain('team-n');
    expect(await namesFor(noa)).not.toContain('team-n');
    expect((await noa('GET', `${path}/team-n`)).status).toBe(404);
    expect((await noa('DELETE', `${path}/team-n`)).status).toBe(403);
    const changed = await admin('PATCH', `${path}/team-n`, { description: 'otherwise' });
    expect(changed.body).toEqual({ workspace: { name: 'team-n', description: 'otherwise' } });
    expect((await admin('DELETE', `${path}/team-n?mode=CASCADE`)).status).toBe(400);
    expect((await admin('DELETE', `${path}/team-n`)).status).toBe(204);
    expect((await admin('GET', `${path}/team-n`)).status).toBe(404);
  });

  test('is taken where nobody can choose where files are kept', async () => {
    const rooted = { name: 'team-r', default_artifact_root: 's3://bucket' };
    expect((await admin('POST', `${v3}/workspaces`, rooted)).status).toBe(400);
  });
});

describe('what hostile users try', () => {
  const over = (type: string, id: string, username: string) =>
    `${v3}/users/permissions/get?${String(new URLSearchParams({ username, resource_type: type, resource_id: id }))}`;

  test('whoever asks for their own permission learns not what is there that they may not see', async () => {
    await admin('POST', '/api/v1/workspaces', { name: 'hidden' });
    const inside = server.as(`Bearer ${server.adminToken}`, { 'x-mlflow-workspace': 'hidden' });
    const made = await inside('POST', `${v2}/experiments/create`, { name: 'merger' });
    await inside('POST', `${v2}/registered-models/create`, { name: 'merger' });
    const spy = await server.person('spy', 'viewer');
    const outside = server.as(spy, { 'x-mlflow-workspace': 'hidden' });
    const asked = [
      ['experiment', String(made.body['experiment_id'])],
      ['experiment', '1234567890123456789'],
      ['registered_model', 'merger'],
      ['registered_model', 'no-such-model'],
    ] as const;
    for (const [type, id] of asked) {
      const { status, body } = await outside('GET', over(type, id, 'spy'));
      expect([status, body]).toEqual([200, { allowed: false, permission: 'NO_PERMISSIONS' }]);
    }
  });

  test('whoever manages one experiment learns nothing of models by granting, whether they exist or not', async () => {
    const mallory = server.as(await server.person('mallory'));
    await admin('POST', `${v2}/experiments/permissions/create`, overExperiment('mallory', 'MANAGE'));
    for (const action of ['grant', 'revoke']) {
      const of = async (id: string) => {
        const { status, body } = await mallory('POST', `${v3}/users/permissions/${action}`, {
          username: 'mallory',
          resource_type: 'registered_model',
          resource_id: id,
          permission: 'MANAGE',
        });
        return [status, String(body['message']).replace(id, '')];
      };
      const there = await of('churn');
      expect(there[0]).toBe(403);
      expect(await of('no-such-model')).toEqual(there);
    }
  });

  test('a token that somebody found is no way to guess the password', async () => {
    const olga = await user('olga');
    const { body } = await olga('POST', '/api/v1/tokens', { name: 'lost', scopes: { role: 'viewer' } });
    const finder = server.as(`Bearer ${String(body['token'])}`);
    const change = (current: string) =>
      finder('PATCH', `${v2}/users/update-password`, {
        username: 'olga',
        password: 'another long one',
        current_password: current,
      });
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, i) => change(`guess ${i}`)));
    expect(new Set(guesses.map(({ status }) => status))).toEqual(new Set([400, 429]));
    while ((await change('guess')).status === 400);
    expect((await change('the password of olga')).status).toBe(429);
  }, 120_000);
});
