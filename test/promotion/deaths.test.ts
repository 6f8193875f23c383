import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  approvePromotion,
  isOpen,
  overridePromotion,
  type Promotion,
  requestPromotion,
} from '../../shared/promotion/index.ts';
import { aliasHolder, modelByName, rollbackAlias } from '../../shared/registry/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { advanced, as, dueAt, guard, movesOf, registered } from './support.ts';

let stack: TestContext;
let ctx: Context;
beforeAll(async () => {
  stack = await testContext();
  ({ ctx } = stack);
});
afterAll(() => stack.close());

/**
 * What a process does to the stores, after each of which it dies once: dying before an operation is dying
 * after the one before. Reads change nothing, so that dying after one is worth the long form only.
 */
const deadly = new Set([
  'write',
  'batch',
  'send',
  ...(process.env['CAIRN_TEST'] === 'long' ? ['read', 'query'] : []),
]);

/** A context whose process dies after some operations: all later ones fail, and the last has no answer. */
function mortal(whole: Context, operations: number): { readonly ctx: Context; lived(): boolean } {
  let left = operations;
  let dead = false;
  const failing = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, property) {
        const value: unknown = Reflect.get(of, property);
        if (typeof value !== 'function') return value;
        const method = value.bind(of) as (...given: unknown[]) => unknown;
        if (property !== 'read' && property !== 'query' && !deadly.has(String(property))) return method;
        return async (...given: unknown[]) => {
          if (dead) throw new Error('The process has died.');
          const result = await method(...given);
          dead ||= deadly.has(String(property)) && --left <= 0;
          if (dead) throw new Error('The process has died.');
          return result;
        };
      },
    });
  const { documents } = whole.stores;
  const stores = {
    ...whole.stores,
    documents: Object.assign((name: Parameters<typeof documents>[0]) => failing(documents(name)), documents),
    queues: failing(whole.stores.queues),
  };
  return { ctx: { ...whole, stores }, lived: () => !dead };
}

/**
 * Does something in a process that dies after its first operation, then its second, and so on until it gets
 * through alive; each time on a model of its own. Returns how often it died.
 */
async function atEveryDeath(
  name: string,
  live: (mortalCtx: Context, model: string) => Promise<unknown>,
  check: (model: string) => Promise<void>,
  prepare: (model: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<number> {
  for (let operations = 1; ; operations++) {
    const model = `${name}-${operations}`;
    await registered(as(ctx, 'eve'), model, [{ tags: owner }, { tags: owner }]);
    await guard(ctx, model, { gate: 'required-tags', tags: ['owner'] }, { gate: 'approvals', count: 1 });
    await prepare(model);
    const dying = mortal(as(ctx, 'ada'), operations);
    await live(dying.ctx, model).catch(() => undefined);
    await check(model);
    if (dying.lived()) return operations - 1;
  }
}

const owner = [{ key: 'owner', value: 'ada' }];
const wish = (name: string) => ({ name, version: 2, target: { alias: 'champion' }, key: 'once' });
const ask = async (from: Context, name: string): Promise<Promotion> =>
  (await requestPromotion(from, wish(name))).promotion;
const bob = () => as(ctx, 'bob');

/** What the queue or the timer does after the death: the same call again, until nothing changes. */
async function carriedOn(name: string): Promise<Promotion> {
  const promotion = await ask(as(ctx, 'ada'), name);
  expect(promotion.number).toBe(1);
  // Whatever message was lost, the timer comes back to what is open.
  expect(!isOpen(promotion) || (await dueAt(ctx, promotion)) !== undefined).toBe(true);
  return advanced(ctx, promotion);
}

/** One move by promotion 1, and the promotion knows of it. */
async function expectPromotedOnce(name: string): Promise<void> {
  const root = await modelByName(ctx, name);
  expect(aliasHolder(root, 'champion')).toBe(2);
  const moves = await movesOf(ctx, root.modelId);
  expect(moves.map(({ to, cause }) => [to, cause])).toEqual([[2, { kind: 'promotion', promotion: 1 }]]);
  expect((await carriedOn(name)).status).toBe('promoted');
}

describe('a process that dies at any operation', () => {
  test('while it asks for a promotion leaves none or one', async () => {
    const deaths = await atEveryDeath('asking', ask, async (name) => {
      expect((await carriedOn(name)).status).toBe('waiting');
      await approvePromotion(bob(), { name, number: 1 });
      await carriedOn(name);
      await expectPromotedOnce(name);
    });
    expect(deaths).toBeGreaterThan(2);
  });

  test('while it judges and moves leaves a promotion that is carried on to one move', async () => {
    const deaths = await atEveryDeath(
      'moving',
      async (mortalCtx, name) => advanced(mortalCtx, await ask(ctx, name)),
      async (name) => {
        await carriedOn(name);
        await expectPromotedOnce(name);
      },
      async (name) => {
        await ask(as(ctx, 'ada'), name);
        await approvePromotion(bob(), { name, number: 1 });
      },
    );
    expect(deaths).toBeGreaterThan(2);
  });

  test('while it approves or overrides leaves a decision that counts once, or none', async () => {
    const deaths = await atEveryDeath(
      'deciding',
      (mortalCtx, name) => approvePromotion(as(mortalCtx, 'bob'), { name, number: 1 }),
      async (name) => {
        await approvePromotion(bob(), { name, number: 1 });
        expect((await carriedOn(name)).approvals).toHaveLength(1);
        await expectPromotedOnce(name);
      },
      async (name) => advanced(ctx, await ask(as(ctx, 'ada'), name)),
    );
    const others = await atEveryDeath(
      'overriding',
      (mortalCtx, name) => overridePromotion(mortalCtx, { name, number: 1, reason: 'it burns' }),
      async (name) => {
        const between = await carriedOn(name);
        if (between.status === 'waiting') await overridePromotion(ctx, { name, number: 1, reason: 'again' });
        await carriedOn(name);
        await expectPromotedOnce(name);
      },
      async (name) => advanced(ctx, await ask(as(ctx, 'ada'), name)),
    );
    expect(Math.min(deaths, others)).toBeGreaterThanOrEqual(3);
  });

  test('while it rolls back leaves the alias rolled back once, or not yet', async () => {
    const deaths = await atEveryDeath(
      'back',
      (mortalCtx, name) => rollbackAlias(mortalCtx, rollback(name)),
      async (name) => {
        await rollbackAlias(ctx, rollback(name));
        const root = await modelByName(ctx, name);
        expect(aliasHolder(root, 'champion')).toBe(1);
        const moves = await movesOf(ctx, root.modelId);
        expect(moves.map(({ cause }) => cause.kind)).toEqual(['promotion', 'promotion', 'rollback']);
      },
      async (name) => {
        for (const version of [1, 2]) {
          const made = await requestPromotion(as(ctx, 'ada'), { ...wish(name), version, key: `v${version}` });
          await approvePromotion(bob(), { name, number: made.promotion.number });
          await advanced(ctx, made.promotion);
        }
      },
    );
    expect(deaths).toBeGreaterThan(0);
  });
});

const rollback = (name: string) => ({
  name,
  alias: 'champion',
  reason: 'errors',
  key: 'rollout-1',
  expected: 2,
});
