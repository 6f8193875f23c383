import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CairnEvent,
  deliver,
  enqueueDue,
  type EventsMessage,
  eventWrite,
  schedule,
  scheduleOnce,
  scheduleUntil,
  standsUntil,
  type Subscriber,
  sweepEvents,
  unschedule,
} from '../shared/events/index.ts';
import { eventually } from './support/eventually.ts';
import { type TestContext, testContext } from './support/context.ts';

let context: TestContext;
beforeAll(async () => {
  context = await testContext();
});
afterAll(() => context.close());

/** A context whose clock stands at `now` and whose queue collects what is sent. */
function at(now: number) {
  const sent: Record<string, unknown>[] = [];
  const queues = {
    ...context.ctx.stores.queues,
    send: (_: unknown, _queue: string, message: object) => Promise.resolve(void sent.push({ ...message })),
  };
  const stores = { ...context.ctx.stores, queues };
  return { ctx: { ...context.ctx, stores, clock: { now: () => now } }, sent };
}

/** Commits an event of an endpoint, as a verb does, but does not announce it. */
async function committed(name: string, now: number): Promise<EventsMessage> {
  const { ctx } = at(now);
  const write = eventWrite(
    ctx,
    { type: 'endpoint.created', aggregate: `endpoint/${name}`, seq: 1, subject: { endpoint: name } },
    { workspace: ctx.workspace },
  );
  await ctx.stores.documents('endpoints').write([ctx.workspace], write);
  return { kind: 'events', events: [{ container: 'endpoints', key: [ctx.workspace], id: write.doc.id }] };
}

describe('events', () => {
  test('an event reaches its subscribers once, however often its message comes', async () => {
    const message = await committed('once', 1000);
    const seen: CairnEvent[] = [];
    for (let i = 0; i < 3; i++)
      await deliver(context.ctx, message, () => [async (_, event) => void seen.push(event)]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      type: 'endpoint.created',
      actor: 'tester',
      seq: 1,
      at: 1000,
      subject: { endpoint: 'once' },
    });
  });

  test('a subscriber that fails is asked again, and the event stays until it has been served', async () => {
    const message = await committed('fails', 1000);
    let calls = 0;
    const failing = () => [
      async () => {
        if (++calls === 1) throw new Error('not now');
      },
    ];
    await expect(deliver(context.ctx, message, failing)).rejects.toThrow('not now');
    await deliver(context.ctx, message, failing);
    await deliver(context.ctx, message, failing);
    expect(calls).toBe(2);
  });

  test('an event whose subscriber fails does not hold up the others of its message', async () => {
    const failing = await committed('held up', 1000);
    const other = await committed('behind it', 1000);
    const served: string[] = [];
    const subscriber: Subscriber = async (_, { aggregate }) => {
      if (aggregate === 'endpoint/held up') throw new Error('never');
      served.push(aggregate);
    };
    const message: EventsMessage = { kind: 'events', events: [...failing.events, ...other.events] };
    await expect(deliver(context.ctx, message, () => [subscriber])).rejects.toThrow('never');
    await expect(deliver(context.ctx, message, () => [subscriber])).rejects.toThrow('never');
    expect(served).toEqual(['endpoint/behind it']);
  });

  test('an event whose announcement was lost is found by the sweep, a fresh one left to its relay', async () => {
    await committed('lost', 1_000_000);
    await committed('fresh', 1_100_000);
    await eventually(async () => {
      const { ctx, sent } = at(1_110_000);
      await sweepEvents(ctx);
      const ids = sent.flatMap((message) => (message['events'] as { id: string }[]).map(({ id }) => id));
      expect(ids).toContain('event:endpoint:lost:00000001');
      expect(ids).not.toContain('event:endpoint:fresh:00000001');
    });
  });
});

describe('the agenda', () => {
  const message = { kind: 'check-monitor', monitorId: 'm' };

  test('what is due is enqueued once; what recurs comes again on its grid, however late the timer was', async () => {
    await schedule(at(0).ctx, 'every', { dueAt: 10_000, everySeconds: 60, workspace: 'default', message });
    await schedule(at(0).ctx, 'once', { dueAt: 10_000, workspace: 'default', message: { kind: 'other' } });
    const early = at(9_999);
    expect(await enqueueDue(early.ctx)).toBe(0);
    const late = at(200_000);
    expect(await enqueueDue(late.ctx)).toBe(2);
    expect(late.sent.map((m) => String(m['kind'])).toSorted()).toEqual(['check-monitor', 'other']);
    expect(await enqueueDue(late.ctx)).toBe(0);
    expect(await enqueueDue(at(249_999).ctx)).toBe(0);
    expect(await enqueueDue(at(250_000).ctx)).toBe(1);
    await unschedule(at(0).ctx, 'every');
    expect(await enqueueDue(at(1e9).ctx)).toBe(0);
  });

  test('what recurs does so though the clock was hours ahead for a while', async () => {
    await schedule(at(0).ctx, 'ahead', { dueAt: 60_000, everySeconds: 60, workspace: 'default', message });
    expect(await enqueueDue(at(7_200_000).ctx)).toBe(1);
    expect(await enqueueDue(at(120_000).ctx)).toBe(1);
    expect(await enqueueDue(at(120_000).ctx)).toBe(0);
    expect(await enqueueDue(at(180_000).ctx)).toBe(1);
    await unschedule(at(0).ctx, 'ahead');
  });

  test('what recurs does not pile up in a queue that nobody drains; what comes once waits there', async () => {
    const { ctx } = context;
    const waiting = async () => (await ctx.stores.queues.backlog('work')).messages;
    const before = await waiting();
    const due = { dueAt: 10_000, workspace: 'default' };
    await schedule(ctx, 'each second', { ...due, everySeconds: 1, message });
    await schedule(ctx, 'once', { ...due, message: { kind: 'other' } });
    expect(await enqueueDue(ctx)).toBe(2);
    await unschedule(ctx, 'each second');
    expect(await waiting()).toBe(before + 2);
    await expect.poll(waiting, { timeout: 10_000 }).toBe(before + 1);
  });

  test('what must always stand on the agenda keeps its time, however often an instance starts', async () => {
    const every = { everySeconds: 300, workspace: '*', message };
    for (let started = 0; started < 300_000; started += 60_000)
      await scheduleOnce(at(started).ctx, 'standing', { dueAt: started + 300_000, ...every });
    expect(await enqueueDue(at(300_000).ctx)).toBe(1);
    await unschedule(at(0).ctx, 'standing');
  });

  test('what stands until a time is moved on by who needs it longer, and taken off only as it was seen', async () => {
    const { ctx } = at(0);
    const entry = (until: number) => ({ dueAt: 10, everySeconds: 60, until, workspace: '*', message });
    await scheduleUntil(ctx, 'stands', entry(100), 50);
    const { meter } = context.ctx.stores.documents;
    const before = meter.requests;
    await scheduleUntil(ctx, 'stands', entry(120), 100);
    expect(meter.requests - before).toBe(1);
    expect(await standsUntil(ctx, 'stands')).toBe(100);
    await scheduleUntil(ctx, 'stands', { ...entry(200), dueAt: 99 }, 101);
    expect(await standsUntil(ctx, 'stands')).toBe(200);
    await unschedule(ctx, 'stands', 100);
    expect(await standsUntil(ctx, 'stands')).toBe(200);
    // It keeps its time.
    expect(await enqueueDue(at(10).ctx)).toBe(1);
    await unschedule(ctx, 'stands', 200);
    expect(await standsUntil(ctx, 'stands')).toBeUndefined();
  });

  test('many who schedule at once lose nothing, and write together', async () => {
    const { meter } = context.ctx.stores.documents;
    const before = meter.requests;
    const names = Array.from({ length: 100 }, (_, i) => `race ${i}`);
    await Promise.all(
      names.map((name) => schedule(at(0).ctx, name, { dueAt: 1, workspace: 'default', message })),
    );
    expect(meter.requests - before).toBeLessThanOrEqual(4);
    const { ctx, sent } = at(2);
    expect(await enqueueDue(ctx)).toBe(100);
    expect(sent).toHaveLength(100);
  });

  test('of those who change it at once, one that fails tells all who were of the same write', async () => {
    const { ctx } = at(0);
    const gone = () => {
      throw new Error('The store is gone.');
    };
    const stores = { ...ctx.stores, documents: gone as unknown as typeof ctx.stores.documents };
    const put = (name: string) =>
      schedule({ ...ctx, stores }, name, { dueAt: 1, workspace: 'default', message });
    const ends = await Promise.allSettled(['a', 'b', 'c'].map(put));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    // And is not held up by it.
    await expect(put('d')).rejects.toThrow('The store is gone.');
  });

  test('an idle minute costs one point read', async () => {
    const { meter } = context.ctx.stores.documents;
    const before = meter.requests;
    await enqueueDue(at(1).ctx);
    expect(meter.requests - before).toBe(1);
  });
});
