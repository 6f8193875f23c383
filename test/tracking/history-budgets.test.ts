import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  foldRun,
  logToRun,
  type MetricPoint,
  metricHistoryBulkInterval,
  metricHistoryPage,
} from '../../shared/tracking/index.ts';
import { testContext, type TestContext } from '../support/context.ts';
import { expectedHistory, newRun, wholeHistory } from './history-support.ts';

let stack: TestContext;
let ctx: Context;
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
});
afterAll(() => stack.close());

const long = process.env['CAIRN_TEST'] === 'long';

/** What an act costs, and how many requests follow one another: of those that are sent at once, one counts. */
async function cost(act: (ctx: Context) => Promise<unknown>) {
  const { meter } = ctx.stores.documents;
  const before = meter.requestUnits;
  let trips = 0;
  let underWay = 0;
  const counted = <T extends object>(container: T): T =>
    new Proxy(container, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        const bound = member.bind(target) as (...args: unknown[]) => unknown;
        if (name !== 'read' && name !== 'batch' && name !== 'query') return bound;
        return async (...args: unknown[]) => {
          if (underWay++ === 0) trips++;
          try {
            return await bound(...args);
          } finally {
            underWay--;
          }
        };
      },
    });
  const { stores } = ctx;
  const documents = Object.assign(
    (name: Parameters<typeof stores.documents>[0]) => counted(stores.documents(name)),
    stores.documents,
  );
  await act({ ...ctx, stores: { ...stores, documents } });
  return { requestUnits: meter.requestUnits - before, trips };
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `eval/class_${i}/accuracy`);

function points(count: number, of: readonly string[], from = 0): MetricPoint[] {
  return Array.from({ length: count }, (_, i) => ({
    key: of[i % of.length] ?? '',
    value: Math.sin(from + i),
    timestamp: 1_700_000_000_000 + (from + i) * 100,
    step: Math.floor((from + i) / of.length),
  }));
}

/** A run whose document is just under 4 KB. */
async function runOf4KB(): Promise<string> {
  const runId = await newRun(ctx);
  const pairs = (name: string) =>
    Array.from({ length: 30 }, (_, i) => ({ key: `${name}_${i}`, value: 'a value of thirty characters..' }));
  await logToRun(ctx, runId, { params: pairs('param'), tags: pairs('tag'), metrics: points(10, keys(10)) });
  const stored = await ctx.stores.documents('runs').read(['0', runId], runId);
  const bytes = JSON.stringify(stored?.doc).length;
  expect([bytes > 3800, bytes <= 4096]).toEqual([true, true]);
  return runId;
}

// DESIGN.md, section 8.
describe('to a run document of 4 KB', () => {
  test('log-metric costs at most 25 request units in 2 round trips', async () => {
    const runId = await runOf4KB();
    const { requestUnits, trips } = await cost((of) =>
      logToRun(of, runId, { metrics: points(1, keys(1), 100) }),
    );
    expect(requestUnits).toBeLessThanOrEqual(25);
    expect(trips).toBeLessThanOrEqual(2);
  });

  test('log-batch of 500 points over 10 metrics costs at most 120 in 2 round trips', async () => {
    const runId = await runOf4KB();
    const { requestUnits, trips } = await cost((of) =>
      logToRun(of, runId, { metrics: points(500, keys(10), 100) }),
    );
    expect(requestUnits).toBeLessThanOrEqual(120);
    expect(trips).toBeLessThanOrEqual(2);
  });

  test('the first log of 500 metrics costs at most 250 in 2 round trips', async () => {
    const runId = await runOf4KB();
    const { requestUnits, trips } = await cost((of) =>
      logToRun(of, runId, { metrics: points(500, keys(500), 100) }),
    );
    expect(requestUnits).toBeLessThanOrEqual(250);
    expect(trips).toBeLessThanOrEqual(2);
  });
});

test('folding costs less than half of what the calls cost that it folds', async () => {
  const runId = await runOf4KB();
  const logged = await cost(async (of) => {
    for (let i = 0; i < 64; i++) await logToRun(of, runId, { metrics: points(10, keys(10), i * 10) });
  });
  const folded = await cost((of) => foldRun(of, { kind: 'fold-run', runId }));
  expect(folded.requestUnits).toBeLessThan(logged.requestUnits / 2);
});

const total = long ? 1_000_000 : 50_000;

test(`${total} points over 50 metrics stay complete, and quick to read`, async () => {
  const runId = await newRun(ctx);
  const of = keys(50);
  const seconds = async (act: () => Promise<unknown>) => {
    const begun = performance.now();
    await act();
    return (performance.now() - begun) / 1000;
  };
  const loading = await seconds(async () => {
    for (let from = 0, calls = 1; from < total; from += 1000, calls++) {
      await logToRun(ctx, runId, { metrics: points(1000, of, from) });
      if (calls % 32 === 0) await foldRun(ctx, { kind: 'fold-run', runId });
    }
  });
  const [key = ''] = of;
  const each = total / of.length;
  const all = points(total, of);
  expect(await wholeHistory(ctx, runId, key, 1000)).toEqual(expectedHistory(all, key));
  const page = await cost((on) => metricHistoryPage(on, { runId, key, limit: 1000 }));
  const chart = { runIds: [runId], key, maxResults: 320 };
  const interval = await cost((on) => metricHistoryBulkInterval(on, chart));
  const latency = {
    page: await seconds(() => metricHistoryPage(ctx, { runId, key, limit: 1000 })),
    wholePage: await seconds(() => metricHistoryPage(ctx, { runId, key, limit: 25_000 })),
    interval: await seconds(() => metricHistoryBulkInterval(ctx, chart)),
    allCharts: await seconds(() =>
      Promise.all(of.map((k) => metricHistoryBulkInterval(ctx, { ...chart, key: k }))),
    ),
  };
  if (long) console.log({ loading, latency, page, interval, memoryMB: process.memoryUsage().rss / 2 ** 20 });
  for (const k of of) {
    const sampled = await metricHistoryBulkInterval(ctx, { ...chart, key: k });
    expect(sampled).toHaveLength(320);
    expect([sampled[0]?.step, sampled.at(-1)?.step]).toEqual([0, each - 1]);
  }
  expect(page.requestUnits).toBeLessThan(150);
  expect(latency.interval).toBeLessThan(1);
});
