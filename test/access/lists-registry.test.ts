import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Access, accessOf, type GrantDocument, type Resource } from '../../shared/access/index.ts';
import { grant, identityOf, principal, stateOf } from '../../shared/access/testing.ts';
import { listJobs } from '../../shared/batch/index.ts';
import type { Context } from '../../shared/context.ts';
import { listMonitors, putMonitor } from '../../shared/monitoring/index.ts';
import { listRetrainings } from '../../shared/pipelines/index.ts';
import {
  createModel,
  createVersion,
  moveAlias,
  modelByName,
  renameModel,
  searchModels,
  searchVersions,
} from '../../shared/registry/index.ts';
import { atOnce, createEndpoint, listEndpoints, following } from '../../shared/endpoints/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { eventually } from '../support/eventually.ts';

const count = 25;
const versions = 2;
const here = { inWorkspace: 'default' };
const nameOf = (i: number) => `model-${String(i).padStart(2, '0')}`;

let stack: TestContext;
let ctx: Context;
/** Of the models, in the order of their names. */
let ids: string[];
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
  ids = [];
  for (let i = 0; i < count; i++) {
    const { modelId } = await createModel(ctx, { name: nameOf(i) });
    ids.push(modelId);
    for (let n = 0; n < versions; n++)
      await createVersion(ctx, { name: nameOf(i), source: 'https://example.com/m' });
    await moveAlias(ctx, { name: nameOf(i), alias: 'champion', version: 1 });
    await createEndpoint(ctx, {
      name: nameOf(i),
      deployments: [following(nameOf(i), 'champion')],
      rollout: atOnce,
    });
    await putMonitor(ctx, `${nameOf(i)}-watch`, { endpoint: nameOf(i) });
    for (const [id, type] of [
      [`batch-${i}`, 'batch-job'],
      [`retrain-${i}`, 'retraining-job'],
    ] as const)
      await ctx.stores.documents('jobs').write([id], {
        op: 'create',
        doc: {
          ...{ id: 'job', type, v: 1, workspace: 'default', jobId: id },
          ...{ endpoint: nameOf(i), createdAt: i },
        },
      });
  }
  await listed();
});
afterAll(() => stack.close());

/** Lists lag behind writes: waits until they show everything. */
async function listed(): Promise<void> {
  await eventually(async () => {
    expect((await searchVersions(ctx, { limit: 1000 })).items).toHaveLength(count * versions);
    expect(await listRetrainings(ctx, 1000)).toHaveLength(count);
  });
}

/** The context of somebody with these rules. */
function withRules(...rules: GrantDocument[]): Context {
  const state = stateOf(principal('ann'), ...rules);
  const access: Access = accessOf(identityOf('ann'), state, 'default', { firstAdmin: undefined }, 0);
  return { ...ctx, access };
}

const over = (type: Resource['type'], id: string) => ({ ...here, resource: { type, id } });

/** Whoever sees all but some of a type, and whoever sees only some: every third. */
const thirds = Array.from({ length: count }, (_, i) => i).filter((i) => i % 3 === 0);
const allButThirds = (type: Resource['type'], all: readonly string[]) =>
  withRules(
    grant('principal:ann', 'viewer', here),
    ...thirds.map((i) => grant('principal:ann', 'deny', over(type, all[i] ?? ''))),
  );
const onlyThirds = (type: Resource['type'], all: readonly string[]) =>
  withRules(...thirds.map((i) => grant('principal:ann', 'viewer', over(type, all[i] ?? ''))));
const names = (chosen: (i: number) => boolean) =>
  Array.from({ length: count }, (_, i) => i)
    .filter(chosen)
    .map(nameOf);
const isThird = (i: number) => thirds.includes(i);

/** All pages of a list, each with its length. */
async function paged<T>(
  next: (
    pageToken: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly nextToken?: string | undefined }>,
): Promise<{ items: T[]; lengths: number[] }> {
  const items: T[] = [];
  const lengths: number[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await next(pageToken);
    items.push(...page.items);
    lengths.push(page.items.length);
    pageToken = page.nextToken;
    if (pageToken === undefined) return { items, lengths };
  }
}

describe('a search of models', () => {
  const search = (by: Context, filter?: string) =>
    paged((pageToken) => searchModels(by, { limit: 4, pageToken, filter }));

  test('gives full pages of what the caller may see, and no last one that is empty', async () => {
    const most = await search(allButThirds('model', ids));
    expect(most.items.map(({ name }) => name)).toEqual(names((i) => !isThird(i)));
    expect(most.lengths).toEqual([4, 4, 4, 4]);
    const few = await search(onlyThirds('model', ids));
    expect(few.items.map(({ name }) => name)).toEqual(names(isThird));
    expect(few.lengths).toEqual([4, 4, 1]);
  });

  test('finds by its name what the caller may see, and nothing else', async () => {
    const by = onlyThirds('model', ids);
    expect((await search(by, `name = '${nameOf(3)}'`)).items).toHaveLength(1);
    expect((await search(by, `name = '${nameOf(4)}'`)).items).toHaveLength(0);
    expect((await search(withRules(), "name ILIKE '%'")).items).toHaveLength(0);
  });
});

describe('a search of versions', () => {
  const search = (by: Context, filter?: string) =>
    paged((pageToken) => searchVersions(by, { limit: 4, pageToken, filter, orderBy: ['name ASC'] }));

  test('gives full pages of those of models that the caller may see', async () => {
    const { items, lengths } = await search(allButThirds('model', ids));
    const expected = names((i) => !isThird(i)).flatMap((name) => [name, name]);
    expect(items.map(({ root }) => root.name)).toEqual(expected);
    expect(lengths).toEqual([4, 4, 4, 4, 4, 4, 4, 4]);
  });

  test('finds none of a model that is named and hidden, alone or among others', async () => {
    const by = onlyThirds('model', ids);
    expect((await search(by, `name = '${nameOf(3)}'`)).items).toHaveLength(versions);
    expect((await search(by, `name = '${nameOf(4)}'`)).items).toHaveLength(0);
    const some = await search(by, `name IN ('${nameOf(3)}', '${nameOf(4)}')`);
    expect(some.items.map(({ root }) => root.name)).toEqual([nameOf(3), nameOf(3)]);
  });

  test('goes by what the model is, not by what it is called', async () => {
    await renameModel(ctx, nameOf(24), 'renamed');
    const root = await modelByName(ctx, 'renamed');
    const by = withRules(grant('principal:ann', 'viewer', over('model', root.modelId)));
    const found = await search(by, "name = 'renamed'");
    expect(found.items.map((item) => item.root.name)).toEqual(['renamed', 'renamed']);
    await renameModel(ctx, 'renamed', nameOf(24));
  });
});

describe.each([
  ['endpoints', (by: Context) => listEndpoints(by), (one: { name?: string }) => one.name],
  ['monitors', (by: Context) => listMonitors(by), (one: { endpoint?: string }) => one.endpoint],
  [
    'batch jobs',
    async (by: Context) => (await listJobs(by, { limit: 9 })).items,
    (one: { owner?: { id: string } }) => one.owner?.id,
  ],
  ['retraining jobs', (by: Context) => listRetrainings(by, 9), (one: { endpoint?: string }) => one.endpoint],
] as const)('a list of %s', (_, list, endpointOf) => {
  const all = Array.from({ length: count }, (__, i) => nameOf(i));
  const found = async (by: Context) =>
    ((await list(by)) as readonly object[]).map((one) => endpointOf(one) ?? '').toSorted();

  test('shows what is of endpoints that the caller may see, as many as were asked for', async () => {
    const some = await found(onlyThirds('endpoint', all));
    expect(some).toEqual(names(isThird).slice(-some.length));
    expect(some.length).toBe(Math.min(thirds.length, 9));
    const most = await found(allButThirds('endpoint', all));
    expect(most.filter((name) => names(isThird).includes(name))).toEqual([]);
    expect(most.length).toBeGreaterThanOrEqual(9);
    expect(await found(withRules())).toEqual([]);
  });

  test('costs who sees everything one query, as ever', async () => {
    const before = ctx.stores.documents.meter.requests;
    await list(withRules(grant('principal:ann', 'viewer', here)));
    expect(ctx.stores.documents.meter.requests - before).toBe(1);
  });
});
