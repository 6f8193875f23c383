import { createHmac, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { exportJWK, exportSPKI } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessState, changeAccess, readAccess, type PrincipalDocument } from '../../shared/access/index.ts';
import {
  type Claims,
  forged,
  newKey,
  openIssuer,
  signed,
  type SigningKey,
  type TestIssuer,
  unsigned,
} from './issuer.ts';
import { addPerson, type Answer, type GuardedServer, guardedServer } from './support.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const clientId = '66666666-7777-8888-9999-aaaaaaaaaaaa';
const oid = 'bbbbbbbb-cccc-dddd-eeee-ffffffffffff';
const me = `entra:${tenant}/${oid}`;
const search = '/api/2.0/mlflow/experiments/search?max_results=10';

let issuer: TestIssuer;
let server: GuardedServer;
/** Signs a valid token but for what a test changes of it. */
let valid: (claims?: Claims, header?: Claims, key?: SigningKey) => Promise<string>;
beforeAll(async () => {
  issuer = await openIssuer();
  server = await guardedServer({
    CAIRN_ENTRA_AUTHORITY: issuer.url,
    CAIRN_ENTRA_TENANT: tenant,
    CAIRN_ENTRA_CLIENT_ID: clientId,
  });
  valid = async (claims, header, key = issuer.key()) => signed(key, { ...base(), ...claims }, header);
  await addPerson(server, me, 'viewer', 'default', { kind: 'entra', name: 'Mia' });
});
afterAll(async () => {
  await server.close();
  issuer.close();
});
beforeEach(() => {
  issuer.mood = 'well';
});

const seconds = () => Math.floor(Date.now() / 1000);
const base = (): Claims => ({
  iss: `${issuer.url}/${tenant}/v2.0`,
  aud: clientId,
  tid: tenant,
  oid,
  sub: 'pairwise',
  ver: '2.0',
  scp: 'access',
  preferred_username: 'mia@example.com',
  iat: seconds() - 5,
  nbf: seconds() - 5,
  exp: seconds() + 3600,
});

const unsignedBytes = (header: Claims) => Buffer.from(unsigned(header, base()));
const ask = (token: string, path = search): Promise<Answer> => server.as(`Bearer ${token}`)('GET', path);

describe('a token of Entra ID', () => {
  test('gets in who it was made for, under tenant and object id, with groups and roles that rules can name', async () => {
    const token = await valid({ groups: ['g-1'], roles: ['Reviewers'] });
    expect((await ask(token)).status).toBe(200);
    expect((await ask(token, '/api/v1/session')).body).toMatchObject({
      principal: { id: me, name: 'mia@example.com', kind: 'entra' },
      via: 'entra',
      role: 'viewer',
    });
  });

  test('of the first version, or for the URI of the application, is taken as well', async () => {
    const first = { iss: `https://sts.windows.net/${tenant}/`, ver: '1.0', aud: `api://${clientId}` };
    expect((await ask(await valid(first))).status).toBe(200);
    expect((await ask(await valid({ aud: `api://${clientId}` }))).status).toBe(200);
  });

  test('is given its role by a rule about one of its groups or application roles', async () => {
    const stranger = { oid: '00000000-0000-0000-0000-000000000001' };
    expect((await ask(await valid(stranger))).status).toBe(403);
    await changeAccess(server.ctx, () => ({
      edits: (['entra-group:readers', 'app-role:Readers'] as const).map((subject, i) => ({
        after: {
          id: `grant:${i}`,
          type: 'grant',
          v: 1,
          workspace: '*',
          seq: 1,
          grantId: String(i),
          subject,
          inWorkspace: 'default',
          rule: { effect: 'allow', role: 'viewer' },
          grantedBy: 'tester',
          grantedAt: 0,
        },
        told: { type: 'grant.created' },
      })),
      result: undefined,
    }));
    expect((await ask(await valid({ ...stranger, groups: ['readers'] }))).status).toBe(200);
    expect((await ask(await valid({ ...stranger, roles: ['Readers'] }))).status).toBe(200);
    expect((await ask(await valid({ ...stranger, roles: ['readers'], groups: ['writers'] }))).status).toBe(
      403,
    );
  });

  test('may be a minute off its times, since clocks differ', async () => {
    expect((await ask(await valid({ nbf: seconds() + 30 }))).status).toBe(200);
    expect((await ask(await valid({ exp: seconds() - 30 }))).status).toBe(200);
  });

  test('is refused from the moment on at which its principal is disabled', async () => {
    const token = await valid({ oid: '00000000-0000-0000-0000-000000000002' });
    expect((await ask(token)).status).toBe(403);
    const id = `entra:${tenant}/00000000-0000-0000-0000-000000000002`;
    const disabled = { at: 0, by: 'tester', reason: 'left' };
    await addPerson(server, id, 'viewer', 'default', { kind: 'entra', disabled });
    expect((await ask(token)).status).toBe(401);
  });

  test('whose groups did not fit says so in the log, and counts without them', async () => {
    const overage = await valid({ _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } });
    expect((await ask(overage)).status).toBe(200);
  });

  test('is denied what one of its groups is denied, however that is spelt, and so are the Cairn tokens it makes', async () => {
    const group = 'cccccccc-0000-4000-8000-00000000abcd';
    const grant = { subject: `entra-group:${group}`, workspace: 'default', effect: 'deny' };
    const { body: denial } = await server.admin('POST', '/api/v1/access/grants', grant);
    const inGroup = server.as(`Bearer ${await valid({ groups: [group.toUpperCase()] })}`);
    expect((await inGroup('GET', search)).status).toBe(403);
    const { body } = await inGroup('POST', '/api/v1/tokens', { name: 'around' });
    const byToken = server.as(`Bearer ${String(body['token'])}`);
    expect((await byToken('GET', search)).status).toBe(403);
    const { body: next } = await byToken('POST', '/api/v1/tokens', { name: 'further around' });
    expect((await server.as(`Bearer ${String(next['token'])}`)('GET', search)).status).toBe(403);
    await server.admin('DELETE', `/api/v1/access/grants/${String(denial['id'])}`);
    expect((await byToken('GET', search)).status).toBe(200);
  });

  test('makes a Cairn token that ends with the principal, who is known from then on', async () => {
    const token = await valid({ oid: '00000000-0000-0000-0000-000000000003' });
    const made = await server.as(`Bearer ${token}`)('POST', '/api/v1/tokens', { name: 'laptop' });
    expect(made.status).toBe(201);
    const id = `entra:${tenant}/00000000-0000-0000-0000-000000000003`;
    expect((await accessState(server.ctx)).principals.get(id)).toMatchObject({ kind: 'entra' });
    const own = String(made.body['token']);
    expect((await ask(own, '/api/v1/session')).body).toMatchObject({ principal: { id }, via: 'token' });
    await changeAccess(server.ctx, async () => ({
      edits: [
        {
          before: await readAccess<PrincipalDocument>(server.ctx, 'principal', id),
          told: { type: 'principal.deleted' },
        },
      ],
      result: undefined,
    }));
    expect((await ask(own, '/api/v1/session')).status).toBe(401);
  });
});

describe('refused with the one answer is a token', () => {
  const cases: [string, () => string | Promise<string>][] = [
    ['for another audience', () => valid({ aud: 'https://management.azure.com' })],
    ['for another application', () => valid({ aud: `api://${tenant}` })],
    ['for no audience', () => valid({ aud: undefined })],
    ['of another issuer', () => valid({ iss: 'https://login.microsoftonline.com/evil/v2.0' })],
    ['of no issuer', () => valid({ iss: undefined })],
    ['of an issuer that is no text', () => valid({ iss: [`${issuer.url}/${tenant}/v2.0`] })],
    ['of another tenant', () => valid({ tid: '99999999-2222-3333-4444-555555555555' })],
    ['of a version that its issuer does not make', () => valid({ ver: '1.0' })],
    ['that has expired', () => valid({ exp: seconds() - 120 })],
    ['that never expires', () => valid({ exp: undefined })],
    ['that expires at a text', () => valid({ exp: 'tomorrow' })],
    ['that is not valid yet', () => valid({ nbf: seconds() + 600 })],
    ['without the time it was made', () => valid({ iat: undefined })],
    ['without an object id', () => valid({ oid: undefined })],
    ['without a tenant', () => valid({ tid: undefined })],
    ['with an object id that is another thing', () => valid({ oid: `${oid}/../admin` })],
    ['with groups that are no list', () => valid({ groups: 'admins' })],
    ['that is not signed', () => forged({ alg: 'none', kid: issuer.key().kid }, base())],
    ['that is not signed, in other letters', () => forged({ alg: 'nOnE', kid: issuer.key().kid }, base())],
    ['whose signature was taken off', async () => `${(await valid()).split('.').slice(0, 2).join('.')}.`],
    ['whose signature is another', async () => `${(await valid()).slice(0, -8)}AAAAAAAA`],
    [
      'whose claims were changed after it was signed',
      async () => {
        const [header, , signature] = (await valid()).split('.');
        const claims = Buffer.from(JSON.stringify({ ...base(), oid: tenant })).toString('base64url');
        return [header, claims, signature].join('.');
      },
    ],
    [
      'signed by another key of the same name',
      async () => valid({}, {}, { ...(await newKey()), kid: issuer.key().kid }),
    ],
    ['that names no key', () => valid({}, { kid: undefined })],
    ['signed by a key that the issuer does not have', async () => valid({}, {}, await newKey())],
    [
      'signed by HMAC with the public key as its secret',
      async () => {
        const pem = await exportSPKI(issuer.key().publicKey);
        const body = unsigned({ alg: 'HS256', kid: issuer.key().kid }, base());
        return `${body}.${createHmac('sha256', pem).update(body).digest('base64url')}`;
      },
    ],
    [
      'signed by a key that it brings along',
      async () => {
        const own = await newKey();
        return valid({}, { jwk: await exportJWK(own.publicKey) }, { ...own, kid: issuer.key().kid });
      },
    ],
    [
      'that says where its key is',
      async () => {
        const own = { ...(await newKey()), kid: issuer.key().kid };
        return valid({}, { jku: `${issuer.url}/mine`, x5u: `${issuer.url}/mine` }, own);
      },
    ],
    [
      'that demands what nobody here understands',
      () => {
        const header = { alg: 'RS256', kid: issuer.key().kid, crit: ['urn:other'], 'urn:other': true };
        const signature = sign('sha256', unsignedBytes(header), KeyObject.from(issuer.key().privateKey));
        return forged(header, base(), signature);
      },
    ],
    [
      'signed by RSA with PSS, which Entra ID does not use',
      async () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const key = { ...issuer.key(), privateKey: privateKey as never };
        return valid({}, { alg: 'PS256' }, key);
      },
    ],
    ['that is longer than any is', () => valid({ padding: 'x'.repeat(20_000) })],
    ['in base64 that is none', () => 'eyJhbGciOiJSUzI1NiJ9.!!!!.AAAA'],
    ['whose parts are no JSON', () => `${Buffer.from('{').toString('base64url')}.e30.AAAA`],
    ['whose claims are a list', () => forged({ alg: 'RS256', kid: issuer.key().kid }, [1] as never, 'x')],
    ['in four parts', async () => `${await valid()}.e30`],
  ];
  test.each(cases)('%s', async (_what, make) => {
    const { status, body } = await ask(await make());
    expect(status).toBe(401);
    expect(body).toEqual({
      error_code: 'UNAUTHENTICATED',
      message: 'Sign in first: what the request presents, if anything, is not a valid credential here.',
    });
  });

  test('and the same token without the fault is let in', async () => {
    expect((await ask(await valid())).status).toBe(200);
  });
});
