import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { isCode } from '../../shared/http/index.ts';
import {
  createModel,
  createVersion,
  deleteModel,
  modelByName,
  type ModelRoot,
  renameModel,
  searchVersions,
} from '../../shared/registry/index.ts';
import { eventually } from '../support/eventually.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { Died, dyingAfter } from './support.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
});
afterAll(() => server.close());

/** Does what an instance was doing when it died after its first, second, … write. Returns whether it came to its end. */
async function diesAfter(writes: number, work: (mortal: Context) => Promise<unknown>): Promise<boolean> {
  try {
    await work(dyingAfter(ctx, writes));
    return true;
  } catch (error) {
    if (error instanceof Died) return false;
    throw error;
  }
}

async function named(name: string): Promise<ModelRoot | undefined> {
  try {
    return await modelByName(ctx, name);
  } catch (error) {
    if (isCode(error, 'not-found')) return undefined;
    throw error;
  }
}

/** The writes of a rename: intent, claim, root, release of the old name. */
const renameWrites = 4;
const points = Array.from({ length: renameWrites }, (_, i) => i);

describe('a rename that died', () => {
  test('has as many writes as are tried here', async () => {
    await createModel(ctx, { name: 'count' });
    expect(await diesAfter(renameWrites, (mortal) => renameModel(mortal, 'count', 'counted'))).toBe(true);
  });

  test.each(points)(
    'after %i writes left the model with one name, and the other for anybody',
    async (point) => {
      const [from, to] = [`from ${point}`, `to ${point}`];
      const { modelId } = await createModel(ctx, { name: from });
      await createVersion(ctx, { name: from, source: 's3://a/b' });
      expect(await diesAfter(point, (mortal) => renameModel(mortal, from, to))).toBe(false);
      const holders = [await named(from), await named(to)];
      expect(holders.map((root) => root?.modelId).filter((id) => id !== undefined)).toEqual([modelId]);
      const [kept, free] = holders[0] ? [from, to] : [to, from];
      const other = await createModel(ctx, { name: free });
      expect(other.modelId).not.toBe(modelId);
      expect((await named(kept))?.modelId).toBe(modelId);
      // What it would have done is done by nobody else: the names stay as they are.
      await server.drain();
      expect([(await named(kept))?.modelId, (await named(free))?.modelId]).toEqual([modelId, other.modelId]);
      await eventually(async () => {
        const { items } = await searchVersions(ctx, { filter: `name LIKE '${kept}'`, limit: 10 });
        expect(items.map(({ version }) => version.modelId)).toEqual([modelId]);
      });
    },
  );

  test.each(points)('after %i writes is made good by the same request again', async (point) => {
    const [from, to] = [`again ${point}`, `to again ${point}`];
    const { modelId } = await createModel(ctx, { name: from });
    await diesAfter(point, (mortal) => renameModel(mortal, from, to));
    // Past the step that counts the old name is gone, as MLflow has it.
    await renameModel(ctx, from, to).catch((error: unknown) => {
      if (!isCode(error, 'not-found')) throw error;
    });
    expect((await named(to))?.modelId).toBe(modelId);
    await server.drain();
    expect((await createModel(ctx, { name: from })).modelId).not.toBe(modelId);
  });

  test.each(points)('after %i writes hinders no other rename', async (point) => {
    const [from, to, third] = [`one ${point}`, `two ${point}`, `three ${point}`];
    const { modelId } = await createModel(ctx, { name: from });
    await diesAfter(point, (mortal) => renameModel(mortal, from, to));
    const now = (await named(from)) ? from : to;
    await renameModel(ctx, now, third);
    const other = await createModel(ctx, { name: now === from ? to : from });
    expect([(await named(third))?.modelId, (await named(other.name))?.modelId]).toEqual([
      modelId,
      other.modelId,
    ]);
  });
});

describe('a creation that died', () => {
  test('is completed by the next one of its name', async () => {
    expect(await diesAfter(1, (mortal) => createModel(mortal, { name: 'half' }))).toBe(false);
    expect(await named('half')).toBeUndefined();
    await createModel(ctx, { name: 'half' });
    expect((await named('half'))?.name).toBe('half');
  });

  test('gives its name to a rename, and can make no second model of that name when it goes on', async () => {
    await diesAfter(1, (mortal) => createModel(mortal, { name: 'wanted' }));
    const { modelId } = await createModel(ctx, { name: 'wanting' });
    await renameModel(ctx, 'wanting', 'wanted');
    expect((await named('wanted'))?.modelId).toBe(modelId);
    await expect(createModel(ctx, { name: 'wanted' })).rejects.toMatchObject({ code: 'already-exists' });
  });
});

describe('a deletion that died', () => {
  test.each([0, 1])(
    'after %i writes has deleted all or nothing, and its name is never stuck',
    async (point) => {
      const name = `deleted ${point}`;
      const { modelId } = await createModel(ctx, { name });
      await createVersion(ctx, { name, source: 's3://a/b' });
      expect(await diesAfter(point, (mortal) => deleteModel(mortal, name))).toBe(false);
      expect((await named(name))?.modelId).toBe(point === 0 ? modelId : undefined);
      if (point === 0) await deleteModel(ctx, name);
      expect((await createModel(ctx, { name })).modelId).not.toBe(modelId);
      await server.drain();
      expect(await named(name)).toBeDefined();
    },
  );
});
