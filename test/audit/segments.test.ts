import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkpointOn } from '../../shared/audit/segments/checkpoint.ts';
import { exportSegments, recordAudit, verifySegments } from '../../shared/audit/index.ts';
import type { Context } from '../../shared/context.ts';
import { enqueueDue } from '../../shared/events/index.ts';
import { dyingAfter } from '../support/dying.ts';
import { testInstances } from '../support/instances.ts';
import {
  eventOf,
  hours,
  inDefault,
  minutes,
  sourceOf,
  storedFiles,
  ten,
  timed,
  wholeLog,
  withKeys,
} from './support.ts';

let stores: Awaited<ReturnType<typeof testInstances>>;
let ctx: Context;
beforeEach(async () => {
  stores = await testInstances(3);
  const [first] = stores.instances;
  ctx = await withKeys(first);
});
afterEach(() => stores.close());

let seq = 0;
async function record(now: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => inDefault(eventOf('endpoint/a', ++seq, now)));
  await recordAudit(timed(ctx, now), events);
}
beforeEach(() => {
  seq = 0;
});

/** What a verification of what is stored finds. */
async function verified(now: number) {
  const files = await storedFiles(ctx);
  const keys = (await ctx.stores.keys?.publicKeys()) ?? [];
  const head = (await wholeLog(ctx)).at(-1);
  const result = await verifySegments(sourceOf(files), {
    keys,
    now,
    ...(head ? { expectedHead: { seq: head.seq, hash: head.hash } } : {}),
  });
  return { problems: result.problems, entries: result.entries, verifiedTo: result.verifiedTo.seq };
}

async function checkpoints(segment: string) {
  const text = (await storedFiles(ctx)).get(`${segment}.heads.jsonl`)?.toString() ?? '';
  return text
    .trim()
    .split('\n')
    .map((line) => checkpointOn(line));
}

describe('segments', () => {
  test('hold every entry once, in order, with a signed checkpoint each time and a closing one for an hour that is over', async () => {
    await record(ten, 3);
    await exportSegments(timed(ctx, ten + minutes(5)));
    await record(ten + minutes(6), 2);
    await exportSegments(timed(ctx, ten + minutes(10)));
    await record(ten + hours(3), 4);
    await exportSegments(timed(ctx, ten + hours(3) + minutes(5)));
    expect([...(await storedFiles(ctx)).keys()]).toEqual([
      '2026/03/01/10.heads.jsonl',
      '2026/03/01/10.jsonl',
      '2026/03/01/13.heads.jsonl',
      '2026/03/01/13.jsonl',
    ]);
    expect(await checkpoints('2026/03/01/10')).toMatchObject([
      { first_seq: 1, last_seq: 3, entries: 3, closed: false },
      { first_seq: 1, last_seq: 5, entries: 5, closed: false },
      { first_seq: 1, last_seq: 5, entries: 5, closed: true },
    ]);
    expect(await checkpoints('2026/03/01/13')).toMatchObject([
      { first_seq: 6, last_seq: 9, entries: 4, closed: false },
    ]);
    expect(await verified(ten + hours(5))).toEqual({ problems: [], entries: 9, verifiedTo: 9 });
  });

  test('are left as they are by an export that has nothing to do', async () => {
    await exportSegments(timed(ctx, ten));
    expect((await storedFiles(ctx)).size).toBe(0);
    await record(ten, 1);
    await exportSegments(timed(ctx, ten + minutes(5)));
    const before = await storedFiles(ctx);
    const { meter } = ctx.stores.documents;
    const { requests } = meter;
    await exportSegments(timed(ctx, ten + minutes(10)));
    expect(await storedFiles(ctx)).toEqual(before);
    expect(meter.requests - requests).toBe(3);
  });

  test('hold every entry once after instances that died between any two writes', async () => {
    const steps = 4;
    for (let died = 0; died < steps; died++) {
      await record(ten + hours(died), 3);
      const later = timed(ctx, ten + hours(died) + minutes(5));
      for (const [blobWrites, documentWrites] of [
        [died, 9],
        [9, died],
      ])
        await exportSegments(mortal(later, blobWrites ?? 0, documentWrites ?? 0)).catch(() => undefined);
    }
    await exportSegments(timed(ctx, ten + hours(steps)));
    expect(await verified(ten + hours(9))).toEqual({ problems: [], entries: 12, verifiedTo: 12 });
  });

  test('hold every entry once when several instances export at once and entries come meanwhile', async () => {
    const keys = ctx.stores.keys;
    for (let round = 0; round < 5; round++) {
      const now = ten + minutes(25 * round);
      await record(now, 30);
      await Promise.all([
        ...stores.instances.map((instance) =>
          exportSegments(timed({ ...instance, stores: { ...instance.stores, keys } }, now + minutes(5))),
        ),
        record(now + 1000, 10),
      ]);
    }
    await exportSegments(timed(ctx, ten + hours(4)));
    expect(await verified(ten + hours(9))).toEqual({ problems: [], entries: 200, verifiedTo: 200 });
  });

  test('are not signed where there are no keys, which a verification says, until there are some', async () => {
    const unsigned = { ...ctx, stores: { ...ctx.stores, keys: undefined } };
    await record(ten, 3);
    await exportSegments(timed(unsigned, ten + minutes(5)));
    expect((await verified(ten + hours(1))).problems).toMatchObject([{ kind: 'unsigned' }]);
    await exportSegments(timed(ctx, ten + minutes(10)));
    expect(await verified(ten + hours(1))).toEqual({ problems: [], entries: 3, verifiedTo: 3 });
  });

  test('go on after the key that signs was rotated, and hold by both keys', async () => {
    await record(ten, 3);
    await exportSegments(timed(ctx, ten + minutes(5)));
    const old = ctx.stores.keys;
    ctx = await withKeys(ctx);
    await record(ten + minutes(6), 3);
    await exportSegments(timed(ctx, ten + minutes(10)));
    expect((await verified(ten + hours(1))).problems).toMatchObject([{ kind: 'unknown-key', seq: 3 }]);
    const keys = [...((await ctx.stores.keys?.publicKeys()) ?? []), ...((await old?.publicKeys()) ?? [])];
    const both = await verifySegments(sourceOf(await storedFiles(ctx)), { keys });
    expect(both).toMatchObject({ ok: true, verifiedTo: { seq: 6 } });
  });
});

describe('an export', () => {
  test('stands on the agenda from the first entry on, once for all instances, and not while nothing is entered', async () => {
    const due = (now: number) => enqueueDue(timed(ctx, now));
    for (const instance of stores.instances)
      await recordAudit(timed(instance, ten), [inDefault(eventOf('endpoint/a', ++seq, ten))]);
    expect(await due(ten + minutes(5))).toBe(0);
    expect(await due(ten + minutes(5) + 10_000)).toBe(1);
    expect(await due(ten + hours(1))).toBe(0);
  });

  test('that fails is asked for again', async () => {
    await record(ten, 1);
    await enqueueDue(timed(ctx, ten + minutes(6)));
    const broken = { ...ctx.stores, keys: { publicKeys: () => Promise.reject(new Error('no vault')) } };
    const failing = { ...timed(ctx, ten + minutes(6)), stores: broken as unknown as Context['stores'] };
    await expect(exportSegments(failing)).rejects.toThrow('no vault');
    expect(await enqueueDue(timed(ctx, ten + minutes(11)))).toBe(1);
  });
});

/** A context that dies after so many appends to blobs, or writes of documents. */
function mortal(alive: Context, blobWrites: number, documentWrites: number): Context {
  const { dying } = dyingAfter(alive, documentWrites, ['audit']);
  let left = blobWrites;
  const blobs: Context['stores']['blobs'] = (name) => {
    const container = dying.stores.blobs(name);
    return new Proxy(container, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as (...given: unknown[]) => unknown;
        if (property !== 'append') return method;
        return (...given: unknown[]) => {
          if (left-- > 0) return method(...given);
          throw new Error('The process has died.');
        };
      },
    });
  };
  return { ...dying, stores: { ...dying.stores, blobs } };
}
