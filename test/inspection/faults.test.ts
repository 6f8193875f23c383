import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { CairnError } from '../../shared/http/index.ts';
import { inspectVersion, type ModelVersion } from '../../shared/registry/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { golden, newest, readyOf, register, upload } from './support.ts';

let context: TestContext;
beforeAll(async () => {
  context = await testContext();
});
afterAll(() => context.close());

const created = ({ modelId, version }: ModelVersion): CairnEvent =>
  ({ type: 'version.created', subject: { modelId, version: String(version) } }) as unknown as CairnEvent;

/** Wraps every call of blobs and documents: `around` is given the call, and may make it, change it or fail. */
function watched(
  ctx: Context,
  around: (call: () => unknown, method: PropertyKey, args: readonly unknown[]) => unknown,
): Context {
  const guard = <T extends object>(store: T): T =>
    new Proxy(store, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => around(() => Reflect.apply(member, target, args), key, args);
      },
    });
  const { blobs, documents } = ctx.stores;
  const guardedDocuments = Object.assign(
    (name: Parameters<typeof documents>[0]) => guard(documents(name)),
    documents,
  );
  return {
    ...ctx,
    stores: { ...ctx.stores, blobs: (name) => guard(blobs(name)), documents: guardedDocuments },
  };
}

/** A context whose n-th call of storage fails: before it is made, or after it was made and before that is known. */
function failing(ctx: Context, nth: number, when: 'before' | 'after') {
  let calls = 0;
  const unavailable = new CairnError('unavailable', 'The store does not answer.');
  return {
    failed: () => calls >= nth,
    ctx: watched(ctx, (call) => {
      if (++calls !== nth) return call();
      if (when === 'before') throw unavailable;
      const result = call();
      return result instanceof Promise ? result.then(() => Promise.reject(unavailable)) : result;
    }),
  };
}

async function eventsOf({ modelId }: ModelVersion): Promise<string[]> {
  const rows = await context.ctx.stores
    .documents('models')
    .query<{ event: CairnEvent }>(
      { text: "SELECT c.event FROM c WHERE c.type = 'event'" },
      { key: [context.ctx.workspace, modelId], consistency: 'strong' },
    );
  return rows
    .map(({ event }) => event.type)
    .filter((type) => type === 'version.ready' || type === 'version.refused');
}

describe('an inspection', () => {
  test.each(['before', 'after'] as const)(
    'that ends %s any of its calls is made again, and ends once, with the same result',
    async (when) => {
      const { ctx } = context;
      const { files } = await golden('external');
      const source = await upload(ctx, files);
      let nth = 0;
      let failed = true;
      while (failed) {
        const name = `${when}-${++nth}`;
        const version = await register(ctx, name, source);
        const broken = failing(ctx, nth, when);
        await inspectVersion(broken.ctx, created(version)).catch(() => undefined);
        failed = broken.failed();
        // What fails is never mistaken for what the artifact is.
        expect((await newest(ctx, name)).inspection.state).not.toBe('refused');
        await inspectVersion(ctx, created(version));
        expect(readyOf(await newest(ctx, name)).served.external).toHaveLength(1);
        expect(await eventsOf(version)).toEqual(['version.ready']);
      }
      expect(nth).toBeGreaterThan(8);
    },
  );

  test('by several at once ends once', async () => {
    const { ctx } = context;
    const { files } = await golden('logistic');
    const version = await register(ctx, 'at-once', await upload(ctx, files));
    await Promise.all(Array.from({ length: 4 }, () => inspectVersion(ctx, created(version))));
    expect(readyOf(await newest(ctx, 'at-once')).labels).toHaveLength(3);
    expect(await eventsOf(version)).toEqual(['version.ready']);
  });

  test('of files that change while they are read is made again', async () => {
    const { ctx } = context;
    const { files } = await golden('logistic');
    const source = await upload(ctx, files);
    const version = await register(ctx, 'moving', source);
    const path = `${ctx.workspace}/${source.replace('mlflow-artifacts:/', '')}/model.onnx`;
    let reads = 0;
    const overwrite = () => ctx.stores.blobs('artifacts').write(path, files['model.onnx'] ?? Buffer.of());
    const moving = watched(ctx, (call, method, [name]) => {
      const isSecond = method === 'open' && name === path && ++reads === 2;
      return isSecond ? overwrite().then(call) : call();
    });
    await expect(inspectVersion(moving, created(version))).rejects.toMatchObject({ code: 'conflict' });
    expect((await newest(ctx, 'moving')).inspection.state).toBe('pending');
    await inspectVersion(ctx, created(version));
    expect((await newest(ctx, 'moving')).inspection.state).toBe('ready');
  });
});
