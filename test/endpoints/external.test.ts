import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../shared/endpoints/index.ts';
import { unsealedSecret } from '../../shared/secrets/index.ts';
import { everything, keyedServer } from '../privacy/support.ts';
import { classifier, deploy } from '../serving/support.ts';
import { type JsonObject, type TestServer } from '../support/server.ts';
import { eventsOf, get, patch } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await keyedServer();
  await deploy(server, 'model', classifier());
});
afterAll(() => server.close());

const url = 'https://scoring.example.com/invocations?api-version=path-of-mine';
const secret = 'a-very-secret-bearer-token';
const main = { name: 'main', model: 'model', alias: 'champion' };

async function make(name: string, deployment: JsonObject | Record<string, unknown>) {
  return server.call('POST', '/api/v1/endpoints', {
    name,
    deployments: [{ name: 'far', url, ...deployment }],
  });
}

async function stored(name: string): Promise<Endpoint | undefined> {
  const found = await server.ctx.stores
    .documents('endpoints')
    .read<Endpoint>([server.ctx.workspace], `endpoint:${name}`);
  return found?.doc;
}

async function secretOf(name: string): Promise<string | undefined> {
  const [far] = (await stored(name))?.deployments ?? [];
  if (far?.kind !== 'external' || far.secret === undefined) return undefined;
  return unsealedSecret(server.ctx, far.secret);
}

describe('a deployment elsewhere', () => {
  test('is kept with its secret sealed, which nothing shows', async () => {
    const made = await make('sealed', { secret });
    expect(made).toMatchObject({
      status: 201,
      body: {
        model: null,
        status: 'ready',
        traffic: { far: 100 },
        deployments: [{ name: 'far', kind: 'external', url, has_secret: true }],
      },
    });
    expect(await secretOf('sealed')).toBe(secret);
    const answers = [
      made.body,
      (await get(server, 'sealed')).body,
      (await server.call('GET', '/api/v1/endpoints')).body,
    ];
    expect(JSON.stringify(answers)).not.toContain(secret);
    for (const text of (await everything(server.ctx)).values()) expect(text).not.toContain(secret);
    expect(server.logged.join('\n')).not.toContain(secret);
    expect(JSON.stringify(await eventsOf(server, 'sealed'))).not.toContain('path-of-mine');
  });

  test('keeps its secret where that is left out, and loses it where it is empty or null', async () => {
    await make('secrets', { secret });
    const change = (more: Record<string, unknown>) =>
      patch(server, 'secrets', { deployments: [{ name: 'far', url, ...more }, main] });
    expect((await change({})).status).toBe(200);
    expect(await secretOf('secrets')).toBe(secret);
    expect((await change({ secret: 'another' })).status).toBe(200);
    expect(await secretOf('secrets')).toBe('another');
    expect((await change({ secret: '' })).body['deployments']).toMatchObject([{ has_secret: false }, {}]);
    await change({ secret });
    expect((await change({ secret: null })).body['deployments']).toMatchObject([{ has_secret: false }, {}]);
  });

  test('does not take its secret along to another URL', async () => {
    await make('moved', { secret });
    const elsewhere = { name: 'far', url: 'https://other.example.com/' };
    expect(await patch(server, 'moved', { deployments: [elsewhere] })).toMatchObject({
      status: 400,
      body: { field: 'deployments[0].secret' },
    });
    expect((await patch(server, 'moved', { deployments: [{ ...elsewhere, secret: 'new' }] })).status).toBe(
      200,
    );
    expect(await secretOf('moved')).toBe('new');
  });

  test('leaves no secret behind when it is deleted', async () => {
    await make('deleted', { secret });
    await server.fetch('/api/v1/endpoints/deleted', { method: 'DELETE' });
    expect(await stored('deleted')).toMatchObject({
      type: 'gone-endpoint',
      deployments: [{ name: 'far', url }],
    });
    expect(await secretOf('deleted')).toBeUndefined();
  });

  test.each([
    ['plain http', 'http://scoring.example.com/', "scheme: 'http'"],
    ['another scheme', 'file:///etc/passwd', "scheme: 'file'"],
    ['a loopback address', 'https://127.0.0.1/', 'public address'],
    ['its other spelling', 'https://0x7f.1/', 'public address'],
    ['a private address', 'https://10.0.0.1/', 'public address'],
    ['the metadata service', 'https://169.254.169.254/metadata/instance', 'public address'],
    ['a mapped address', 'https://[::ffff:10.0.0.1]/', 'public address'],
    ['this machine by name', 'https://localhost/', 'public address'],
    ['a password', 'https://a:b@scoring.example.com/', 'give a secret instead'],
    ['a space', 'https://scoring.example.com/a b', 'percent-encode'],
    ['nothing', '', 'empty'],
  ])('is not at %s', async (_, at, message) => {
    expect(await make('refused', { url: at })).toMatchObject({
      status: 400,
      body: { field: 'deployments[0].url' },
    });
    const changed = await patch(server, 'model', { deployments: [main, { name: 'far', url: at }] });
    expect(changed).toMatchObject({ status: 400, body: { field: 'deployments[1].url' } });
    expect(`${String(changed.body['detail'])} is empty`).toContain(at === '' ? 'empty' : message);
  });

  test.each([
    'https://scoring.example.com/score?api_key=hush-hush',
    'https://scoring.example.com/score?Ocp-Apim-Subscription-Key=hush-hush',
    'https://scoring.example.com/score?a=b&code=hush-hush',
    'https://scoring.example.com/score?accessToken=hush-hush',
    `https://scoring.example.com/score?sv=2024-11-04&sig=${'hush-'.repeat(8)}`,
    `https://scoring.example.com/ghp_${'hush'.repeat(9)}/score`,
  ])('has no secret in its URL, which all may read: %s', async (at) => {
    const made = await make('shown', { url: at });
    expect(made).toMatchObject({ status: 400, body: { field: 'deployments[0].url' } });
    expect(String(made.body['detail'])).toContain("give it as 'secret'");
    const changed = await patch(server, 'model', { deployments: [main, { name: 'far', url: at }] });
    expect(changed).toMatchObject({ status: 400, body: { field: 'deployments[1].url' } });
    expect(JSON.stringify([made.body, changed.body])).not.toContain('hush');
    const answer = await make('kept', { url: 'https://scoring.example.com/a?country=code&n=5' });
    expect([201, 400]).toContain(answer.status);
    expect(JSON.stringify(answer.body)).not.toContain('holds a secret');
  });

  test('gets no copies of calls, and is refused where it is to', async () => {
    const deployments = [main, { name: 'far', url }];
    expect(
      await server.call('POST', '/api/v1/endpoints', { name: 'copied', deployments, mirror: { far: 10 } }),
    ).toMatchObject({ status: 400, body: { field: 'mirror.far' } });
    const body = { name: 'copied', deployments, mirror: { far: 0 } };
    expect(await server.call('POST', '/api/v1/endpoints', body)).toMatchObject({ status: 201 });
    expect(await patch(server, 'copied', { mirror: { far: 10 } })).toMatchObject({
      status: 400,
      body: { field: 'mirror.far', detail: expect.stringContaining('registered models only') },
    });
  });

  test.each([
    ['deployments[0].secret', { secret: 5 }],
    ['deployments[0].secret', { secret: `${secret}\r\nx-admin: 1` }],
    ['deployments[0].secret', { secret: 'x'.repeat(1001) }],
    ['deployments[0].settings', { settings: { execution: 'auto' } }],
    ['deployments[0].model', { model: 'model', alias: 'champion' }],
    ['deployments[0].url', { url: 5 }],
  ])('is refused by its %s, which is not quoted if it is a secret', async (field, given) => {
    const answer = await make('refused', given);
    expect(answer).toMatchObject({ status: 400, body: { field } });
    expect(JSON.stringify(answer.body)).not.toContain(secret);
  });
});
