import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const long = process.env['CAIRN_TEST'] === 'long';
const MiB = 1024 * 1024;
const root = '/api/2.0/mlflow-artifacts/artifacts';
const tooLarge = {
  error_code: 'INVALID_PARAMETER_VALUE',
  message: expect.stringContaining('MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true'),
};
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

  test('a folder logged under an escaped name is listed under it, as its files are read', async () => {
    // A client puts such a name into the URL of a file as it is, and asks for the list by the very name.
    await put('escaped/a%20b/c.txt', 'c');
    const list = (path: string) => server.call('GET', `${root}?path=${encodeURIComponent(path)}`);
    const files = [{ path: 'c.txt', is_dir: false, file_size: 1 }];
    expect((await list('escaped/a%20b')).body).toEqual({ files });
    expect((await list('escaped/a b')).body).toEqual({ files });
    await put('escaped/a%2520b/d.txt', 'dd');
    const exact = [{ path: 'd.txt', is_dir: false, file_size: 2 }];
    expect((await list('escaped/a%20b')).body).toEqual({ files: exact });
    expect((await list('escaped/x%2f..%2f..')).body).toEqual({});
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

  test('a range outside of the file is 416, and an empty file has none', async () => {
    await put('range.txt', '0123456789');
    const outside = await server.fetch(`${root}/range.txt`, { headers: { range: 'bytes=10-' } });
    expect([outside.status, await outside.json()]).toEqual([
      416,
      { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining('10 bytes') },
    ]);
    await put('range-empty.txt', '');
    const empty = await server.fetch(`${root}/range-empty.txt`, { headers: { range: 'bytes=0-1023' } });
    expect([empty.status, await empty.text()]).toEqual([200, '']);
  });

  test('a file over 8 MiB is fetched from storage by a signed, short-lived URL, which keeps the range', async () => {
    const bytes = randomBytes(9 * MiB);
    await put('large – 1%25.bin', bytes);
    const response = await server.fetch(`${root}/large – 1%25.bin`);
    expect([response.status, response.headers.get('cache-control')]).toEqual([302, 'no-store']);
    const location = response.headers.get('location') ?? '';
    const direct = await fetch(location);
    expect(Buffer.from(await direct.arrayBuffer()).equals(bytes)).toBe(true);
    expect(direct.headers.get('content-disposition')).toBe('attachment');
    const part = await fetch(location, { headers: { range: 'bytes=1-8500000' } });
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1, 8_500_001))).toBe(true);
    const put403 = await fetch(location, {
      method: 'PUT',
      body: 'x',
      headers: { 'x-ms-blob-type': 'BlockBlob' },
    });
    expect(put403.status).toBe(403);
  });

  test('a range of up to 8 MiB of it, and its size, come through the server', async () => {
    const bytes = randomBytes(9 * MiB);
    await put('large-range.bin', bytes);
    const part = await server.fetch(`${root}/large-range.bin`, {
      headers: { range: `bytes=5-${8 * MiB + 4}` },
    });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 5-${8 * MiB + 4}/${9 * MiB}`,
    ]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5, 8 * MiB + 5))).toBe(true);
    const over = await server.fetch(`${root}/large-range.bin`, { headers: { range: `bytes=0-${8 * MiB}` } });
    expect(over.status).toBe(302);
    const head = await server.fetch(`${root}/large-range.bin`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(9 * MiB)]);
  });

  test('what a reader has already is not sent again until it changes', async () => {
    await put('cached.txt', 'one');
    const first = await server.fetch(`${root}/cached.txt`);
    const etag = first.headers.get('etag') ?? '';
    const again = (headers: Record<string, string>) => server.fetch(`${root}/cached.txt`, { headers });
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      expect([(await again({ 'if-none-match': held })).status, held]).toEqual([304, held]);
    expect((await again({ 'if-range': etag, range: 'bytes=0-0' })).status).toBe(206);
    await put('cached.txt', 'two');
    expect(await (await again({ 'if-none-match': etag })).text()).toBe('two');
    expect(await (await again({ 'if-range': etag, range: 'bytes=0-0' })).text()).toBe('two');
  });

  test('a file that is replaced while it is read comes whole, old or new', async () => {
    await put('busy.txt', 'version 0');
    const write = async () => {
      for (let i = 1; i <= 40; i++) await put('busy.txt', `version ${i}`);
    };
    const read = async () => {
      const seen: string[] = [];
      for (let i = 0; i < 40; i++) {
        const response = await server.fetch(`${root}/busy.txt`);
        seen.push(response.status === 200 ? await response.text() : `status ${response.status}`);
      }
      return seen;
    };
    const [, answers] = await Promise.all([write(), read()]);
    expect(answers).toContainEqual(expect.stringMatching(/^version /));
    expect(answers.filter((answer) => !/^version \d+$|^status 409$/.test(answer))).toEqual([]);
  });

  test.each([
    ['page.html', 'text/html'],
    ['page.html', undefined],
    ['image.svg', 'image/svg+xml'],
    ['data.xml', undefined],
    ['sneaky.txt', 'text/html'],
  ])('%s, sent as %s, cannot run in a browser', async (name, type) => {
    await put(name, '<script>1</script>', type === undefined ? {} : { 'content-type': type });
    const { headers } = await server.fetch(`${root}/${name}`);
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  });

  test('a type that means nothing gives way to the one of the name', async () => {
    for (const [name, sent, stored] of [
      ['plot.png', 'application/octet-stream', 'image/png'],
      ['notes.json', 'text/plain', 'text/plain'],
      ['weights', 'application/octet-stream', 'application/octet-stream'],
    ] as const) {
      await put(name, Buffer.from('x'), { 'content-type': sent });
      expect((await server.fetch(`${root}/${name}`)).headers.get('content-type')).toBe(stored);
    }
  });

  test('a download keeps the name of its file, whatever is in it', async () => {
    const name = encodeURIComponent(`it's (1) "ü"; a%b.txt`);
    await put(name, 'x');
    expect((await server.fetch(`${root}/${name}`)).headers.get('content-disposition')).toBe(
      `attachment; filename="it's (1) ___; a_b.txt"; filename*=UTF-8''it%27s%20%281%29%20%22%C3%BC%22%3B%20a%25b.txt`,
    );
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
    const staged = await put('cut/new.bin', Buffer.alloc(9 * MiB), { 'content-length': String(10 * MiB) });
    expect(staged.status).toBe(400);
    expect((await server.fetch(`${root}/cut/new.bin`)).status).toBe(404);
    expect((await server.call('GET', `${root}?path=cut`)).body).toEqual({});
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

  test('a folder goes with all that is in it, and nothing beside it; what is not there is gone already', async () => {
    for (const path of ['gone/a.txt', 'gone/sub/deep/b.txt', 'gone', 'gone.txt', 'gone-too/c.txt'])
      await put(path, 'x');
    for (let twice = 0; twice < 2; twice++)
      expect(await server.call('DELETE', `${root}/gone/`)).toEqual({ status: 200, body: {} });
    for (const path of ['gone/a.txt', 'gone/sub/deep/b.txt', 'gone'])
      expect((await server.fetch(`${root}/${path}`)).status).toBe(404);
    for (const path of ['gone.txt', 'gone-too/c.txt'])
      expect((await server.fetch(`${root}/${path}`)).status).toBe(200);
    await server.call('DELETE', `${root}/gone.txt`);
    expect((await server.fetch(`${root}/gone.txt`)).status).toBe(404);
    expect((await server.call('DELETE', `${root}/`)).status).toBe(400);
  });

  test('a file and a folder of one name are both there', async () => {
    await put('both', 'file');
    await put('both/inside.txt', 'in the folder');
    expect((await server.call('GET', `${root}?path=`)).body['files']).toEqual(
      expect.arrayContaining([
        { path: 'both', is_dir: true },
        { path: 'both', is_dir: false, file_size: 4 },
      ]),
    );
    expect(await (await server.fetch(`${root}/both`)).text()).toBe('file');
    expect((await server.call('GET', `${root}?path=both`)).body).toEqual({
      files: [{ path: 'inside.txt', is_dir: false, file_size: 13 }],
    });
  });

  // Storage gives 5000 names a page.
  test('a folder of many files is listed whole and by name', async () => {
    const names = Array.from({ length: long ? 5200 : 120 }, (_, i) => `many/${(i * 7919) % 5200}.txt`);
    const folders = Array.from({ length: 20 }, (_, i) => `many/${i}-folder/x.txt`);
    const left = [...names, ...folders].values();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (const path of left) await put(path, 'x');
      }),
    );
    const listed = items((await server.call('GET', `${root}?path=many`)).body['files']).map((f) =>
      String(f['path']),
    );
    const expected = [...names, ...folders].map((path) => path.split('/')[1] ?? '');
    expect(listed).toEqual(expected.toSorted((a, b) => (a < b ? -1 : 1)));
    expect((await server.call('DELETE', `${root}/many`)).status).toBe(200);
    expect((await server.call('GET', `${root}?path=many`)).body).toEqual({});
  });

  // The names are of MLflow 2's log_image; the client decodes what it is listed before it asks for it.
  test.each([
    ['dog%step%42%timestamp%1795308783226%xc053ba2.png', 'dog%stepB%timestamp%1795308783226%xc053ba2.png'],
    [
      'dog%step%85%timestamp%1795308783226%xc053ba2.png',
      'dog%step\ufffd%timestamp%1795308783226%xc053ba2.png',
    ],
    ['dog%step%20%timestamp%1795308783226%xc053ba2.png', 'dog%step %timestamp%1795308783226%xc053ba2.png'],
  ])('%s is found under the name that MLflow’s client makes of it', async (name, asked) => {
    await put(`images/${encodeURIComponent(name)}`, name);
    const listed = items((await server.call('GET', `${root}?path=images`)).body['files']);
    expect(listed.map((f) => f['path'])).toContain(name);
    const path = `images/${encodeURIComponent(asked)}`;
    expect(await (await server.fetch(`${root}/${path}`)).text()).toBe(name);
    expect((await server.call('GET', `/api/2.0/mlflow-artifacts/presigned/${path}`)).status).toBe(200);
    expect((await server.fetch(`${root}/other/${path}`)).status).toBe(404);
  });

  test('names that only look alike are different files', async () => {
    await put(encodeURIComponent('é.txt'.normalize('NFC')), 'composed');
    await put(encodeURIComponent('é.txt'.normalize('NFD')), 'decomposed');
    await put('CASE.txt', 'upper');
    await put('case.txt', 'lower');
    const text = async (name: string) => (await server.fetch(`${root}/${encodeURIComponent(name)}`)).text();
    expect(await text('é.txt'.normalize('NFC'))).toBe('composed');
    expect(await text('é.txt'.normalize('NFD'))).toBe('decomposed');
    expect(await text('CASE.txt')).toBe('upper');
  });

  test('what is too much for one request is refused before it is read, and says what to do', async () => {
    const unread = new ReadableStream(
      {
        pull() {
          throw new Error('read');
        },
      },
      { highWaterMark: 0 },
    );
    const announced = await put('huge.bin', unread, { 'content-length': String(100 * MiB + 1) });
    expect([announced.status, await announced.json()]).toEqual([413, tooLarge]);
    expect((await server.fetch(`${root}/huge.bin`)).status).toBe(404);
  });

  test('a body with no length is stored like any other, and refused when it turns out too long', async () => {
    const piece = Buffer.alloc(4 * MiB, 'x');
    const stream = (pieces: number) =>
      new ReadableStream({
        pull(controller) {
          if (pieces-- > 0) controller.enqueue(new Uint8Array(piece));
          else controller.close();
        },
      });
    expect((await put('chunked.bin', stream(3))).status).toBe(200);
    expect(
      (await server.fetch(`${root}/chunked.bin`, { method: 'HEAD' })).headers.get('content-length'),
    ).toBe(String(12 * MiB));
    const endless = await put('chunked.bin', stream(Number.POSITIVE_INFINITY));
    expect([endless.status, await endless.json()]).toEqual([413, tooLarge]);
    expect(
      (await server.fetch(`${root}/chunked.bin`, { method: 'HEAD' })).headers.get('content-length'),
    ).toBe(String(12 * MiB));
  });

  // URL parsers resolve these before any route is asked: they lead to another path, never to a file.
  test.each(['%2e%2e/secret', 'a/%2e%2e/%2e%2e/b'])('%s leads nowhere', async (path) => {
    expect((await server.call('PUT', `${root}/${path}`)).status).toBe(404);
  });

  test('one workspace does not see the files of another, whatever they are called', async () => {
    await put('private.txt', 'mine', { 'x-mlflow-workspace': 'a' });
    await put('a/private.txt', 'of b', { 'x-mlflow-workspace': 'b' });
    const read = async (path: string, workspace: string) =>
      (await server.fetch(`${root}/${path}`, { headers: { 'x-mlflow-workspace': workspace } })).text();
    expect(await read('private.txt', 'b')).toContain('RESOURCE_DOES_NOT_EXIST');
    expect(await read('a/private.txt', 'default')).toContain('RESOURCE_DOES_NOT_EXIST');
    expect(await read('private.txt', 'a')).toBe('mine');
    await server.fetch(`${root}/a`, { method: 'DELETE', headers: { 'x-mlflow-workspace': 'b' } });
    expect(await read('private.txt', 'a')).toBe('mine');
  });
});
