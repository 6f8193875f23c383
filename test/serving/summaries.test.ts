import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BlobContainer } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { expire } from '../../shared/erasure/index.ts';
import { CairnError } from '../../shared/http/index.ts';
import { counted, predict, targetOf } from '../../shared/serving/index.ts';
import {
  type Answered,
  countCall,
  flushSummaries,
  readSummaries,
  requestsOf,
  rollUpSummaries,
} from '../../shared/summaries/index.ts';
import { type JsonObject, items, type TestServer, testServer } from '../support/server.ts';
import { testInstances } from '../support/instances.ts';
import { classifier, deploy, features } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Of a day to come, so that all endpoints are older. */
const midnight = Math.floor(Date.now() / day) * day + 10 * day;

const main: Answered = { deployment: 'main', variant: 'stable', version: 1, digest: 'sha256:one' };
const ok = { status: 200, rows: 2, latencyMicros: 1_500 };

const at = (ctx: Context, now: number): Context => ({ ...ctx, clock: { now: () => now } });

/** A context whose blobs are met by what a test makes of them. */
function withBlobs(ctx: Context, change: (blobs: BlobContainer) => Partial<BlobContainer>): Context {
  const real = ctx.stores.blobs('profiles');
  const changed = change(real);
  const blobs = new Proxy(real, {
    get(target, property) {
      const value: unknown = Reflect.get(property in changed ? changed : target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { ...ctx, stores: { ...ctx.stores, blobs: () => blobs } };
}

const flushed = async (ctx: Context, endpoint: string, from: number, to = from + hour) => {
  await flushSummaries(ctx.stores);
  return readSummaries(ctx, endpoint, from, to);
};

describe('what is counted of calls', () => {
  test('is every call of an endpoint by how it ended, also those that are refused before a model is asked', async () => {
    await deploy(server, 'seen', classifier());
    const since = Date.now();
    const ask = (body: unknown) => server.call('POST', '/endpoints/seen/invocations', body);
    const data = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    for (let i = 0; i < 3; i++)
      expect((await ask({ dataframe_split: { columns: features, data } })).status).toBe(200);
    const target = await targetOf(server.ctx, 'seen');
    const refused = new CairnError('invalid', 'No.');
    await expect(counted(server.ctx, target, () => Promise.reject(refused))).rejects.toBe(refused);
    const found = await flushed(server.ctx, 'seen', since - hour, since + hour);
    const sum = (of: (each: (typeof found)[number]) => number) =>
      found.reduce((all, each) => all + of(each), 0);
    expect(sum(requestsOf)).toBe(4);
    expect(sum(({ calls }) => calls['4xx'])).toBe(1);
    expect(sum(({ rows }) => rows)).toBe(6);
    expect(sum(({ scores }) => [...scores.values()].reduce((all, count) => all + count, 0))).toBe(3);
    expect(found[0]).toMatchObject({ deployment: 'main', variant: 'stable', version: 1 });
    expect(found[0]?.digest).toBe(target.model.ready.digest);
  });

  test('has the rows that runs had on average, of calls that met and of calls alone', async () => {
    await deploy(server, 'batched', classifier());
    const target = await targetOf(server.ctx, 'batched');
    const own = withBlobs(server.ctx, () => ({}));
    const ask = (now: number) =>
      predict(at(own, now), target, {
        input: { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      });
    await ask(midnight);
    await ask(midnight);
    await Promise.all(Array.from({ length: 10 }, () => ask(midnight + minute)));
    await flushSummaries(own.stores);
    const { body } = await server.call(
      'GET',
      `/api/v1/endpoints/batched/metrics?from=${midnight}&to=${midnight + 3 * minute}&step_seconds=60`,
    );
    const [series] = items(body['series']);
    const [alone, met] = items(series?.['points']);
    expect(alone).toMatchObject({ requests: 2, rows: 4, mean_batch_rows: 2 });
    expect(met).toMatchObject({ requests: 10, rows: 20 });
    expect(Number(met?.['mean_batch_rows'])).toBeGreaterThan(2);
  });

  test('holds nothing of what was asked or answered', async () => {
    const names: string[] = [];
    for await (const { name } of server.ctx.stores.blobs('profiles').walk('default/seen/summaries/'))
      names.push(name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const text = String(await server.ctx.stores.blobs('profiles').read(name));
      expect(text).not.toMatch(/setosa|versicolor|virginica|length/);
    }
  });

  test('costs a few microseconds', () => {
    const { ctx } = server;
    const started = process.cpuUsage();
    for (let i = 0; i < 50_000; i++)
      countCall(ctx, 'cheap', main, { ...ok, score: i % 300, latencyMicros: i });
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 50_000).toBeLessThan(20);
  });
});

describe('summaries of several instances', () => {
  test('are merged, and are in the store without being asked for after the seconds of the prediction log', async () => {
    const stack = await testInstances(3);
    const { instances } = stack;
    try {
      for (const ctx of instances) {
        const quick = { ...ctx, settings: { ...ctx.settings, predictionFlushSeconds: 0.1 } };
        countCall(at(quick, midnight), 'many', main, ok);
        countCall(at(quick, midnight + minute), 'many', main, { status: 504, rows: 1, latencyMicros: 60e6 });
      }
      const [reader] = instances;
      const read = async () =>
        (await readSummaries(reader, 'many', midnight, midnight + hour)).map(({ at: first, calls }) => [
          first - midnight,
          calls['2xx'],
          calls['504'],
        ]);
      await expect.poll(read, { timeout: 10_000 }).toEqual([
        [0, 3, 0],
        [minute, 0, 3],
      ]);
    } finally {
      await stack.close();
    }
  });

  test('one whose answer was lost counts once, whatever comes behind it', async () => {
    let losses = 0;
    const ctx = withBlobs(server.ctx, (real) => ({
      async append(...given: Parameters<BlobContainer['append']>) {
        const done = await real.append(...given);
        if (losses++ < 2) throw new CairnError('unavailable', 'No answer.');
        return done;
      },
    }));
    for (let i = 0; i < 4; i++) {
      countCall(at(ctx, midnight + i), 'lost', main, ok);
      await flushSummaries(ctx.stores).catch(() => undefined);
    }
    const [found] = await readSummaries(ctx, 'lost', midnight, midnight + hour);
    expect(found?.calls['2xx']).toBe(4);
    expect(losses).toBeGreaterThan(2);
  });

  test('a clock that is set back an hour costs no count', async () => {
    const ctx = withBlobs(server.ctx, () => ({}));
    for (const now of [midnight, midnight + hour, midnight]) {
      countCall(at(ctx, now), 'back', main, ok);
      await flushSummaries(ctx.stores);
    }
    const found = await readSummaries(ctx, 'back', midnight, midnight + 2 * hour);
    expect(found.map(({ calls }) => calls['2xx'])).toEqual([2, 1]);
  });

  test('a torn end and a blob that was cut lose what was torn and nothing that comes later', async () => {
    const { ctx } = server;
    const blobs = ctx.stores.blobs('profiles');
    const own = withBlobs(ctx, () => ({}));
    countCall(at(own, midnight), 'torn', main, ok);
    await flushSummaries(own.stores);
    const names: string[] = [];
    for await (const { name } of blobs.walk('default/torn/')) names.push(name);
    const [name = ''] = names;
    const whole = (await blobs.read(name)) ?? Buffer.alloc(0);
    // What a write that came half leaves behind.
    expect(await blobs.append(name, whole.subarray(0, 40), whole.length)).toBe(true);
    countCall(at(own, midnight + 1), 'torn', main, ok);
    const [found] = await flushed(own, 'torn', midnight);
    expect(found?.calls['2xx']).toBe(2);
  });

  test('a store that does not answer for minutes costs no count', async () => {
    let isDown = true;
    const ctx = withBlobs(server.ctx, (real) => ({
      append: (...given: Parameters<BlobContainer['append']>) =>
        isDown ? Promise.reject(new CairnError('unavailable', 'Down.')) : real.append(...given),
    }));
    for (let i = 0; i < 10; i++) {
      countCall(at(ctx, midnight + i * minute), 'down', main, ok);
      await flushSummaries(ctx.stores).catch(() => undefined);
    }
    isDown = false;
    const found = await flushed(ctx, 'down', midnight);
    expect(found.map(({ calls }) => calls['2xx'])).toEqual(Array(10).fill(1));
  });
});

describe('hours and days that are over', () => {
  test('are put together into one file each, the same however often, with what came late', async () => {
    const { ctx } = server;
    const own = withBlobs(ctx, () => ({}));
    const blobs = ctx.stores.blobs('profiles');
    const today = Math.floor(Date.now() / day) * day;
    const yesterday = today - day;
    const names = async () => {
      const all: string[] = [];
      for await (const { name } of blobs.walk('default/rolled/summaries/')) all.push(name.slice(25));
      return all;
    };
    const times = [0, minute, hour, 5 * hour, 5 * hour + 1].map((after) => yesterday + after);
    for (const time of times) countCall(at(own, time), 'rolled', main, ok);
    const before = await flushed(own, 'rolled', yesterday, today);
    await rollUpSummaries(ctx);
    const made = await names();
    const date = new Date(yesterday).toISOString().slice(0, 10).replaceAll('-', '/');
    expect(made).toEqual(expect.arrayContaining([`${date}.jsonl`, `${date}/00.jsonl`, `${date}/05.jsonl`]));
    expect(await readSummaries(ctx, 'rolled', yesterday, today)).toEqual(before);
    const content = () => blobs.read(`default/rolled/summaries/${date}.jsonl`);
    const first = await content();
    await rollUpSummaries(ctx);
    expect(await content()).toEqual(first);

    countCall(at(own, yesterday + 5 * hour + 2 * minute), 'rolled', main, ok);
    await flushSummaries(own.stores);
    await rollUpSummaries(ctx);
    const hours = await readSummaries(ctx, 'rolled', yesterday, today, 'hour');
    expect(hours.map((each) => [each.at - yesterday, each.calls['2xx']])).toEqual([
      [0, 2],
      [hour, 1],
      [5 * hour, 3],
    ]);

    // Three days later the files of single instances go, and nothing else.
    await rollUpSummaries(at(ctx, today + 2 * day + hour));
    expect(await names()).toEqual(made.filter((name) => !/\/[0-9a-f]{16}\.jsonl$/.test(name)));
    expect(await readSummaries(ctx, 'rolled', yesterday, today, 'hour')).toEqual(hours);
  });

  test('are removed when they are older than anything is kept, and sooner where a data policy says so', async () => {
    const { ctx } = server;
    const blobs = ctx.stores.blobs('profiles');
    const today = Math.floor(Date.now() / day) * day;
    const write = async (endpoint: string, days: number, rest: string) => {
      const date = new Date(today - days * day).toISOString().slice(0, 10).replaceAll('-', '/');
      await blobs.write(`default/${endpoint}/summaries/${date}${rest}.jsonl`, Buffer.from('{}\n'));
    };
    const left = async (endpoint: string) => {
      const names: string[] = [];
      for await (const { name } of blobs.walk(`default/${endpoint}/summaries/`)) names.push(name);
      return names.length;
    };
    await deploy(server, 'policed', classifier());
    const policy = { purpose: 'tests', retention_days: 30 };
    await server.call('PUT', '/api/v1/endpoints/policed/data-policy', policy);
    const { retentionDaysMax } = ctx.settings;
    for (const endpoint of ['policed', 'unpoliced', 'unpoliced-2'])
      for (const days of [1, 30, 31, retentionDaysMax, retentionDaysMax + 1])
        for (const rest of ['', '/00', '/00/0123456789abcdef']) await write(endpoint, days, rest);
    await expire(at(ctx, today + hour), { endpoint: 'policed' });
    expect(await left('policed')).toBe(2 * 3);
    expect(await left('unpoliced')).toBe(5 * 3);
    await rollUpSummaries(at(ctx, today + hour));
    expect(await left('unpoliced')).toBe(4 * 3);
    expect(await left('unpoliced-2')).toBe(4 * 3);
  });

  test('make a month one read a day', async () => {
    let reads = 0;
    const ctx = withBlobs(server.ctx, (real) => ({
      read: (...given: Parameters<BlobContainer['read']>) => {
        reads++;
        return real.read(...given);
      },
      async *walk(...given: Parameters<BlobContainer['walk']>) {
        reads++;
        yield* real.walk(...given);
      },
    }));
    const today = Math.floor(Date.now() / day) * day;
    const file = await server.ctx.stores
      .blobs('profiles')
      .read(
        `default/rolled/summaries/${new Date(today - day).toISOString().slice(0, 10).replaceAll('-', '/')}.jsonl`,
      );
    for (let i = 2; i <= 31; i++) {
      const date = new Date(today - i * day).toISOString().slice(0, 10).replaceAll('-', '/');
      await server.ctx.stores
        .blobs('profiles')
        .write(`default/month/summaries/${date}.jsonl`, file ?? Buffer.alloc(0));
    }
    await readSummaries(at(ctx, today + hour), 'month', today - 30 * day, today, 'hour');
    expect(reads).toBeLessThanOrEqual(32);
  });
});

describe('GET /api/v1/endpoints/{name}/metrics', () => {
  const metrics = (query: string) => server.call('GET', `/api/v1/endpoints/seen/metrics${query}`);

  test('gives points by step for each version of each deployment', async () => {
    const { ctx } = server;
    const own = withBlobs(ctx, () => ({}));
    const count = (now: number, by: Partial<Answered>, call: Partial<typeof ok>) =>
      countCall(at(own, now), 'seen', { ...main, ...by }, { ...ok, ...call });
    count(midnight, {}, {});
    count(midnight + minute, {}, { latencyMicros: 10_000 });
    count(midnight + 5 * minute, {}, { status: 429, rows: 0 });
    count(midnight, { variant: 'canary', version: 2, digest: 'sha256:two' }, { status: 500, rows: 0 });
    count(midnight, { deployment: 'shadow', variant: 'mirror', version: 3 }, {});
    await flushSummaries(own.stores);
    const { status, body } = await metrics(
      `?from=${midnight + 1}&to=${midnight + 6 * minute}&step_seconds=300`,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ from: midnight, to: midnight + 10 * minute, step_seconds: 300 });
    const series = items(body['series']) as unknown as { [key: string]: JsonObject }[];
    expect(series.map(({ deployment, variant, version }) => [deployment, variant, version])).toEqual([
      ['main', 'canary', 2],
      ['main', 'stable', 1],
      ['shadow', 'mirror', 3],
    ]);
    const none = { '4xx': 0, '429': 0, '500': 0, '504': 0 };
    expect(items(series[0]?.['points'])[0]).toMatchObject({ requests: 1, errors: { ...none, '500': 1 } });
    const [first, second] = items(series[1]?.['points']);
    expect(first).toMatchObject({ at: midnight, requests: 2, rows: 4, errors: none, non_finite: 0 });
    expect(Number(first?.['latency_ms']?.['p50'])).toBeCloseTo(1.5, 1);
    expect(Math.abs(Number(first?.['latency_ms']?.['p99']) / 10 - 1)).toBeLessThan(0.016);
    expect(second).toMatchObject({ at: midnight + 5 * minute, requests: 1, errors: { ...none, '429': 1 } });
  });

  test('tells nothing of an endpoint that had the name before', async () => {
    await server.call('POST', '/api/v1/endpoints', { name: 'twice', model: 'seen', alias: 'champion' });
    const own = withBlobs(server.ctx, () => ({}));
    const { body: before } = await server.call('GET', '/api/v1/endpoints/twice');
    countCall(at(own, Number(before['created_at']) + 1), 'twice', main, ok);
    await flushSummaries(own.stores);
    const series = async () => (await server.call('GET', '/api/v1/endpoints/twice/metrics')).body['series'];
    await expect.poll(series).toHaveLength(1);
    await server.call('DELETE', '/api/v1/endpoints/twice');
    await server.call('POST', '/api/v1/endpoints', { name: 'twice', model: 'seen', alias: 'champion' });
    expect(await series()).toEqual([]);
  });

  test('chooses a step where none is asked for, and takes the last hour where no range is', async () => {
    const { status, body } = await metrics('');
    expect(status).toBe(200);
    expect(body['step_seconds']).toBe(60);
    expect(Number(body['to']) - Number(body['from'])).toBeLessThanOrEqual(hour + 2 * minute);
    expect((await metrics(`?from=${midnight}&to=${midnight + 31 * day}`)).body['step_seconds']).toBe(
      6 * 3600,
    );
  });

  test.each([
    ['?from=x', 'from'],
    ['?from=-1', 'from'],
    ['?from=2&to=1', 'from'],
    ['?from=5&to=5', 'from'],
    [`?from=0&to=${32 * day}`, 'from'],
    ['?step_seconds=0', 'step_seconds'],
    ['?step_seconds=59', 'step_seconds'],
    ['?step_seconds=90', 'step_seconds'],
    [`?from=0&to=${2 * day}&step_seconds=60`, 'step_seconds'],
    [`?from=0&to=${3 * day}&step_seconds=1800`, 'step_seconds'],
    ['?step=60', 'step'],
    ['?from=1&from=2', 'from'],
  ])('refuses %s, naming the field', async (query, field) => {
    expect(await metrics(query)).toMatchObject({ status: 400, body: { field } });
  });

  test('knows no endpoint that is not there', async () => {
    expect((await server.call('GET', '/api/v1/endpoints/absent/metrics')).status).toBe(404);
  });
});
