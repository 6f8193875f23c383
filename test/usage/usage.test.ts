import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { chargeTo, inLedger, newLedger, spend } from '../../shared/ledger.ts';
import {
  accountOf,
  addStored,
  countStorage,
  flushUsage,
  storedBytes,
  usageIn,
} from '../../shared/usage/index.ts';
import { eventually } from '../support/eventually.ts';
import { testInstances } from '../support/instances.ts';

let instances: Context[];
let opened: Awaited<ReturnType<typeof testInstances>>;
beforeAll(async () => {
  opened = await testInstances(3);
  ({ instances } = opened);
});
afterAll(() => opened.close());
afterEach(() => vi.restoreAllMocks());

let made = 0;
const somebody = () => ({ id: `entra:t/${++made}`, name: `Somebody ${made}` });
const month = '2026-03';
const march = Date.UTC(2026, 2, 15);
const at = (ctx: Context, now: number): Context => ({ ...ctx, clock: { now: () => now } });
const instance = (i = 0, now = march) => at(instances[i], now);
const rowsOf = async (ctx: Context, principal: string, inMonth = month) =>
  (await usageIn(ctx, { month: inMonth, workspace: ctx.workspace, principal })).rows;

describe('what was used', () => {
  test('on several instances at once is summed, and nothing is lost between them', async () => {
    const principal = somebody();
    for (let round = 0; round < 3; round++) {
      for (const [i] of instances.entries()) accountOf(instance(i), 'default', principal).calls += 10;
      await Promise.all(instances.map((_, i) => flushUsage(instance(i))));
    }
    const [row] = await rowsOf(instance(), principal.id);
    expect(row?.calls).toBe(90);
    expect(row?.principalName).toBe(principal.name);
  });

  test('is not written where nothing happened', async () => {
    const principal = somebody();
    accountOf(instance(), 'default', principal).calls++;
    await flushUsage(instance());
    const { meter } = instance().stores.documents;
    const before = meter.requests;
    accountOf(instance(), 'default', principal);
    await flushUsage(instance());
    expect(meter.requests).toBe(before);
  });

  test('takes one write a flush where this instance was the last to write, of few request units', async () => {
    const principal = somebody();
    const account = accountOf(instance(), 'default', principal);
    account.calls++;
    await flushUsage(instance());
    const { meter } = instance().stores.documents;
    const before = { ...meter };
    account.calls++;
    await flushUsage(instance());
    expect(meter.requests - before.requests).toBe(1);
    expect(meter.requestUnits - before.requestUnits).toBeLessThan(20);
  });

  test('stays entered where the store does not take it, and is written next time', async () => {
    const principal = somebody();
    const account = accountOf(instance(), 'default', principal);
    account.calls += 3;
    const usage = instance().stores.documents('usage');
    vi.spyOn(usage, 'write').mockRejectedValueOnce(new Error('no store'));
    await expect(flushUsage(instance())).rejects.toThrow('no store');
    account.calls += 2;
    await flushUsage(instance());
    expect((await rowsOf(instance(), principal.id))[0]?.calls).toBe(5);
  });

  test('while it is being written is not lost', async () => {
    const principal = somebody();
    const account = accountOf(instance(), 'default', principal);
    account.calls = 1;
    const writing = flushUsage(instance());
    account.calls += 7;
    await writing;
    await flushUsage(instance());
    expect((await rowsOf(instance(), principal.id))[0]?.calls).toBe(8);
  });

  test('belongs to the month of its instant, by UTC', async () => {
    const principal = somebody();
    const lastMoment = Date.UTC(2026, 3, 1) - 1;
    accountOf(instance(0, lastMoment), 'default', principal).calls += 4;
    accountOf(instance(0, lastMoment + 1), 'default', principal).calls += 5;
    await flushUsage(instance());
    expect((await rowsOf(instance(), principal.id, '2026-03'))[0]?.calls).toBe(4);
    expect((await rowsOf(instance(), principal.id, '2026-04'))[0]?.calls).toBe(5);
  });

  test('is each workspace’s own, and the whole deployment’s together', async () => {
    const principal = somebody();
    accountOf(instance(), 'default', principal).calls += 1;
    accountOf(instance(), 'other', principal).calls += 2;
    await flushUsage(instance());
    expect((await rowsOf(instance(), principal.id))[0]?.calls).toBe(1);
    const all = await eventually(async () => {
      const found = await usageIn(instance(), { month, principal: principal.id });
      expect(found.rows.map(({ workspace, calls }) => [workspace, calls])).toEqual([
        ['default', 1],
        ['other', 2],
      ]);
      return found;
    });
    expect(all.totals.calls).toBe(3);
  });
});

describe('calls of other instances', () => {
  test('are known after they are written', async () => {
    const principal = somebody();
    const minute = (n: number) => march + n * 60_000;
    const account = accountOf(instance(0, minute(0)), 'default', principal);
    account.calls += 1;
    await flushUsage(instance(0, minute(0)));
    accountOf(instance(1, minute(0)), 'default', principal).calls += 300;
    await flushUsage(instance(1, minute(0)));
    account.calls += 50;
    await flushUsage(instance(0, minute(1)));
    expect(account.minePerMinute).toBe(50);
    expect(account.othersPerMinute).toBe(300);
    account.calls += 20;
    await flushUsage(instance(0, minute(3)));
    expect([account.minePerMinute, account.othersPerMinute]).toEqual([10, 0]);
  });
});

describe('a ledger', () => {
  test('gathers what store calls cost, before and after it is known who pays', async () => {
    const ctx = instance();
    const account = accountOf(ctx, 'default', somebody());
    const ledger = newLedger();
    await inLedger(ledger, async () => {
      await ctx.stores.documents('runs').read(['0', 'none'], 'none');
      const first = ledger.spent.requestUnits;
      expect(first).toBeGreaterThan(0);
      chargeTo(ledger, account);
      await ctx.stores.documents('runs').read(['0', 'none'], 'none');
      expect(account.requestUnits).toBeCloseTo(2 * first);
      spend('predictions', 5);
    });
    expect(account.predictions).toBe(5);
    const before = account.requestUnits;
    await ctx.stores.documents('runs').read(['0', 'none'], 'none');
    expect(account.requestUnits).toBe(before);
  });

  test('is not charged with the writing of usage itself', async () => {
    const ctx = instance();
    const account = accountOf(ctx, 'default', somebody());
    account.calls++;
    await inLedger(newLedger(account), () => flushUsage(ctx));
    expect(account.requestUnits).toBe(0);
  });
});

describe('what a workspace holds', () => {
  test('is what was entered, until it is counted; then what there is', async () => {
    const ctx = { ...instance(), workspace: 'held' };
    const artifacts = ctx.stores.blobs('artifacts');
    await artifacts.write('held/0/a', Buffer.alloc(1000));
    await artifacts.write('heldmore/0/a', Buffer.alloc(5000));
    await ctx.stores.blobs('batch-input').write('e@held/x.csv', Buffer.alloc(200));
    await ctx.stores.blobs('batch-input').write('e/x.csv', Buffer.alloc(7000));
    await ctx.stores.blobs('batch-output').write('e@held/j/x.csv', Buffer.alloc(30));
    await addStored(ctx, 'held', 400);
    expect(await storedBytes(ctx, 'held')).toBe(400);
    await countStorage(ctx);
    expect(await storedBytes(ctx, 'held')).toBe(1230);
    await addStored(ctx, 'held', -30);
    expect(await storedBytes(ctx, 'held')).toBe(1200);
    await countStorage({ ...ctx, workspace: 'default' });
    expect(await storedBytes(ctx, 'default')).toBe(7000);
  });
});
