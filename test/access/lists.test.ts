import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Access,
  accessOf,
  fullAccess,
  type GrantDocument,
  type Role,
} from '../../shared/access/index.ts';
import { grant, identityOf, principal, stateOf } from '../../shared/access/testing.ts';
import type { Context } from '../../shared/context.ts';
import {
  createExperiment,
  createLoggedModel,
  createRun,
  getExperimentByName,
  logInputs,
  requestPurge,
  runColumns,
  searchDatasets,
  searchExperiments,
  searchLoggedModels,
  searchRunRows,
  searchRuns,
} from '../../shared/tracking/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { eventually } from '../support/eventually.ts';

const count = 60;
const here = { inWorkspace: 'default' };
const ann = 'principal:ann';

let stack: TestContext;
let ctx: Context;
/** By name, in the order in which they were made. */
let ids: string[];
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
  ids = [];
  for (let i = 0; i < count; i++) {
    const { experimentId } = await createExperiment(ctx, { name: nameOf(i) });
    ids.push(experimentId);
  }
  for (const experimentId of ids.slice(0, 4)) {
    const { runId } = await createRun(ctx, {
      experimentId,
      tags: [{ key: `tag-${experimentId}`, value: '1' }],
    });
    const dataset = {
      name: `data-${experimentId}`,
      digest: 'd',
      sourceType: 'local',
      source: '{}',
      tags: [],
    };
    await logInputs(ctx, runId, { datasets: [dataset], modelIds: [] });
    await createLoggedModel(ctx, { experimentId });
  }
  await listed();
});
afterAll(() => stack.close());

/** Lists lag behind writes: waits until they show every run. */
async function listed(): Promise<void> {
  await eventually(async () => {
    const { items } = await searchRuns(ctx, { experimentIds: ids, stages: ['active'], limit: 10 });
    expect(items).toHaveLength(4);
  });
}

const nameOf = (i: number) => `e${String(i).padStart(3, '0')}`;

/** A context of somebody with these rules. */
function by(...rules: readonly GrantDocument[]): Context {
  return { ...ctx, access: accessBy(...rules) };
}

function accessBy(...rules: readonly GrantDocument[]): Access {
  const state = stateOf(principal('ann'), ...rules);
  return accessOf(identityOf('ann'), state, 'default', { firstAdmin: undefined }, 1);
}

const over = (rule: Role | 'deny', id: string | undefined) =>
  grant(ann, rule, { ...here, resource: { type: 'experiment', id: id ?? '' } });

/** Names of all that a search gives, page by page of this size, and the sizes of its pages. */
async function paged(asking: Context, limit: number, filter?: string) {
  const names: string[] = [];
  const sizes: number[] = [];
  let pageToken: string | undefined;
  do {
    const page = await searchExperiments(asking, {
      ...{ stages: ['active', 'deleted'], orderBy: ['name ASC'], filter, limit, pageToken },
    });
    names.push(...page.items.map(({ name }) => name));
    sizes.push(page.items.length);
    pageToken = page.nextToken;
  } while (pageToken !== undefined);
  return { names, sizes };
}

const all = Array.from({ length: count }, (_, i) => nameOf(i));

describe('a search of experiments', () => {
  test('gives whoever sees all but some full pages of the rest', async () => {
    const hidden = ids.filter((_, i) => i % 3 === 0);
    const asking = by(grant(ann, 'viewer', here), ...hidden.map((id) => over('deny', id)));
    const { names, sizes } = await paged(asking, 7);
    const seen = all.filter((_, i) => i % 3 !== 0);
    expect(names).toEqual(['Default', ...seen]);
    expect(sizes.slice(0, -1).every((size) => size === 7)).toBe(true);
  });

  test('gives whoever sees only some full pages of these, and no last page that is empty', async () => {
    const shown = ids.filter((_, i) => i % 5 === 0);
    const { names, sizes } = await paged(by(...shown.map((id) => over('viewer', id))), 4);
    expect(names).toEqual(all.filter((_, i) => i % 5 === 0));
    expect(sizes).toEqual([4, 4, 4]);
  });

  test('filters among what is seen', async () => {
    const asking = by(over('viewer', ids[1]), over('viewer', ids[12]));
    expect((await paged(asking, 10, "name LIKE 'e00%'")).names).toEqual([nameOf(1)]);
  });

  test('gives nobody anything who sees nothing', async () => {
    expect((await paged(by(), 10)).names).toEqual([]);
    expect((await paged(by(grant(ann, 'admin', here), grant(ann, 'deny', here)), 10)).names).toEqual([]);
  });

  test('works with thousands of rules, at about the cost of the page', async () => {
    const strangers = Array.from({ length: 5000 }, (_, i) => String(10_000_000 + i));
    const shown = by(
      ...strangers.map((id) => over('viewer', id)),
      ...ids.slice(0, 30).map((id) => over('viewer', id)),
    );
    const hidden = by(
      grant(ann, 'viewer', here),
      ...strangers.map((id) => over('deny', id)),
      over('deny', ids[0]),
    );
    expect((await paged(shown, 30)).names).toEqual(all.slice(0, 30));
    expect((await paged(hidden, 100)).names).toEqual(['Default', ...all.slice(1)]);
    const plain = await costOf(() => paged(by(grant(ann, 'viewer', here)), 30));
    expect(await costOf(() => paged(shown, 30))).toBeLessThan(2 * plain);
    expect(await costOf(() => paged(hidden, 30))).toBeLessThan(2 * plain);
  });
});

/** Request units and requests of what is done. */
async function spent(act: () => Promise<unknown>): Promise<{ requestUnits: number; requests: number }> {
  const { meter } = ctx.stores.documents;
  const before = { ...meter };
  await act();
  return {
    requestUnits: Math.round(100 * (meter.requestUnits - before.requestUnits)) / 100,
    requests: meter.requests - before.requests,
  };
}

const costOf = async (act: () => Promise<unknown>) => (await spent(act)).requestUnits;

describe('what is found in experiments that are named', () => {
  const stages = ['active', 'deleted'] as const;
  const columns = { metrics: [], params: [], tags: [] };
  const searches: [string, (asking: Context, experimentIds: string[]) => Promise<readonly unknown[]>][] = [
    [
      'runs',
      async (asking, experimentIds) => (await searchRuns(asking, { experimentIds, stages, limit: 10 })).items,
    ],
    [
      'rows of runs',
      async (asking, experimentIds) =>
        (await searchRunRows(asking, { experimentIds, stages, limit: 10 }, columns)).items,
    ],
    ['datasets', (asking, experimentIds) => searchDatasets(asking, experimentIds)],
    [
      'logged models',
      async (asking, experimentIds) =>
        (await searchLoggedModels(asking, { experimentIds, datasets: [], orderBy: [], limit: 10 })).items,
    ],
  ];

  test.each(searches)('is of those that the caller sees: %s', async (_what, search) => {
    const four = ids.slice(0, 4);
    const idsOf = async (asking: Context) =>
      (await search(asking, four))
        .map((found) => (found as { experimentId: string }).experimentId)
        .toSorted();
    expect(await idsOf(ctx)).toEqual(four.toSorted());
    expect(await idsOf(by(grant(ann, 'viewer', here), over('deny', four[1])))).toEqual(
      four.filter((_, i) => i !== 1).toSorted(),
    );
    expect(await idsOf(by(over('viewer', four[2])))).toEqual([four[2]]);
    expect(await idsOf(by(over('viewer', ids[50])))).toEqual([]);
    // Alone it is read otherwise than among others.
    expect(await search(by(over('viewer', ids[50])), four.slice(0, 1))).toEqual([]);
  });

  test('is asked for by who sees everything as it was before there were rules', async () => {
    const plain = by(grant(ann, 'viewer', here));
    const everything: ((asking: Context) => Promise<unknown>)[] = [
      ...searches.map(
        ([, search]) =>
          (asking: Context) =>
            search(asking, ids.slice(0, 4)),
      ),
      (asking) => paged(asking, 20),
      (asking) => getExperimentByName(asking, nameOf(0)),
    ];
    for (const act of everything) {
      const before = await spent(() => act({ ...ctx, access: fullAccess }));
      expect(await spent(() => act(plain))).toEqual(before);
    }
  });

  test('has the columns of what the caller sees', async () => {
    const { tags } = await runColumns(by(over('viewer', ids[2])), ids.slice(0, 4));
    expect(tags.filter((name) => name.startsWith('tag-'))).toEqual([`tag-${ids[2]}`]);
  });
});

describe('an experiment that the caller may not see', () => {
  test('is by its name as one that is not there', async () => {
    const asking = by(grant(ann, 'contributor', here), over('deny', ids[0]));
    const answer = (name: string) =>
      getExperimentByName(asking, name).then(
        () => 'found',
        (error: Error) => error.message.replace(name, '…'),
      );
    expect(await answer(nameOf(1))).toBe('found');
    expect(await answer(nameOf(0))).toBe(await answer('never'));
  });
});

describe('a purge of whatever is deleted', () => {
  test('is refused to an admin who is not admin of all of it', async () => {
    const purge = (asking: Context) =>
      requestPurge(asking, {
        ...{ experimentIds: [], runIds: [], modelIds: [] },
        olderThanDays: 0,
        dryRun: true,
      });
    const admin = grant(ann, 'admin', here);
    expect(await purge(by(admin))).toEqual({ experiments: 0, runs: 0, loggedModels: 0 });
    await expect(purge(by(admin, over('viewer', ids[0])))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(purge(by(over('admin', ids[0])))).rejects.toMatchObject({ code: 'forbidden' });
  });
});
