import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { flushPredictions, readPredictions } from '../../shared/predictions/index.ts';
import { predict, targetOf } from '../../shared/serving/index.ts';
import { matrix, run } from '../../shared/onnx/testing.ts';
import { bufferPredictions } from '../../shared/predictions/buffer.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { classifier, deploy, features } from '../serving/support.ts';
import { askAt } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'logged', classifier());
});
afterAll(() => server.close());

const hour = 3_600_000;
const rows = [
  [5.1, -3.5, 1.4],
  [0.1, 2.25, -1],
  [-2, -2, 3.75],
];

async function ask(name: string, count = 3): Promise<string[]> {
  const data = Array.from({ length: count }, (_, i) => rows[i % 3]);
  const { status, body } = await server.call('POST', `/endpoints/${name}/invocations`, {
    dataframe_split: { columns: features, data },
  });
  expect(status).toBe(200);
  return body['prediction_ids'] as unknown as string[];
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const logged = async (endpoint: string, from = 0, to = Date.now() + hour, columns?: string[]) =>
  collect(
    readPredictions(server.ctx, {
      endpoint,
      from: Math.max(from, Date.now() - 48 * hour),
      to,
      ...(columns ? { columns } : {}),
    }),
  );

const parts = async (endpoint: string) =>
  collect(server.ctx.stores.blobs('predictions').walk(`default/${endpoint}/`));

describe('the prediction log', () => {
  test('every row of both protocols is in it, as it was asked and answered', async () => {
    const invoked = await ask('logged');
    const { body } = await server.call('POST', '/v2/models/logged/infer', {
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }],
    });
    const inferred = String(body['parameters']?.['prediction_ids']);
    expect(await flushPredictions(server.ctx.stores)).toBe(0);
    const [part, ...others] = await logged('logged');
    expect(others).toEqual([]);
    const raw = await run(classifier(), { input: matrix([...rows, [1, 2, 3]]) });
    const probabilities = (raw['probabilities']?.data ?? []) as number[];
    const { model } = await targetOf(server.ctx, 'logged');
    expect(part?.rows).toBe(4);
    const column = (name: string) => part?.column(name);
    expect(column('predictionId')).toEqual([...invoked, inferred]);
    expect(column('in.length')).toEqual([5.1, 0.1, -2, 1].map(Math.fround));
    expect(column('in.höhe')).toEqual([1.4, -1, 3.75, 3].map(Math.fround));
    expect(column('out.label')).toEqual(raw['label']?.data);
    expect(column('class')).toEqual(raw['label']?.data);
    expect(column('out.probabilities.setosa')).toEqual([0, 3, 6, 9].map((at) => probabilities[at]));
    expect(column('score')).toEqual([0, 3, 6, 9].map((at) => Math.max(...probabilities.slice(at, at + 3))));
    expect(column('digest')).toEqual(Array(4).fill(model.ready.digest));
    expect(column('modelId')).toEqual(Array(4).fill(model.ready.modelId));
    expect(column('version')).toEqual([1, 1, 1, 1]);
    expect(column('source')).toEqual(Array(4).fill('realtime'));
    expect(column('deployment')).toEqual(Array(4).fill('main'));
    expect((column('latencyMicros') ?? []).every((micros) => Number(micros) > 0)).toBe(true);
    const [id = ''] = invoked;
    const [name] = (await parts('logged')).map((blob) => blob.name);
    const [stamp = '', buffer] = id.split('-');
    expect(name).toBe(
      `default/logged/parts/${stamp.slice(0, 4)}-${stamp.slice(4, 6)}-${stamp.slice(6, 8)}/${stamp.slice(8)}/${buffer}.parquet`,
    );
  });

  test('a part is written on its own after the set seconds, and at once at 5,000 rows', async () => {
    const { ctx } = server;
    const within = { timeout: 20_000 };
    await deploy(server, 'by-rows', classifier());
    const slow = { ...ctx, settings: { ...ctx.settings, predictionFlushSeconds: 600 } };
    const rows5000 = { type: 'float32', dims: [5_000, 3], data: new Float32Array(15_000) } as const;
    await predict(slow, await targetOf(ctx, 'by-rows'), { input: rows5000 });
    await expect.poll(async () => (await parts('by-rows')).length, within).toBe(1);

    await deploy(server, 'by-time', classifier());
    const quick = { ...ctx, settings: { ...ctx.settings, predictionFlushSeconds: 0.2 } };
    await askAt(quick, 'by-time', Date.now());
    await expect.poll(async () => (await parts('by-time')).length, within).toBe(1);
  }, 60_000);

  test('ranges are half open and exact to the millisecond, over hours and days', async () => {
    const { ctx } = server;
    await deploy(server, 'ranged', classifier());
    const midnight = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const times = [midnight - hour - 1, midnight - 1, midnight, midnight + 1];
    const ids = [];
    for (const at of times) ids.push(await askAt(ctx, 'ranged', at));
    await flushPredictions(ctx.stores);
    const found = async (from: number, to: number) =>
      (await logged('ranged', from, to)).flatMap((part) => part.column('predictionId'));
    expect(await found(midnight - 2 * hour, midnight + hour)).toEqual(ids);
    expect(await found(midnight - 1, midnight + 1)).toEqual(ids.slice(1, 3));
    expect(await found(midnight, midnight)).toEqual([]);
    expect(await found(midnight, midnight + 2)).toEqual(ids.slice(2));
    expect(await found(midnight + 1, midnight)).toEqual([]);
  });

  test('rows say which version answered, also where another one is of the same file', async () => {
    const { ctx } = server;
    await deploy(server, 'twins', classifier());
    const first = await targetOf(ctx, 'twins');
    const { model } = first;
    const second = { ...first, model: { ...model, ready: { ...model.ready, version: 2 } } };
    const inputs = { input: { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } } as const;
    for (const target of [first, second]) await predict(ctx, target, inputs);
    await flushPredictions(ctx.stores);
    const versions = (await logged('twins')).flatMap((part) => part.column('version'));
    expect(versions).toHaveLength(2);
    expect(new Set(versions)).toEqual(new Set([1, 2]));
  });

  test('only the columns asked for are read', async () => {
    await deploy(server, 'narrow', classifier());
    await ask('narrow');
    await flushPredictions(server.ctx.stores);
    const [part] = await logged('narrow', 0, Date.now() + hour, ['score', 'in.width', 'in.absent']);
    expect(part?.columns).toEqual(['in.width', 'score']);
    expect(part?.column('score')).toHaveLength(3);
    expect(part?.rows).toBe(3);
  });

  test('rows wait while the store does not answer, and are written once it does', async () => {
    const { ctx } = server;
    await deploy(server, 'patient', classifier());
    let isDown = true;
    const blobs: Context['stores']['blobs'] = (name) =>
      new Proxy(ctx.stores.blobs(name), {
        get(target, key) {
          if (key === 'write' && isDown) return () => Promise.reject(new Error('down'));
          const member: unknown = Reflect.get(target, key, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    const stores = { ...ctx.stores, blobs };
    const flaky = { ...ctx, stores };
    const id = await askAt(flaky, 'patient', Date.now());
    expect(await flushPredictions(stores)).toBe(1);
    isDown = false;
    expect(await flushPredictions(stores)).toBe(0);
    expect((await logged('patient')).flatMap((part) => part.column('predictionId'))).toEqual([id]);
  });

  test('rows that cannot be written hold up those of no other endpoint', async () => {
    const { ctx } = server;
    for (const name of ['stuck', 'behind']) await deploy(server, name, classifier());
    const blobs: Context['stores']['blobs'] = (name) =>
      new Proxy(ctx.stores.blobs(name), {
        get(target, key) {
          if (key === 'write')
            return (...write: Parameters<typeof target.write>) =>
              write[0].includes('/stuck/') ? Promise.reject(new Error('stuck')) : target.write(...write);
          const member: unknown = Reflect.get(target, key, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    const stores = { ...ctx.stores, blobs };
    await askAt({ ...ctx, stores }, 'stuck', Date.now());
    const id = await askAt({ ...ctx, stores }, 'behind', Date.now());
    expect(await flushPredictions(stores)).toBe(1);
    expect((await logged('behind')).flatMap((part) => part.column('predictionId'))).toEqual([id]);
  });

  test('of rows that outgrow memory each is either written or counted as lost, also the one under way', async () => {
    const { ctx } = server;
    await deploy(server, 'outgrown', classifier());
    const { modelId, version, digest } = (await targetOf(ctx, 'outgrown')).model.ready;
    let answer = () => {};
    const hanging = new Promise<void>((resolve) => (answer = resolve));
    const blobs: Context['stores']['blobs'] = (name) =>
      new Proxy(ctx.stores.blobs(name), {
        get(target, key) {
          if (key === 'write')
            return async (...write: Parameters<typeof target.write>) => {
              await hanging;
              return target.write(...write);
            };
          const member: unknown = Reflect.get(target, key, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    const stores = { ...ctx.stores, blobs };
    const head = { endpoint: 'outgrown', deployment: 'stable', modelId, version, digest };
    // As long as a buffer may become: each row closes one.
    const text = { type: 'string', dims: [1, 1], data: ['a long text '.repeat(180_000)] } as const;
    for (let row = 0; row < 20; row++)
      bufferPredictions(
        { ...ctx, stores },
        { ...head, source: 'realtime', features: null, labels: null },
        {
          at: Date.now(),
          rows: 1,
          inputs: { text: { ...text, data: [...text.data] } },
          outputs: {},
          scores: null,
          latencyMicros: 1,
          status: 200,
        },
      );
    answer();
    await expect.poll(() => flushPredictions(stores), { timeout: 20_000 }).toBe(0);
    const written = await logged('outgrown');
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const lost = sum(written.map(({ lostRows }) => lostRows));
    expect(lost).toBeGreaterThan(0);
    expect(sum(written.map((part) => part.rows)) + lost).toBe(20);
  });

  test('an end of the process waits at most 3 seconds for a store that hangs', async () => {
    const { ctx } = server;
    await deploy(server, 'hanging', classifier());
    const blobs: Context['stores']['blobs'] = (name) =>
      new Proxy(ctx.stores.blobs(name), {
        get(target, key) {
          if (key === 'write') return () => new Promise(() => {});
          const member: unknown = Reflect.get(target, key, target);
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    const stores = { ...ctx.stores, blobs };
    await askAt({ ...ctx, stores }, 'hanging', Date.now());
    const started = performance.now();
    expect(await flushPredictions(stores)).toBe(1);
    expect(performance.now() - started).toBeLessThan(3_500);
  });
});
