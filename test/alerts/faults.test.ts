import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtAlerts, watchAlerts } from '../../shared/alerts/index.ts';
import { createSilence } from '../../shared/alerts/silences.ts';
import type { Context } from '../../shared/context.ts';
import { flushRelay, sweepEvents } from '../../shared/events/index.ts';
import { random } from '../../examples/ml/index.ts';
import { at } from '../monitoring/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { failing } from './failing.ts';
import { checkedEvent, eventsOf, monitored, timelineOf, toldOf, windowEnd, write } from './windows.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

/** What happens to a monitor, in steps that are each served by `serve`. */
async function story(monitor: string, serve: (ctx: Context, window: number) => Promise<void>): Promise<void> {
  const hours = (count: number) => at(server.ctx, windowEnd(count));
  await createSilence(hours(0), { monitor, signal: 'latency', until: windowEnd(3), comment: 'known' });
  await write(server.ctx, monitor, 0, { traffic: 'x', latency: 'x' });
  await write(server.ctx, monitor, 1, { traffic: 'x', latency: 'x' });
  await serve(hours(1), 1);
  await serve(hours(4), 1);
  await serve(hours(30), 1);
  for (const window of [31, 32, 33]) await write(server.ctx, monitor, window, { traffic: '.', latency: '.' });
  await serve(hours(33), 33);
}

const whole = [
  'opened (traffic,latency)',
  'updated silence-ended (latency)',
  'updated reminder (traffic,latency)',
  'resolved (traffic,latency)',
];
const wholeTimeline = [
  ...['opened', 'opened', 'silenced', 'silence-ended', 'reminded'],
  ...['alert-resolved', 'alert-resolved', 'resolved'],
];

test.each(['before', 'after'] as const)(
  'storage that fails %s any of its calls has everything told once all the same',
  async (when) => {
    let nth = 0;
    let isStruck = true;
    while (isStruck) {
      const monitor = await monitored(server, `${when}-${++nth}`);
      isStruck = false;
      await story(monitor, async (ctx, window) => {
        const broken = failing(ctx, nth, when);
        const event = checkedEvent(monitor, windowEnd(window));
        // The message comes back.
        await watchAlerts(broken.ctx, event).catch(() => watchAlerts(ctx, event));
        isStruck ||= broken.struck();
      });
      expect(await toldOf(server.ctx, monitor)).toEqual(whole);
      expect(await timelineOf(server.ctx, monitor)).toEqual(wholeTimeline);
    }
    expect(nth).toBeGreaterThan(6);
  },
);

test('messages that come twice, in any order and to many at once tell everything once', async () => {
  const monitor = await monitored(server, 'many');
  await story(monitor, async (ctx, window) => {
    await Promise.all([
      ...[window, window, 0].map((each) => watchAlerts(ctx, checkedEvent(monitor, windowEnd(each)))),
      lookAtAlerts(ctx, { monitorId: monitor }),
    ]);
  });
  expect(await toldOf(server.ctx, monitor)).toEqual(whole);
  expect(await timelineOf(server.ctx, monitor)).toEqual(wholeTimeline);
});

test('windows that come in any order, with faults between, end in the same states and open no incident twice', async () => {
  const letters = 'xx.o..x?xx';
  const draw = random(11);
  for (let round = 0; round < 3; round++) {
    const monitor = await monitored(server, `order-${round}`);
    const order = letters.split('').map((letter, window) => ({ letter, window, place: draw() }));
    for (const { letter, window } of order.toSorted((a, b) => a.place - b.place)) {
      await write(server.ctx, monitor, window, { traffic: letter });
      const event = checkedEvent(monitor, windowEnd(window));
      const broken = failing(server.ctx, 1 + Math.floor(draw() * 8), draw() < 0.5 ? 'before' : 'after');
      await watchAlerts(broken.ctx, event).catch(() => watchAlerts(server.ctx, event));
    }
    const told = await toldOf(server.ctx, monitor);
    expect(told.at(-1)).toBe('opened (traffic)');
    const kinds = told.map((each) => each.split(' ')[0]);
    expect(kinds).toEqual(kinds.map((_, i) => (i % 2 === 0 ? 'opened' : 'resolved')));
  }
});

test('what was committed and not relayed is found by the sweep of events', async () => {
  const monitor = await monitored(server, 'crashed');
  const dead = {
    ...server.ctx.stores.queues,
    send: () => Promise.reject(new Error('The process has died.')),
  };
  // Its own stores object, so that what it would relay is lost with it.
  const stores = { ...server.ctx.stores, queues: dead };
  const dying: Context = { ...server.ctx, stores };
  for (const window of [0, 1]) await write(server.ctx, monitor, window, { traffic: 'x' });
  await watchAlerts(dying, checkedEvent(monitor, windowEnd(1)));
  await flushRelay(stores);
  const pending = async () =>
    (
      await server.ctx.stores
        .documents('monitors')
        .query<string>(
          { text: "SELECT VALUE c.event.type FROM c WHERE c.type = 'event' AND c.pending = true" },
          { key: ['default', monitor], consistency: 'strong' },
        )
    ).toSorted();
  expect(await pending()).toEqual(['alert.fired', 'incident.opened']);
  await expect
    .poll(
      async () => {
        await sweepEvents(at(server.ctx, Date.now() + 120_000));
        await server.drain();
        return pending();
      },
      { timeout: 5000 },
    )
    .toEqual([]);
  expect((await eventsOf(server.ctx, monitor)).length).toBe(2);
});
