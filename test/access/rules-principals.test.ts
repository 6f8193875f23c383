import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items } from '../support/server.ts';
import { type GuardedServer, guardedServer } from './support.ts';

const principals = '/api/v1/access/principals';
const groups = '/api/v1/access/groups';
const tenant = '11111111-2222-3333-4444-555555555555';
const oid = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const search = '/api/2.0/mlflow/experiments/search?max_results=10';

let server: GuardedServer;
beforeAll(async () => {
  server = await guardedServer();
});
afterAll(async () => {
  await server.close();
});

describe('a principal', () => {
  test('is made once, under the lower-cased name where no id is given', async () => {
    const made = await server.admin('POST', principals, { name: 'Ann', kind: 'user' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      id: 'ann',
      name: 'Ann',
      kind: 'user',
      disabled: null,
      created_by: 'admin',
      last_used_at: null,
      groups: [],
    });
    expect((await server.admin('GET', `${principals}/ANN`)).body).toEqual(made.body);
    const again = await server.admin('POST', principals, { name: 'ann' });
    expect([again.status, again.body['detail']]).toEqual([409, "There is a principal 'ann' already."]);
  });

  test('of Entra ID is known by tenant and object, and named in a path with its slash encoded or not', async () => {
    const id = `entra:${tenant}/${oid}`;
    const made = await server.admin('POST', principals, {
      name: 'Bob Bee',
      id: id.toUpperCase().replace('ENTRA', 'entra'),
    });
    expect([made.status, made.body['id'], made.body['kind']]).toEqual([201, id, 'entra']);
    for (const path of [id, encodeURIComponent(id)])
      expect((await server.admin('GET', `${principals}/${path}`)).body).toMatchObject({ name: 'Bob Bee' });
  });

  test.each([
    ['no name', {}, 'name'],
    ['a blank name', { name: '  ' }, 'id'],
    ['a name of another type', { name: 7 }, 'name'],
    ['a name that is no id, without one', { name: 'Ann Lee' }, 'id'],
    ['an id with a slash', { name: 'Ann', id: 'a/b' }, 'id'],
    ['an id of the platform', { name: 'Cairn' }, 'id'],
    ['half an id of Entra ID', { name: 'Bob', id: 'entra:bob' }, 'id'],
    ['an id of Entra ID for a user', { name: 'Bob', id: `entra:${tenant}/${oid}`, kind: 'user' }, 'id'],
    ['a workload', { name: 'ci', kind: 'workload' }, 'kind'],
    ['a name with a line break', { name: 'a\nb', id: 'ab' }, 'name'],
    ['a name that is too long', { name: 'a'.repeat(301), id: 'ab' }, 'name'],
    ['a password', { name: 'eve', password: 'letmein' }, 'password'],
    ['a mark that only the platform sets', { name: 'eve', disabled: null }, 'disabled'],
  ])('is not made of %s', async (_what, body, field) => {
    const answer = await server.admin('POST', principals, body);
    expect([answer.status, answer.body['field']]).toEqual([400, field]);
  });

  test('is renamed, and where nothing is to change nothing changes', async () => {
    await server.admin('POST', principals, { name: 'cid' });
    const renamed = await server.admin('PATCH', `${principals}/cid`, { name: 'Cid Sea' });
    expect(renamed.body).toMatchObject({ id: 'cid', name: 'Cid Sea' });
    expect((await server.admin('PATCH', `${principals}/cid`, {})).status).toBe(200);
    expect((await server.admin('PATCH', `${principals}/nobody`, { name: 'x' })).status).toBe(404);
  });

  test('that is disabled is refused at once, with all its tokens, until it is enabled again', async () => {
    const header = await server.person('dan', 'admin');
    const other = await server.admin('POST', '/api/v1/tokens', { name: 'second', principal: 'dan' });
    const statuses = async () =>
      Promise.all(
        [header, `Bearer ${String(other.body['token'])}`].map(
          async (authorization) => (await server.as(authorization)('GET', search)).status,
        ),
      );
    expect(await statuses()).toEqual([200, 200]);
    const disabled = await server.admin('PATCH', `${principals}/dan`, { disabled: true, reason: 'left us' });
    expect(disabled.body).toMatchObject({ disabled: { by: 'admin', reason: 'left us' } });
    expect(await statuses()).toEqual([401, 401]);
    await server.admin('PATCH', `${principals}/dan`, { disabled: false });
    expect(await statuses()).toEqual([200, 200]);
  });

  test('that is the first admin is neither disabled nor deleted', async () => {
    const notKept = { status: 404, body: { detail: expect.stringContaining('set by CAIRN_FIRST_ADMIN') } };
    expect(await server.admin('GET', `${principals}/admin`)).toMatchObject(notKept);
    expect(await server.admin('PATCH', `${principals}/Admin`, { disabled: true })).toMatchObject(notKept);
    await server.admin('POST', principals, { name: 'admin' });
    for (const answer of [
      await server.admin('PATCH', `${principals}/admin`, { disabled: true }),
      await server.admin('DELETE', `${principals}/admin`),
    ])
      expect([answer.status, answer.body['detail']]).toEqual([
        400,
        expect.stringContaining('name another one in CAIRN_FIRST_ADMIN first'),
      ]);
  });

  test('is listed a page at a time, each once', async () => {
    const ids: string[] = [];
    for (let token = ''; ; ) {
      const { body } = await server.admin('GET', `${principals}?max_results=2${token}`);
      ids.push(...items(body['principals']).map(({ id }) => String(id)));
      if (body['next_page_token'] === undefined) break;
      token = `&page_token=${String(body['next_page_token'])}`;
    }
    expect(ids).toEqual([...new Set(ids)].toSorted());
    expect(ids).toContain('ann');
    expect((await server.admin('GET', `${principals}?max_results=0`)).status).toBe(400);
    expect((await server.admin('GET', `${principals}?page_token=x`)).status).toBe(400);
  });

  test('is made by an admin of the deployment only; an admin of one workspace may look them up', async () => {
    const boss = server.as(await server.person('boss', 'admin'));
    expect((await boss('GET', principals)).status).toBe(200);
    expect((await boss('POST', principals, { name: 'eve' })).status).toBe(403);
    expect((await boss('PATCH', `${principals}/ann`, { disabled: true })).status).toBe(403);
    expect((await boss('DELETE', `${principals}/ann`)).status).toBe(403);
    const viewer = server.as(await server.person('vic', 'viewer'));
    expect((await viewer('GET', principals)).status).toBe(403);
  });

  test('that is deleted takes along its rules, tokens and memberships, and who comes after inherits nothing', async () => {
    const header = await server.person('gil', 'operator');
    await server.admin('PUT', `${groups}/crew`, { members: ['gil', 'ann'] });
    expect((await server.admin('DELETE', `${principals}/gil`, { reason: 'left' })).status).toBe(204);
    expect((await server.admin('GET', `${principals}/gil`)).status).toBe(404);
    expect((await server.admin('DELETE', `${principals}/gil`)).status).toBe(404);
    expect((await server.as(header)('GET', search)).status).toBe(401);
    expect((await server.admin('GET', `${groups}/crew`)).body).toEqual({ name: 'crew', members: ['ann'] });
    const { body } = await server.admin('GET', '/api/v1/access/grants?subject=principal:gil');
    expect(body).toEqual({ grants: [] });
    const { body: tokens } = await server.admin('GET', '/api/v1/tokens?principal=gil');
    expect(items(tokens['tokens'])).toMatchObject([{ revoked: { by: 'admin', reason: 'left' } }]);
    expect((await server.admin('POST', principals, { name: 'gil' })).status).toBe(201);
    const again = await server.admin('POST', '/api/v1/tokens', { name: 'new', principal: 'gil' });
    expect((await server.as(`Bearer ${String(again.body['token'])}`)('GET', search)).status).toBe(403);
    expect((await server.as(header)('GET', search)).status).toBe(401);
  });
});

describe('a group', () => {
  test('gives its members what is granted to it, from the moment they are in to the moment they are out', async () => {
    const hal = server.as(await server.person('hal'));
    expect((await hal('GET', search)).status).toBe(403);
    await server.admin('PUT', `${groups}/readers`, { members: ['Hal', 'hal'] });
    const grant = { subject: 'group:readers', workspace: 'default', effect: 'allow', role: 'viewer' };
    expect((await server.admin('POST', '/api/v1/access/grants', grant)).status).toBe(201);
    expect((await hal('GET', search)).status).toBe(200);
    expect((await server.admin('GET', `${principals}/hal`)).body).toMatchObject({ groups: ['readers'] });
    await server.admin('PUT', `${groups}/readers`, { members: [] });
    expect((await hal('GET', search)).status).toBe(403);
  });

  test('is changed only from the version that was read', async () => {
    const put = (members: string[], headers: Record<string, string>) =>
      server.as(`Bearer ${server.adminToken}`, headers)('PUT', `${groups}/staff`, { members });
    const made = await put(['ann'], { 'if-none-match': '*' });
    expect([made.status, made.headers.get('etag')]).toEqual([200, '"1"']);
    expect((await put([], { 'if-none-match': '*' })).status).toBe(409);
    expect((await put(['ann', 'cid'], { 'if-match': '"1"' })).headers.get('etag')).toBe('"2"');
    expect((await put([], { 'if-match': '"1"' })).status).toBe(409);
    expect((await put([], { 'if-match': 'abc' })).status).toBe(400);
    expect((await put(['cid', 'ann'], { 'if-match': '"2"' })).headers.get('etag')).toBe('"2"');
    expect((await server.admin('GET', `${groups}/staff`)).body).toEqual({
      name: 'staff',
      members: ['ann', 'cid'],
    });
  });

  test('is refused a name it cannot have, and members that nobody is', async () => {
    expect((await server.admin('PUT', `${groups}/No%20Name`, { members: [] })).status).toBe(400);
    expect((await server.admin('PUT', `${groups}/g`, {})).status).toBe(400);
    expect((await server.admin('PUT', `${groups}/g`, { members: 'ann' })).status).toBe(400);
    const stranger = await server.admin('PUT', `${groups}/g`, { members: ['ann', 'stranger'] });
    expect([stranger.status, stranger.body['detail']]).toEqual([404, "There is no principal 'stranger'."]);
  });

  test('takes its rules along, so that a later one of its name has none', async () => {
    const ian = server.as(await server.person('ian'));
    await server.admin('PUT', `${groups}/short`, { members: ['ian'] });
    const grant = { subject: 'group:short', workspace: 'default', effect: 'allow', role: 'viewer' };
    await server.admin('POST', '/api/v1/access/grants', grant);
    expect((await ian('GET', search)).status).toBe(200);
    expect((await server.admin('DELETE', `${groups}/short`)).status).toBe(204);
    expect((await server.admin('DELETE', `${groups}/short`)).status).toBe(404);
    expect((await ian('GET', search)).status).toBe(403);
    await server.admin('PUT', `${groups}/short`, { members: ['ian'] });
    expect((await ian('GET', search)).status).toBe(403);
    expect(items((await server.admin('GET', groups)).body['groups']).map(({ name }) => name)).toContain(
      'short',
    );
  });
});
