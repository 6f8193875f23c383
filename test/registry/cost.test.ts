import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  createModel,
  createVersion,
  latestOfModels,
  moveAlias,
  resolveAlias,
  searchModels,
  searchVersions,
  versionByAlias,
} from '../../shared/registry/index.ts';
import { eventually } from '../support/eventually.ts';
import { testInstances } from '../support/instances.ts';

const models = 30;
const versions = 3;
const name = (i: number) => `model ${String(i).padStart(2, '0')}`;

let both: Awaited<ReturnType<typeof testInstances>>;
let writer: Context;
let reader: Context;
beforeAll(async () => {
  both = await testInstances(2);
  [writer, reader] = both.instances as [Context, Context];
  for (let i = 0; i < models; i++) {
    await createModel(writer, {
      name: name(i),
      tags: [{ key: 'team', value: i % 2 === 0 ? 'red' : 'blue' }],
    });
    for (let n = 0; n < versions; n++) await createVersion(writer, { name: name(i), source: 's3://a/b' });
    await moveAlias(writer, { name: name(i), alias: 'champion', version: 2 });
  }
});
afterAll(() => both.close());

async function requests(ctx: Context, call: () => Promise<unknown>): Promise<number> {
  const before = ctx.stores.documents.meter.requests;
  await call();
  return ctx.stores.documents.meter.requests - before;
}

test('an alias is resolved by two reads in an instance that does not know the model yet, by one afterwards', async () => {
  const resolve = () => resolveAlias(reader, name(0), 'champion');
  expect([await requests(reader, resolve), await requests(reader, resolve)]).toEqual([2, 1]);
  await moveAlias(writer, { name: name(0), alias: 'champion', version: 3 });
  expect(await resolve()).toMatchObject({ version: 3 });
  expect(await requests(reader, () => versionByAlias(reader, name(0), 'champion'))).toBe(2);
});

test('a page of models with their newest versions takes two requests, however many it holds', async () => {
  await eventually(async () =>
    expect((await searchModels(reader, { limit: models })).items).toHaveLength(models),
  );
  for (const limit of [1, models]) {
    const page = await searchModels(reader, { limit });
    expect(await requests(reader, () => searchModels(reader, { limit }))).toBe(1);
    expect(await requests(reader, () => latestOfModels(reader, page.items))).toBe(1);
    await eventually(async () => {
      const { items } = await searchModels(reader, { limit });
      const newest = [...(await latestOfModels(reader, items)).values()];
      expect(newest.map((each) => each.map(({ version }) => version))).toEqual(items.map(() => [versions]));
    });
  }
});

test.each(['beginning', 'middle', 'end'])(
  'a page of versions at the %s takes a few requests',
  async (place) => {
    const search = { filter: "source_path LIKE 's3://%'", orderBy: ['name DESC'] };
    const at = { beginning: 0, middle: 40, end: 80 }[place] ?? 0;
    await eventually(async () =>
      expect((await searchVersions(reader, { ...search, limit: 1000 })).items).toHaveLength(
        models * versions,
      ),
    );
    const pageToken =
      at === 0 ? undefined : (await searchVersions(reader, { ...search, limit: at })).nextToken;
    // What ties with the last row of the page before is asked for by itself.
    expect(
      await requests(reader, () => searchVersions(reader, { ...search, limit: 10, pageToken })),
    ).toBeLessThanOrEqual(5);
  },
);

test('the versions of a model by name are asked of its partition alone', async () => {
  const find = () => searchVersions(reader, { filter: `name = '${name(7)}'`, limit: 100 });
  await find();
  expect(await requests(reader, find)).toBe(2);
  expect((await searchVersions(reader, { filter: "name = 'nobody'", limit: 100 })).items).toEqual([]);
});
