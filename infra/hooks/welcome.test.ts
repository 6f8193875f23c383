import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { firstToken } from '../../shared/access/index.ts';
import { openStores } from '../../shared/azure/index.ts';
import { readSettings } from '../../shared/settings.ts';
import { testStorage } from '../../test/support/storage.ts';
import { type TestServer, testServer } from '../../test/support/server.ts';
import { deployerOf, isKept, welcomeLines, whenReady } from './greeting.ts';
import { answering, fakeAzd, ran, type Route } from './testing.ts';

const who = 'entra:tenant-1/object-1';
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
const azdToken = jwt({ oid: 'Object-1', tid: 'Tenant-1' });

const routes = new Map<string, Route>();
let app: Awaited<ReturnType<typeof answering>>;
let server: TestServer;
beforeAll(async () => {
  app = await answering(routes);
  server = await testServer({ CAIRN_AUTH: 'on', CAIRN_FIRST_ADMIN: who });
});
afterAll(async () => {
  await app.close();
  await server.close();
});
beforeEach(() => routes.clear());

const ready = 'GET /health/ready';
const refused = {
  status: 503,
  body: {
    status: 'not-ready',
    dependencies: [
      { name: 'documents', ready: false, reason: 'a role is missing' },
      { name: 'blobs', ready: true },
    ],
  },
};

describe('waiting', () => {
  test('ends when the app is ready, which it need not be at first', async () => {
    routes.set(ready, refused);
    const waiting = whenReady(app.url, { secondsMax: 60, pauseSeconds: 0.01 });
    await expect.poll(() => app.asked.length, { timeout: 5_000 }).toBeGreaterThan(1);
    routes.set(ready, { body: { status: 'ready' } });
    expect(await waiting).toBeUndefined();
  });

  test('ends after its time with the reason of what is not ready', async () => {
    const now = { secondsMax: 0, pauseSeconds: 0 };
    routes.set(ready, refused);
    expect(await whenReady(app.url, now)).toBe('documents: a role is missing');
    routes.set(ready, { status: 404 });
    expect(await whenReady(app.url, now)).toBe('HTTP 404');
    expect(await whenReady('http://127.0.0.1:1', now)).toMatch(/./);
  });
});

test('the first token signs the first admin in, for its time', async () => {
  const ctx = { ...server.ctx, principal: { id: deployerOf(azdToken), name: 'Deployer' } };
  const token = await firstToken(ctx, 3600);
  const response = await server.fetch('/api/v1/session', { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain(who);
  const late = await firstToken({ ...ctx, clock: { now: () => Date.now() - 3_601_000 } }, 3600);
  const refusal = await server.fetch('/api/v1/session', { headers: { authorization: `Bearer ${late}` } });
  expect(refusal.status).toBe(401);
});

test('who deploys is known by the claims of their token', () => {
  expect(deployerOf(azdToken)).toBe(who);
  expect(() => deployerOf('no token')).toThrow(/./);
});

test('no token is made where others read what is printed', () => {
  expect([{ CI: 'true' }, { GITHUB_ACTIONS: 'true' }, { TF_BUILD: 'True' }].map(isKept)).toEqual([
    true,
    true,
    true,
  ]);
  expect([{}, { CI: '' }, { CI: 'false' }].map(isKept)).toEqual([false, false, false]);
});

test('what is printed ends with three lines of Python', () => {
  const lines = welcomeLines('https://app', 'cairn_x', 60);
  expect(lines.join('\n')).toMatch(/https:\/\/app\n.*60 minutes.*cairn_x/);
  expect(lines.slice(-3).every((line) => line.includes('mlflow'))).toBe(true);
});

describe('the hook', () => {
  const own = { CI: '', GITHUB_ACTIONS: '', TF_BUILD: '' };

  test('says why the app is not ready, and fails', async () => {
    const azd = await fakeAzd(azdToken);
    routes.set(ready, refused);
    const env = { ...azd.env, ...own, CAIRN_PUBLIC_URL: app.url, CAIRN_READY_SECONDS: '0' };
    const { code, output } = await ran('./welcome.ts', env);
    await azd.remove();
    expect(output).toContain('is not ready: documents: a role is missing');
    expect(code).toBe(1);
  });

  test('makes no token in a pipeline', async () => {
    const azd = await fakeAzd(azdToken);
    routes.set(ready, { body: { status: 'ready' } });
    const { code, output } = await ran('./welcome.ts', {
      ...azd.env,
      ...own,
      CI: 'true',
      CAIRN_PUBLIC_URL: app.url,
    });
    await azd.remove();
    expect(output).toMatch(/^Cairn is ready at .* No token is made/);
    expect(code).toBe(0);
  });

  test('makes no token for who is not the first admin', async () => {
    const azd = await fakeAzd(azdToken);
    routes.set(ready, { body: { status: 'ready' } });
    const admin = { CAIRN_FIRST_ADMIN: 'entra:tenant-1/object-2' };
    const { code, output } = await ran('./welcome.ts', {
      ...azd.env,
      ...own,
      ...admin,
      CAIRN_PUBLIC_URL: app.url,
    });
    await azd.remove();
    expect(output).toMatch(/No token is made for you, entra:tenant-1\/object-1: .*object-2/);
    expect(output).not.toMatch(/cairn_[0-9a-f]{16}/);
    expect(code).toBe(0);
  });

  test('writes the token into the stores of the deployment, as its hash', async () => {
    const data = await mkdtemp(join(tmpdir(), 'cairn-welcome-'));
    const storage = await testStorage();
    const env = {
      AzureWebJobsStorage: storage.connectionString,
      CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('../../local/cosmos/transport.ts', import.meta.url)),
      CAIRN_COSMOS_DATA: data,
    };
    const opened = async () => {
      // The transport reads the environment of the process.
      Object.assign(process.env, env);
      return openStores(readSettings(env));
    };
    const before = await opened();
    await before.createIfMissing();
    await before.close();
    const azd = await fakeAzd(azdToken);
    routes.set(ready, { body: { status: 'ready' } });
    const { code, output } = await ran('./welcome.ts', {
      ...azd.env,
      ...own,
      ...env,
      CAIRN_FIRST_ADMIN: 'entra:Tenant-1/Object-1',
      CAIRN_PUBLIC_URL: app.url,
    });
    await azd.remove();
    const token = /cairn_[0-9a-f]{16}_\w+/.exec(output)?.[0] ?? output;
    const after = await opened();
    const kept = await after
      .documents('access')
      .query({ text: "SELECT c.hash, c.principalId FROM c WHERE c.type = 'token'" }, { key: ['*'] });
    await after.close();
    await storage.close();
    await rm(data, { recursive: true });
    const hash = createHash('sha256').update(token).digest('hex');
    expect({ code, kept }).toEqual({ code: 0, kept: [{ hash, principalId: who }] });
  });
});
