import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import {
  aliasHistory,
  type AliasMove,
  aliasHolder,
  deleteAlias,
  deleteVersion,
  modelByName,
  moveAlias,
  rollbackAlias,
} from '../../shared/registry/index.ts';
import { eventually } from '../support/eventually.ts';
import { testInstances } from '../support/instances.ts';
import { codeOf, guard, registered } from './support.ts';

let stack: Awaited<ReturnType<typeof testInstances>>;
let instances: Context[];
let ctx: Context;
beforeAll(async () => {
  stack = await testInstances(3);
  ({ instances } = stack);
  const [first] = instances;
  if (first) ctx = first;
});
afterAll(() => stack.close());

const alias = 'champion';
const versions = (count: number) => Array.from({ length: count }, () => ({}));
const move = (name: string, version: number, expected?: number) =>
  moveAlias(ctx, { name, alias, version, expected });
const rollback = (name: string, more: { expected?: number; key?: string } = {}, from: Context = ctx) =>
  rollbackAlias(from, { name, alias, reason: 'because', ...more });
const holderOf = async (name: string) => aliasHolder(await modelByName(ctx, name), alias);

/** All moves, oldest first, read a small page at a time. */
async function historyOf(name: string): Promise<AliasMove[]> {
  const moves: AliasMove[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page: Awaited<ReturnType<typeof aliasHistory>> = await aliasHistory(ctx, {
      name,
      alias,
      limit: 3,
      pageToken,
    });
    moves.push(...page.items);
    if (page.nextToken === undefined) return moves.toReversed();
    pageToken = page.nextToken;
  }
}

describe('a rollback', () => {
  test('goes one move further back each time, until there is nothing before', async () => {
    await registered(ctx, 'stack', versions(3));
    for (const version of [1, 2, 3]) await move('stack', version);
    expect((await rollback('stack')).to).toBe(2);
    expect((await rollback('stack')).to).toBe(1);
    expect(await codeOf(rollback('stack'))).toBe('conflict');
    await move('stack', 3);
    expect((await rollback('stack')).to).toBe(1);
    expect(await codeOf(rollback('stack'))).toBe('conflict');
    expect(await holderOf('stack')).toBe(1);
  });

  test('brings back an alias that was removed', async () => {
    await registered(ctx, 'removed', versions(1));
    await move('removed', 1);
    await deleteAlias(ctx, 'removed', alias);
    expect(await rollback('removed')).toMatchObject({
      to: 1,
      cause: { kind: 'rollback', reason: 'because' },
    });
    expect(await holderOf('removed')).toBe(1);
  });

  test('is refused where the earlier holder was deleted, or where nothing ever moved', async () => {
    await registered(ctx, 'gone', versions(2));
    expect(await codeOf(rollback('gone'))).toBe('not-found');
    await move('gone', 1);
    await move('gone', 2);
    await deleteVersion(ctx, { name: 'gone', version: 1 });
    await expect(rollback('gone')).rejects.toThrow(/Version 1 .*was deleted/);
    expect(await holderOf('gone')).toBe(2);
  });

  test('under one key happens once, however often and from wherever it is asked for', async () => {
    await registered(ctx, 'keyed', versions(3));
    for (const version of [1, 2, 3]) await move('keyed', version);
    const made = await Promise.all(
      instances.map((each) => rollback('keyed', { key: 'rollout-7', expected: 3 }, each)),
    );
    expect(new Set(made.map(({ seq }) => seq)).size).toBe(1);
    expect(await holderOf('keyed')).toBe(2);
    expect((await rollback('keyed', { key: 'rollout-7', expected: 3 })).to).toBe(2);
    expect(await holderOf('keyed')).toBe(2);
  });

  test('leaves an alias alone that another version holds, and tells which', async () => {
    await registered(ctx, 'expected', versions(2));
    await move('expected', 1);
    await move('expected', 2);
    await expect(rollback('expected', { expected: 1 })).rejects.toThrow(/held by version 2/);
    expect(await holderOf('expected')).toBe(2);
  });

  test('finds the last standing move behind more moves than are read at once', async () => {
    await registered(ctx, 'long', versions(2));
    for (let i = 0; i < 30; i++) await move('long', 1 + (i % 2));
    for (let i = 0; i < 29; i++) await rollback('long');
    expect(await holderOf('long')).toBe(1);
    await expect(rollback('long')).rejects.toThrow(/No version .* before/);
  });
});

describe('a guarded alias', () => {
  test('neither moves nor goes by hand, but is rolled back', async () => {
    await registered(ctx, 'guarded', versions(2));
    await move('guarded', 1);
    await move('guarded', 2);
    await guard(ctx, 'guarded', { gate: 'inspection' });
    expect(await codeOf(move('guarded', 1))).toBe('invalid-state');
    expect(await codeOf(deleteAlias(ctx, 'guarded', alias))).toBe('invalid-state');
    expect(await codeOf(moveAlias(ctx, { name: 'guarded', alias: 'other', version: 1 }))).toBe('done');
    expect((await rollback('guarded')).to).toBe(1);
  });
});

describe('many at once', () => {
  test('of two who expect the same holder one wins, and the other is told', async () => {
    await registered(ctx, 'two', versions(3));
    await move('two', 1);
    const outcomes = await Promise.all([move('two', 2, 1), move('two', 3, 1)].map(codeOf));
    expect(outcomes.toSorted()).toEqual(['conflict', 'done']);
  });

  test('moves, removals and rollbacks from several instances lose nothing: the history tells every holder', async () => {
    await registered(ctx, 'race', versions(5));
    await move('race', 1);
    const rounds = process.env['CAIRN_TEST'] === 'long' ? 20 : 3;
    for (let round = 0; round < rounds; round++)
      await Promise.all(
        instances.flatMap((each, i) => [
          codeOf(moveAlias(each, { name: 'race', alias, version: 1 + ((round + i) % 5) })),
          codeOf(rollbackAlias(each, { name: 'race', alias, reason: `round ${round}` })),
          ...(i === 0 ? [codeOf(deleteAlias(each, 'race', alias))] : []),
        ]),
      );
    await eventually(async () => {
      const history = await historyOf('race');
      expect(history.at(-1)?.to).toBe(await holderOf('race'));
      expectConsistent(history);
    });
  });
});

/** Each move begins where the one before ended, and each rollback undoes the newest move that still stood. */
function expectConsistent(history: readonly AliasMove[]): void {
  let holder: number | undefined;
  const standing: AliasMove[] = [];
  for (const each of history) {
    expect(each.from).toBe(holder);
    const undone = each.cause.kind === 'rollback' ? standing.pop() : undefined;
    if (each.cause.kind !== 'rollback') standing.push(each);
    const undoes = each.cause.kind === 'rollback' ? each.cause.undoes : undefined;
    expect([undoes, undone ? each.to : undefined]).toEqual([undone?.seq, undone?.from]);
    holder = each.to;
  }
}
