import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import type { Context } from '../../context.ts';
import { digestOf } from '../texts.ts';
import { documentTextBytesMax, keepTexts, overflowPrefix, readTexts } from './overflow.ts';
import { createRun, readRun } from './runs.ts';
import { completeRuns } from './texts.ts';

let stack: TestContext;
let ctx: Context;
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
});
afterAll(() => stack.close());

const runOf = (n: number) => ({ experimentId: '7', runId: n.toString(16).padStart(32, '0') });

describe('long texts of runs', () => {
  test('are found by digest, whether document or blob, one or many, kept once or again', async () => {
    const run = runOf(1);
    const small = ['', 'a', 'é\u0000"\\'.repeat(1000)];
    const atLimit = 'x'.repeat(documentTextBytesMax);
    const over = `${atLimit}y`;
    const texts = [...small, atLimit, over];
    await keepTexts(ctx, run, texts);
    await keepTexts(ctx, run, [...texts, 'new', 'new']);
    const digests = [...texts, 'new'].map(digestOf);
    const found = await readTexts(ctx, [{ ...run, digests }]);
    expect(digests.map((digest) => found.get(digest))).toEqual([...texts, 'new']);
    for (const text of [atLimit, over]) {
      const digest = digestOf(text);
      expect((await readTexts(ctx, [{ ...run, digests: [digest] }])).get(digest)).toBe(text);
    }
    const blobs = ctx.stores.blobs('overflow').walk(overflowPrefix(ctx.workspace, run));
    const names: string[] = [];
    for await (const { name } of blobs) names.push(name);
    expect(names).toEqual([overflowPrefix(ctx.workspace, run) + digestOf(over)]);
  });

  test('of more than a batch are kept by as many batches as they need', async () => {
    const run = runOf(2);
    const texts = Array.from(
      { length: 250 },
      (_, i) => `${i} ${'\u0001'.repeat(i === 100 ? 200_000 : 3000)}`,
    );
    await keepTexts(ctx, run, texts);
    const found = await readTexts(ctx, [{ ...run, digests: texts.map(digestOf) }]);
    expect(texts.every((text) => found.get(digestOf(text)) === text)).toBe(true);
  });

  test('of several runs and experiments are read in one query each, a shared one once', async () => {
    const runs = [
      ...Array.from({ length: 20 }, (_, i) => runOf(10 + i)),
      { ...runOf(50), experimentId: '8' },
    ];
    for (const run of runs) await keepTexts(ctx, run, ['shared', `own ${run.runId}`]);
    const before = ctx.stores.documents.meter.requests;
    const found = await readTexts(
      ctx,
      runs.map((run) => ({ ...run, digests: ['shared', `own ${run.runId}`].map(digestOf) })),
    );
    expect(found.size).toBe(runs.length + 1);
    // A page of a query is a request; ranges are asked one after the other.
    expect(ctx.stores.documents.meter.requests - before).toBeLessThanOrEqual(10);
  });

  test('that are kept no more are missing, not empty; of a run that is still there what is left is shown, with a note', async () => {
    expect(await readTexts(ctx, [{ ...runOf(3), digests: [digestOf('nobody')] }])).toEqual(new Map());
    const { runId } = await createRun(ctx, {});
    const { doc } = await readRun(ctx, runId);
    const broken = { ...doc, params: { p: 'begins' }, long: { params: { p: digestOf('nobody') } } };
    const errors: string[] = [];
    const log = { ...ctx.log, error: (message: string) => void errors.push(message) };
    expect(await completeRuns({ ...ctx, log }, [broken])).toMatchObject([
      { runId, params: { p: 'begins… (gone from storage)' } },
    ]);
    expect(errors).toEqual(['a text that a run refers to is gone from storage']);
  });

  test('kept by many at once are kept once', async () => {
    const run = runOf(4);
    const texts = ['p', 'q', 'r'];
    await Promise.all(texts.map((text) => keepTexts(ctx, run, ['common', text])));
    const digests = ['common', ...texts].map(digestOf);
    expect((await readTexts(ctx, [{ ...run, digests }])).size).toBe(4);
  });
});
