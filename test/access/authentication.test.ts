import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  accessId,
  changeAccess,
  identify,
  type PrincipalDocument,
  readAccess,
} from '../../shared/access/index.ts';
import { addPerson, type GuardedServer, guardedServer } from './support.ts';

const search = '/api/2.0/mlflow/experiments/search?max_results=10';
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const textOf = (header: string) => header.replace('Bearer ', '');

let server: GuardedServer;
beforeAll(async () => {
  server = await guardedServer();
});
afterAll(async () => {
  await server.close();
});

const statusOf = async (authorization: string | null, path = search) =>
  (await server.as(authorization)('GET', path)).status;

describe('whoever presents nothing that is valid', () => {
  test.each([
    ['nothing', null],
    ['an empty header', ''],
    ['no scheme', 'letmein'],
    ['another scheme', 'Digest username="admin"'],
    ['a token that was never made', `Bearer cairn_0123456789abcdef_${'a'.repeat(49)}`],
    ['the id of the first admin', basic('admin', '')],
    ['a user that does not exist', basic('nobody', 'a long enough password')],
    ['Basic that is no base64', 'Basic %%%'],
    ['Basic without a colon', `Basic ${Buffer.from('admin').toString('base64')}`],
    ['Basic in bytes that are no UTF-8', `Basic ${Buffer.from([0xff, 0x3a, 0xfe]).toString('base64')}`],
    ['more than a header can hold', `Bearer ${'a.'.repeat(20_000)}`],
    ['something like a JWT', 'Bearer a.b.c'],
  ])('gets the same answer for %s', async (_what, authorization) => {
    const { status, body, headers } = await server.as(authorization)('GET', search);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="cairn", Basic realm="cairn"');
    expect(body).toEqual({
      error_code: 'UNAUTHENTICATED',
      message: 'Sign in first: what the request presents, if anything, is not a valid credential here.',
    });
  });

  test('still reaches what is public, however malformed what they present', async () => {
    for (const authorization of [null, 'Basic %%%', 'Bearer a.b.c', 'x'.repeat(50_000)])
      for (const path of ['/health', '/version', '/api/v1/sign-in', '/api/3.0/mlflow/server-info'])
        expect([path, await statusOf(authorization, path)]).toEqual([path, 200]);
  });

  test('is not let in by the headers of Easy Auth, which anyone can send', async () => {
    const claims = { auth_typ: 'aad', claims: [{ typ: 'roles', val: 'admin' }], name_typ: '', role_typ: '' };
    const forged = {
      'x-ms-client-principal': Buffer.from(JSON.stringify(claims)).toString('base64'),
      'x-ms-client-principal-id': 'admin',
      'x-ms-client-principal-name': 'admin',
      'x-ms-client-principal-idp': 'aad',
    };
    expect((await server.as(null, forged)('GET', search)).status).toBe(401);
  });
});

describe('the first admin', () => {
  test('gets in by the token of this machine, as bearer and behind a user, and is admin of everything', async () => {
    expect((await server.admin('GET', '/api/v1/session')).body).toMatchObject({
      principal: { id: 'admin', kind: 'user' },
      via: 'admin-token',
      role: 'admin',
      is_deployment_admin: true,
    });
    for (const user of ['admin', 'Admin', '', 'token'])
      expect(await statusOf(basic(user, server.adminToken))).toBe(200);
    expect(await statusOf(basic('ann', server.adminToken))).toBe(401);
  });
});

describe('a token', () => {
  test('gets its principal in, as bearer and as the password of Basic, and nobody else', async () => {
    const header = await server.person('ann', 'viewer');
    expect(await statusOf(header)).toBe(200);
    expect(await statusOf(header.replace('Bearer', 'bEaReR'))).toBe(200);
    for (const user of ['ann', 'ANN', '', 'token'])
      expect(await statusOf(basic(user, textOf(header)))).toBe(200);
    for (const user of ['admin', 'ann2', 'an']) expect(await statusOf(basic(user, textOf(header)))).toBe(401);
  });

  test('is asked of the store once, and of nothing when it is warm', async () => {
    const header = await server.person('warm', 'viewer');
    const { meter } = server.ctx.stores.documents;
    const costOf = async (calls: number) => {
      const before = meter.requests;
      await Promise.all(Array.from({ length: calls }, async () => statusOf(header, '/api/v1/session')));
      return meter.requests - before;
    };
    await costOf(20);
    // Its last use is written beside the request.
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The rules are confirmed once a second, and what was used is written now and then, however many call.
    expect(await costOf(200)).toBeLessThan(10);
  });

  test('that is incomplete is refused without asking the store', async () => {
    const header = await server.person('cut', 'viewer');
    const { meter } = server.ctx.stores.documents;
    const refused = async (authorization: string) =>
      identify(server.ctx, { authorization, address: 'here' }).catch((error: { code: string }) => error.code);
    const before = meter.requests;
    for (let i = 0; i < 40; i++) {
      expect(await refused(header.slice(0, -1 - i))).toBe('unauthenticated');
      expect(await refused(`${header}${i}`)).toBe('unauthenticated');
    }
    expect(meter.requests - before).toBeLessThan(10);
  });

  test('stops at once when its principal is disabled, goes on when they are enabled, and ends with them', async () => {
    const header = await server.person('bob', 'viewer');
    const bob = async (told: 'principal.disabled' | 'principal.enabled' | 'principal.deleted') =>
      changeAccess(server.ctx, async () => {
        const before = await readAccess<PrincipalDocument>(server.ctx, 'principal', 'bob');
        if (before?.doc.type !== 'principal') throw new Error('There is no bob.');
        const { disabled, ...doc } = before.doc;
        const off = { at: server.ctx.clock.now(), by: 'tester', reason: 'left' };
        const after = told === 'principal.disabled' ? { ...doc, disabled: off } : doc;
        return {
          edits: [{ before, ...(told === 'principal.deleted' ? {} : { after }), told: { type: told } }],
          result: undefined,
        };
      });
    expect(await statusOf(header)).toBe(200);
    await bob('principal.disabled');
    expect(await statusOf(header)).toBe(401);
    await bob('principal.enabled');
    expect(await statusOf(header)).toBe(200);
    await bob('principal.deleted');
    expect(await statusOf(header)).toBe(401);
  });

  test('does not get in whoever came under the id of a principal that is gone', async () => {
    const header = await server.person('reborn', 'viewer');
    await changeAccess(server.ctx, async () => {
      const before = await readAccess<PrincipalDocument>(server.ctx, 'principal', 'reborn');
      return { edits: [{ before, told: { type: 'principal.deleted' } }], result: undefined };
    });
    expect(await statusOf(header)).toBe(401);
    await changeAccess(server.ctx, async () => {
      const before = await readAccess<PrincipalDocument>(server.ctx, 'principal', 'reborn');
      const after = {
        id: accessId('principal', 'reborn'),
        type: 'principal',
        v: 1,
        workspace: '*',
        seq: 1,
        principalId: 'reborn',
        name: 'reborn',
        kind: 'user',
        createdAt: server.ctx.clock.now() + 1,
        createdBy: 'tester',
      } as const;
      return { edits: [{ before, after, told: { type: 'principal.created' } }], result: undefined };
    });
    expect(await statusOf(header)).toBe(401);
  });

  test('leaves when it and the roles of its use were last needed', async () => {
    const header = await server.person('seen', 'contributor');
    await server.as(header)('GET', search);
    const { body } = await eventually(() => server.as(header)('GET', '/api/v1/tokens'));
    expect(body).toMatchObject({ tokens: [{ last_used_at: expect.any(Number) }] });
    const stored = await server.ctx.stores.documents('access').read(['*'], 'seen:seen');
    expect(stored?.doc).toMatchObject({ type: 'seen', roles: { viewer: expect.any(Number) } });
  });
});

describe('what is logged', () => {
  test('holds no credential', async () => {
    await addPerson(server, 'quiet', 'viewer');
    const lines: string[] = [];
    const invocation = {
      invocationId: 'i',
      info: (line: string) => lines.push(line),
      warn: (line: string) => lines.push(line),
      error: (line: string) => lines.push(line),
    };
    const { router } = await import('../../functions/http.ts');
    const secrets = [
      'hunter2-hunter2-hunter2',
      `cairn_0123456789abcdef_${'b'.repeat(49)}`,
      'eyJhbGciOiJub25lIn0.e30.c2ln',
    ];
    for (const header of [basic('quiet', secrets[0] ?? ''), `Bearer ${secrets[1]}`, `Bearer ${secrets[2]}`])
      await router.fetch(new Request(`http://127.0.0.1${search}`, { headers: { authorization: header } }), {
        invocation: invocation as never,
      });
    expect(lines.filter((line) => line.startsWith('sign-in refused'))).toHaveLength(3);
    const logged = lines.join('\n');
    for (const secret of secrets) {
      expect(logged).not.toContain(secret);
      expect(logged).not.toContain(Buffer.from(`quiet:${secret}`).toString('base64'));
    }
  });
});

/** What `ask` gives once its token shows a last use. */
async function eventually(ask: () => Promise<{ body: unknown }>): Promise<{ body: unknown }> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (/"last_used_at":\d/.test(JSON.stringify(answer.body)) || tries === 50) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
