import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  createLoggedModel,
  createRun,
  deleteExperiment,
  deleteRun,
  createExperiment,
  getLoggedModel,
  getRun,
  logToRun,
  type MetricPoint,
} from '../../shared/tracking/index.ts';
import { testInstances } from '../support/instances.ts';
import { sharedEmulator } from '../support/shared-cosmos.ts';
import {
  countDocuments,
  expectedHistory,
  Killed,
  killedAt,
  newRun,
  wholeHistory,
} from './history-support.ts';

let stack: Awaited<ReturnType<typeof testInstances>>;
let one: Context;
let two: Context;
beforeAll(async () => {
  stack = await testInstances(2);
  [one, two] = stack.instances as [Context, Context];
});
afterAll(() => stack.close());

const point = (step: number, key = 'loss'): MetricPoint => ({
  key,
  value: step / 3,
  timestamp: 1_700_000_000_000 + step,
  step,
});

/** Calls of one writer, told apart by its name. */
function callsOf(writer: string, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    metrics: [point(i, `${writer}/loss`), point(i * 20 + Number(writer.slice(1)), 'shared')],
    params: [{ key: `${writer}/p${i}`, value: String(i) }],
    tags: [{ key: `${writer}/t${i}`, value: String(i) }],
  }));
}

/** What a client does on 503: the same call again. */
async function logRetrying(
  ctx: Context,
  runId: string,
  change: Parameters<typeof logToRun>[2],
): Promise<void> {
  for (;;)
    try {
      return await logToRun(ctx, runId, change);
    } catch (error) {
      if ((error as { code?: string }).code !== 'unavailable') throw error;
    }
}

async function requestUnits(of: readonly Context[], act: () => Promise<unknown>): Promise<number> {
  const total = () => of.reduce((sum, { stores }) => sum + stores.documents.meter.requestUnits, 0);
  const before = total();
  await act();
  return total() - before;
}

const writers = Array.from({ length: 20 }, (_, i) => `w${i}`);

describe('20 writers on one run', () => {
  const calls = 10;

  /** What of their calls is not in the run, or not as it was logged. */
  async function lost(runId: string): Promise<string[]> {
    const run = await getRun(two, runId);
    const points = writers.flatMap((writer) => callsOf(writer, calls).flatMap(({ metrics }) => metrics));
    const isWhole = async (key: string) =>
      isDeepStrictEqual(await wholeHistory(two, runId, key), expectedHistory(points, key));
    const missing: string[] = [];
    for (const key of ['shared', ...writers.map((writer) => `${writer}/loss`)])
      if (!(await isWhole(key))) missing.push(key);
    for (const writer of writers) {
      if (run.m[`${writer}/loss`] !== (calls - 1) / 3) missing.push(`latest of ${writer}/loss`);
      for (let i = 0; i < calls; i++) {
        if (run.params[`${writer}/p${i}`] !== String(i)) missing.push(`${writer}/p${i}`);
        if (run.tags[`${writer}/t${i}`] !== String(i)) missing.push(`${writer}/t${i}`);
      }
    }
    if (run.mm['shared']?.[0] !== calls * 20 - 1) missing.push('latest of shared');
    return missing;
  }

  test('lose nothing over two instances', async () => {
    const runId = await newRun(one);
    await Promise.all(
      writers.map(async (writer, i) => {
        for (const call of callsOf(writer, calls)) await logRetrying(i % 2 ? one : two, runId, call);
      }),
    );
    expect(await lost(runId)).toEqual([]);
  });

  test('cost at most half as much again as one writer', async () => {
    const all = writers.flatMap((writer) => callsOf(writer, calls));
    const [together, apart, alone] = [await newRun(one), await newRun(one), await newRun(one)];
    const ofOne = await requestUnits([one], async () => {
      for (const call of all) {
        await logToRun(one, alone, call);
        // As over HTTP: the next call comes when this one has been answered.
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const ofTwenty = await requestUnits([one], () =>
      Promise.all(
        writers.map(async (writer) => {
          for (const call of callsOf(writer, calls)) await logToRun(one, together, call);
        }),
      ),
    );
    const overTwo = await requestUnits([one, two], () =>
      Promise.all(
        writers.map(async (writer, i) => {
          for (const call of callsOf(writer, calls)) await logRetrying(i % 2 ? one : two, apart, call);
        }),
      ),
    );
    expect(ofTwenty).toBeLessThan(1.5 * ofOne);
    expect(overTwo).toBeLessThan(1.5 * ofOne);
    expect(await lost(together)).toEqual([]);
    expect(await lost(apart)).toEqual([]);
  });
});

describe('a call', () => {
  test('that comes at any moment of the end of another is served', async () => {
    const runId = await newRun(one);
    for (let hops = 0; hops < 30; hops++) {
      await logToRun(one, runId, { metrics: [point(hops * 2)] });
      for (let i = 0; i < hops; i++) await Promise.resolve();
      await logToRun(one, runId, { metrics: [point(hops * 2 + 1)] });
    }
    expect(await wholeHistory(one, runId, 'loss')).toHaveLength(60);
  });

  test('sent many times at once, over two instances, is applied once', async () => {
    const runId = await newRun(one);
    const call = { metrics: [point(1), point(2)], tags: [{ key: 't', value: 'v' }] };
    await Promise.all([one, two, one, two, one].map((ctx) => logRetrying(ctx, runId, call)));
    expect(await countDocuments(one, runId, 'points')).toBe(1);
    expect((await getRun(one, runId)).logged).toEqual([1, 2]);
  });

  test('whose answer was lost is repeated without a second point', async () => {
    const runId = await newRun(one);
    const call = { metrics: [point(1)], params: [{ key: 'p', value: '1' }] };
    const end = sharedEmulator().faults.inject({
      operations: ['batch'],
      outcome: 503,
      point: 'after',
      count: 1,
    });
    await expect(logToRun(one, runId, call)).rejects.toMatchObject({ code: 'unavailable' });
    end();
    await logToRun(one, runId, call);
    expect(await countDocuments(one, runId, 'points')).toBe(1);
    expect(await wholeHistory(one, runId, 'loss')).toEqual([point(1)]);
  });

  test('with a param that has another value writes nothing, and does not touch the calls it shares a write with', async () => {
    const runId = await newRun(one);
    await logToRun(one, runId, { params: [{ key: 'lr', value: '0.1' }] });
    const results = await Promise.allSettled([
      logToRun(one, runId, { metrics: [point(1)] }),
      logToRun(one, runId, {
        metrics: [point(2)],
        tags: [{ key: 'bad', value: 'x' }],
        params: [{ key: 'lr', value: '0.2' }],
      }),
      logToRun(one, runId, { metrics: [point(3)], params: [{ key: 'lr', value: '0.1' }] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({
      reason: { code: 'invalid', message: expect.stringContaining("Params were already logged='[{") },
    });
    expect(await wholeHistory(one, runId, 'loss')).toEqual([point(1), point(3)]);
    expect((await getRun(one, runId)).tags).not.toHaveProperty('bad');
  });

  test('with a tag several times sets its last value, also where that is the one it had', async () => {
    const runId = await newRun(one);
    const tag = (value: string) => ({ key: 't', value });
    await logToRun(one, runId, { tags: [tag('a')] });
    await logToRun(one, runId, { tags: [tag('b'), tag('a')] });
    expect((await getRun(one, runId)).tags['t']).toBe('a');
    await logToRun(one, runId, { tags: [tag('a'), tag('b')] });
    expect((await getRun(one, runId)).tags['t']).toBe('b');
  });

  test('with long texts keeps them before the run refers to them, and not where it is refused', async () => {
    const runId = await newRun(one);
    const long = 'é'.repeat(3000);
    const change = { params: [{ key: 'prompt', value: long }], tags: [{ key: 'note', value: `${long}!` }] };
    const killed = killedAt(one, 1);
    await expect(logToRun(killed.ctx, runId, change)).rejects.toThrow(Killed);
    expect([await countDocuments(one, runId, 'text'), (await getRun(one, runId)).params]).toEqual([2, {}]);
    await logToRun(one, runId, change);
    const run = await getRun(one, runId);
    expect([run.params['prompt'], run.tags['note']]).toEqual([long, `${long}!`]);
    await expect(
      logToRun(one, runId, { params: [{ key: 'prompt', value: `${long}?` }] }),
    ).rejects.toMatchObject({ code: 'invalid' });
    await logToRun(one, runId, change);
    expect(await countDocuments(one, runId, 'text')).toBe(2);
  });

  test('to a deleted run, or to one of a deleted experiment, is refused whole', async () => {
    const { experimentId } = await createExperiment(one, { name: 'to be deleted' });
    const gone = (await createRun(one, { experimentId })).runId;
    const deleted = await newRun(one);
    await deleteRun(one, deleted);
    await deleteExperiment(one, experimentId);
    for (const runId of [gone, deleted]) {
      await expect(logToRun(one, runId, { metrics: [point(1)] })).rejects.toMatchObject({
        code: 'invalid',
        message: `The run ${runId} must be in the 'active' state. Current state is deleted.`,
      });
      expect((await getRun(one, runId)).m).toEqual({});
    }
  });
});

describe('a metric of a logged model', () => {
  test('is at the model before it is in the run, and in the run', async () => {
    const runId = await newRun(one);
    const { modelId } = await createLoggedModel(one, { experimentId: '0', sourceRunId: runId });
    const metrics = [{ ...point(1), modelId, datasetName: 'test', datasetDigest: 'd1' }, point(2)];
    const killed = killedAt(one, 1);
    await expect(logToRun(killed.ctx, runId, { metrics })).rejects.toThrow(Killed);
    expect((await getLoggedModel(one, modelId)).metrics).toMatchObject([
      { key: 'loss', value: 1 / 3, runId, dataset: { name: 'test', digest: 'd1' } },
    ]);
    expect((await getRun(one, runId)).m).toEqual({});
    await logToRun(one, runId, { metrics });
    expect(await wholeHistory(one, runId, 'loss')).toEqual([point(1), point(2)]);
    expect((await getLoggedModel(one, modelId)).metrics).toHaveLength(1);
  });

  test('of an unknown model, or in a call that is refused, is written nowhere', async () => {
    const runId = await newRun(one);
    const { modelId } = await createLoggedModel(one, { experimentId: '0', sourceRunId: runId });
    await logToRun(one, runId, { params: [{ key: 'lr', value: '1' }] });
    const metrics = [{ ...point(1), modelId }];
    await expect(
      logToRun(one, runId, { metrics: [{ ...point(1), modelId: `m-${'0'.repeat(32)}` }] }),
    ).rejects.toMatchObject({ code: 'not-found' });
    await expect(
      logToRun(one, runId, { metrics, params: [{ key: 'lr', value: '2' }] }),
    ).rejects.toMatchObject({ code: 'invalid' });
    expect((await getLoggedModel(one, modelId)).metrics).toEqual([]);
    expect((await getRun(one, runId)).m).toEqual({});
  });
});
