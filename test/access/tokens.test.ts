import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TokenDocument } from '../../shared/access/index.ts';
import type { EventDocument } from '../../shared/events/index.ts';
import { type JsonObject, items } from '../support/server.ts';
import { addPerson, type Caller, type GuardedServer, guardedServer } from './support.ts';

const path = '/api/v1/tokens';
const day = 86_400;

let server: GuardedServer;
let ann: Caller;
beforeAll(async () => {
  server = await guardedServer({ CAIRN_TOKEN_DAYS_MAX: '90' });
  ann = server.as(await server.person('ann', 'contributor'));
});
afterAll(async () => {
  await server.close();
});

async function made(by: Caller, body: unknown): Promise<{ id: string; caller: Caller; body: JsonObject }> {
  const { status, body: answer } = await by('POST', path, body);
  expect(status).toBe(201);
  return { id: String(answer['id']), caller: server.as(`Bearer ${String(answer['token'])}`), body: answer };
}
const stored = async (id: string) =>
  (await server.ctx.stores.documents('access').read<TokenDocument>(['*'], `token:${id}`))?.doc;
const status = async (caller: Caller, on = '/api/v1/session') => (await caller('GET', on)).status;

describe('a new token', () => {
  test('is shown this once, kept as a hash, and lasts thirty days unless said otherwise', async () => {
    const before = Date.now();
    const { id, body } = await made(server.admin, { name: 'laptop', principal: 'ann' });
    expect(body).toEqual({
      token: expect.stringMatching(/^cairn_[0-9a-f]{16}_[0-9A-Za-z]{49}$/),
      id,
      name: 'laptop',
      principal_id: 'ann',
      created_at: expect.any(Number),
      created_by: 'admin',
      expires_at: Number(body['created_at']) + 30 * day * 1000,
      revoked: null,
      last_used_at: null,
      scopes: {},
    });
    expect(Number(body['created_at'])).toBeGreaterThanOrEqual(before);
    expect(JSON.stringify(await stored(id))).not.toContain(String(body['token']).split('_')[2]);
    const { body: list } = await ann('GET', path);
    expect(JSON.stringify(list)).not.toContain(String(body['token']).split('_')[2]);
  });

  test('is told of in the batch in which it is made, without its secret', async () => {
    const scopes = { role: 'viewer', workspaces: ['default'], resources: [{ type: 'experiment', id: '7' }] };
    const { id, body } = await made(ann, { name: 'told', scopes });
    const event = await server.ctx.stores
      .documents('access')
      .read<EventDocument>(['*'], `event:token:${id}:00000001`);
    expect(event?.doc.event).toMatchObject({
      type: 'token.created',
      aggregate: `token/${id}`,
      seq: 1,
      actor: 'ann',
      subject: {
        tokenId: id,
        principalId: 'ann',
        name: 'told',
        role: 'viewer',
        workspaces: 'default',
        resources: 'experiment/7',
        expiresAt: new Date(Number(body['expires_at'])).toISOString(),
      },
    });
    expect(JSON.stringify(event)).not.toContain(String(body['token']).split('_')[2]);
  });

  test.each([
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: '   ' }, 'name'],
    [{ name: 'a\nb' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ name: 'a', expires_in_seconds: 59 }, 'expires_in_seconds'],
    [{ name: 'a', expires_in_seconds: 91 * day }, 'expires_in_seconds'],
    [{ name: 'a', expires_in_seconds: 'soon' }, 'expires_in_seconds'],
    [{ name: 'a', scopes: { role: 'king' } }, 'scopes.role'],
    [{ name: 'a', scopes: { workspaces: [] } }, 'scopes.workspaces'],
    [{ name: 'a', scopes: { workspaces: ['A B'] } }, 'scopes.workspaces[0]'],
    [{ name: 'a', scopes: { resources: [{ type: 'run', id: 'x' }] } }, 'scopes.resources[0].type'],
    [{ name: 'a', scopes: { may: 'all' } }, 'scopes.may'],
    [{ name: 'a', hash: 'f'.repeat(64) }, 'hash'],
    [{ name: 'a', created_by: 'admin' }, 'created_by'],
  ])('%j is refused, naming %s', async (body, field) => {
    expect(await ann('POST', path, body)).toMatchObject({ status: 400, body: { field } });
  });

  test('for somebody else is for admins of the deployment, and for nobody unknown', async () => {
    await addPerson(server, 'robot', 'viewer', 'default', { kind: 'service' });
    expect((await ann('POST', path, { name: 'x', principal: 'robot' })).status).toBe(403);
    expect((await ann('POST', path, { name: 'x', principal: 'nobody-at-all' })).status).toBe(403);
    const boss = server.as(await server.person('workspace-boss', 'admin'));
    expect((await boss('POST', path, { name: 'x', principal: 'robot' })).status).toBe(403);
    expect((await server.admin('POST', path, { name: 'x', principal: 'nobody-at-all' })).status).toBe(404);
    const { body } = await made(server.admin, { name: 'x', principal: 'Robot' });
    expect(body).toMatchObject({ principal_id: 'robot', created_by: 'admin' });
  });

  test('needs somebody who is signed in', async () => {
    expect((await server.as(null)('POST', path, { name: 'x' })).status).toBe(401);
    expect((await server.as(null)('GET', path)).status).toBe(401);
  });
});

describe('a token that makes a token', () => {
  test('hands on what it is confined to, and how long it lasts', async () => {
    const scopes = { role: 'viewer', workspaces: ['default'] };
    const { caller, body } = await made(ann, { name: 'parent', expires_in_seconds: 3600, scopes });
    const child = await made(caller, { name: 'child' });
    expect(child.body).toMatchObject({ expires_at: body['expires_at'], scopes, principal_id: 'ann' });
    const narrower = await made(caller, {
      name: 'narrower',
      expires_in_seconds: 60,
      scopes: { resources: [{ type: 'experiment', id: '1' }] },
    });
    expect(narrower.body['scopes']).toEqual({ ...scopes, resources: [{ type: 'experiment', id: '1' }] });
  });

  test.each([
    [{ expires_in_seconds: 7200 }, 'expires_in_seconds'],
    [{ scopes: { role: 'contributor' } }, 'scopes.role'],
    [{ scopes: { workspaces: ['default', 'other'] } }, 'scopes.workspaces'],
    [{ scopes: { workspaces: ['*'] } }, 'scopes.workspaces'],
    [{ scopes: { resources: [{ type: 'model', id: 'm' }] } }, 'scopes.resources'],
    [{ scopes: { resources: [{ type: 'experiment', id: '2' }] } }, 'scopes.resources'],
    [{ principal: 'admin' }, undefined],
  ])('cannot make one that may more: %j', async (more, field) => {
    const scopes = {
      role: 'viewer',
      workspaces: ['default'],
      resources: [{ type: 'experiment', id: '1' }],
    };
    const { caller } = await made(ann, { name: 'parent', expires_in_seconds: 3600, scopes });
    const { status: refused, body } = await caller('POST', path, { name: 'child', ...more });
    expect([refused, body['field']]).toEqual([403, field]);
  });

  test('of an admin that is confined is no admin of the deployment', async () => {
    const { caller } = await made(server.admin, { name: 'reader', scopes: { role: 'viewer' } });
    expect((await caller('POST', path, { name: 'x', principal: 'ann' })).status).toBe(403);
    expect((await caller('GET', `${path}?all=true`)).status).toBe(403);
  });
});

describe('the list', () => {
  test("shows one's own, newest first, a page at a time; those of others to admins", async () => {
    const cleo = server.as(await server.person('cleo', 'viewer'));
    for (const name of ['one', 'two', 'three']) await made(cleo, { name });
    const names: string[] = [];
    let token = '';
    for (let pages = 0; pages < 10; pages++) {
      const { body } = await cleo('GET', `${path}?max_results=2${token && `&page_token=${token}`}`);
      names.push(...items(body['tokens']).map((each) => String(each['name'])));
      token = body['next_page_token'] === undefined ? '' : String(body['next_page_token']);
      if (token === '') break;
    }
    expect(names).toHaveLength(4);
    expect(new Set(names)).toEqual(new Set(['three', 'two', 'one', 'test']));
    expect((await cleo('GET', `${path}?principal=ann`)).status).toBe(403);
    expect((await cleo('GET', `${path}?all=true`)).status).toBe(403);
    const { body } = await server.admin('GET', `${path}?principal=cleo`);
    expect(items(body['tokens'])).toHaveLength(4);
    expect(items((await server.admin('GET', `${path}?all=true`)).body['tokens']).length).toBeGreaterThan(4);
    expect((await cleo('GET', `${path}?page_token=x`)).status).toBe(400);
  });
});

describe('revoking', () => {
  test('stops a token at once, stays as it was when done again, and is told of once', async () => {
    const { id, caller } = await made(ann, { name: 'lost' });
    expect(await status(caller)).toBe(200);
    const first = await ann('DELETE', `${path}/${id}`, { reason: 'lost on a train' });
    expect(first).toMatchObject({
      status: 200,
      body: {
        id,
        revoked: { by: 'ann', at: expect.any(Number), reason: 'lost on a train' },
        last_used_at: expect.any(Number),
      },
    });
    expect(await status(caller)).toBe(401);
    expect((await ann('DELETE', `${path}/${id}`, { reason: 'again' })).body).toEqual(first.body);
    const documents = server.ctx.stores.documents('access');
    const event = await documents.read<EventDocument>(['*'], `event:token:${id}:00000002`);
    expect(event?.doc.event).toMatchObject({
      type: 'token.revoked',
      reason: 'lost on a train',
      actor: 'ann',
    });
    expect(await documents.read(['*'], `event:token:${id}:00000003`)).toBeUndefined();
  });

  test('by many at once happens once', async () => {
    const { id } = await made(ann, { name: 'contended' });
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => ann('DELETE', `${path}/${id}`, { reason: String(i) })),
    );
    expect(new Set(answers.map((each) => each.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((each) => JSON.stringify(each.body))).size).toBe(1);
  });

  test("leaves one's other tokens alone, and those of others as if they were not there", async () => {
    const [one, other] = [await made(ann, { name: 'one' }), await made(ann, { name: 'other' })];
    expect((await ann('DELETE', `${path}/${one.id}`)).body).toMatchObject({ revoked: { reason: null } });
    expect(await status(other.caller)).toBe(200);
    const dan = server.as(await server.person('dan', 'admin'));
    expect(await dan('DELETE', `${path}/${other.id}`)).toMatchObject({ status: 404 });
    expect((await dan('DELETE', `${path}/${'0'.repeat(16)}`)).status).toBe(404);
    expect((await dan('DELETE', `${path}/a%2Fb`)).status).toBe(404);
    expect(await status(other.caller)).toBe(200);
    expect((await server.admin('DELETE', `${path}/${other.id}`)).status).toBe(200);
    expect(await status(other.caller)).toBe(401);
  });
});

describe('what a token made', () => {
  test('ends with it, however far down the line', async () => {
    const parent = await made(ann, { name: 'parent' });
    const child = await made(parent.caller, { name: 'child' });
    const grandchild = await made(child.caller, { name: 'grandchild' });
    expect(await status(grandchild.caller)).toBe(200);
    await ann('DELETE', `${path}/${parent.id}`);
    for (const { caller } of [parent, child, grandchild]) expect(await status(caller)).toBe(401);
  });

  test('is a line that ends somewhere', async () => {
    let caller = ann;
    for (let links = 0; links < 5; links++) ({ caller } = await made(caller, { name: 'link' }));
    expect((await caller('POST', path, { name: 'one too many' })).status).toBe(403);
  });

  test('and itself is all that a confined token revokes', async () => {
    const scopes = { role: 'viewer' };
    const [one, other] = [await made(ann, { name: 'one', scopes }), await made(ann, { name: 'other' })];
    const child = await made(one.caller, { name: 'child' });
    expect((await one.caller('DELETE', `${path}/${other.id}`)).status).toBe(404);
    expect((await one.caller('DELETE', `${path}/${child.id}`)).status).toBe(200);
    expect((await one.caller('DELETE', `${path}/${one.id}`)).status).toBe(200);
    expect([await status(one.caller), await status(other.caller)]).toEqual([401, 200]);
  });
});

describe('a confined token', () => {
  test('may no more than its role, and only where it is', async () => {
    const { caller } = await made(ann, {
      name: 'reader',
      scopes: { role: 'viewer', workspaces: ['default'] },
    });
    expect(await status(caller, '/api/2.0/mlflow/experiments/search?max_results=1')).toBe(200);
    const create = () => caller('POST', '/api/2.0/mlflow/experiments/create', { name: 'not mine' });
    expect((await create()).status).toBe(403);
    const { caller: elsewhere } = await made(ann, { name: 'elsewhere', scopes: { workspaces: ['other'] } });
    expect(await status(elsewhere, '/api/2.0/mlflow/experiments/search?max_results=1')).toBe(403);
  });

  test('ends when its time is over', async () => {
    const { id, caller } = await made(ann, { name: 'short', expires_in_seconds: 60 });
    const documents = server.ctx.stores.documents('access');
    const found = await documents.read<TokenDocument>(['*'], `token:${id}`);
    await documents.write(['*'], {
      op: 'replace',
      doc: { ...(found as { doc: TokenDocument }).doc, expiresAt: Date.now() + 300 },
      etag: found?.etag ?? '',
    });
    expect(await status(caller)).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(await status(caller)).toBe(401);
  });
});
