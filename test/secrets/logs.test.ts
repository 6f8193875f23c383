import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doWork } from '../../functions/app.ts';
import { surfaces } from '../../functions/http/surfaces.ts';
import { work } from '../../functions/work.ts';
import { containers } from '../../shared/resources.ts';
import { guardedServer, type GuardedServer } from '../access/support.ts';

/** Text that no other test has, in the shape of secrets of many kinds. */
const random = 'Zq7Planted4Xw9Kt2Vb6Nm1Rs8Jd3Lf5Hg0Py7Ce';
const base64 = Buffer.from(random.slice(0, 32)).toString('base64');
const jwtPart = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const planted = {
  github: `ghp_${random.slice(0, 36)}`,
  cairn: `cairn_0123456789abcdef_${random}${random}`.slice(0, 72),
  jwt: `${jwtPart({ alg: 'RS256', kid: 'k' })}.${jwtPart({ sub: random })}.${random}`,
  signature: encodeURIComponent(base64),
  pem: `-----BEGIN PRIVATE KEY-----\n${base64}${base64}\n-----END PRIVATE KEY-----`,
  password: 'hunter2-planted-password',
  otherPassword: 'another-planted-password',
  webhook: 'planted-webhook-secret-0123456789',
  urlPassword: 'planted-url-password',
};
const sas = `https://a.blob.core.windows.net/c/f.csv?sv=2024-11-04&se=2030-01-01&sig=${planted.signature}`;
const withPassword = `postgresql://me:${planted.urlPassword}@db.example/x`;

/** All of a secret, or enough of it to go on: the middle third counts. */
const traces = Object.entries(planted).flatMap(([name, secret]) => {
  const third = Math.floor(secret.length / 3);
  const core = secret.slice(third, secret.length - third);
  return [secret, ...(core.length >= 12 ? [core] : [])].map((text) => ({ name, text }));
});

/** The names of secrets of which a text shows something. */
function shownIn(text: string): string[] {
  return [...new Set(traces.filter((trace) => text.includes(trace.text)).map(({ name }) => name))];
}

let folder: string;
let server: GuardedServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-logs-'));
  server = await guardedServer({
    CAIRN_KEYS_FOLDER: folder,
    CAIRN_WEBHOOK_TARGETS: 'any',
    CAIRN_CALLS_PER_MINUTE: '1000000',
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Fields of many requests, each with a secret where texts go. */
const body = {
  ...Object.fromEntries(
    [
      'experiment_id',
      'run_id',
      'name',
      'key',
      'path',
      'model_id',
      'principal',
      'endpoint',
      'reason',
      'filter',
      'id',
    ].map((field) => [field, planted.github]),
  ),
  experiment_name: `e ${planted.jwt}`,
  value: planted.pem,
  description: `see ${sas}`,
  source: sas,
  url: withPassword,
  input: sas,
  page_token: planted.cairn,
  tags: [{ key: 'a', value: sas }],
  params: [{ key: 'b', value: planted.github }],
  metrics: [{ key: planted.github, value: planted.jwt, timestamp: 1, step: 0 }],
  password: planted.password,
  username: planted.github,
  secret: planted.webhook,
  token: planted.cairn,
};

const silentOn = /stream|events$/;
const routes = surfaces.flatMap((surface) =>
  surface.routes
    .filter(({ path, operation }) => !silentOn.test(operation) && !path.startsWith('/ajax-api'))
    .map((route) => ({ surface: surface.name, ...route })),
);

const credentials = () => [
  `Bearer ${server.adminToken}`,
  `Bearer ${planted.cairn}`,
  `Bearer ${planted.jwt}`,
  `Basic ${Buffer.from(`somebody:${planted.password}`).toString('base64')}`,
];

/** Answers that refuse and show a secret. */
async function leaksOf(method: string, path: string, init: RequestInit): Promise<string[]> {
  const response = await server.fetch(path, { method, ...init });
  const text = await response.text();
  if (response.status < 400) return [];
  return shownIn(text + JSON.stringify([...response.headers])).map(
    (name) => `${method} ${path.slice(0, 60)} ${response.status} ${name}: ${text.slice(0, 300)}`,
  );
}

describe('no planted secret is in a log or in an answer that refuses,', () => {
  test('wherever in a request it comes: path, query, body, or header, of every route', async () => {
    const leaks: string[] = [];
    // Whoever is not known is refused alike on every route.
    for (const [i, { method, path }] of routes.entries())
      for (const authorization of i % 20 === 0 ? credentials() : credentials().slice(0, 1)) {
        const filled = path.replaceAll(/\{\w+\*?\}/g, planted.github);
        const query = new URLSearchParams({
          ...(body as unknown as Record<string, string>),
          tags: '',
          params: '',
        });
        const json = { authorization, 'content-type': 'application/json', 'x-cairn-reason': planted.github };
        if (method === 'GET') leaks.push(...(await leaksOf(method, `${filled}?${query}`, { headers: json })));
        else {
          leaks.push(...(await leaksOf(method, filled, { headers: json, body: JSON.stringify(body) })));
          const broken = `{"password": "${planted.password}", ${planted.github}`;
          leaks.push(...(await leaksOf(method, filled, { headers: json, body: broken })));
        }
      }
    leaks.push(...(await leaksOf('GET', `/nothing/${planted.github}?x=${planted.cairn}`, {})));
    leaks.push(...(await leaksOf('PUT', `/health?${planted.github}`, {})));
    expect(leaks).toEqual([]);
    await server.drain();
    expect(server.logged.length).toBeGreaterThan(30);
    expect(server.logged.flatMap((line) => shownIn(line).map((name) => `${name}: ${line}`))).toEqual([]);
  }, 120_000);

  test('when users, passwords, tokens and webhooks are made, used, changed and refused', async () => {
    const { admin } = server;
    const says = async (answer: Promise<{ status: number; body: unknown }>, status: number) => {
      const { status: got, body: told } = await answer;
      expect([got, shownIn(JSON.stringify(told))]).toEqual([status, []]);
    };
    const users = '/api/2.0/mlflow/users';
    await says(admin('POST', `${users}/create`, { username: 'uma', password: planted.password }), 200);
    await says(admin('POST', `${users}/create`, { username: 'uma', password: planted.otherPassword }), 400);
    const uma = (password: string) => server.as(`Basic ${Buffer.from(`uma:${password}`).toString('base64')}`);
    expect((await uma(planted.password)('GET', '/api/v1/session')).status).toBe(200);
    await says(uma(planted.otherPassword)('GET', '/api/v1/session'), 401);
    await says(
      admin('PATCH', `${users}/update-password`, { username: 'uma', password: planted.otherPassword }),
      200,
    );
    await says(uma(planted.password)('GET', '/api/v1/session'), 401);

    const made = await admin('POST', '/api/v1/tokens', { name: 'a token' });
    const token = String(made.body['token']);
    expect(made.status).toBe(201);
    await admin('DELETE', `/api/v1/tokens/${String(made.body['id'])}`, { reason: 'done' });
    await says(server.as(`Bearer ${token}`)('GET', '/api/v1/session'), 401);

    const hook = {
      name: 'hook',
      url: 'http://127.0.0.1:1/planted',
      secret: planted.webhook,
      events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
    };
    await says(admin('POST', '/api/2.0/mlflow/webhooks', hook), 200);
    await says(admin('POST', '/api/2.0/mlflow/webhooks', { ...hook, url: withPassword }), 400);
    await says(admin('POST', '/api/2.0/mlflow/registered-models/create', { name: 'told' }), 200);
    await server.drain();

    const lines = server.logged.join('\n');
    expect(shownIn(lines)).toEqual([]);
    expect(lines).not.toContain(token);
    expect(lines).not.toContain(server.adminToken);
    const kept = await everyDocument();
    expect(kept).toContain('"told"');
    for (const secret of [planted.password, planted.otherPassword, planted.webhook, token])
      expect(kept).not.toContain(secret);
  });

  test('when the work of a queue fails with one in the words of somebody else’s error', async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const invocation = { invocationId: 'i', info: log, warn: log, error: log } as never;
    const failure: unknown = await doWork(invocation, {}, (ctx) => {
      ctx.log.error('storage failed', { reason: `RestError at ${sas}` });
      throw new Error(`GET ${sas} failed`, { cause: new TypeError(withPassword) });
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const { message, stack, cause } = failure as Error;
    expect(message).toBe(`GET ${sas.replace(planted.signature, '[redacted: signed URL]')} failed`);
    expect(shownIn([message, stack, String(cause), (cause as Error).stack, ...lines].join('\n'))).toEqual([]);
    expect(lines[0]).toContain('[redacted: signed URL]');
    await expect(work({ kind: planted.github }, invocation)).rejects.not.toThrow(planted.github);
  });
});

/** Every document of every container, as text. */
async function everyDocument(): Promise<string> {
  const texts: string[] = [];
  for (const name of Object.keys(containers) as (keyof typeof containers)[])
    for await (const doc of server.ctx.stores
      .documents(name)
      .stream({ text: 'SELECT * FROM c' }, { consistency: 'strong' }))
      texts.push(JSON.stringify(doc));
  return texts.join('\n');
}
