import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const root = '/api/2.0/mlflow-artifacts/artifacts';
const put = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  server.fetch(`${root}/${path}`, { method: 'PUT', body, headers, duplex: 'half' } as RequestInit);

describe('artifacts', () => {
  test.each([
    ['plain.txt'],
    ['with space.txt'],
    ['100%.txt'],
    ['pct%25.txt'],
    ['naïve – 日本.txt'],
    ['a+b&c=d.txt'],
    ['deep/er/file.txt'],
  ])('%s comes back byte for byte under its own name', async (name) => {
    const encoded = name.split('/').map(encodeURIComponent).join('/');
    const bytes = randomBytes(1000);
    expect((await put(`names/${encoded}`, bytes)).status).toBe(200);
    const response = await server.fetch(`${root}/names/${encoded}`);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const [first] = name.split('/');
    const listed = (await (await server.fetch(`${root}?path=names`)).json()) as { files: { path: string }[] };
    expect(listed.files.map((f) => f.path)).toContain(first);
  });

  test('a folder lists its own level, a missing one is empty, a missing file is 404', async () => {
    await put('tree/a.txt', 'a');
    await put('tree/sub/b.txt', 'bb');
    expect((await server.call('GET', `${root}?path=tree`)).body).toEqual({
      files: expect.arrayContaining([
        { path: 'sub', is_dir: true },
        { path: 'a.txt', is_dir: false, file_size: 1 },
      ]),
    });
    expect((await server.call('GET', `${root}?path=nowhere`)).body).toEqual({});
    expect(await server.call('GET', `${root}/tree/nothing.txt`)).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
  });

  test.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['lines=1-2', 200, '0123456789', null],
  ])('range %s', async (range, status, text, contentRange) => {
    await put('range.txt', '0123456789');
    const response = await server.fetch(`${root}/range.txt`, { headers: { range } });
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  test('a file over 8 MiB is fetched from storage by a signed, short-lived URL', async () => {
    const bytes = randomBytes(9 * 1024 * 1024);
    await put('large.bin', bytes);
    const response = await server.fetch(`${root}/large.bin`);
    expect(response.status).toBe(302);
    const direct = await fetch(response.headers.get('location') ?? '');
    expect(Buffer.from(await direct.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('a body cut short leaves the older file as it was', async () => {
    await put('cut.txt', 'complete');
    const short = await put('cut.txt', 'part', { 'content-length': '100' });
    expect(short.status).toBe(400);
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('half'));
        controller.error(new Error('connection lost'));
      },
    });
    expect((await put('cut.txt', broken)).status).toBe(400);
    expect(await (await server.fetch(`${root}/cut.txt`)).text()).toBe('complete');
  });

  test('of many who send one file at once, each is stored whole or told to send it again', async () => {
    const small = await Promise.all(Array.from({ length: 8 }, (_, i) => put('race.txt', `writer ${i}`)));
    expect(small.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await (await server.fetch(`${root}/race.txt`)).text()).toMatch(/^writer \d$/);

    const bytes = (i: number) => Buffer.alloc(6_000_000, `writer ${i}`);
    const large = await Promise.all(Array.from({ length: 4 }, (_, i) => put('race.bin', bytes(i))));
    const stored = large.map(({ status }) => status);
    expect(stored).toContain(200);
    expect(stored.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    const kept = Buffer.from(await (await server.fetch(`${root}/race.bin`)).arrayBuffer());
    expect([0, 1, 2, 3].some((i) => kept.equals(bytes(i)))).toBe(true);
  });

  test('a content type that storage cannot keep is refused', async () => {
    for (const type of ['text/\xff', 'x'.repeat(300)])
      expect((await put('typed.txt', 'a', { 'content-type': type })).status).toBe(400);
    expect((await server.fetch(`${root}/typed.txt`)).status).toBe(404);
  });

  test.each(['%252e%252e/x', 'a%5c..%5cb', 'a%00b', '%2Fetc/passwd', 'a//b'])(
    '%s is refused',
    async (path) => {
      expect(await server.call('PUT', `${root}/${path}`)).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      });
    },
  );

  // URL parsers resolve these before any route is asked: they lead to another path, never to a file.
  test.each(['%2e%2e/secret', 'a/%2e%2e/%2e%2e/b'])('%s leads nowhere', async (path) => {
    expect((await server.call('PUT', `${root}/${path}`)).status).toBe(404);
  });

  test('one workspace does not see the files of another', async () => {
    await put('private.txt', 'mine', { 'x-mlflow-workspace': 'a' });
    expect(
      (await server.fetch(`${root}/private.txt`, { headers: { 'x-mlflow-workspace': 'b' } })).status,
    ).toBe(404);
  });
});
