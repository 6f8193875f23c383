import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  foldRun,
  getRun,
  logToRun,
  type MetricPoint,
  metricHistoryBulk,
  metricHistoryBulkInterval,
  metricHistoryPage,
} from '../../shared/tracking/index.ts';
import { testContext, type TestContext } from '../support/context.ts';
import {
  countDocuments,
  expectedHistory,
  Killed,
  killedAt,
  newRun,
  wholeHistory,
  withReads,
  withWrites,
} from './history-support.ts';

let stack: TestContext;
let ctx: Context;
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
});
afterAll(() => stack.close());

const long = process.env['CAIRN_TEST'] === 'long';
const folding = (runId: string) => ({ kind: 'fold-run', runId }) as const;

/** Calls as a training loop makes them: each logs every metric, `each` points of it. */
function training(calls: number, keys: readonly string[], each = 1): MetricPoint[][] {
  return Array.from({ length: calls }, (_, call) =>
    keys.flatMap((key) =>
      Array.from({ length: each }, (_unused, i): MetricPoint => {
        const step = call * each + i;
        return { key, value: Math.sin(step) + key.length, timestamp: 1_700_000_000_000 + step * 1000, step };
      }),
    ),
  );
}

/** Logs each list as a call of its own, one after the other in groups that share a write. */
async function log(runId: string, calls: readonly (readonly MetricPoint[])[]): Promise<void> {
  for (let i = 0; i < calls.length; i += 40)
    await Promise.all(calls.slice(i, i + 40).map((metrics) => logToRun(ctx, runId, { metrics })));
}

async function expectHistories(runId: string, points: readonly MetricPoint[]): Promise<void> {
  for (const key of new Set(points.map((p) => p.key)))
    expect(await wholeHistory(ctx, runId, key)).toEqual(expectedHistory(points, key));
}

describe('folding', () => {
  test('moves the points of many calls into a series per metric, and history stays as it was', async () => {
    const runId = await newRun(ctx);
    const calls = training(80, ['loss', 'acc']);
    await log(runId, calls);
    await foldRun(ctx, folding(runId));
    expect(await countDocuments(ctx, runId, 'points')).toBe(0);
    expect(await countDocuments(ctx, runId, 'series')).toBe(2);
    await expectHistories(runId, calls.flat());
  });

  test('cuts long series into blocks under 64 KB, also of points that do not pack', async () => {
    const runId = await newRun(ctx);
    const random = (i: number) => ((i * 2_654_435_761) % 2 ** 32) * 2 ** 21;
    const points = Array.from({ length: 20_000 }, (_, i) => ({
      key: 'k',
      value: Math.sqrt(i) * (i % 2 ? 1e-300 : 1e300),
      timestamp: random(i),
      step: (i % 2 ? 1 : -1) * random(i + 1),
    }));
    await log(
      runId,
      Array.from({ length: 40 }, (_, i) => points.slice(i * 500, (i + 1) * 500)),
    );
    await foldRun(ctx, folding(runId));
    const sizes = await ctx.stores
      .documents('runs')
      .query<{ type: string; size: number }>(
        { text: "SELECT c.type, LENGTH(ToString(c)) AS size FROM c WHERE c.type IN ('block', 'series')" },
        { key: ['0', runId], consistency: 'strong' },
      );
    expect(sizes.filter(({ type }) => type === 'block')).toHaveLength(10);
    expect(Math.max(...sizes.map(({ size }) => size))).toBeLessThan(65_536);
    await expectHistories(runId, points);
  });

  test('leaves a few documents as they are', async () => {
    const runId = await newRun(ctx);
    await log(runId, training(16, ['loss']));
    await foldRun(ctx, folding(runId));
    expect(await countDocuments(ctx, runId, 'points')).toBe(16);
  });

  test('a call repeated after its points were folded duplicates nothing and moves no latest value', async () => {
    const runId = await newRun(ctx);
    const calls = training(40, ['loss']);
    await log(runId, calls);
    await foldRun(ctx, folding(runId));
    await log(runId, calls);
    await expectHistories(runId, calls.flat());
    await foldRun(ctx, folding(runId));
    expect(await countDocuments(ctx, runId, 'points')).toBe(0);
    await expectHistories(runId, calls.flat());
    const run = await getRun(ctx, runId);
    expect([run.m['loss'], run.mm['loss']]).toEqual([calls[39]?.[0]?.value, [39, 1_700_000_039_000]]);
  });

  test('points logged again after their block was sealed are not stored twice', async () => {
    const runId = await newRun(ctx);
    const calls = training(40, ['loss'], 100);
    await log(runId, calls);
    await foldRun(ctx, folding(runId));
    expect(await countDocuments(ctx, runId, 'block')).toBe(2);
    await log(runId, calls.slice(0, 20));
    await foldRun(ctx, folding(runId));
    expect(await countDocuments(ctx, runId, 'block')).toBe(2);
    await expectHistories(runId, calls.flat());
  });

  test('of an unknown run does nothing', async () => {
    await expect(foldRun(ctx, folding('0'.repeat(32)))).resolves.toBeUndefined();
  });
});

describe('folding that breaks off', () => {
  /** A run with two series that have been folded once, whose next fold seals blocks, and needs several batches. */
  async function prepared(): Promise<{ runId: string; points: MetricPoint[] }> {
    const runId = await newRun(ctx);
    const many = Array.from({ length: 70 }, (_, i) => `wide/${i}`);
    const calls = [...training(40, ['loss', 'acc'], 40), ...training(2, many)];
    await log(runId, calls.slice(0, 20));
    await foldRun(ctx, folding(runId));
    await log(runId, calls.slice(20));
    return { runId, points: calls.flat() };
  }

  for (const point of ['before', 'after'] as const)
    test(`${point} any of its writes loses and doubles nothing, and goes on where it was`, async () => {
      let writes = 1;
      for (let n = 0; n < writes; n++) {
        const { runId, points } = await prepared();
        const killed = killedAt(ctx, n, point);
        await expect(foldRun(killed.ctx, folding(runId))).rejects.toThrow(Killed);
        await expectSome(runId, points);
        const rest = killedAt(ctx, Number.POSITIVE_INFINITY);
        await foldRun(rest.ctx, folding(runId));
        await expectSome(runId, points);
        expect(await countDocuments(ctx, runId, 'points')).toBe(0);
        // The first life says how many there are.
        if (n === 0) writes = rest.count.writes + (point === 'after' ? 1 : 0);
      }
      expect(writes).toBeGreaterThanOrEqual(4);
    });

  async function expectSome(runId: string, points: readonly MetricPoint[]): Promise<void> {
    const keys = ['loss', 'acc', 'wide/0', 'wide/35', 'wide/69'];
    await expectHistories(
      runId,
      points.filter(({ key }) => keys.includes(key)),
    );
  }
});

describe('folding beside others', () => {
  test('several folders at once lose and double nothing', async () => {
    const runId = await newRun(ctx);
    const calls = training(120, ['a', 'b', 'c'], 20);
    await log(runId, calls);
    await Promise.all([1, 2, 3].map(() => foldRun(ctx, folding(runId))));
    expect(await countDocuments(ctx, runId, 'points')).toBeLessThanOrEqual(16);
    await expectHistories(runId, calls.flat());
  });

  test('a reader misses and doubles nothing while calls are logged and folded between its pages', async () => {
    const runId = await newRun(ctx);
    const calls = training(150, ['loss'], 20);
    await log(runId, calls.slice(0, 100));
    const seen: MetricPoint[] = [];
    for (let pageToken: string | undefined, page = 0; ; page++) {
      const { items, nextToken } = await metricHistoryPage(ctx, {
        runId,
        key: 'loss',
        limit: 150,
        pageToken,
      });
      seen.push(...items);
      pageToken = nextToken;
      if (pageToken === undefined) break;
      if (page % 3 === 0) await foldRun(ctx, folding(runId));
      if (page < 10) await log(runId, calls.slice(100 + page * 5, 105 + page * 5));
    }
    expect(seen).toEqual(expectedHistory(calls.flat(), 'loss'));
  });

  test('a reader misses nothing when the run is folded between any two of its requests', async () => {
    for (let request = 0; request < 6; request++) {
      const runId = await newRun(ctx);
      const calls = training(60, ['loss'], 60);
      await log(runId, calls.slice(0, 40));
      await foldRun(ctx, folding(runId));
      await log(runId, calls.slice(40));
      let requests = 0;
      const reader = withReads(ctx, async () => {
        if (requests++ === request) await foldRun(ctx, folding(runId));
      });
      expect(await wholeHistory(reader, runId, 'loss', 1000)).toEqual(expectedHistory(calls.flat(), 'loss'));
      expect(requests).toBeGreaterThan(request);
    }
  });

  test('a folder whose every write is overtaken once still ends', async () => {
    const runId = await newRun(ctx);
    const calls = training(60, ['a', 'b'], 20);
    await log(runId, calls);
    let overtaken = 0;
    const folder = withWrites(ctx, async (carryOut) => {
      if (overtaken++ < 2) await foldRun(ctx, folding(runId));
      return carryOut();
    });
    await foldRun(folder, folding(runId));
    expect(await countDocuments(ctx, runId, 'points')).toBeLessThanOrEqual(16);
    await expectHistories(runId, calls.flat());
  });
});

describe('history', () => {
  test('is the set of what was logged, whatever the order of calls, folds and repetitions', async () => {
    const point = fc.record({
      key: fc.constantFrom('a', 'b', '__proto__'),
      value: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0.1)),
      timestamp: fc.integer({ min: 0, max: 6 }),
      step: fc.integer({ min: -2, max: 2 }),
    });
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.array(point, { minLength: 1, maxLength: 30 }) },
      { weight: 1, arbitrary: fc.constant('fold' as const) },
      { weight: 1, arbitrary: fc.constant('repeat' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60, size: 'max' }), async (actions) => {
        const runId = await newRun(ctx);
        const calls: MetricPoint[][] = [];
        for (const act of actions)
          if (act === 'fold') await foldRun(ctx, folding(runId));
          else if (act === 'repeat') await log(runId, calls.slice(0, 3));
          else {
            calls.push(act);
            await log(runId, [act]);
          }
        for (const limit of [7, 1000])
          for (const key of ['a', 'b', '__proto__'])
            expect(await wholeHistory(ctx, runId, key, limit)).toEqual(expectedHistory(calls.flat(), key));
      }),
      { numRuns: long ? 100 : 4 },
    );
  });

  test('pages are exact over blocks that overlap because points came late', async () => {
    const runId = await newRun(ctx);
    const points = Array.from({ length: 12_000 }, (_, i) => ({
      key: 'k',
      value: i,
      // Three passes over the same time, and a thousand points of one instant.
      timestamp: i < 11_000 ? (i % 4000) * 10 + Math.floor(i / 4000) : 5000,
      step: i,
    }));
    for (let i = 0; i < 3; i++) {
      const part = points.slice(i * 4000, (i + 1) * 4000);
      await log(
        runId,
        Array.from({ length: 20 }, (_, j) => part.slice(j * 200, (j + 1) * 200)),
      );
      await foldRun(ctx, folding(runId));
    }
    expect(await countDocuments(ctx, runId, 'block')).toBe(6);
    for (const limit of [700, 1900, 25_000])
      expect(await wholeHistory(ctx, runId, 'k', limit)).toEqual(expectedHistory(points, 'k'));
    const sampled = await metricHistoryBulkInterval(ctx, { runIds: [runId], key: 'k', maxResults: 12 });
    expect(sampled.map(({ step }) => step)).toEqual([
      ...Array.from({ length: 11 }, (_, i) => i * 1000),
      11_999,
    ]);
  });

  test('of several runs comes run by run; an unknown run or metric has none', async () => {
    const [one, two] = [await newRun(ctx), await newRun(ctx)].toSorted();
    if (!one || !two) throw new Error('Two runs were made.');
    const calls = training(5, ['loss']);
    await log(one, calls);
    await log(two, calls);
    const unknown = '0'.repeat(32);
    const bulk = await metricHistoryBulk(ctx, { runIds: [two, unknown, one], key: 'loss', limit: 7 });
    expect(bulk).toEqual([
      ...calls.flat().map((p) => ({ ...p, runId: one })),
      ...calls
        .slice(0, 2)
        .flat()
        .map((p) => ({ ...p, runId: two })),
    ]);
    const interval = { runIds: [two, unknown, one], key: 'loss', steps: [1, 3] as const, maxResults: 2 };
    expect((await metricHistoryBulkInterval(ctx, interval)).map(({ runId, step }) => [runId, step])).toEqual([
      [two, 1],
      [two, 3],
      [one, 1],
      [one, 3],
    ]);
    expect(await metricHistoryPage(ctx, { runId: one, key: 'nothing', limit: 10 })).toEqual({ items: [] });
    await expect(metricHistoryPage(ctx, { runId: unknown, key: 'loss', limit: 10 })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('of another workspace is not to be had', async () => {
    const runId = await newRun(ctx);
    await log(runId, training(1, ['loss']));
    const other = { ...ctx, workspace: 'other' };
    await expect(metricHistoryPage(other, { runId, key: 'loss', limit: 1 })).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(await metricHistoryBulkInterval(other, { runIds: [runId], key: 'loss', maxResults: 1 })).toEqual(
      [],
    );
  });
});
