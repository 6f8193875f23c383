import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Context } from '../../shared/context.ts';
import type { Experiment, LifecycleStage } from '../../shared/tracking/model.ts';
import {
  createExperiment,
  deleteExperiment,
  getExperiment,
  restoreExperiment,
} from '../../shared/tracking/index.ts';
import { findRuns } from '../../shared/tracking/search/find-runs.ts';
import { searchRunRows } from '../../shared/tracking/search/table.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { eventually } from '../support/eventually.ts';
import {
  type Clause,
  clauses,
  idOf,
  type Key,
  orderKeys,
  type PlainRun,
  plainRuns,
  store,
} from './search-support.ts';

const isLong = process.env['CAIRN_TEST'] === 'long';
const both: readonly LifecycleStage[] = ['active', 'deleted'];

type Search = {
  readonly where: readonly Clause[];
  readonly order: readonly Key[];
  readonly stages: readonly LifecycleStage[];
  /** Which of the experiments. */
  readonly experiments: readonly number[];
  readonly limit: number;
};

const searches: fc.Arbitrary<Search> = fc.record({
  where: fc.array(clauses, { maxLength: 3 }),
  order: orderKeys,
  stages: fc.constantFrom<readonly LifecycleStage[]>(both, ['active'], ['deleted']),
  experiments: fc.constantFrom([0], [0], [1], [0, 1, 2], [2, 0]),
  limit: fc.integer({ min: 1, max: 12 }),
});

describe.each([1, 4])('a search of runs, over %i range(s)', (ranges) => {
  let stack: TestContext;
  let ctx: Context;
  beforeAll(async () => {
    vi.stubEnv('CAIRN_COSMOS_RANGES', String(ranges));
    stack = await testContext();
    ctx = stack.ctx;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await stack.close();
  });

  test('finds what plain evaluation finds, in its order, on pages of any size', async () => {
    const property = fc.asyncProperty(
      plainRuns,
      fc.array(searches, { minLength: 25, maxLength: 25 }),
      async (runs, asked) => {
        const experiments = await threeExperiments(ctx);
        await store(ctx, runs, experiments);
        const ids = experiments.map(({ experimentId }) => experimentId);
        await eventually(async () => {
          const all = await findRuns(ctx, { experimentIds: ids, stages: both, limit: 100 });
          expect(all.items).toHaveLength(runs.length);
        });
        for (const search of asked) {
          const filter = search.where.map(({ text }) => text).join(' AND ');
          const orderBy = search.order.map(({ clause }) => clause);
          const found = await allPages((pageToken) =>
            findRuns(ctx, {
              ...{ filter, orderBy, stages: search.stages, limit: search.limit, pageToken },
              experimentIds: search.experiments.map((i) => ids[i] ?? ''),
            }),
          );
          const expected = naive(runs, experiments, search);
          expect({ filter, orderBy, found: found.flat().map(({ runId }) => runId) }).toEqual({
            filter,
            orderBy,
            found: expected,
          });
          // A page is full unless it is the last, and the last is not empty.
          const sizes = found.map((page) => page.length);
          expect(sizes.slice(0, -1).every((size) => size === search.limit)).toBe(true);
          expect(expected.length === 0 || (sizes.at(-1) ?? 0) > 0).toBe(true);
        }
      },
    );
    await fc.assert(property, { numRuns: isLong ? 150 : 6, endOnFailure: true });
  });

  test('shows in a table the same runs, with the asked columns only', async () => {
    const columns = { metrics: ['a', '__proto__'], params: ["it's", 'a b'], tags: ['b`t'] };
    const property = fc.asyncProperty(
      plainRuns,
      fc.array(searches, { minLength: 8, maxLength: 8 }),
      async (runs, asked) => {
        const experiments = await threeExperiments(ctx);
        await store(ctx, runs, experiments);
        const byId = new Map(runs.map((run) => [idOf(run, experiments), run]));
        const ids = experiments.map(({ experimentId }) => experimentId);
        await eventually(async () => {
          const all = await findRuns(ctx, { experimentIds: ids, stages: both, limit: 100 });
          expect(all.items).toHaveLength(runs.length);
        });
        for (const search of asked) {
          const filter = search.where.map(({ text }) => text).join(' AND ');
          const orderBy = search.order.map(({ clause }) => clause);
          const found = await allPages((pageToken) =>
            searchRunRows(
              ctx,
              {
                ...{ filter, orderBy, stages: search.stages, limit: search.limit, pageToken },
                experimentIds: search.experiments.map((i) => ids[i] ?? ''),
              },
              columns,
            ),
          );
          expect(found.flat().map(({ runId }) => runId)).toEqual(naive(runs, experiments, search));
          for (const row of found.flat()) {
            const run = byId.get(row.runId);
            expect(row.metrics).toEqual(chosen(columns.metrics, run?.metrics, (value) => value + 0));
            expect(row.params).toEqual(chosen(columns.params, run?.params, cut));
            expect(row.tags).toEqual(chosen(columns.tags, run?.tags, cut));
            expect(row.datasets).toEqual(
              run?.datasets.map((dataset) => JSON.parse(JSON.stringify(dataset)) as object),
            );
          }
        }
      },
    );
    await fc.assert(property, { numRuns: isLong ? 50 : 3, endOnFailure: true });
  });
});

function chosen<V>(keys: readonly string[], map: ReadonlyMap<string, V> | undefined, show: (value: V) => V) {
  const pairs = keys.map((key) => [key, map?.get(key)] as const);
  return new Map(pairs.flatMap(([key, value]) => (value === undefined ? [] : [[key, show(value)] as const])));
}

function cut(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

/** One that never changed, one that was deleted, one that was deleted and restored. */
async function threeExperiments(ctx: Context): Promise<Experiment[]> {
  const made: Experiment[] = [];
  for (let i = 0; i < 3; i++) made.push(await createExperiment(ctx, { name: ctx.ids.uuid() }));
  const [, deleted, restored] = made.map(({ experimentId }) => experimentId);
  await deleteExperiment(ctx, deleted ?? '');
  await deleteExperiment(ctx, restored ?? '');
  await restoreExperiment(ctx, restored ?? '');
  return Promise.all(made.map(({ experimentId }) => getExperiment(ctx, experimentId)));
}

function naive(runs: readonly PlainRun[], experiments: readonly Experiment[], search: Search): string[] {
  const id = (run: PlainRun) => idOf(run, experiments);
  const stageOf = ({ experiment, deleted, since }: PlainRun) =>
    since < 0 ? experiments[experiment]?.lifecycle.stage : deleted ? 'deleted' : 'active';
  const byId: Key['compare'] = (a, b) => (id(a) < id(b) ? -1 : 1);
  const comparisons = [...search.order.map(({ compare }) => compare), newestFirst, byId];
  return runs
    .filter((run) => search.experiments.includes(run.experiment))
    .filter((run) => search.stages.some((stage) => stage === stageOf(run)))
    .filter((run) => search.where.every(({ holds }) => holds(run, id(run))))
    .toSorted((a, b) => comparisons.reduce((order, compare) => order || compare(a, b), 0))
    .map(id);
}

function newestFirst(a: PlainRun, b: PlainRun): number {
  return b.start - a.start;
}

type Page<T> = { readonly items: readonly T[]; readonly nextToken?: string };

async function allPages<T>(pageBehind: (token: string | undefined) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  let token: string | undefined;
  do {
    const page = await pageBehind(token);
    pages.push([...page.items]);
    token = page.nextToken;
  } while (token !== undefined && pages.length < 1000);
  return pages;
}
