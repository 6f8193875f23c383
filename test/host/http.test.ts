import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Host, type HostOptions, startHost } from '../../local/host/index.ts';
import { eventually, fixture, letGo, listenToFixture, type Reports } from './reports.ts';

const MB = 1024 * 1024;
const long = process.env['CAIRN_TEST'] === 'long';

let host: Host;
let reports: Reports;
let logged: { level: string; message: string; function?: string }[];

async function start(options: Partial<HostOptions> = {}): Promise<void> {
  logged = [];
  host = await startHost({
    appDir: fixture('http'),
    port: 0,
    log: (entry) => logged.push(entry),
    ...options,
  });
}
beforeEach(() => {
  reports = listenToFixture();
});
afterEach(async () => {
  letGo();
  await host.stop();
  reports.close();
});

describe.each([
  { mode: 'in process', faithful: false },
  { mode: "through the library's proxy", faithful: true },
])('HTTP $mode', ({ faithful }) => {
  beforeEach(() => start({ faithful }));

  test('a request reaches the function unharmed', async () => {
    const target = '/describe/A%20b/c%2Fd%25/%C3%BC+%2B?q=1&q=2&plus=%2B&space=a+b&empty=';
    const { body } = await send('POST', target, {
      headers: {
        'X-Twice': ['one', 'two'],
        'X-Case': 'KeptAsIs',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      },
      body: 'hällo',
    });
    const seen = JSON.parse(body);
    expect(seen.url).toBe(`${host.url}${target}`);
    expect(seen.method).toBe('POST');
    expect(seen.body).toBe('hällo');
    expect(seen.query).toEqual([
      ['q', '1'],
      ['q', '2'],
      ['plus', '+'],
      ['space', 'a b'],
      ['empty', ''],
    ]);
    expect(seen.headers).toMatchObject({
      'x-twice': 'one, two',
      'x-case': 'KeptAsIs',
      host: new URL(host.url).host,
    });
    // Decoded once, but for the slash, which would otherwise become a separator.
    expect(seen.params).toEqual({ id: 'A b', rest: 'c%2Fd%/ü++' });
    expect(seen.functionName).toBe('describe');
    expect(seen.traceParent).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
    expect(seen.options.trigger).toMatchObject({ type: 'httpTrigger', route: 'describe/{id}/{*rest}' });
    expect(seen.options.return).toMatchObject({ type: 'http', name: '$return' });
  });

  test('routes match literals without case, and methods as part of the route', async () => {
    expect(await status('GET', '/GETONLY')).toBe(200);
    expect(await status('POST', '/getOnly')).toBe(404);
    expect(await status('OPTIONS', '/getOnly')).toBe(404);
    expect(await status('GET', '/getOnly/more')).toBe(404);
    expect((await send('GET', '/nowhere')).body).toBe('');
  });

  test('nothing returned is 204; an error or a result that is no response is 500 with nothing told', async () => {
    expect(await send('GET', '/nothing')).toMatchObject({ status: 204, body: '' });
    expect(await send('GET', '/throws')).toMatchObject({ status: 500, body: '' });
    expect(await send('GET', '/badResult')).toMatchObject({ status: 500, body: '' });
    expect(
      logged.some((entry) => entry.function === 'throws' && entry.message.includes('the handler failed')),
    ).toBe(true);
  });

  test("the library's response, its init object and a web Response are all answers", async () => {
    expect(await send('GET', '/response')).toMatchObject({
      status: 201,
      body: 'made',
      headers: { 'x-made': 'yes' },
    });
    expect(await send('GET', '/getOnly')).toMatchObject({ status: 200, body: 'got' });
    expect(await send('GET', '/web')).toMatchObject({ status: 202, body: 'from the web' });
    const described = await send('GET', '/describe/1');
    expect(described.headers['content-type']).toBe('application/json');
  });

  test('cookies, and the headers of host.json, are set', async () => {
    const { headers } = await send('GET', '/cookies');
    expect(headers['set-cookie']).toEqual(
      ['a=1%202; Path=/; HttpOnly', 'b=2; Max-Age=10; SameSite=Lax'].map(ordered(headers)),
    );
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect((await send('GET', '/nowhere')).headers['x-content-type-options']).toBe('nosniff');
  });

  test('HEAD is answered without a body where it is listed', async () => {
    expect(await send('HEAD', '/response')).toMatchObject({ status: 201, body: '' });
    expect(await status('HEAD', '/getOnly')).toBe(404);
  });

  test('hooks run around an invocation, and may replace its handler', async () => {
    expect(await send('GET', '/hooked')).toMatchObject({ status: 203, body: 'hooked' });
    expect(reports.of('hook')).toEqual(['appStart', 'pre httpTrigger', 'post true 203']);
    await host.stop();
    expect(reports.of('hook').at(-1)).toBe('appTerminate');
  });

  test('a body without a length is read whole', async () => {
    const request = open('PUT', '/count');
    for (let i = 0; i < 10; i += 1) request.write(Buffer.alloc(100_000));
    request.end();
    expect(JSON.parse((await read(request)).body)).toEqual({ bytes: 1_000_000 });
  });

  test('large bodies stream both ways in flat memory', async () => {
    const bytes = (long ? 2048 : 384) * MB;
    await host.stop();
    await start({ faithful, env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(2 * bytes) } });
    const before = await settledMemory();
    const request = open('PUT', '/echo', { 'content-length': String(bytes) });
    const echoed = once(request, 'response').then(async ([response]) => {
      let received = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) received += chunk.byteLength;
      return received;
    });
    let peak = 0;
    const chunk = Buffer.alloc(MB);
    for (let sent = 0; sent < bytes; sent += chunk.byteLength) {
      if (!request.write(chunk)) await once(request, 'drain');
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    request.end();
    expect(await echoed).toBe(bytes);
    expect((peak - before) / MB).toBeLessThan(220);
  });

  test('a body declared over the limit is refused before the function runs', async () => {
    await host.stop();
    await start({ faithful, env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' } });
    const request = open('PUT', '/readsUntilError', { 'content-length': '5000' });
    request.end(Buffer.alloc(5000));
    const { status: code, headers } = await read(request);
    expect(code).toBe(413);
    expect(headers['connection']).toBe('close');
    expect(reports.all.filter((report) => report.name === 'chunk')).toEqual([]);
    expect(await status('PUT', '/count', 'x'.repeat(1000))).toBe(200);
  });

  test('a body that outgrows the limit on the way is cut off with 413', async () => {
    await host.stop();
    await start({ faithful, env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(MB) } });
    const request = open('PUT', '/readsUntilError');
    request.on('error', () => {});
    const answered = read(request);
    for (let i = 0; i < 20; i += 1) request.write(Buffer.alloc(100_000));
    request.end();
    expect((await answered).status).toBe(413);
    expect(await reports.next<string>('body')).not.toBe('complete');
  });

  test('a client that leaves while sending ends the body the function reads', async () => {
    const request = open('PUT', '/readsUntilError');
    request.on('error', () => {});
    request.write(Buffer.alloc(10_000));
    await reports.next('chunk');
    request.destroy();
    expect(await reports.next<string>('body')).not.toBe('complete');
  });

  test('a body that the function does not read does not hold the answer back', async () => {
    expect(await status('PUT', '/ignoresBody', Buffer.alloc(3 * MB))).toBe(200);
    expect(await status('PUT', '/ignoresBody', 'small')).toBe(200);
  });

  test('a client that reads no answer before all is sent gets to send a body that nobody reads', async () => {
    const request = open('PUT', '/ignoresBody', { connection: 'keep-alive' });
    const answered = read(request);
    request.end(Buffer.alloc(50 * MB));
    await once(request, 'finish');
    expect((await answered).status).toBe(200);
  });

  test('an answer that breaks midway never looks complete', async () => {
    const outcome = await send('GET', '/breaks').then(
      ({ status: code }) => code,
      () => 'cut',
    );
    // Through the proxy the failure may be known before the first bytes have come back.
    expect(faithful ? ['cut', 500] : ['cut']).toContain(outcome);
  });

  test('a connection on which nothing moves is answered 504', async () => {
    await host.stop();
    await start({ faithful, idleSecondsMax: 0.3 });
    expect(await status('GET', '/waits')).toBe(504);
    letGo();
    expect(await status('GET', '/getOnly')).toBe(200);
  });

  test('an event reaches the client when it is sent, not when the answer ends', async () => {
    const request = open('GET', '/events');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(first.toString()).toBe('data: 1\n\n');
    letGo();
    const [second] = (await once(response, 'data')) as [Buffer];
    expect(second.toString()).toBe('data: 2\n\n');
  });

  test('an event stream does not hold up a stop', async () => {
    const request = open('GET', '/events');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    const ended = once(response, 'end');
    const before = performance.now();
    await host.stop();
    await ended;
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('an event stream whose client has gone does not hold up a stop either', async () => {
    const request = open('GET', '/events');
    request.on('error', () => undefined).end();
    await once(request, 'response');
    request.destroy();
    // The host learns of it before it answers another.
    await send('GET', '/getOnly');
    const before = performance.now();
    await host.stop();
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('stopping waits for the request that runs and takes no more', async () => {
    const slow = send('GET', '/waits');
    await reports.next('waiting');
    const stopping = host.stop();
    await eventually(() =>
      send('GET', '/getOnly').then(
        () => false,
        () => true,
      ),
    );
    letGo();
    expect(await slow).toMatchObject({ status: 200, body: 'went' });
    await stopping;
  });

  test('a thousand requests at once are all answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => send('POST', `/describe/${n}`, { body: `${n}` })),
    );
    for (const [n, { body }] of answers.entries())
      expect(JSON.parse(body)).toMatchObject({ body: `${n}`, params: { id: `${n}` } });
  });
});

describe('HTTP in process, beyond what the library itself can do', () => {
  beforeEach(() => start());

  test('a client that reads slowly holds the function back', async () => {
    const request = open('GET', `/download?bytes=${256 * MB}`);
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    response.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // What the sockets hold, and no more.
    expect(reports.of<number>('produced').at(-1)).toBeLessThan(32 * MB);
    request.destroy();
  });

  test('a client that leaves cancels the answer', async () => {
    const request = open('GET', `/download?bytes=${512 * MB}`);
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    request.destroy();
    expect(await reports.next<number>('cancelled')).toBeLessThan(512 * MB);
  });

  test('a log line carries its function and level', async () => {
    await send('GET', '/logs');
    expect(logged).toContainEqual(
      expect.objectContaining({ function: 'logs', level: 'information', message: 'hello 1' }),
    );
    expect(logged).toContainEqual(
      expect.objectContaining({ function: 'logs', level: 'warning', message: 'careful' }),
    );
  });

  test('lines that are no request, and addresses that are too long, are refused', async () => {
    expect(await status('GET', `/describe/${'x'.repeat(8200)}`)).toBe(414);
    expect(await status('GET', `/describe/1?q=${'x'.repeat(4200)}`)).toBe(414);
    expect(await status('GET', '//getOnly')).toBe(404);
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('GET /getOnly HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(
      await raw('GET http://elsewhere/getOnly HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a client that waits for leave to send learns of the limit first', async () => {
    await host.stop();
    await start({ env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' } });
    const request = open('PUT', '/count', { 'content-length': '5000', expect: '100-continue' });
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    request.destroy();
  });

  test('a page of another site cannot reach the local endpoints', async () => {
    let called = 0;
    await host.stop();
    await start({ localEndpoints: { 'POST /admin/local/reset': () => Promise.resolve(void (called += 1)) } });
    expect(await status('POST', '/admin/local/reset')).toBe(204);
    expect((await send('POST', '/admin/local/reset', { headers: { origin: 'http://evil' } })).status).toBe(
      401,
    );
    expect(called).toBe(1);
  });
});

describe('the admin endpoints', () => {
  beforeEach(() => start({ adminKey: 'secret' }));

  test('need the key, in a header or the query', async () => {
    const paths = ['/admin/host/status', '/admin/host/ping', '/admin/functions', '/admin/elsewhere'];
    const refused = paths.flatMap((path) => [
      send('GET', path),
      send('GET', path, { headers: { 'x-functions-key': 'wrong!' } }),
    ]);
    for (const answer of await Promise.all(refused)) expect(answer).toMatchObject({ status: 401, body: '' });
    expect((await send('GET', '/admin/host/ping', { headers: { 'x-functions-key': 'secret' } })).status).toBe(
      200,
    );
    expect(await status('GET', '/admin/host/ping?code=secret')).toBe(200);
    expect(await status('GET', '/admin/elsewhere?code=secret')).toBe(404);
    expect(await status('GET', '/runtime/webhooks/blobs')).toBe(404);
  });

  test('tell the state of the host and what it runs', async () => {
    const state = JSON.parse((await send('GET', '/admin/host/status?code=secret')).body);
    expect(state).toMatchObject({ state: 'Running' });
    const functions = JSON.parse((await send('GET', '/admin/functions?code=secret')).body);
    expect(functions).toContainEqual({
      name: 'getOnly',
      kind: 'http',
      isDisabled: false,
      route: '/getOnly',
      methods: ['GET'],
    });
  });
});

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

function open(method: string, path: string, headers: Record<string, string | string[]> = {}): ClientRequest {
  const { hostname, port } = new URL(host.url);
  return httpRequest({ hostname, port, method, path, headers, agent: false });
}

async function read(request: ClientRequest): Promise<Answer> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

async function send(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string | string[]>; body?: string | Buffer } = {},
): Promise<Answer> {
  const request = open(method, path, headers);
  request.end(body);
  return await read(request);
}

async function status(method: string, path: string, body?: string | Buffer): Promise<number> {
  return (await send(method, path, body === undefined ? {} : { body })).status;
}

async function raw(text: string): Promise<string> {
  const socket = connect(host.port, '127.0.0.1');
  socket.end(text);
  let answer = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) answer += chunk.toString();
  return answer;
}

/** The order of a cookie's attributes is the serialiser's own. */
function ordered(headers: IncomingMessage['headers']) {
  const parts = (cookie: string) => cookie.split('; ').toSorted().join('; ');
  return (expected: string) =>
    headers['set-cookie']?.find((cookie) => parts(cookie) === parts(expected)) ?? expected;
}

async function settledMemory(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return process.memoryUsage().rss;
}
