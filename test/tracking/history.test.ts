import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldRun, logToRun, type MetricPoint } from '../../shared/tracking/index.ts';
import { testContext, type TestContext } from '../support/context.ts';
import { countDocuments, expectedHistory, newRun, wholeHistory } from './history-support.ts';

let stack: TestContext;
beforeAll(async () => {
  stack = await testContext();
});
afterAll(() => stack.close());

/** Calls as a training loop makes them: each logs a few metrics at its step. */
function training(calls: number, keys: readonly string[], from = 0): MetricPoint[][] {
  return Array.from({ length: calls }, (_, i) =>
    keys.map((key) => ({
      key,
      value: Math.sin(from + i) + key.length,
      timestamp: 1_700_000_000_000 + (from + i) * 1000,
      step: from + i,
    })),
  );
}

async function log(runId: string, calls: readonly (readonly MetricPoint[])[]): Promise<void> {
  await Promise.all(calls.map((metrics) => logToRun(stack.ctx, runId, { metrics })));
}

const foldMessage = (runId: string) => ({ kind: 'fold-run', runId }) as const;

describe('folding', () => {
  test('moves the points of many calls into one series per metric, and history stays as it was', async () => {
    const runId = await newRun(stack.ctx);
    const calls = training(80, ['loss', 'acc']);
    await log(runId, calls);
    await foldRun(stack.ctx, foldMessage(runId));
    expect(await countDocuments(stack.ctx, runId, 'points')).toBe(0);
    expect(await countDocuments(stack.ctx, runId, 'series')).toBe(2);
    for (const key of ['loss', 'acc'])
      expect(await wholeHistory(stack.ctx, runId, key)).toEqual(expectedHistory(calls.flat(), key));
  });
});
