import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextApart } from '../../test/support/context-apart.ts';
import type { TestContext } from '../../test/support/context.ts';
import type { Context } from '../context.ts';
import { linearClassifier, linearRegressor, mlDomain, type NodeSpec, writeModel } from '../onnx/index.ts';
import { matrix, run } from '../onnx/testing.ts';
import type { VersionReady } from '../registry/index.ts';
import { deploymentSettingsDefault } from '../endpoints/index.ts';
import { executionFacts, loadedModels, withModel } from '../execution/index.ts';
import { loop, looped, picking, stored as storedModel } from '../execution/testing.ts';
import { loadModel } from './models.ts';

let context: TestContext;
beforeAll(async () => {
  context = await contextApart();
});
afterAll(() => context.close());

const labels = ['a', 'b'];
const classifier = (shift: number, features = ['x', 'y']) =>
  linearClassifier({
    features,
    labels,
    coefficients: Array.from({ length: features.length * 2 }, (_, i) => (i % 3) - 1),
    intercepts: [shift, 0],
  });

const stored = (ctx: Context, bytes: Uint8Array, change: Partial<VersionReady> = {}) =>
  storedModel(ctx, bytes, { features: ['x', 'y'], labels, ...change });

/** A context that counts how often a blob is read. */
function counting(): { ctx: Context; reads: () => number } {
  let reads = 0;
  const { ctx } = context;
  const blobs: Context['stores']['blobs'] = (name) => {
    const container = ctx.stores.blobs(name);
    const open = container.open.bind(container);
    return new Proxy(container, {
      get: (target, key) => {
        if (key !== 'open') return Reflect.get(target, key, target) as unknown;
        reads++;
        return open;
      },
    });
  };
  return { ctx: { ...ctx, stores: { ...ctx.stores, blobs } }, reads: () => reads };
}

const limited = (megabytes: number): Context => ({
  ...context.ctx,
  settings: { ...context.ctx.settings, sessionCacheMbMax: megabytes },
});

const graph = (
  nodes: NodeSpec[],
  inputs: { name: string; elementType: 'float32' | 'float16' }[],
  output: string,
) =>
  writeModel({
    graph: {
      inputs: inputs.map((input) => ({ ...input, kind: 'tensor', shape: ['n', 2] })),
      outputs: [{ name: output, kind: 'tensor', elementType: 'float32', shape: ['n', 2] }],
      nodes,
    },
  });

describe('scoring', () => {
  test('gives the classes, probabilities and numbers of the raw runtime, bit for bit', async () => {
    const { ctx } = context;
    const bytes = classifier(0.5);
    const rows = Array.from({ length: 50 }, (_, i) => [Math.sin(i) * 3, Math.cos(i * i)]);
    const raw = await run(bytes, { input: matrix(rows) });
    const scores = await (await loadModel(ctx, await stored(ctx, bytes))).score(
      Float32Array.from(rows.flat()),
      50,
    );
    expect(scores.classes).toEqual(raw['label']?.data);
    expect([...(scores.probabilities ?? [])]).toEqual(raw['probabilities']?.data);
    expect([...scores.scores]).toEqual(
      rows.map((_, row) =>
        Math.max(...((raw['probabilities']?.data ?? []) as number[]).slice(row * 2, row * 2 + 2)),
      ),
    );

    const regressor = linearRegressor({ features: ['x', 'y'], coefficients: [0.1, 0.2], intercept: 1 / 3 });
    const values = await run(regressor, { input: matrix(rows) });
    const model = await loadModel(ctx, await stored(ctx, regressor, { labels: null }));
    const scored = await model.score(Float32Array.from(rows.flat()), 50);
    expect([...scored.scores]).toEqual(values['prediction']?.data);
    expect(scored.classes).toBeNull();
    expect((await model.score(new Float32Array(), 0)).scores).toHaveLength(0);
  });

  test('numbers that do not make the rows promised are refused', async () => {
    const model = await loadModel(context.ctx, await stored(context.ctx, classifier(0.5)));
    for (const [numbers, rows] of [
      [3, 1],
      [4, 1],
      [5, 2],
      [0, 1],
    ] as const)
      await expect(model.score(new Float32Array(numbers), rows)).rejects.toMatchObject({ code: 'invalid' });
  });

  test('a model that is no classifier or regressor is run, but not scored', async () => {
    const relu = graph(
      [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
      [{ name: 'x', elementType: 'float32' }],
      'y',
    );
    const model = await loadModel(context.ctx, await stored(context.ctx, relu, { labels: null }));
    expect(
      await model.run(context.ctx, { x: { type: 'float32', dims: [1, 2], data: Float32Array.of(-1, 2) } }),
    ).toMatchObject({
      y: { dims: [1, 2], data: Float32Array.of(0, 2) },
    });
    await expect(model.score(new Float32Array(2), 1)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('loading', () => {
  test('callers at once share one load, and later ones its session', async () => {
    const { ctx, reads } = counting();
    const ready = await stored(context.ctx, classifier(1));
    const models = await Promise.all(Array.from({ length: 10 }, () => loadModel(ctx, ready)));
    await Promise.all(models.map((model) => model.score(new Float32Array(2), 1)));
    expect(reads()).toBe(1);
  });

  test('bytes that are not those of the digest, or gone, are never run', async () => {
    const { ctx } = context;
    const ready = await stored(ctx, classifier(2));
    await ctx.stores.blobs('models').write(ready.served.blob, classifier(3));
    await expect(loadModel(ctx, ready)).rejects.toMatchObject({ code: 'conflict' });
    await ctx.stores.blobs('models').remove(ready.served.blob);
    await expect(loadModel(ctx, ready)).rejects.toMatchObject({ code: 'conflict' });
    await stored(ctx, classifier(2));
    expect((await loadModel(ctx, ready)).ready).toBe(ready);
  });

  test('weights in files of their own are handed to the runtime, and other weights are another model', async () => {
    const { ctx } = context;
    const bytes = writeModel({
      graph: {
        inputs: [{ name: 'x', kind: 'tensor', elementType: 'float32', shape: [2] }],
        outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: [2] }],
        nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
        initializers: [
          { name: 'w', type: 'float32', shape: [2], external: { location: 'w.bin', offset: 4, length: 8 } },
        ],
      },
    });
    const weights = async (numbers: number[]) => {
      const data = new Uint8Array(Float32Array.from(numbers).buffer);
      const digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
      const blob = `default/served/${digest.slice(7)}`;
      await ctx.stores.blobs('models').write(blob, data);
      return { path: 'w.bin', blob, digest, bytes: data.byteLength };
    };
    const ready = await stored(ctx, bytes, { labels: null });
    const withWeights = async (numbers: number[]): Promise<VersionReady> => ({
      ...ready,
      served: { ...ready.served, external: [await weights(numbers)] },
    });
    const feeds = { x: { type: 'float32' as const, dims: [2], data: Float32Array.of(0, 0) } };
    const [first, second] = [await withWeights([0, 1, 2]), await withWeights([0, 3, 4])];
    for (const [each, data] of [
      [first, Float32Array.of(1, 2)],
      [second, Float32Array.of(3, 4)],
    ] as const)
      expect(await (await loadModel(ctx, each)).run(ctx, feeds)).toMatchObject({ y: { data } });
    await expect(loadModel(ctx, ready)).rejects.toMatchObject({ code: 'conflict' });
    const blob = second.served.external[0]?.blob ?? '';
    await rm(join(tmpdir(), `cairn-model-files-${process.getuid?.()}`), { recursive: true });
    await ctx.stores.blobs('models').write(blob, new Uint8Array(12));
    const again = await loadModel(limited(0), await stored(ctx, classifier(40)));
    expect(again.roles).not.toBeNull();
    await expect(loadModel(ctx, second)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('maps, types that cannot be fed, and what the runtime does not know are refused by name', async () => {
    const { ctx } = context;
    const zipmap = writeModel({
      graph: {
        inputs: [{ name: 'p', kind: 'tensor', elementType: 'float32', shape: ['n', 2] }],
        outputs: [
          {
            name: 'output_probability',
            kind: 'sequence',
            element: {
              kind: 'map',
              key: 'string',
              value: { kind: 'tensor', elementType: 'float32', shape: null },
            },
          },
        ],
        nodes: [
          {
            op: 'ZipMap',
            domain: mlDomain,
            inputs: ['p'],
            outputs: ['output_probability'],
            attributes: { classlabels_strings: { strings: labels } },
          },
        ],
      },
    });
    const half = graph(
      [{ op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: { to: { int: 1 } } }],
      [{ name: 'x', elementType: 'float16' }],
      'y',
    );
    const unknown = graph(
      [{ op: 'Imagined', inputs: ['x'], outputs: ['y'] }],
      [{ name: 'x', elementType: 'float32' }],
      'y',
    );
    for (const [bytes, message] of [
      [zipmap, "output 'output_probability' is not a tensor"],
      [half, "input 'x' is of type float16"],
      [unknown, 'no operator Imagined'],
    ] as const)
      await expect(loadModel(ctx, await stored(ctx, bytes))).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(message),
      });
  });

  test('what the runtime says of a failed run stays in the log', async () => {
    const lines: string[] = [];
    const ctx = {
      ...context.ctx,
      log: {
        ...context.ctx.log,
        error: (text: string, fields = {}) => void lines.push(text + JSON.stringify(fields)),
      },
    };
    // Whatever it is asked, what it looks up is not there.
    const gather = picking(
      [
        { op: 'Mul', inputs: ['i', 'zero'], outputs: ['none'] },
        { op: 'Sub', inputs: ['none', 'far'], outputs: ['at'] },
        { op: 'Gather', inputs: ['w', 'at'], outputs: ['y'] },
      ],
      { zero: 0n, far: 99n },
    );
    // Loaded by another request, whose log and id are not this one's.
    const model = await loadModel({ ...context.ctx, requestId: 'loading' }, await stored(ctx, gather));
    const asking = { ...ctx, requestId: 'asking' };
    const failure = model.run(asking, { i: { type: 'int64', dims: [1], data: BigInt64Array.of(1n) } });
    await expect(failure).rejects.toMatchObject({
      code: 'internal',
      message: 'The model failed to run. Quote request asking.',
    });
    expect(lines.join()).toContain('Gather');
    expect(lines.join()).toContain('idx=# must');
    expect(lines.join()).not.toContain('99');
  });
});

describe('values that a model cannot run on', () => {
  const index = (at: bigint) => ({ i: { type: 'int64' as const, dims: [1], data: BigInt64Array.of(at) } });
  const gather = picking([{ op: 'Gather', inputs: ['w', 'i'], outputs: ['y'] }]);

  test.each(['inline', 'worker', 'process'] as const)(
    'are the caller’s mistake, in the name of the input and without the values: %s',
    async (execution) => {
      const { ctx } = context;
      const model = await loadModel(ctx, await stored(ctx, gather), {
        ...deploymentSettingsDefault,
        execution,
      });
      const runs: number[] = [];
      const onRun = (rows: number) => void runs.push(rows);
      await expect(model.run(ctx, index(-99n), { onRun })).rejects.toMatchObject({
        code: 'invalid',
        message: "The model cannot run on these values of 'i'.",
      });
      expect(await model.run(ctx, index(1n), { onRun })).toMatchObject({ y: { data: Float32Array.of(2) } });
      expect(runs).toEqual([1]);
    },
  );

  test('are told from others where the model runs on 1 and not on 0', async () => {
    const { ctx } = context;
    const fromOne = picking(
      [
        { op: 'Sub', inputs: ['i', 'far'], outputs: ['at'] },
        { op: 'Gather', inputs: ['w', 'at'], outputs: ['y'] },
      ],
      { far: 3n },
    );
    const model = await loadModel(ctx, await stored(ctx, fromOne));
    await expect(model.run(ctx, index(9n))).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('a deadline', () => {
  test('is kept where a run would never end, and whoever asks next is answered', async () => {
    const { ctx } = context;
    const model = await loadModel(ctx, await stored(ctx, loop(), { features: null, labels: null }));
    const begun = Date.now();
    const endless = model.run(ctx, looped(2n ** 50n), { millisecondsMax: 500 });
    await expect(endless).rejects.toMatchObject({ code: 'timeout', status: 504 });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(499);
    expect(await model.run(ctx, looped(2n, [3, 4]))).toMatchObject({ y: { data: Float32Array.of(3, 4) } });
    expect(executionFacts(model.ready, deploymentSettingsDefault)).toMatchObject({ mode: 'process' });
  });

  test('that is over already is too late, whatever the model', async () => {
    const { ctx } = context;
    const model = await loadModel(ctx, await stored(ctx, loop(), { features: null, labels: null }), {
      execution: 'inline',
      microBatchRows: 1,
    });
    const late = model.run(ctx, looped(1n), { millisecondsMax: -1 });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('memory', () => {
  test('is counted as it was measured when the model was tried', async () => {
    const ctx = limited(8);
    const measured = { loadMilliseconds: 1, runMillisecondsP50: 1, runMillisecondsMax: 1 };
    const large = { timings: { ...measured, memoryBytes: 7 * 1024 * 1024 } };
    const first = await stored(ctx, classifier(5), large);
    const second = await stored(ctx, classifier(6), large);
    await loadModel(ctx, first);
    await loadModel(ctx, second);
    expect(loadedModels()).toEqual([second.digest]);
  });

  test('is counted from when a model is first asked for, so that what is idle makes room for it', async () => {
    const ctx = limited(2);
    const [idle, first, second] = await Promise.all(
      [60, 61, 62].map((shift) => stored(ctx, classifier(shift))),
    );
    await loadModel(ctx, idle);
    const loading = [loadModel(ctx, first), loadModel(ctx, second)];
    expect(loadedModels()).toEqual([first.digest, second.digest]);
    await Promise.all(loading);
    expect(loadedModels()).toEqual([first.digest, second.digest]);
  });

  test('that a model does not let go of is told to the log, and not to who was answered', async () => {
    const lines: string[] = [];
    const ctx = limited(1);
    const log = { ...ctx.log, warn: (text: string) => void lines.push(text) };
    const ready = await stored(ctx, classifier(63));
    const answer = await withModel({ ...ctx, log }, ready, deploymentSettingsDefault, async (model) => {
      Object.assign(model, { release: async () => Promise.reject(new Error('stuck')) });
      await loadModel(ctx, await stored(ctx, classifier(64)));
      return 'answered';
    });
    expect(answer).toBe('answered');
    await expect.poll(() => lines).toEqual(['model not released']);
  });

  test('beyond the limit the least recently used is released, and loaded again when asked', async () => {
    const ctx = limited(2);
    const readies = await Promise.all([10, 11, 12].map(async (shift) => stored(ctx, classifier(shift))));
    const models = [];
    for (const ready of readies.slice(0, 2)) models.push(await loadModel(ctx, ready));
    await models[0]?.score(new Float32Array(2), 1);
    models.push(await loadModel(ctx, readies[2]));
    const [first, second, third] = readies.map(({ digest }) => digest);
    expect(loadedModels()).toEqual([first, third]);
    expect((await models[1]?.score(new Float32Array(2), 1))?.classes).toHaveLength(1);
    expect(loadedModels()).toEqual([third, second]);
  });

  test('a model larger than the limit is served all the same, alone', async () => {
    const ctx = limited(1);
    const ready = await stored(ctx, classifier(20));
    await (await loadModel(ctx, ready)).score(new Float32Array(2), 1);
    expect(loadedModels()).toEqual([ready.digest]);
  });

  test('a session is never released under a run, however fast models push each other out', async () => {
    const ctx = limited(1);
    const readies = await Promise.all([30, 31, 32, 33].map(async (shift) => stored(ctx, classifier(shift))));
    const models = await Promise.all(readies.map((ready) => loadModel(ctx, ready)));
    const scored = await Promise.all(
      Array.from({ length: 400 }, (_, i) => models[(i * 7) % 4].score(new Float32Array(64), 32)),
    );
    expect(scored.every(({ classes }) => classes?.length === 32)).toBe(true);
    expect(loadedModels().length).toBeLessThanOrEqual(1);
  });
});
