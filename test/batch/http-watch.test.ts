import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { accessOf, type GrantDocument } from '../../shared/access/index.ts';
import { grant, identityOf, principal, stateOf } from '../../shared/access/testing.ts';
import {
  type BatchJob,
  cancelJob,
  getJob,
  listJobs,
  planJob,
  scoreChunk,
  submitJob,
  watchJob,
} from '../../shared/batch/index.ts';
import { claim } from '../../shared/batch/claim.ts';
import type { Context } from '../../shared/context.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { classifier, deploy, publish } from '../serving/support.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { drop, movableClock, pace, runJob, withOutput } from './support.ts';

let server: TestServer;
let ctx: Context;
let modelId: string;
const clock = movableClock();
const rows = (count: number) =>
  `id,höhe,length,width\n${Array.from({ length: count }, (_, i) => `${i},${i / 7},${(i * 3) % 5},${-i}\n`).join('')}`;
const small = pace({ chunkBytes: 60, rowsAtOnce: 2, partBytes: 60, failuresMax: 1 });

beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
  await deploy(server, 'rose', classifier());
  await publish(server, 'lonely', classifier());
  ({ modelId } = await modelByName(server.ctx, 'lonely'));
  ctx = { ...server.ctx, clock };
});
afterAll(() => server.close());

const get = async (path: string) => (await server.call('GET', `/api/v1/batch-jobs${path}`)).body;

describe('a list of jobs', () => {
  let made: BatchJob[];
  beforeAll(async () => {
    made = [];
    for (let i = 0; i < 4; i++) made.push(await drop(ctx, i % 2 ? 'rose' : 'iris', rows(2)));
    await ctx.stores.blobs('batch-input').write('iris/of-a-model.csv', Buffer.from(rows(2)));
    const input = { container: 'batch-input', name: 'iris/of-a-model.csv', isPrefix: false } as const;
    made.push((await submitJob(ctx, { model: 'lonely', input })).job);
    await runJob(ctx, made[0]);
    await cancelJob(ctx, made[1].jobId);
    // A list shows what was written a moment later.
    const isListed = async () => {
      const { items: listed } = await listJobs(ctx, { limit: 50 });
      const statuses = listed.map(({ status }) => status).toSorted();
      return statuses.join() === 'cancelled,planned,planned,planned,succeeded';
    };
    await vi.waitUntil(isListed, { timeout: 5_000, interval: 25 });
  });
  const idsOf = (body: JsonObject) => items(body['jobs']).map(({ id }) => String(id));
  const newestFirst = () =>
    made
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.jobId < b.jobId ? -1 : 1))
      .map(({ jobId }) => jobId);

  test('has the newest first, page by page, each once', async () => {
    const found: string[] = [];
    for (let token = ''; ; ) {
      const page = await get(`?limit=2${token}`);
      found.push(...idsOf(page));
      if (page['next_page_token'] === undefined) break;
      expect(idsOf(page)).toHaveLength(2);
      token = `&page_token=${String(page['next_page_token'])}`;
    }
    expect(found).toEqual(newestFirst());
  });

  test('has each once, too, where many were made in the same millisecond', async () => {
    const at = 5;
    const jobIds = Array.from({ length: 7 }, (_, i) => `batch-tie-${i}`);
    for (const jobId of jobIds)
      await ctx.stores.documents('jobs').write([jobId], {
        op: 'create',
        doc: { ...made[1], jobId, workspace: 'ties', createdAt: at },
      });
    const there: Context = { ...ctx, workspace: 'ties' };
    const allPages = async () => {
      const found: string[] = [];
      for (let pageToken: string | undefined; ; ) {
        const page = await listJobs(there, { limit: 3, pageToken });
        found.push(...page.items.map(({ jobId }) => jobId));
        pageToken = page.nextToken;
        if (pageToken === undefined) return found;
      }
    };
    await expect.poll(allPages, { timeout: 5_000 }).toEqual(jobIds);
  });

  test('is of an endpoint, of a model, and in states', async () => {
    const ids = made.map(({ jobId }) => jobId);
    const among = async (query: string) =>
      idsOf(await get(query))
        .map((id) => ids.indexOf(id))
        .toSorted((a, b) => a - b);
    expect(await among('?endpoint=rose')).toEqual([1, 3]);
    expect(await among('?model=lonely')).toEqual([4]);
    // Those of an endpoint are by its model, too.
    expect(await among('?model=rose')).toEqual([1, 3]);
    expect(await among('?endpoint=rose&status=cancelled')).toEqual([1]);
    expect(await among('?status=cancelled,succeeded')).toEqual([0, 1]);
    expect(await among('?status=cancelled&status=planned')).toEqual([1, 2, 3, 4]);
    expect(await among('?model=never')).toEqual([]);
    expect(await among('?endpoint=never')).toEqual([]);
  });

  test.each(['limit=0', 'limit=201', 'limit=x', 'status=over', 'page_token=x', 'sort=up', 'endpoint='])(
    'is refused for %s',
    async (query) => {
      const { status, body } = await server.call('GET', `/api/v1/batch-jobs?${query}`);
      expect([status, body['field']]).toEqual([400, query.split('=')[0]]);
    },
  );

  test('shows of endpoints and of models what the caller may see', async () => {
    const by = (...rules: GrantDocument[]): Context => ({
      ...ctx,
      access: accessOf(
        identityOf('ann'),
        stateOf(principal('ann'), ...rules),
        'default',
        { firstAdmin: undefined },
        0,
      ),
    });
    const here = { inWorkspace: 'default' };
    const over = (type: 'endpoint' | 'model', id: string, role: 'viewer' | 'deny' = 'viewer') =>
      grant('principal:ann', role, { ...here, resource: { type, id } });
    const seen = async (who: Context, more = {}) =>
      (await listJobs(who, { limit: 50, ...more })).items
        .map(({ jobId }) => made.findIndex((job) => job.jobId === jobId))
        .toSorted((a, b) => a - b);
    const everything = grant('principal:ann', 'viewer', here);
    expect(await seen(by())).toEqual([]);
    expect(await seen(by(everything))).toEqual([0, 1, 2, 3, 4]);
    expect(await seen(by(over('endpoint', 'rose')))).toEqual([1, 3]);
    expect(await seen(by(over('model', modelId)))).toEqual([4]);
    expect(await seen(by(over('model', modelId), over('endpoint', 'iris')))).toEqual([0, 2, 4]);
    expect(await seen(by(everything, over('endpoint', 'iris', 'deny')))).toEqual([1, 3, 4]);
    const blind = by(everything, over('model', modelId, 'deny'));
    expect(await seen(blind)).toEqual([0, 1, 2, 3]);
    expect(await seen(blind, { model: 'lonely' })).toEqual([]);
    // An endpoint that is called like the id of the model is another thing.
    expect(await seen(by(over('endpoint', modelId)))).toEqual([]);
  });
});

describe('the progress of a job', () => {
  test('counts chunks, rows and workers, tells the rate of the last minute, and how long it will take', async () => {
    const job = await drop(ctx, 'iris', rows(30));
    await planJob(ctx, job, small);
    const { plan } = (await getJob(ctx, job.jobId)).job;
    expect(plan.complete).toBe(true);
    // Of a job that goes on, progress tells a moment later.
    const progressNow = async () => (await getJob(ctx, job.jobId)).progress;
    await expect.poll(progressNow, { timeout: 5_000 }).toMatchObject({
      chunks: { done: 0, failed: 0, total: plan.chunks },
      rows: { done: 0, bad: 0, total: 30 },
      secondsLeft: null,
      workers: 0,
    });
    clock.advance(10);
    await scoreChunk(ctx, { jobId: job.jobId, chunk: 0 }, small);
    await claim(ctx, job.jobId, 1, small);
    await expect
      .poll(progressNow, { timeout: 5_000 })
      .toMatchObject({ chunks: { done: 1, total: plan.chunks }, workers: 1 });
    const begun = (await getJob(ctx, job.jobId)).job;
    const startedAt = ('startedAt' in begun && begun.startedAt) || 0;
    const secondsSince = () => (clock.now() - startedAt) / 1000;
    const least = secondsSince();
    const progress = await progressNow();
    const most = secondsSince();
    const { done } = progress.rows;
    expect(done).toBeGreaterThan(0);
    expect(least).toBeGreaterThan(10);
    // It is told with four digits.
    expect(progress.rate.recent).toBeGreaterThan((done / most) * 0.999);
    expect(progress.rate.recent).toBeLessThan((done / least) * 1.001);
    expect(progress.rate.overall).toBe(progress.rate.recent);
    expect(progress.secondsLeft).toBe(Math.ceil((30 - done) / (progress.rate.recent ?? 0)));
    // Of what was done over a minute ago only the overall rate tells, and the worker is not heard of any more.
    clock.advance(90);
    const later = await progressNow();
    expect(later.rate.recent).toBe(0);
    expect(later.rate.overall).toBeGreaterThan(0);
    expect(later.workers).toBe(0);
    expect(later.secondsLeft).toBeGreaterThan(0);
    expect(await get(`/${job.jobId}`)).toMatchObject({
      status: 'running',
      progress: {
        chunks: { done: 1, failed: 0, total: plan.chunks },
        rows: { done, bad: 0, total: 30 },
        complete: true,
      },
      output: null,
    });
    await runJob(ctx, job, { ...small, failuresMax: 5 });
    expect(await progressNow()).toMatchObject({
      chunks: { done: plan.chunks, total: plan.chunks },
      rows: { done: 30, total: 30 },
      secondsLeft: null,
      workers: 0,
    });
  });

  test('names the chunks that failed, with their reasons', async () => {
    const job = await drop(ctx, 'iris', rows(20));
    await planJob(ctx, job, small);
    const broken = withOutput(ctx, { stageBlock: () => Promise.reject(new Error('the disk is full')) });
    await scoreChunk(broken, { jobId: job.jobId, chunk: 1 }, small);
    expect(await get(`/${job.jobId}`)).toMatchObject({
      status: 'failed',
      progress: {
        chunks: { failed: 1 },
        failures: [{ chunk: 1, file: 0, attempts: 1, reason: expect.stringContaining('the disk is full') }],
      },
    });
    expect(items((await get(`/${job.jobId}/files`))['files'])).toMatchObject([
      { index: 0, status: 'failed', output: null },
    ]);
  });

  test('costs two requests, however many chunks there are, and one when the job has succeeded', async () => {
    const job = await drop(ctx, 'iris', rows(60));
    await planJob(ctx, job, pace({ chunkBytes: 1 }));
    const cost = async () => {
      const before = ctx.stores.documents.meter.requests;
      await getJob(ctx, job.jobId);
      return ctx.stores.documents.meter.requests - before;
    };
    expect(await cost()).toBe(2);
    await runJob(ctx, job, pace({ chunkBytes: 1 }));
    expect(await cost()).toBe(1);
  });
});

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

/** One event of a stream. */
type Told = { readonly id: string; readonly event: string; readonly data: JsonObject };

describe('the events of a job', () => {
  const open = (job: BatchJob, headers: Record<string, string> = {}) =>
    server.fetch(`/api/v1/batch-jobs/${job.jobId}/events`, { headers });

  async function* read(response: Response): AsyncGenerator<Told> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(piece, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
        );
        text = text.slice(end + 2);
        if (fields['data'] !== undefined)
          yield {
            id: fields['id'] ?? '',
            event: fields['event'] ?? '',
            data: JSON.parse(fields['data']) as JsonObject,
          };
      }
    }
  }

  test('come when something has changed, the last when it is over, and then the stream ends', async () => {
    const job = await drop(ctx, 'iris', rows(20));
    const response = await open(job);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    const told: Told[] = [];
    for await (const event of read(response)) {
      told.push(event);
      if (told.length === 1) await planJob(ctx, job, small);
      if (told.length === 2) await runJob(ctx, job, small);
    }
    const [planned, running, ...others] = told;
    const last = others.at(-1);
    // Where the chunks take longer than a second, it says between how far they are.
    expect(others.slice(0, -1).filter(({ event }) => event !== 'progress')).toEqual([]);
    expect([planned, running, last].map((each) => [each?.event, each?.data['status']])).toEqual([
      ['progress', 'planned'],
      ['progress', 'running'],
      ['finished', 'succeeded'],
    ]);
    expect(last?.data).toMatchObject({ id: job.jobId, progress: { rows: { done: 20, total: 20 } } });
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    // A client that comes back with the last one is told to stay away; one that comes anew gets it.
    expect((await open(job, { 'last-event-id': last?.id ?? '' })).status).toBe(204);
    const anew = await all(read(await open(job, { 'last-event-id': planned?.id ?? '' })));
    expect(anew).toEqual([last]);
  });

  test('are not told again to who comes back before anything has changed', async () => {
    const job = await drop(ctx, 'iris', rows(3));
    const first = read(await open(job));
    const { value } = await first.next();
    await first.return(undefined);
    const again = read(await open(job, { 'last-event-id': (value as Told).id }));
    const next = again.next();
    await planJob(ctx, job);
    expect(((await next).value as Told).data['status']).toBe('running');
    await again.return(undefined);
    await cancelJob(ctx, job.jobId);
  });

  test('are read of the store once, by however many, and by nobody when they have gone', async () => {
    const { meter } = ctx.stores.documents;
    const requestsOf = async (watchers: number) => {
      const job = await drop(ctx, 'iris', rows(3));
      const gone = new AbortController();
      const before = meter.requests;
      const watch = () => watchJob(ctx, job.jobId, { signal: gone.signal, everySeconds: 60 }).next();
      await Promise.all(Array.from({ length: watchers }, watch));
      const requests = meter.requests - before;
      gone.abort();
      await cancelJob(ctx, job.jobId);
      return requests;
    };
    expect(await requestsOf(5)).toBe(await requestsOf(1));

    const job = await drop(ctx, 'iris', rows(3));
    const reader = read(await open(job));
    await reader.next();
    await reader.return(undefined);
    let last = -1;
    const isStill = () => {
      const before = last;
      last = meter.requests;
      return last === before;
    };
    // Whoever still watched would read it each second.
    await expect.poll(isStill, { interval: 1_500, timeout: 20_000 }).toBe(true);
    await cancelJob(ctx, job.jobId);
  });

  test('end by themselves after their time, and when the caller has gone', async () => {
    const job = await drop(ctx, 'iris', rows(3));
    const gone = new AbortController();
    const quick = { signal: gone.signal, everySeconds: 0.01 };
    const each = await all(watchJob(ctx, job.jobId, { ...quick, secondsMax: 0.2 }));
    expect(each.filter((seen) => seen !== undefined)).toHaveLength(1);
    expect(each.length).toBeLessThan(40);
    const endless = watchJob(ctx, job.jobId, { ...quick, secondsMax: 600 });
    await endless.next();
    gone.abort();
    expect((await endless.next()).done).toBe(true);
    await cancelJob(ctx, job.jobId);
  });

  test('of a job that is not there are none', async () => {
    expect((await server.fetch('/api/v1/batch-jobs/never/events')).status).toBe(404);
  });
});

describe('an upload straight to storage', () => {
  const begin = (body: unknown) => server.call('POST', '/api/v1/batch-uploads', body);
  const text = rows(3);

  test('of a small file is one PUT to that blob and to no other', async () => {
    const { status, body } = await begin({ endpoint: 'iris', name: 'sent/now.csv', bytes: text.length });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      input: 'batch-input/iris/sent/now.csv',
      method: 'PUT',
      blocks: null,
      expires_at: expect.any(Number),
    });
    expect(Number(body['expires_at']) - Date.now()).toBeLessThanOrEqual(3600_000);
    const url = String(body['url']);
    const headers = body['headers'] as unknown as Record<string, string>;
    const other = await fetch(url.replace('now.csv', 'other.csv'), { method: 'PUT', headers, body: text });
    expect(other.status).toBe(403);
    expect((await fetch(url, { method: 'PUT', headers, body: text })).status).toBe(201);
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    const job = await server.call('POST', '/api/v1/batch-jobs', { endpoint: 'iris', input: body['input'] });
    expect(job.status).toBe(202);
    await server.drain();
    expect(await get(`/${String(job.body['id'])}`)).toMatchObject({
      status: 'succeeded',
      output: { rows: 3 },
    });
  });

  test('of a large one goes in blocks, of which nothing is there before their list', async () => {
    const asked = { model: 'lonely', name: 'large.csv', bytes: 100 * 1024 * 1024 };
    const { body } = await begin(asked);
    const blocks = body['blocks'] as unknown as { bytes: number; ids: string[]; upload: string };
    expect(body['name']).toBe(`model-${modelId}/large.csv`);
    expect([blocks.bytes, blocks.ids.length, new Set(blocks.ids).size]).toEqual([8 * 1024 * 1024, 13, 13]);
    const url = String(body['url']);
    const send = (id: string, content: string) =>
      fetch(`${url}&comp=block&blockid=${encodeURIComponent(id)}`, { method: 'PUT', body: content });
    expect((await send(blocks.ids[0] ?? '', text)).status).toBe(201);
    const name = String(body['name']);
    expect(await ctx.stores.blobs('batch-input').stat(name)).toBeUndefined();
    // Its URLs run out: another has the same blocks, and what was sent stays.
    const renewed = (await begin({ ...asked, upload: blocks.upload })).body['blocks'];
    expect(renewed).toEqual(blocks);
    expect((await begin(asked)).body['blocks']?.['upload']).not.toBe(blocks.upload);
    const list = `<?xml version="1.0"?><BlockList><Latest>${blocks.ids[0]}</Latest></BlockList>`;
    const listed = await fetch(`${url}&comp=blocklist`, { method: 'PUT', body: list });
    expect(listed.status).toBe(201);
    expect((await ctx.stores.blobs('batch-input').read(name))?.toString()).toBe(text);
  });

  test.each<[string, unknown, number, string]>([
    ['without an owner', { name: 'a.csv', bytes: 1 }, 400, 'endpoint'],
    ['with two', { endpoint: 'iris', model: 'lonely', name: 'a.csv', bytes: 1 }, 400, 'model'],
    ['without a name', { endpoint: 'iris', bytes: 1 }, 400, 'name'],
    ['with a name that leads out', { endpoint: 'iris', name: '../rose/a.csv', bytes: 1 }, 400, 'name'],
    ['with an empty part in its name', { endpoint: 'iris', name: '/a.csv', bytes: 1 }, 400, 'name'],
    ['without bytes', { endpoint: 'iris', name: 'a.csv' }, 400, 'bytes'],
    ['with none', { endpoint: 'iris', name: 'a.csv', bytes: 0 }, 400, 'bytes'],
    ['with half a byte', { endpoint: 'iris', name: 'a.csv', bytes: 0.5 }, 400, 'bytes'],
    ['with too many', { endpoint: 'iris', name: 'a.csv', bytes: 2 ** 45 }, 413, 'bytes'],
    [
      'of an upload that never was',
      { endpoint: 'iris', name: 'a.csv', bytes: 1, upload: 'x' },
      400,
      'upload',
    ],
    ['with a field nobody knows', { endpoint: 'iris', name: 'a.csv', bytes: 1, size: 1 }, 400, 'size'],
    ['to nobody', { endpoint: 'nobody', name: 'a.csv', bytes: 1 }, 404, 'endpoint'],
  ])('is refused %s', async (_, body, status, field) => {
    const answer = await begin(body);
    expect([answer.status, answer.body['field']]).toEqual([status, field]);
  });
});
