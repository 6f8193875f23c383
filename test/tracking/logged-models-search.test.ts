import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  createExperiment,
  createLoggedModel,
  deleteLoggedModel,
  finalizeLoggedModel,
  type LoggedModel,
  loggedModelStatuses,
  searchLoggedModels,
} from '../../shared/tracking/index.ts';
import { logModelMetrics, type ModelPoint } from '../../shared/tracking/logged-models/metrics.ts';
import type { ModelOrder } from '../../shared/tracking/search/logged-model-fields.ts';
import type { LoggedModelSearch } from '../../shared/tracking/search/logged-models.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { eventually } from '../support/eventually.ts';

type Dataset = { readonly name: string; readonly digest?: string | undefined };
type Point = {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly run: string;
  readonly dataset: Dataset | undefined;
};

/** A model as the plain evaluator sees it. */
type Plain = {
  readonly experiment: number;
  readonly name: string;
  readonly type: string;
  readonly status: (typeof loggedModelStatuses)[number];
  readonly createdAt: number;
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  readonly points: readonly Point[];
  readonly deleted: boolean;
};

const long = 'x'.repeat(2000);
// One key more often than the others, so that runs and datasets meet in it.
const keys = fc.constantFrom('a', 'a', 'a', 'b c', '__proto__', "it's");
const texts = fc.constantFrom('x', 'X', 'xy', '', long, `${long}y`);
const datasets = fc.constantFrom<Dataset | undefined>(
  undefined,
  { name: 'd', digest: '1' },
  { name: 'd', digest: '2' },
  { name: 'e', digest: '1' },
);
const points: fc.Arbitrary<Point> = fc.record({
  key: keys,
  value: fc.constantFrom(-1, 0, 0.5, 1, Number.NaN, Number.POSITIVE_INFINITY),
  timestamp: fc.integer({ min: 0, max: 1 }),
  step: fc.integer({ min: 0, max: 1 }),
  run: fc.constantFrom('a'.repeat(32), 'b'.repeat(32)),
  dataset: datasets,
});
const textMaps = fc.array(fc.tuple(keys, texts), { maxLength: 3 }).map((pairs) => new Map(pairs));
const plainModels: fc.Arbitrary<Plain[]> = fc.array(
  fc.record({
    experiment: fc.integer({ min: 0, max: 1 }),
    name: fc.constantFrom('m', 'M', 'n'),
    type: fc.constantFrom('', 'agent'),
    status: fc.constantFrom(...loggedModelStatuses),
    createdAt: fc.integer({ min: 1, max: 4 }),
    params: textMaps,
    tags: textMaps,
    points: fc.array(points, { maxLength: 8 }),
    deleted: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 15, maxLength: 30 },
);

type Clause = {
  readonly text: string;
  readonly holds: (model: Plain, asked: readonly Dataset[]) => boolean;
};

const numberTests: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
const numberOperators = fc.constantFrom(...Object.keys(numberTests));

/** A comparison of a text, as SQL and as a function. */
const textTests = fc.oneof(
  texts.map((text) => [`= '${text}'`, (given: string) => given === text] as const),
  texts.map((text) => [`!= "${text}"`, (given: string) => given !== text] as const),
  fc.array(texts, { minLength: 1, maxLength: 3 }).map((all) => {
    const list = all.map((text) => `'${text}'`).join(', ');
    return [`IN (${list})`, (given: string) => all.includes(given)] as const;
  }),
  texts.map((text) => [`NOT IN ('${text}')`, (given: string) => given !== text] as const),
  fc.constant(["LIKE 'x%y'", (given: string) => /^x.*y$/s.test(given)] as const),
  fc.constant(["LIKE '%y'", (given: string) => given.endsWith('y')] as const),
  fc.constant(["ILIKE 'X%'", (given: string) => /^x/i.test(given)] as const),
);

const clauses: fc.Arbitrary<Clause> = fc.oneof(
  fc.tuple(keys, numberOperators, fc.constantFrom(-1, 0, 0.5, 1)).map(
    ([key, operator, value]): Clause => ({
      text: `metrics.\`${key}\` ${operator} ${value}`,
      holds: (model, asked) =>
        seriesOf(model).some(
          (point) =>
            point.key === key &&
            isOn(asked, point.dataset) &&
            (numberTests[operator]?.(point.value, value) ?? false),
        ),
    }),
  ),
  fc.tuple(fc.constantFrom('params' as const, 'tags' as const), keys, textTests).map(
    ([kind, key, [sql, is]]): Clause => ({
      text: `${kind}."${key}" ${sql}`,
      holds: (model) => {
        const given = model[kind].get(key);
        return given !== undefined && is(given);
      },
    }),
  ),
  fc.constantFrom<Clause>(
    { text: "name = 'm'", holds: ({ name }) => name === 'm' },
    { text: "attributes.name ILIKE 'M'", holds: ({ name }) => name !== 'n' },
    { text: "model_type != ''", holds: ({ type }) => type !== '' },
    { text: "status = 'READY'", holds: ({ status }) => status === 'READY' },
    { text: "status != 'LOGGED_MODEL_UPLOAD_FAILED'", holds: ({ status }) => status !== 'FAILED' },
    { text: "status IN ('1', '2')", holds: ({ status }) => status !== 'FAILED' },
    { text: 'creation_time > 2', holds: ({ createdAt }) => createdAt > 2 },
    { text: 'creation_timestamp <= 2', holds: ({ createdAt }) => createdAt <= 2 },
  ),
);

type Key = ModelOrder & { readonly compare: (a: Plain, b: Plain) => number };
const directions = fc.boolean();
const metricOrders = fc
  .tuple(
    keys,
    directions,
    fc.constantFrom<Dataset | undefined>(undefined, { name: 'd' }, { name: 'd', digest: '1' }),
  )
  .map(
    ([key, descending, dataset]): Key => ({
      field: `metrics.${key}`,
      descending,
      dataset,
      compare: (a, b) => {
        const [left, right] = [a, b].map((model) => latestOf(model, key, dataset));
        const phase = (value: number | undefined) => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0);
        if (phase(left) !== 0 || phase(right) !== 0) return phase(left) - phase(right);
        if (left === right) return 0;
        return ((left ?? 0) < (right ?? 0) ? -1 : 1) * (descending ? -1 : 1);
      },
    }),
  );
const attributeOrders = directions.chain((descending) => {
  const by = (field: string, value: (model: Plain) => string | number): Key => ({
    field,
    descending,
    compare: (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (descending ? -1 : 1),
  });
  return fc.constantFrom(
    by('name', ({ name }) => name),
    by('status', ({ status }) => status),
    by('creation_timestamp', ({ createdAt }) => createdAt),
  );
});

const searches = fc.record({
  where: fc.array(clauses, { maxLength: 3 }),
  order: fc.array(fc.oneof(metricOrders, attributeOrders), { maxLength: 2 }),
  datasets: fc.constantFrom<readonly Dataset[]>(
    [],
    [],
    [{ name: 'd' }],
    [{ name: 'd', digest: '2' }, { name: 'e' }],
    [{ name: 'none' }],
  ),
  experiments: fc.constantFrom<readonly number[]>([0], [1], [0, 1]),
  limit: fc.integer({ min: 1, max: 12 }),
});

/** The latest of each metric, run and dataset. */
function seriesOf(model: Plain): Point[] {
  const groups = Map.groupBy(model.points, ({ key, run, dataset }) => JSON.stringify([key, run, dataset]));
  return [...groups.values()].flatMap((group) => group.toSorted(byAge).slice(-1));
}

function byAge(a: Point, b: Point): number {
  const rank = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
  return a.timestamp - b.timestamp || a.step - b.step || (rank(a.value) < rank(b.value) ? -1 : 1);
}

function latestOf(model: Plain, key: string, dataset: Dataset | undefined): number | undefined {
  const scope = seriesOf(model).filter(
    (point) => point.key === key && isOn(dataset ? [dataset] : [], point.dataset),
  );
  const byRun = (a: Point, b: Point) =>
    a.timestamp - b.timestamp || a.step - b.step || (a.run === b.run ? byAge(a, b) : a.run < b.run ? 1 : -1);
  return scope.toSorted(byRun).at(-1)?.value;
}

function isOn(asked: readonly Dataset[], dataset: Dataset | undefined): boolean {
  return (
    asked.length === 0 ||
    asked.some(
      ({ name, digest }) => dataset?.name === name && (digest === undefined || dataset.digest === digest),
    )
  );
}

describe.each([1, 4])('a search of logged models, over %i range(s)', (ranges) => {
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
      plainModels,
      fc.array(searches, { minLength: 20, maxLength: 20 }),
      async (models, asked) => {
        const ids = await Promise.all([experiment(ctx), experiment(ctx)]);
        const stored = new Map<Plain, string>();
        for (const model of models) stored.set(model, await store(ctx, model, ids));
        const active = models.filter(({ deleted }) => !deleted);
        const everything = { experimentIds: ids, datasets: [], orderBy: [], limit: 100 };
        await eventually(async () => {
          const all = await searchLoggedModels(ctx, everything);
          expect(all.items.map(({ modelId, updatedAt }) => `${modelId} ${updatedAt}`).toSorted()).toEqual(
            active.map((model) => `${stored.get(model)} 9`).toSorted(),
          );
          const measured = all.items.reduce((sum, { metrics }) => sum + metrics.length, 0);
          expect(measured).toBe(active.reduce((sum, model) => sum + seriesOf(model).length, 0));
        });
        for (const { where, order, datasets: within, experiments, limit } of asked) {
          const search: LoggedModelSearch = {
            experimentIds: experiments.map((i) => ids[i] ?? ''),
            filter: where.map(({ text }) => text).join(' AND '),
            datasets: within,
            orderBy: order,
            limit,
          };
          const found = await allPages(ctx, search);
          const hasMetric = where.some(({ text }) => text.startsWith('metrics.'));
          const expected = active
            .filter((model) => experiments.includes(model.experiment))
            .filter((model) => where.every(({ holds }) => holds(model, within)))
            .filter(
              (model) =>
                within.length === 0 || hasMetric || model.points.some(({ dataset }) => isOn(within, dataset)),
            )
            .toSorted(
              (a, b) =>
                order.reduce((sum, key) => sum || key.compare(a, b), 0) ||
                b.createdAt - a.createdAt ||
                ((stored.get(a) ?? '') < (stored.get(b) ?? '') ? -1 : 1),
            )
            .map((model) => stored.get(model));
          expect({ search, found: found.flat().map(({ modelId }) => modelId) }).toEqual({
            search,
            found: expected,
          });
          expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        }
      },
    );
    const numRuns = process.env['CAIRN_TEST'] === 'long' ? 100 : 4;
    await fc.assert(property, { numRuns, endOnFailure: true });
  });
});

async function experiment(ctx: Context): Promise<string> {
  return (await createExperiment(ctx, { name: ctx.ids.uuid() })).experimentId;
}

async function store(ctx: Context, model: Plain, ids: readonly string[]): Promise<string> {
  const at = (now: number): Context => ({ ...ctx, clock: { now: () => now } });
  const pairs = (map: ReadonlyMap<string, string>) => [...map].map(([key, value]) => ({ key, value }));
  const { modelId } = await createLoggedModel(at(model.createdAt), {
    experimentId: ids[model.experiment] ?? '',
    name: model.name,
    modelType: model.type,
    params: pairs(model.params),
    tags: pairs(model.tags),
  });
  await finalizeLoggedModel(at(9), modelId, model.status);
  for (const [run, of] of Map.groupBy(model.points, (point) => point.run))
    await logModelMetrics(
      ctx,
      run,
      of.map(
        ({ run: _, dataset, ...point }): ModelPoint => ({
          ...point,
          modelId,
          datasetName: dataset?.name,
          datasetDigest: dataset?.digest,
        }),
      ),
    );
  if (model.deleted) await deleteLoggedModel(ctx, modelId);
  return modelId;
}

async function allPages(ctx: Context, search: LoggedModelSearch): Promise<(readonly LoggedModel[])[]> {
  const pages: (readonly LoggedModel[])[] = [];
  let pageToken: string | undefined;
  do {
    const page = await searchLoggedModels(ctx, { ...search, pageToken });
    pages.push(page.items);
    pageToken = page.nextToken;
  } while (pageToken !== undefined);
  return pages;
}
