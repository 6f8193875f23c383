import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createModel, moveAlias } from '../../shared/registry/index.ts';
import { classifier, deploy, features, register } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { announce, parsedOutput, scoredAtOnce } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
});
afterAll(() => server.close());

const text = 'length,note,höhe,width\n1,a,2,3\n-1,"b, c",0,0.5\n';

const upload = async (path: string, body: string, headers: Record<string, string> = {}) =>
  server.fetch(`/api/v1/batch-inputs/${path}`, { method: 'PUT', body, headers });

/** What tests read of a job's JSON. */
type Job = {
  id: string;
  status: string;
  output: { name: string; bytes: number } | null;
  started_at: number;
  finished_at: number;
};

const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: Job }> => {
  const answer = await server.call(method, path, body);
  return { status: answer.status, body: answer.body as unknown as Job };
};

const jobsOf = async (endpoint: string): Promise<Job[]> =>
  (await server.call('GET', `/api/v1/batch-jobs?endpoint=${endpoint}`)).body['jobs'] as unknown as Job[];

describe('batch scoring over HTTP', () => {
  test('a file that is uploaded is announced, scored and downloaded', async () => {
    const stored = await upload('iris/2026/new%20rows.csv', text);
    expect(stored.status).toBe(201);
    expect(await stored.json()).toMatchObject({
      name: 'iris/2026/new rows.csv',
      bytes: Buffer.byteLength(text),
    });
    await announce(server.ctx, 'iris/2026/new rows.csv');
    await announce(server.ctx, 'iris/2026/new rows.csv');
    await announce(server.ctx, 'iris/2026/new rows.csv', { eventType: 'Microsoft.Storage.BlobDeleted' });
    await announce(server.ctx, 'iris/2026/new rows.csv', { container: 'artifacts' });
    await server.drain();
    await expect.poll(() => jobsOf('iris'), { timeout: 5_000 }).toMatchObject([{ status: 'succeeded' }]);
    const jobs = await jobsOf('iris');
    const { status, body } = await call('GET', `/api/v1/batch-jobs/${jobs[0].id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      endpoint: 'iris',
      status: 'succeeded',
      model: { version: 1, digest: expect.stringMatching(/^sha256:/) },
      output: { rows: 2 },
      error: null,
      progress: { chunks: { done: 1, total: 1 }, rows: { done: 2, total: 2 }, complete: true },
    });
    expect(body.finished_at).toBeGreaterThanOrEqual(body.started_at);

    const name = (body.output?.name ?? '').split('/').map(encodeURIComponent).join('/');
    const output = await server.fetch(`/api/v1/batch-outputs/${name}`);
    expect(output.status).toBe(200);
    expect(output.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(output.headers.get('content-disposition')).toContain('new%20rows.csv');
    expect(await parsedOutput(await output.text())).toEqual(await scoredAtOnce(classifier(), features, text));
    const head = await server.fetch(`/api/v1/batch-outputs/${name}`, { method: 'HEAD' });
    expect(Number(head.headers.get('content-length'))).toBe(body.output?.bytes);
  });

  test('an output over 8 MB is fetched from storage itself, and a range of a small one is one', async () => {
    const outputs = server.ctx.stores.blobs('batch-output');
    await outputs.write('iris/by-hand/large.csv', Buffer.alloc(8 * 1024 * 1024 + 1, 'x'));
    await outputs.write('iris/by-hand/small.csv', Buffer.from('0123456789'));
    const large = await server.fetch('/api/v1/batch-outputs/iris/by-hand/large.csv');
    expect(large.status).toBe(302);
    const stored = await fetch(large.headers.get('location') ?? '', { headers: { range: 'bytes=0-2' } });
    expect([stored.status, await stored.text()]).toEqual([206, 'xxx']);
    const address = (await server.call('GET', '/api/v1/batch-outputs/iris/by-hand/small.csv?as=url')).body;
    expect(address['bytes']).toBe(10);
    expect(await (await fetch(String(address['url']))).text()).toBe('0123456789');
    const headers = { range: 'bytes=-2' };
    const small = await server.fetch('/api/v1/batch-outputs/iris/by-hand/small.csv', { headers });
    expect([small.status, await small.text()]).toEqual([206, '89']);
  });

  test('a job that fails shows the row, the column, the value and the reason, and has no output', async () => {
    await upload('iris/bad.csv', 'length,höhe,width\n1,2,3\n1,zwei,3\n');
    const { body } = await call('POST', '/api/v1/batch-jobs', {
      endpoint: 'iris',
      input: 'iris/bad.csv',
    });
    await server.drain();
    expect((await call('GET', `/api/v1/batch-jobs/${body.id}`)).body).toMatchObject({
      status: 'failed',
      output: null,
      error: { code: 'bad-input', row: 2, column: 'höhe', value: 'zwei', reason: 'is not a number' },
    });
    expect((await server.fetch(`/api/v1/batch-outputs/iris/${body.id}/bad.csv`)).status).toBe(404);
  });

  test('an endpoint without a ready version scores nothing, and says when to come again', async () => {
    await createModel(server.ctx, { name: 'unread' });
    const version = await register(server.ctx, 'unread', Buffer.from('not a model'));
    await moveAlias(server.ctx, { name: 'unread', alias: 'champion', version });
    await call('POST', '/api/v1/endpoints', { name: 'unread', model: 'unread', alias: 'champion' });
    await upload('unread/x.csv', text);
    const waiting = await server.fetch('/api/v1/batch-jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ endpoint: 'unread', input: 'unread/x.csv' }),
    });
    expect(waiting.status).toBe(503);
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a file whose name leads out of its folder is refused, and no other document is a job', async () => {
    expect((await upload('iris/%2e%2e%2fx.csv', text)).status).toBe(400);
    expect((await call('GET', '/api/v1/batch-jobs/agenda')).status).toBe(404);
  });

  test('a body that breaks off leaves nothing', async () => {
    const response = await upload('iris/short.csv', text, { 'content-length': '1000' });
    expect(response.status).toBe(400);
    expect(await server.ctx.stores.blobs('batch-input').stat('iris/short.csv')).toBeUndefined();
    expect((await upload('iris/huge.csv', text, { 'content-length': String(2 ** 40) })).status).toBe(413);
  });

  test('workspaces see neither the files nor the jobs of each other', async () => {
    await upload('iris/here.csv', text);
    const asked = await call('POST', '/api/v1/batch-jobs', { endpoint: 'iris', input: 'iris/here.csv' });
    await server.drain();
    const { body: job } = await call('GET', `/api/v1/batch-jobs/${asked.body.id}`);
    expect(job.status).toBe('succeeded');
    await expect
      .poll(async () => (await jobsOf('iris')).map(({ id }) => id), { timeout: 5_000 })
      .toContain(job.id);
    const headers = { 'x-mlflow-workspace': 'other' };
    const get = async (path: string) => server.fetch(path, { headers });
    expect((await get(`/api/v1/batch-jobs/${job.id}`)).status).toBe(404);
    expect(await (await get('/api/v1/batch-jobs')).json()).toEqual({ jobs: [] });
    expect((await get(`/api/v1/batch-outputs/${job.output?.name}`)).status).toBe(404);
  });
});
