import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const base = '/api/2.0/mlflow-artifacts';
const call = (verb: string, folder: string, body: unknown) =>
  server.call('POST', `${base}/mpu/${verb}/${folder}`, body);
const read = (path: string) => server.fetch(`${base}/artifacts/${path}`);

type Upload = { folder: string; path: string; uploadId: string; urls: string[] };

async function create(folder: string, path: string, parts: number): Promise<Upload> {
  const { status, body } = await call('create', folder, { path, num_parts: parts });
  expect(status).toBe(200);
  const credentials = items(body['credentials']);
  expect(credentials.map((c) => c['part_number'])).toEqual(Array.from({ length: parts }, (_, i) => i + 1));
  return {
    folder,
    path,
    uploadId: String(body['upload_id']),
    urls: credentials.map((c) => String(c['url'])),
  };
}

/** Sends a part as MLflow's client does: bytes, and no header that says what they are. */
async function send({ urls }: Upload, number: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(urls[number - 1] ?? '', { method: 'PUT', body: bytes });
  expect(response.status).toBe(201);
}

const partsOf = (numbers: number[], { urls }: Upload) =>
  numbers.map((n) => ({ part_number: n, etag: '', url: urls[n - 1] }));

function complete(upload: Upload, numbers = upload.urls.map((_, i) => i + 1), changes: object = {}) {
  const { folder, path, uploadId } = upload;
  const parts = partsOf(numbers, upload);
  return call('complete', folder, { path, upload_id: uploadId, parts, ...changes });
}

const invalid = (message: string) => ({
  status: 400,
  body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(message) },
});

describe('an upload in parts', () => {
  test('becomes one file of the bytes of all, in the order of their numbers, when it is completed', async () => {
    const upload = await create('0/run/my%20folder', '/home/me/table 100%.csv', 3);
    const parts = [1, 2, 3].map(() => randomBytes(300_000));
    for (const n of [3, 1, 2]) await send(upload, n, parts[n - 1] ?? Buffer.alloc(0));
    const name = '0/run/my%20folder/table%20100%25.csv';
    expect((await read(name)).status).toBe(404);
    expect((await server.call('GET', `${base}/artifacts?path=0`)).body).toEqual({});
    expect(await complete(upload, [2, 3, 1])).toEqual({ status: 200, body: {} });
    const response = await read(name);
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat(parts))).toBe(true);
    expect(response.headers.get('content-type')).toBe('text/csv');
  });

  test('completed again, as by a client that lost the answer, stays as it is', async () => {
    const upload = await create('again', 'a.bin', 1);
    await send(upload, 1, Buffer.from('whole'));
    for (let i = 0; i < 2; i++) expect((await complete(upload)).status).toBe(200);
    expect(await (await read('again/a.bin')).text()).toBe('whole');
  });

  test('replaces an older file, and leaves it alone until then', async () => {
    await server.fetch(`${base}/artifacts/old/a.bin`, { method: 'PUT', body: 'old' });
    const upload = await create('old', 'a.bin', 1);
    await send(upload, 1, Buffer.from('new'));
    expect(await (await read('old/a.bin')).text()).toBe('old');
    await complete(upload);
    expect(await (await read('old/a.bin')).text()).toBe('new');
  });

  test('takes the name of a file from any kind of path', async () => {
    for (const [path, name] of [
      ['model.bin', 'model.bin'],
      ['dir/model.bin', 'model.bin'],
      ['C:\\Users\\me\\model 1.bin', 'model%201.bin'],
      ['C:\\Users/me\\model.bin', 'model.bin'],
      ['dir\\model.bin', 'model.bin'],
    ] as const) {
      const folder = `names${Math.random()}`;
      const upload = await create(folder, path, 1);
      await send(upload, 1, Buffer.from(path));
      expect((await complete(upload)).status).toBe(200);
      expect(await (await read(`${folder}/${name}`)).text()).toBe(path);
    }
  });

  test('that lacks a part makes no file: never named, never sent, or of another upload', async () => {
    const upload = await create('lacking', 'a.bin', 3);
    expect(await complete(upload)).toMatchObject({
      status: 409,
      body: { error_code: 'RESOURCE_CONFLICT', message: expect.stringContaining('3 of 3 parts') },
    });
    await send(upload, 1, Buffer.from('1'));
    await send(upload, 3, Buffer.from('3'));
    expect(await complete(upload, [1, 3])).toMatchObject(invalid('part 2 is missing'));
    expect(await complete(upload)).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('1 of 3 parts of ') },
    });
    const other = await create('lacking', 'b.bin', 3);
    expect((await complete({ ...other, uploadId: upload.uploadId })).status).toBe(409);
    for (const path of ['lacking/a.bin', 'lacking/b.bin']) expect((await read(path)).status).toBe(404);
  });

  test.each([
    [
      'parts that it has not',
      { parts: [{ part_number: 3 }, { part_number: 1 }, { part_number: 2 }] },
      'no part 3',
    ],
    ['a part twice', { parts: [{ part_number: 1 }, { part_number: 1 }, { part_number: 2 }] }, 'twice'],
    ['no parts', { parts: [] }, 'part 1, 2 is missing'],
    ['parts that are none', { parts: [{ etag: 'x' }] }, 'parts[0].part_number'],
    ['parts that are no list', { parts: 'all' }, "'parts'"],
    ['no list of parts', { parts: undefined }, "'parts'"],
    ['no id', { upload_id: undefined }, 'upload_id'],
    ['an id that is none', { upload_id: 'x'.repeat(42) }, 'upload_id'],
    ['an id of no parts', { upload_id: `${'0'.repeat(36)}-00000` }, 'upload_id'],
    ['an id of too many parts', { upload_id: `${'0'.repeat(36)}-50001` }, 'upload_id'],
    ['no path', { path: undefined }, "'path'"],
  ])('completed with %s is refused', async (_, changes, message) => {
    const upload = await create('wrong', 'a.bin', 2);
    for (const n of [1, 2]) await send(upload, n, Buffer.from(`${n}`));
    expect(await complete(upload, [1, 2], changes)).toMatchObject(invalid(message));
    expect((await read('wrong/a.bin')).status).toBe(404);
  });

  test('that is given up leaves nothing to see', async () => {
    const upload = await create('given-up', 'a.bin', 2);
    await send(upload, 1, Buffer.from('1'));
    const abort = { path: upload.path, upload_id: upload.uploadId };
    expect(await call('abort', 'given-up', abort)).toEqual({ status: 200, body: {} });
    expect((await read('given-up/a.bin')).status).toBe(404);
    expect((await server.call('GET', `${base}/artifacts?path=given-up`)).body).toEqual({});
    expect(await call('abort', 'given-up', { ...abort, upload_id: 'x' })).toMatchObject(invalid('upload_id'));
  });

  test('at once with another of the same name gives the file of one of them, never a mix', async () => {
    for (let round = 0; round < 3; round++) {
      const uploads = await Promise.all([0, 1, 2].map(() => create('race', 'a.bin', 4)));
      await Promise.all(
        uploads.flatMap((upload, i) =>
          [1, 2, 3, 4].map((n) => send(upload, n, Buffer.alloc(100_000, `writer ${i} `))),
        ),
      );
      const statuses = (await Promise.all(uploads.map((upload) => complete(upload)))).map(
        ({ status }) => status,
      );
      expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
      expect(statuses).toContain(200);
      const text = await (await read('race/a.bin')).text();
      expect([0, 1, 2].map((i) => Buffer.alloc(100_000, `writer ${i} `).toString().repeat(4))).toContain(
        text,
      );
    }
  });

  test('goes together with a plain one of the same name', async () => {
    const upload = await create('mixed', 'a.bin', 2);
    await send(upload, 1, Buffer.from('1'));
    const plain = await server.fetch(`${base}/artifacts/mixed/a.bin`, {
      method: 'PUT',
      body: Buffer.alloc(9_000_000, 'p'),
    });
    expect(plain.status).toBe(200);
    await send(upload, 2, Buffer.from('2'));
    // The plain one dropped the first part with everything else that was not its own.
    expect((await complete(upload)).status).toBe(409);
    expect((await read('mixed/a.bin')).status).toBe(302);
  });

  test('has a URL a part that writes this one file and nothing else, for an hour', async () => {
    const { urls } = await create('signed', 'a b%25.bin', 2);
    const [url = '', second = ''] = urls;
    expect(new Set(urls).size).toBe(2);
    const query = new URL(url).searchParams;
    expect([query.get('sp'), query.get('sr'), query.get('comp')]).toEqual(['cw', 'b', 'block']);
    const seconds = (Date.parse(query.get('se') ?? '') - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
    expect(Buffer.from(query.get('blockid') ?? '', 'base64')).toHaveLength(48);
    const elsewhere = url.replace('signed/', 'other/');
    expect(elsewhere).not.toBe(url);
    expect((await fetch(elsewhere, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(second)).status).not.toBe(200);
  });

  test.each([
    ['no parts', { num_parts: 0 }],
    ['fewer than none', { num_parts: -1 }],
    ['too many', { num_parts: 50_001 }],
    ['half a part', { num_parts: 1.5 }],
    ['words for a number', { num_parts: 'many' }],
    ['no number', {}],
  ])('of %s is refused', async (_, parts) => {
    expect(await call('create', 'count', { path: 'a.bin', ...parts })).toMatchObject(invalid('num_parts'));
  });

  test('may have 50,000 parts, all of which a completion can name', async () => {
    const upload = await create('count', 'a.bin', 50_000);
    expect(
      (
        await complete(
          upload,
          [...upload.urls.keys()].map((i) => i + 1),
        )
      ).status,
    ).toBe(409);
  });

  test.each(['..', 'a/..', '', 'dir/', '.', 'a\u0000b', 'a/b\\c'])(
    'does not take %j for a file',
    async (path) => {
      expect(await call('create', 'folder', { path, num_parts: 1 })).toMatchObject({ status: 400 });
    },
  );

  test.each(['%2fetc', 'a%5cb', 'a//b', '%252e%252e'])('does not take %s for a folder', async (folder) => {
    for (const verb of ['create', 'complete', 'abort'])
      expect(await call(verb, folder, { path: 'a', num_parts: 1, upload_id: 'x', parts: [] })).toMatchObject({
        status: 400,
      });
  });

  test('is of its workspace', async () => {
    const headers = { 'x-mlflow-workspace': 'mine', 'content-type': 'application/json' };
    const body = JSON.stringify({ path: 'a.bin', num_parts: 1 });
    const created = await server.fetch(`${base}/mpu/create/private`, { method: 'POST', headers, body });
    const answer = (await created.json()) as JsonObject;
    const url = String(items(answer['credentials'])[0]?.['url']);
    expect(new URL(url).pathname).toMatch(/\/artifacts\/mine\/private\/a\.bin$/);
    await fetch(url, { method: 'PUT', body: 'x' });
    const parts = [{ part_number: 1 }];
    expect(
      await call('complete', 'private', { path: 'a.bin', upload_id: answer['upload_id'], parts }),
    ).toMatchObject({
      status: 409,
    });
  });
});
