import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../../examples/ml/index.ts';
import type { Context } from '../../shared/context.ts';
import { hour } from '../monitoring/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { checked, eventsOf, monitored, start, windowEnd, write } from './windows.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
});
afterAll(() => server.close());

/** Everything that was told of alerts and incidents, in no order. */
async function told(monitorId: string): Promise<string[]> {
  const events = await eventsOf(ctx, monitorId);
  return events
    .map(({ type, subject }) => {
      const { incident, signal, signals, windowEnd: end } = subject;
      return `${(Number(end) - start) / hour} ${type} ${incident} ${signal ?? signals}`;
    })
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1));
}

test('tells of sixty windows each transition once', async () => {
  const monitor = await monitored(server, 'sixty');
  const drift = '....x...xx.ooo....x.....xxxxxxxx....?.?.......x..x..........';
  const performance = '..........xx....................................xx....xx....';
  for (let i = 0; i < 60; i++) {
    await write(ctx, monitor, i, { 'feature-drift': drift[i] ?? '.', performance: performance[i] ?? '.' });
    await checked(ctx, monitor);
    await checked(ctx, monitor);
  }
  expect(await told(monitor)).toEqual([
    '9 alert.fired 1 feature-drift',
    '9 incident.opened 1 feature-drift',
    '11 alert.fired 1 performance',
    '11 incident.updated 1 performance',
    '14 alert.resolved 1 performance',
    '16 alert.resolved 1 feature-drift',
    '16 incident.resolved 1 feature-drift',
    '25 alert.fired 2 feature-drift',
    '25 incident.opened 2 feature-drift',
    '34 alert.resolved 2 feature-drift',
    '34 incident.resolved 2 feature-drift',
    '49 alert.fired 3 performance',
    '49 incident.opened 3 performance',
    '52 alert.resolved 3 performance',
    '52 incident.resolved 3 performance',
    '55 alert.fired 4 performance',
    '55 incident.opened 4 performance',
    '58 alert.resolved 4 performance',
    '58 incident.resolved 4 performance',
  ]);
});

test('tells nothing twice to many at once', async () => {
  const monitor = await monitored(server, 'at-once');
  await write(ctx, monitor, 1, { 'feature-drift': 'x', performance: 'x' });
  await write(ctx, monitor, 0, { 'feature-drift': 'x', performance: 'x' });
  await Promise.all(Array.from({ length: 4 }, () => checked(ctx, monitor)));
  expect(await told(monitor)).toEqual([
    '1 alert.fired 1 feature-drift',
    '1 alert.fired 1 performance',
    '1 incident.opened 1 feature-drift,performance',
  ]);
});

test('comes to the same in whatever order windows are checked', async () => {
  const letters = '..xx.x....';
  const draw = random(3);
  const states: unknown[] = [];
  for (const name of ['in-order', 'shuffled']) {
    const monitor = await monitored(server, name);
    const order = letters.split('').map((letter, i) => ({ letter, i, at: name === 'in-order' ? i : draw() }));
    for (const { letter, i } of order.toSorted((a, b) => a.at - b.at)) {
      await write(ctx, monitor, i, { traffic: letter });
      await checked(ctx, monitor);
    }
    states.push(
      await ctx.stores
        .documents('monitors')
        .query(
          { text: "SELECT c.state, c.since, c.firedAt, c.windowEnd FROM c WHERE c.type = 'alert'" },
          { key: ['default', monitor], consistency: 'strong' },
        ),
    );
  }
  expect(states[0]).toEqual([
    { state: 'resolved', since: windowEnd(8), firedAt: windowEnd(3), windowEnd: windowEnd(9) },
  ]);
  expect(states[1]).toEqual(states[0]);
});

test('follows late labels that change what a window said', async () => {
  const monitor = await monitored(server, 'late');
  for (const [i, letter] of ['x', '.', '?'].entries()) await write(ctx, monitor, i, { performance: letter });
  await checked(ctx, monitor);
  expect(await told(monitor)).toEqual([]);
  await write(ctx, monitor, 2, { performance: 'x' });
  await checked(ctx, monitor);
  expect(await told(monitor)).toEqual(['2 alert.fired 1 performance', '2 incident.opened 1 performance']);
  await write(ctx, monitor, 0, { performance: '.' });
  await checked(ctx, monitor);
  expect((await told(monitor)).slice(2)).toEqual([
    '2 incident.opened 1 performance',
    '2 incident.resolved 1 performance',
  ]);
});

test('goes on firing for longer than results are looked back at', async () => {
  const monitor = await monitored(server, 'long');
  for (const [i, letter] of `xx${'o'.repeat(40)}`.split('').entries()) {
    await write(ctx, monitor, i, { latency: letter });
    await checked(ctx, monitor);
  }
  expect(await told(monitor)).toEqual(['1 alert.fired 1 latency', '1 incident.opened 1 latency']);
});

test('takes up no monitor that is not there', async () => {
  await checked(ctx, 'never');
  expect(await told('never')).toEqual([]);
});
