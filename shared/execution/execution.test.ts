import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextApart } from '../../test/support/context-apart.ts';
import type { TestContext } from '../../test/support/context.ts';
import { type DeploymentSettings, deploymentSettingsDefault } from '../endpoints/index.ts';
import type { VersionReady } from '../registry/index.ts';
import type { Tensors } from '../sessions/index.ts';
import { modelFilesFolder } from './files.ts';
import { type ExecutionFacts, executionFacts, withModel } from './index.ts';
import { dense, everyTensor, everyType, graph, loop, looped, rows, stored } from './testing.ts';

let context: TestContext;
beforeAll(async () => {
  context = await contextApart();
});
afterAll(() => context.close());

const settingsOf = (execution: DeploymentSettings['execution']) => ({
  ...deploymentSettingsDefault,
  execution,
});

const call = (
  ready: VersionReady,
  feeds: Tensors,
  {
    execution = 'auto',
    milliseconds = Number.POSITIVE_INFINITY,
  }: Partial<DeploymentSettings> & { milliseconds?: number } = {},
) =>
  withModel(context.ctx, ready, settingsOf(execution), (model) =>
    model.call(feeds, { deadline: performance.now() + milliseconds, rowsMax: 64, whole: false }),
  );

const factsOf = async (bytes: Uint8Array, execution: DeploymentSettings['execution'] = 'auto') => {
  const ready = await stored(context.ctx, bytes);
  await withModel(context.ctx, ready, settingsOf(execution), () => undefined);
  return executionFacts(ready, settingsOf(execution)) as ExecutionFacts;
};

let seed = 1;
const random = () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};

/** `x` as many times as `times` says. */
const times = () =>
  graph(
    [
      { op: 'Cast', inputs: ['times'], outputs: ['t'], attributes: { to: { int: 1 } } },
      { op: 'Mul', inputs: ['x', 't'], outputs: ['y'] },
    ],
    { inputs: [{ name: 'times', kind: 'tensor', elementType: 'int64', shape: [] }] },
  );

describe('where a model runs by itself', () => {
  test('is here where a run is short', async () => {
    expect(await factsOf(graph([{ op: 'Relu', inputs: ['x'], outputs: ['y'] }]))).toMatchObject({
      mode: 'inline',
      rows_free: true,
    });
  });

  test('is the thread aside where a run takes long', async () => {
    expect(await factsOf(dense(900, 4, random))).toMatchObject({ mode: 'worker', rows_free: true });
  });

  test.each(['auto', 'inline', 'worker', 'process'] as const)(
    'is a process of its own where it has loops, though %s is what is set',
    async (execution) => {
      const facts = await factsOf(loop(), execution);
      expect(facts).toMatchObject({ mode: 'process', rows_free: false });
      expect(facts.memory_mb).toBeGreaterThan(20);
    },
  );
});

describe.each(['inline', 'worker', 'process'] as const)('%s', (execution) => {
  test('gives what the model says, and its error to who caused it', async () => {
    const ready = await stored(context.ctx, times());
    expect(await call(ready, looped(3n, [-1, 2]), { execution })).toMatchObject({
      y: { type: 'float32', dims: [1, 2], data: Float32Array.of(-3, 6) },
    });
    expect(executionFacts(ready, settingsOf(execution))?.mode).toBe(execution);
    const [bad, good] = await Promise.allSettled([
      call(ready, rows([1, 2]), { execution }),
      call(ready, looped(1n), { execution }),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { name: 'RunFailed' } });
    expect(good).toMatchObject({ status: 'fulfilled', value: { y: { data: Float32Array.of(1, 2) } } });
  });

  test('carries every type, texts, no rows and several sizes', async () => {
    const ready = await stored(context.ctx, everyType());
    for (const [count, columns] of [
      [0, 3],
      [1, 1],
      [5, 2],
    ] as const)
      expect(await call(ready, everyTensor('i', count, columns), { execution })).toEqual(
        everyTensor('o', count, columns),
      );
  });
});

test('a model that workspaces share is loaded again by the files of whoever asks', async () => {
  const ready = await stored(context.ctx, loop());
  const other = { ...ready, served: { ...ready.served, blob: 'other/served/loop' } };
  const blobs = context.ctx.stores.blobs('models');
  await blobs.write(other.served.blob, loop());
  const ask = (asked: VersionReady, turns: bigint, milliseconds?: number) =>
    call(asked, looped(turns), { execution: 'process', ...(milliseconds ? { milliseconds } : {}) });
  await ask(ready, 1n);
  await blobs.remove(ready.served.blob);
  await rm(modelFilesFolder(), { recursive: true });
  await expect(ask(other, 2n ** 50n, 300)).rejects.toMatchObject({ code: 'timeout' });
  expect(await ask(other, 1n)).toMatchObject({ y: { data: Float32Array.of(1, 2) } });
});

describe('out of time', () => {
  test('a call ends as it should in every mode, and the next one is answered', async () => {
    const columns = 400;
    const ready = await stored(context.ctx, dense(columns, 6, random));
    const zeros = (rowCount: number): Tensors => ({
      x: { type: 'float32', dims: [rowCount, columns], data: new Float32Array(rowCount * columns) },
    });
    for (const execution of ['inline', 'worker', 'process'] as const) {
      await call(ready, zeros(1), { execution });
      await expect(call(ready, zeros(5_000), { execution, milliseconds: 20 })).rejects.toMatchObject({
        code: 'timeout',
      });
      expect(await call(ready, zeros(1), { execution, milliseconds: 60_000 })).toMatchObject({
        y: { dims: [1, columns] },
      });
    }
  });

  test('a run that never ends is killed, and those that waited behind it are answered', async () => {
    const ready = await stored(context.ctx, loop());
    await call(ready, looped(1n), { execution: 'process' });
    const endless = call(ready, looped(2n ** 50n), { execution: 'process', milliseconds: 300 });
    const behind = [1, 2, 3].map((x) => call(ready, looped(1n, [x, x]), { execution: 'process' }));
    await expect(endless).rejects.toMatchObject({ code: 'timeout' });
    expect((await Promise.all(behind)).map(({ y }) => y?.data[0])).toEqual([1, 2, 3]);
  });
});
