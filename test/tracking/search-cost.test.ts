import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { newRunId } from '../../shared/tracking/ids.ts';
import { createExperiment } from '../../shared/tracking/index.ts';
import type { Run } from '../../shared/tracking/model.ts';
import { findRuns, type RunSearch } from '../../shared/tracking/search/find-runs.ts';
import { searchRuns } from '../../shared/tracking/search/runs.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { eventually } from '../support/eventually.ts';

const isLong = process.env['CAIRN_TEST'] === 'long';
const [few, many] = isLong ? [2000, 20_000] : [200, 1000];
const limit = 20;

let stack: TestContext;
let ctx: Context;
let experimentIds: { few: string; many: string };
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
  experimentIds = { few: await experimentOf(few), many: await experimentOf(many) };
});
afterAll(() => stack.close());

/** Runs of which half fulfil `metrics.a > 0.5`, 20 share each value of `params.p`, and all have `metrics.b`. */
async function experimentOf(count: number): Promise<string> {
  const { experimentId, lifecycle } = await createExperiment(ctx, { name: `${count}` });
  const waiting = Array.from({ length: count }, (_, i) => i).values();
  const worker = async () => {
    for (const i of waiting) {
      const runId = newRunId(experimentId, ctx.ids);
      const doc: Run = {
        ...{ id: runId, type: 'run', v: 1, workspace: ctx.workspace, experimentId, runId, name: `r${i}` },
        ...{ userId: '', status: 'RUNNING', startTime: 1000 + Math.floor(i / 3), artifactUri: '', lifecycle },
        params: { p: String(i % (count / 20)).padStart(4, '0') },
        tags: {},
        m: { a: ((i * 7) % 100) / 100, b: (i * 7919) % count },
        ...{ mm: {}, mn: {}, seq: 1 },
      };
      await ctx.stores.documents('runs').write([experimentId, runId], { op: 'create', doc });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  await eventually(async () => {
    const { items } = await findRuns(ctx, {
      experimentIds: [experimentId],
      stages: ['active'],
      limit: count,
    });
    expect(items).toHaveLength(count);
  });
  return experimentId;
}

/** Request units of a page behind so many others. */
async function costOf(experimentId: string, search: Pick<RunSearch, 'filter' | 'orderBy'>, behind: number) {
  const asked: RunSearch = { experimentIds: [experimentId], stages: ['active'], limit, ...search };
  const { meter } = ctx.stores.documents;
  let pageToken: string | undefined;
  for (let i = 0; i < behind; i++) ({ nextToken: pageToken } = await findRuns(ctx, { ...asked, pageToken }));
  const before = meter.requestUnits;
  expect((await findRuns(ctx, { ...asked, pageToken })).items).toHaveLength(limit);
  return meter.requestUnits - before;
}

test.each([
  ['newest first', {}],
  ['by start', { orderBy: ['start_time'] }],
  ['by a metric', { orderBy: ['metrics.b DESC'] }],
  ['filtered, by another metric', { filter: 'metrics.a > 0.5', orderBy: ['metrics.b'] }],
  ['by a param that many share, then a metric', { orderBy: ['params.p', 'metrics.b'] }],
  ['by a metric that none has', { orderBy: ['metrics.none'] }],
])('a page %s costs what it holds, however many runs there are and however far it is', async (_, search) => {
  const [first, ofMany, far] = [
    await costOf(experimentIds.few, search, 0),
    await costOf(experimentIds.many, search, 0),
    await costOf(experimentIds.many, search, 12),
  ];
  expect(ofMany).toBeLessThan(first * 1.3 + 3);
  expect(far).toBeLessThan(first * 1.3 + 3);
  expect(first).toBeLessThan(25);
});

test('a page ends before it is too large, and the next goes on behind it', async () => {
  const all: RunSearch = { experimentIds: [experimentIds.many], stages: ['active'], limit: many };
  const expected = (await findRuns(ctx, all)).items.map(({ runId }) => runId);
  const found: string[] = [];
  let pages = 0;
  for (let pageToken: string | undefined; ; pages++) {
    const page = await searchRuns(ctx, { ...all, pageToken }, 1);
    found.push(...page.items.map(({ runId }) => runId));
    pageToken = page.nextToken;
    if (pageToken === undefined) break;
  }
  expect(found).toEqual(expected);
  expect(pages + 1).toBe(many / 100);
});
