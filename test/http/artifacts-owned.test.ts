import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const MiB = 1024 * 1024;
const api = '/api/2.0/mlflow';
const ajax = '/ajax-api/2.0/mlflow';
const post = (path: string, body: unknown) => server.call('POST', `${api}/${path}`, body);
const query = (values: Record<string, string>) => new URLSearchParams(values).toString();

async function experiment(location?: string): Promise<string> {
  const name = `experiment ${crypto.randomUUID()}`;
  const { body } = await post('experiments/create', { name, artifact_location: location });
  return String(body['experiment_id']);
}

async function run(experimentId = '0'): Promise<{ id: string; uri: string }> {
  const { body } = await post('runs/create', { experiment_id: experimentId });
  const info = body['run']?.['info'];
  return { id: String(info?.['run_id']), uri: String(info?.['artifact_uri']) };
}

/** Stores a file as the client does: below the location of its owner, at the proxy. */
async function put(uri: string, path: string, body: BodyInit): Promise<void> {
  const root = uri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\//, '');
  const target = `/api/2.0/mlflow-artifacts/artifacts/${root}/${path}`;
  expect((await server.fetch(target, { method: 'PUT', body })).status).toBe(200);
}

const list = (values: Record<string, string>) => server.call('GET', `${api}/artifacts/list?${query(values)}`);
const get = (values: Record<string, string>) => server.fetch(`/get-artifact?${query(values)}`);

describe('artifacts of a run', () => {
  test('are listed by folder, under paths from the root of the run', async () => {
    const { id, uri } = await run();
    await put(uri, 'model/MLmodel', 'flavors: {}');
    await put(uri, 'model/a%20b/100%25.txt', 'x');
    expect(await list({ run_id: id })).toEqual({
      status: 200,
      body: { root_uri: uri, files: [{ path: 'model', is_dir: true }] },
    });
    const inModel = [
      { path: 'model/MLmodel', is_dir: false, file_size: 11 },
      { path: 'model/a b', is_dir: true },
    ];
    for (const path of ['model', 'model/'])
      expect((await list({ run_uuid: id, path })).body).toEqual({ root_uri: uri, files: inModel });
    expect((await list({ run_id: id, path: 'model/a b' })).body['files']).toEqual([
      { path: 'model/a b/100%.txt', is_dir: false, file_size: 1 },
    ]);
    for (const path of ['nowhere', 'model/MLmodel'])
      expect((await list({ run_id: id, path })).body).toEqual({ root_uri: uri });
  });

  test('are read by path, by either name of the run, with ranges and types', async () => {
    const { id, uri } = await run();
    await put(uri, 'my%20notes/100%25.html', '<b>hello</b>');
    const path = 'my notes/100%.html';
    for (const name of ['run_id', 'run_uuid']) {
      const response = await get({ [name]: id, path });
      expect([response.status, await response.text()]).toEqual([200, '<b>hello</b>']);
      expect(response.headers.get('content-security-policy')).toContain('sandbox');
    }
    const part = await server.fetch(`/get-artifact?${query({ run_id: id, path })}`, {
      headers: { range: 'bytes=3-7' },
    });
    expect([part.status, await part.text()]).toEqual([206, 'hello']);
  });

  test('what a page shows of a large file comes from this origin', async () => {
    const { id, uri } = await run();
    await put(uri, 'large.txt', Buffer.alloc(9 * MiB, 'x'));
    const url = `/get-artifact?${query({ run_id: id, path: 'large.txt' })}`;
    const part = await server.fetch(url, { headers: { range: `bytes=0-${MiB - 1}` } });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, MiB]);
    expect((await server.fetch(url)).status).toBe(302);
  });

  test('stay readable when the run is deleted', async () => {
    const { id, uri } = await run();
    await put(uri, 'kept.txt', 'kept');
    await post('runs/delete', { run_id: id });
    expect(await (await get({ run_id: id, path: 'kept.txt' })).text()).toBe('kept');
    expect(items((await list({ run_id: id })).body['files'])).toHaveLength(1);
  });

  test.each([
    ['mlflow-artifacts:/custom/place'],
    ['mlflow-artifacts:/my place'],
    ['mlflow-artifacts://somewhere:5000/hosted'],
  ])('lie below the place of their experiment: %s', async (location) => {
    const { id, uri } = await run(await experiment(location));
    expect(uri).toBe(`${location}/${id}/artifacts`);
    await put(uri, 'a.txt', 'placed');
    expect((await list({ run_id: id })).body['files']).toEqual([
      { path: 'a.txt', is_dir: false, file_size: 6 },
    ]);
    expect(await (await get({ run_id: id, path: 'a.txt' })).text()).toBe('placed');
  });

  test.each(['s3://bucket/place', 'file:///tmp/place', '/tmp/place', 'wasbs://c@a.blob.core.windows.net/p'])(
    'that lie elsewhere, at %s, are said to',
    async (location) => {
      const { id, uri } = await run(await experiment(location));
      const elsewhere = {
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(`'${uri}'`) },
      };
      expect(await list({ run_id: id })).toMatchObject(elsewhere);
      const response = await get({ run_id: id, path: 'a.txt' });
      expect({ status: response.status, body: await response.json() }).toMatchObject(elsewhere);
      for (const verb of ['upload', 'download'])
        expect(await post(`artifacts/presigned-${verb}-url`, { run_id: id, path: 'a.txt' })).toMatchObject(
          elsewhere,
        );
    },
  );

  test('missing is 404: a run, a file, a folder that is asked for as a file', async () => {
    const { id, uri } = await run();
    await put(uri, 'folder/a.txt', 'x');
    const nobody = '0'.repeat(32);
    for (const values of [
      { run_id: nobody, path: 'a.txt' },
      { run_id: id, path: 'a.txt' },
      { run_id: id, path: 'folder' },
    ]) {
      const response = await get(values);
      expect([response.status, await response.json()]).toEqual([
        404,
        { error_code: 'RESOURCE_DOES_NOT_EXIST', message: expect.any(String) },
      ]);
    }
    expect((await list({ run_id: nobody })).status).toBe(404);
  });

  test('a path that leaves the run, and a question that lacks something, is 400', async () => {
    const { id } = await run();
    for (const path of ['../other', '/etc/passwd', 'a/../../b', '%2e%2e/b', 'a\\b', 'a\0b', 'a//b']) {
      expect((await get({ run_id: id, path })).status).toBe(400);
      expect((await list({ run_id: id, path })).status).toBe(400);
    }
    expect((await get({ run_id: id })).status).toBe(400);
    expect((await get({ path: 'a.txt' })).status).toBe(400);
    expect((await list({})).status).toBe(400);
  });
});

describe('a small upload from a page', () => {
  const upload = (values: Record<string, string>, body?: BodyInit) =>
    server.fetch(`${ajax}/upload-artifact?${query(values)}`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);

  test('is an artifact of the run', async () => {
    const { id } = await run(await experiment('mlflow-artifacts:/uploads'));
    expect((await upload({ run_uuid: id, path: 'notes/my note.json' }, '{"a":1}')).status).toBe(200);
    expect(await (await get({ run_id: id, path: 'notes/my note.json' })).text()).toBe('{"a":1}');
  });

  test.each([
    [{ path: 'a.txt' }, 'x', 'Request must specify run_uuid.'],
    [{ run_uuid: 'RUN' }, 'x', 'Request must specify path.'],
    [{ run_uuid: 'RUN', path: 'a.txt' }, undefined, 'Request must specify data.'],
    [{ run_uuid: 'RUN', path: '../a.txt' }, 'x', 'Invalid path'],
    [{ run_uuid: 'RUN', path: 'a.txt' }, Buffer.alloc(10 * MiB + 1), 'Max size is 10MB'],
  ])('of %j is refused where it is wrong', async (values: Record<string, string>, body, message) => {
    const { id } = await run();
    const given = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, v === 'RUN' ? id : v]));
    const response = await upload(given, body as BodyInit | undefined);
    expect([response.status, await response.json()]).toEqual([
      400,
      { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(message) },
    ]);
    expect((await list({ run_id: id })).body['files']).toBeUndefined();
  });
});

describe('artifacts of a logged model', () => {
  async function model(experimentId = '0') {
    const { body } = await post('logged-models', { experiment_id: experimentId, name: 'm' });
    const info = body['model']?.['info'];
    return { id: String(info?.['model_id']), uri: String(info?.['artifact_uri']) };
  }
  const directory = (id: string, path?: string) =>
    server.call(
      'GET',
      `${api}/logged-models/${id}/artifacts/directories${path === undefined ? '' : `?${query({ artifact_directory_path: path })}`}`,
    );
  const file = (id: string, values: Record<string, string>) =>
    server.fetch(`${ajax}/logged-models/${id}/artifacts/files?${query(values)}`);

  test('are listed and read', async () => {
    const { id, uri } = await model();
    await put(uri, 'MLmodel', 'flavors: {}');
    await put(uri, 'data/a%20b.bin', 'bytes');
    expect(await directory(id)).toEqual({
      status: 200,
      body: {
        root_uri: uri,
        files: [
          { path: 'MLmodel', is_dir: false, file_size: 11 },
          { path: 'data', is_dir: true },
        ],
      },
    });
    expect((await directory(id, 'data')).body['files']).toEqual([
      { path: 'data/a b.bin', is_dir: false, file_size: 5 },
    ]);
    expect(await (await file(id, { artifact_file_path: 'data/a b.bin' })).text()).toBe('bytes');
  });

  test('missing is 404, wrong is 400, elsewhere is said', async () => {
    const { id } = await model();
    expect((await file(id, { artifact_file_path: 'none' })).status).toBe(404);
    expect((await directory(`m-${'0'.repeat(32)}`)).status).toBe(404);
    expect((await file(`m-${'0'.repeat(32)}`, { artifact_file_path: 'a' })).status).toBe(404);
    const unnamed = await file(id, {});
    expect([unnamed.status, await unnamed.json()]).toMatchObject([400, { error_code: 'BAD_REQUEST' }]);
    expect((await directory(id, '../x')).status).toBe(400);
    expect((await file(id, { artifact_file_path: '../x' })).status).toBe(400);
    const away = await model(await experiment('s3://bucket/models'));
    expect((await directory(away.id)).body['message']).toContain('s3://bucket/models');
  });

  test('take an upload by a signed URL', async () => {
    const { id } = await model();
    const { status, body } = await post('artifacts/presigned-upload-url', {
      model_id: id,
      path: 'weights.bin',
    });
    expect(status).toBe(200);
    await send(body, 'weights');
    expect(await (await file(id, { artifact_file_path: 'weights.bin' })).text()).toBe('weights');
  });
});

describe('artifacts of a model version', () => {
  const version = async (name: string, source: string) => {
    await post('registered-models/create', { name });
    const { body } = await post('model-versions/create', { name, source });
    return String(body['model_version']?.['version']);
  };
  const read = (values: Record<string, string>) =>
    server.fetch(`/model-versions/get-artifact?${query(values)}`);

  test('are read wherever the version came from', async () => {
    const { id, uri } = await run();
    await put(uri, 'my%20model/MLmodel', 'flavors: {}');
    const name = 'my model';
    for (const source of [`${uri}/my model`, `runs:/${id}/my model`]) {
      const number = await version(name, source);
      expect(await (await read({ name, version: number, path: 'MLmodel' })).text()).toBe('flavors: {}');
      expect((await read({ name, version: number, path: 'none' })).status).toBe(404);
      expect((await read({ name, version: number, path: '../my model/MLmodel' })).status).toBe(400);
    }
  });

  test('of no such version are 404, elsewhere are said, and a question that lacks something is 400', async () => {
    const number = await version('away', 's3://bucket/model');
    const response = await read({ name: 'away', version: number, path: 'MLmodel' });
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('s3://bucket/model'),
    ]);
    expect((await read({ name: 'away', version: '9', path: 'MLmodel' })).status).toBe(404);
    expect((await read({ name: 'nobody', version: '1', path: 'MLmodel' })).status).toBe(404);
    expect((await read({ name: 'away', version: 'one', path: 'MLmodel' })).status).toBe(400);
    expect((await read({ name: 'away', version: number })).status).toBe(400);
    expect((await read({ version: number, path: 'MLmodel' })).status).toBe(400);
  });
});

/** Uploads as whoever was given a signed URL does: with the headers that came along, to storage itself. */
async function send(signed: JsonObject, body: string): Promise<void> {
  const headers = signed['headers'] as unknown as Record<string, string>;
  const response = await fetch(String(signed['presigned_url']), { method: 'PUT', headers, body });
  expect(response.status).toBe(201);
}

describe('a signed URL', () => {
  const expires = (url: unknown) =>
    Date.parse(new URL(String(url)).searchParams.get('se') ?? '') - Date.now();

  test('takes a file of a run straight to storage, with the type of its name', async () => {
    const { id } = await run();
    const { body } = await post('artifacts/presigned-upload-url', {
      run_id: id,
      path: 'plots/a b.png',
      expiration: 60,
    });
    expect(body['headers']).toEqual({ 'x-ms-blob-type': 'BlockBlob', 'Content-Type': 'image/png' });
    expect(expires(body['presigned_url'])).toBeLessThanOrEqual(60_000);
    await send(body, 'png');
    const stored = await get({ run_id: id, path: 'plots/a b.png' });
    expect([stored.headers.get('content-type'), await stored.text()]).toEqual(['image/png', 'png']);
    expect((await fetch(String(body['presigned_url']))).status).toBe(403);
  });

  test('gives a file of a run, with its size', async () => {
    const { id, uri } = await run();
    await put(uri, 'a%25b.txt', 'from storage');
    const { body } = await post('artifacts/presigned-download-url', { run_id: id, path: 'a%b.txt' });
    expect(body).toEqual({ presigned_url: expect.any(String), file_size: 12 });
    expect(await (await fetch(String(body['presigned_url']))).text()).toBe('from storage');
    expect(expires(body['presigned_url'])).toBeLessThanOrEqual(300_000);
  });

  test('gives any artifact by its path', async () => {
    const { uri } = await run();
    await put(uri, 'a%20b.txt', 'by path');
    const root = uri.replace('mlflow-artifacts:/', '');
    const { body } = await server.call('GET', `/api/2.0/mlflow-artifacts/presigned/${root}/a%20b.txt`);
    expect(body).toEqual({ url: expect.any(String), headers: {}, file_size: 7 });
    const part = await fetch(String(body['url']), { headers: { range: 'bytes=3-6' } });
    expect([part.status, await part.text()]).toEqual([206, 'path']);
    expect((await server.call('GET', `/api/2.0/mlflow-artifacts/presigned/${root}/none`)).status).toBe(404);
    expect((await server.call('GET', '/api/2.0/mlflow-artifacts/presigned/a//b')).status).toBe(400);
  });

  test.each([
    ['upload', { path: 'a' }, 'Exactly one of run_id and model_id'],
    ['upload', { run_id: 'RUN', model_id: 'm-1', path: 'a' }, 'Exactly one of run_id and model_id'],
    ['upload', { run_id: 'RUN' }, "'path'"],
    ['upload', { run_id: 'RUN', path: '' }, "'path'"],
    ['upload', { run_id: 'RUN', path: '../a' }, 'Invalid path'],
    ['upload', { run_id: 'RUN', path: 'a', expiration: 0 }, "'expiration'"],
    ['upload', { run_id: 'RUN', path: 'a', expiration: 3601 }, "'expiration'"],
    ['download', { path: 'a' }, "'run_id'"],
    ['download', { run_id: 'RUN', path: 'a', expiration: 'soon' }, "'expiration'"],
    ['download', { run_id: 'RUN', path: 'a/%2e%2e/b' }, 'Invalid path'],
  ])('for %s of %j is refused', async (verb, values: Record<string, unknown>, message) => {
    const { id } = await run();
    const given = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, v === 'RUN' ? id : v]));
    expect(await post(`artifacts/presigned-${verb}-url`, given)).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(message) },
    });
  });

  test('for what is not there is 404', async () => {
    const { id } = await run();
    const body = { run_id: '0'.repeat(32), path: 'a.txt' };
    expect((await post('artifacts/presigned-upload-url', body)).status).toBe(404);
    expect((await post('artifacts/presigned-download-url', body)).status).toBe(404);
    expect((await post('artifacts/presigned-download-url', { ...body, run_id: id })).status).toBe(404);
  });
});
