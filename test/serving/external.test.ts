import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServer, testServer } from '../support/server.ts';
import { makeEndpoint } from './asking.ts';
import { classifier, publish } from './support.ts';

type Seen = { headers: IncomingMessage['headers']; method: string; url: string; body: Buffer };
type Behave = (response: ServerResponse, seen: Seen) => void;

const secret = 'tok-7f3a91';
const seen: Seen[] = [];
let behave: Behave;
let elsewhere: Server;
let url: string;
let server: TestServer;

const answerJson =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Behave =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, method = '', url: path = '' } = request;
      const call = { headers, method, url: path, body: Buffer.concat(chunks) };
      seen.push(call);
      behave(response, call);
    });
  });
  await new Promise<void>((listening) => elsewhere.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/invocations?of=model`;
  server = await testServer({
    CAIRN_SCORING_TARGETS: 'any',
    CAIRN_KEYS_FOLDER: mkdtempSync(join(tmpdir(), 'cairn-keys-')),
  });
  await makeEndpoint(server, 'away', {
    deployments: [{ name: 'there', url, secret }],
    limits: { timeout_seconds: 1, body_bytes_max: 2048 },
  });
  await makeEndpoint(server, 'open', { deployments: [{ name: 'there', url }] });
  await publish(server, 'mixed', classifier());
  await makeEndpoint(server, 'mixed', {
    deployments: [
      { name: 'here', model: 'mixed', version: 1 },
      { name: 'there', url },
    ],
    traffic: { here: 100, there: 0 },
  });
});
afterAll(async () => {
  await server.close();
  elsewhere.closeAllConnections();
  await new Promise((closed) => elsewhere.close(closed));
});

async function post(name: string, body: BodyInit, headers: Record<string, string> = {}) {
  const response = await server.fetch(`/endpoints/${name}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { response, status: response.status, text: await response.text() };
}

describe('a deployment elsewhere', () => {
  test('gets the call as it came, with its secret and nothing of the caller’s', async () => {
    behave = answerJson({ predictions: [1] });
    const body = '{"inputs": [[1, 2]],\n "messages": "NaN"}';
    const { response, status, text } = await post('away', body, {
      authorization: 'Bearer of-the-caller',
      cookie: 'session=1',
      'x-request-id': 'r-42',
    });
    expect([status, text]).toEqual([200, '{"predictions":[1]}']);
    expect(response.headers.get('x-cairn-deployment')).toBe('there');
    expect(response.headers.get('x-cairn-version')).toBeNull();
    const call = seen.at(-1);
    expect(call).toMatchObject({ method: 'POST', url: '/invocations?of=model' });
    expect(call?.body.toString()).toBe(body);
    expect(call?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: `Bearer ${secret}`,
      'x-request-id': 'r-42',
    });
    expect(call?.headers).not.toHaveProperty('cookie');
  });

  test('gets any content type, and bytes that are packed as they are', async () => {
    behave = answerJson({});
    const packed = gzipSync('a,b\n1,2\n');
    await post('open', packed, { 'content-type': 'text/csv; header=present', 'content-encoding': 'gzip' });
    expect(seen.at(-1)?.headers).toMatchObject({
      'content-type': 'text/csv; header=present',
      'content-encoding': 'gzip',
    });
    expect(seen.at(-1)?.headers).not.toHaveProperty('authorization');
    expect(seen.at(-1)?.body).toEqual(packed);
    await post('open', Buffer.from([0, 255, 1]), { 'content-type': 'application/vnd.apache.parquet' });
    expect([...(seen.at(-1)?.body ?? [])]).toEqual([0, 255, 1]);
  });

  test.each([400, 413, 415, 422, 429])(
    'says of the body what it says: its %d is the caller’s',
    async (code) => {
      behave = answerJson({ detail: 'no such column' }, code, { 'retry-after': '7' });
      const { response, status, text } = await post('away', '{}');
      expect([status, text]).toEqual([code, '{"detail":"no such column"}']);
      expect(response.headers.get('retry-after')).toBe('7');
    },
  );

  test.each([200, 400])('that repeats the secret in its %d is not let through', async (code) => {
    behave = (response, call) => answerJson({ was: call.headers }, code)(response, call);
    const { status, text } = await post('away', '{}');
    expect([status, text]).toEqual([503, expect.stringContaining('its answer holds the secret')]);
    expect(text).not.toContain(secret);
  });

  test('says nonsense of when to come back, which is left out', async () => {
    behave = answerJson({}, 429, { 'retry-after': '-5' });
    const { response, status } = await post('away', '{}');
    expect([status, response.headers.get('retry-after')]).toEqual([429, null]);
  });

  test.each([
    [302, 'it answers 302, and no redirect is followed'],
    [401, 'it does not accept the secret of the deployment (401)'],
    [403, 'it does not accept the secret of the deployment (403)'],
    [404, 'there is nothing at its URL (404)'],
    [500, 'it answers 500'],
    [502, 'it answers 502'],
  ])(
    'that answers %d fails with 503, and the caller is told that it is the one elsewhere',
    async (code, why) => {
      const before = seen.length;
      behave = answerJson({ secret: 'of the upstream' }, code, { location: url });
      const { response, status, text } = await post('away', '{}');
      expect([status, JSON.parse(text)]).toEqual([
        503,
        {
          error_code: 'TEMPORARILY_UNAVAILABLE',
          message: `Deployment 'there', which is elsewhere, fails: ${why}.`,
        },
      ]);
      expect(response.headers.get('retry-after')).toBe('2');
      expect(seen.length).toBe(before + 1);
    },
  );

  test('that gives no answer, or half of one, in time is a 504', async () => {
    behave = () => undefined;
    const silent = await post('away', '{}');
    behave = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"predictions":');
    };
    const half = await post('away', '{}');
    for (const { status, text } of [silent, half])
      expect([status, JSON.parse(text)]).toEqual([
        504,
        { error_code: 'DEADLINE_EXCEEDED', message: 'Request processing time exceeded limit' },
      ]);
  });

  test('that breaks off fails, and answers of many megabytes are refused', async () => {
    behave = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"predictions":');
      setTimeout(() => response.destroy(), 20);
    };
    const broken = await post('open', '{}');
    expect([broken.status, broken.text]).toEqual([503, expect.stringContaining('is too long, or broke off')]);
    behave = (response) => {
      response.writeHead(200);
      response.end(Buffer.alloc(33 * 1024 * 1024));
    };
    const long = await post('open', '{}');
    expect([long.status, long.text]).toEqual([503, expect.stringContaining('is too long, or broke off')]);
  });

  test('cannot make a page of this server out of its answer', async () => {
    behave = (response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'a=b', 'x-cairn-version': '9' });
      response.end('<script>');
    };
    const { response, text } = await post('open', '{}');
    expect(text).toBe('<script>');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    for (const name of ['set-cookie', 'x-cairn-version']) expect(response.headers.get(name)).toBeNull();
  });

  test('is sent no body beyond the limit of the endpoint', async () => {
    behave = answerJson({});
    expect((await post('away', ' '.repeat(2048))).status).toBe(200);
    const before = seen.length;
    expect((await post('away', ' '.repeat(2049))).status).toBe(413);
    expect(seen.length).toBe(before);
  });

  test('has no inputs that are known here: the other protocol says so, and where to ask', async () => {
    const input = { name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] };
    const says = {
      error:
        "Deployment 'there' of endpoint 'away' is elsewhere; it takes invocations only, at /endpoints/away/invocations.",
    };
    expect(await server.call('POST', '/v2/models/away/infer', { inputs: [input] })).toEqual({
      status: 409,
      body: says,
    });
    expect(await server.call('GET', '/v2/models/away')).toEqual({ status: 409, body: says });
    expect((await server.call('POST', '/v2/repository/models/away/load', {})).status).toBe(409);
    expect((await server.fetch('/endpoints/away/ping')).status).toBe(200);
  });

  test('stands beside a model here: each is reached by its name', async () => {
    behave = answerJson({ predictions: ['there'] });
    const body = JSON.stringify({ dataframe_records: [{ length: 1, width: 2, höhe: 3 }] });
    const here = await post('mixed', body);
    expect([here.status, here.response.headers.get('x-cairn-version')]).toEqual([200, '1']);
    expect((await post('mixed', body, { 'x-cairn-deployment': 'there' })).text).toBe(
      '{"predictions":["there"]}',
    );
    expect((await server.call('GET', '/v2/models/mixed')).status).toBe(200);
  });

  test('and the version here are named by each answer that one of them was chosen for, also where it fails', async () => {
    behave = answerJson({}, 500);
    const saidBy = ({ headers }: Response) => [
      headers.get('x-cairn-deployment'),
      headers.get('x-cairn-version'),
    ];
    const there = await post('mixed', '{}', { 'x-cairn-deployment': 'there' });
    expect([there.status, ...saidBy(there.response)]).toEqual([503, 'there', null]);
    for (const [body, type] of [
      ['{', 'application/json'],
      ['{"inputs":[[1]]}', 'application/json'],
      ['x', 'text/plain'],
    ] as const) {
      const refused = await post('mixed', body, { 'content-type': type });
      expect([refused.status < 500, ...saidBy(refused.response)]).toEqual([true, 'here', '1']);
    }
    const infer = await server.fetch('/v2/models/mixed/infer', { method: 'POST', body: '{}' });
    expect([infer.status, ...saidBy(infer)]).toEqual([415, 'here', '1']);
    const elsewhereOnly = await server.fetch('/v2/models/away');
    expect([elsewhereOnly.status, ...saidBy(elsewhereOnly)]).toEqual([409, 'there', null]);
    for (const path of ['/v2/models/mixed', '/v2/models/mixed/ready'])
      expect(saidBy(await server.fetch(path))).toEqual(['here', '1']);
    const unknown = await post('mixed', '{}', { 'x-cairn-deployment': 'nowhere' });
    expect([unknown.status, ...saidBy(unknown.response)]).toEqual([404, null, null]);
  });

  test('whose host does not answer fails without a word of the network, and no log holds the secret', async () => {
    await makeEndpoint(server, 'gone', {
      deployments: [{ name: 'there', url: 'http://127.0.0.1:1/invocations', secret }],
    });
    const { status, text } = await post('gone', '{}');
    expect([status, (JSON.parse(text) as { message: string }).message]).toEqual([
      503,
      "Deployment 'there', which is elsewhere, fails: the connection was refused.",
    ]);
    expect(server.logged.join('\n')).not.toContain(secret);
  });
});
