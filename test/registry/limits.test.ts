import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { isCode } from '../../shared/http/index.ts';
import {
  aliasHistory,
  createModel,
  createVersion,
  deleteModelTag,
  deleteVersion,
  describeModel,
  getVersion,
  modelByName,
  moveAlias,
  renameModel,
  resolveAlias,
  rollbackAlias,
  searchVersions,
  setModelTag,
  setVersionTag,
  transitionStage,
} from '../../shared/registry/index.ts';
import { eventually } from '../support/eventually.ts';
import { type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
});
afterAll(() => server.close());

const source = 's3://bucket/model';
const long = { key: 'long', value: 'x'.repeat(99_000) };

/** A model with versions that together are larger than what the store takes at once. */
async function largeVersions(name: string, count: number): Promise<void> {
  await createModel(ctx, { name });
  const tags = Array.from({ length: 7 }, (_, i) => ({ ...long, key: `tag ${i}` }));
  for (let i = 0; i < count; i++) await createVersion(ctx, { name, source, tags });
}

/** Sets a tag of a model that is as long as there is room for. */
async function fill(name: string): Promise<void> {
  const fits = async (chars: number) => {
    try {
      await setModelTag(ctx, name, { key: 'rest', value: 'x'.repeat(chars) });
      return true;
    } catch (error) {
      if (isCode(error, 'too-large')) return false;
      throw error;
    }
  };
  let chars = 0;
  for (let step = 2 ** 16; step >= 1; step /= 2) if (await fits(chars + step)) chars += step;
}

describe('what a model and its versions hold', () => {
  test('texts of a model are refused before they take the room of versions, aliases and stages', async () => {
    await createModel(ctx, { name: 'full' });
    await createVersion(ctx, { name: 'full', source });
    for (let i = 0; i < 8; i++) await setModelTag(ctx, 'full', { ...long, key: `tag ${i}` });
    const refused = {
      code: 'too-large',
      message: expect.stringContaining('at most 800000 are kept') as unknown,
    };
    await expect(setModelTag(ctx, 'full', { ...long, key: 'more' })).rejects.toMatchObject(refused);
    await expect(describeModel(ctx, 'full', 'x'.repeat(20_000))).rejects.toMatchObject(refused);
    await expect(
      createModel(ctx, { name: 'born full', description: '漢'.repeat(300_000) }),
    ).rejects.toMatchObject(refused);

    await moveAlias(ctx, { name: 'full', alias: 'champion', version: 1 });
    await fill('full');
    for (let version = 2; version <= 10; version++)
      await createVersion(ctx, { name: 'full', source, tags: [long] });
    await moveAlias(ctx, { name: 'full', alias: 'champion', version: 10 });
    await transitionStage(ctx, { name: 'full', version: 2, stage: 'Production' });
    await deleteVersion(ctx, { name: 'full', version: 1 });
    await deleteModelTag(ctx, 'full', 'tag 0');
    await setModelTag(ctx, 'full', { ...long, key: 'more' });
  });

  test('texts of a version are refused before they take the room of what is found in its artifact', async () => {
    await createModel(ctx, { name: 'full version' });
    await createVersion(ctx, { name: 'full version', source });
    const tags = Array.from({ length: 9 }, (_, i) => ({ ...long, key: `tag ${i}` }));
    await expect(createVersion(ctx, { name: 'full version', source, tags })).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining("The new version of 'full version'") as unknown,
    });
    const ref = { name: 'full version', version: 1 };
    for (let i = 0; i < 8; i++) await setVersionTag(ctx, ref, { ...long, key: `tag ${i}` });
    await expect(setVersionTag(ctx, ref, { ...long, key: 'more' })).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('Model Version (name=full version, version=1)') as unknown,
    });
  });

  test('a transition archives large versions, more than one batch takes', async () => {
    await largeVersions('archive', 4);
    for (let version = 1; version < 4; version++)
      await transitionStage(ctx, { name: 'archive', version, stage: 'Production' });
    const { stages } = await transitionStage(ctx, {
      name: 'archive',
      version: 4,
      stage: 'Production',
      archiveExisting: true,
    });
    expect(stages.Production).toEqual([4]);
    expect(stages.Archived).toEqual([1, 2, 3]);
  });

  test('a rename reaches large versions, more than one batch takes', async () => {
    await largeVersions('before', 4);
    const { modelId } = await renameModel(ctx, 'before', 'after');
    await eventually(async () => {
      await server.drain();
      const found = await searchVersions(ctx, { filter: "name LIKE 'aft%'", limit: 100 });
      expect(found.items).toHaveLength(4);
    });
    expect(await getVersion(ctx, modelId, 4)).toMatchObject({ name: 'after' });
  });
});

test.each([
  ['letters of other scripts', '漢'.repeat(255)],
  ['letters outside of the first plane', '𠀀'.repeat(127)],
  ['plain letters', 'a'.repeat(255)],
])('an alias of the greatest length has a history: %s', async (what, alias) => {
  const name = `alias of ${what}`;
  await createModel(ctx, { name });
  for (const version of [1, 2]) {
    await createVersion(ctx, { name, source });
    await moveAlias(ctx, { name, alias, version });
  }
  expect(await rollbackAlias(ctx, { name, alias, reason: 'worse' })).toMatchObject({ from: 2, to: 1 });
  expect(await resolveAlias(ctx, name, alias)).toMatchObject({ version: 1 });
  await eventually(async () => {
    const { items } = await aliasHistory(ctx, { name, alias, limit: 10 });
    expect(items.map(({ to }) => to)).toEqual([1, 2, 1]);
  });
  expect((await modelByName(ctx, name)).aliases).toEqual({ [alias]: 1 });
});
