import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetAlerts, lookAtAlerts, renewFigures } from '../../shared/alerts/index.ts';
import type { Context } from '../../shared/context.ts';
import { at } from '../monitoring/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import {
  alertsOf,
  checked,
  deployed,
  eventsOf,
  incidentOf,
  monitored,
  statesOf,
  toldOf,
  windowEnd,
  windows,
  write,
} from './windows.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
});
afterAll(() => server.close());

test('alerts and the incident of an endpoint that is deleted are resolved, and a new one of its name begins anew', async () => {
  const monitor = await deployed(server, 'gone');
  await windows(ctx, monitor, { traffic: 'xx', latency: 'xx', performance: '.x' });
  expect((await server.fetch(`/api/v1/endpoints/${monitor}`, { method: 'DELETE' })).status).toBe(204);
  await server.drain();
  const ended = { traffic: 'resolved', latency: 'resolved', performance: 'ok' };
  expect(await statesOf(ctx, monitor)).toEqual(ended);
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic,latency)', 'resolved (traffic,latency)']);
  const { state, timeline } = await incidentOf(ctx, monitor);
  expect(state).toBe('resolved');
  expect(timeline.at(-1)?.text).toBe('Its endpoint was deleted.');
  await lookAtAlerts(ctx, { monitorId: monitor });
  expect((await eventsOf(ctx, monitor)).length).toBe(6);

  const made = await server.call('POST', '/api/v1/endpoints', {
    name: monitor,
    model: monitor,
    alias: 'champion',
    rollout: { plan: [100] },
  });
  expect(made.status).toBe(201);
  await server.drain();
  // The results of the one before are still there.
  await lookAtAlerts(ctx, { monitorId: monitor });
  expect(await statesOf(ctx, monitor)).toEqual(ended);
});

test('what alerts say of old windows, and incidents that were over by then, go with the results', async () => {
  const monitor = await monitored(server, 'forgotten');
  const then = at(ctx, windowEnd(5));
  await windows(then, monitor, { traffic: 'xx...', latency: 'xxooo' });
  await windows(at(ctx, windowEnd(9)), monitor, { traffic: '....', latency: '...x' }, 5);
  await windows(at(ctx, windowEnd(13)), monitor, { traffic: 'xx', latency: 'xx' }, 9);
  await forgetAlerts(ctx, monitor, windowEnd(6));
  expect((await toldOf(ctx, monitor)).length).toBeGreaterThan(2);
  expect((await incidentOf(ctx, monitor)).number).toBe(2);
  expect((await alertsOf(ctx, monitor)).map(({ value }) => value)).toEqual([2, 2]);
  await windows(at(ctx, windowEnd(16)), monitor, { traffic: '...', latency: '...' }, 11);
  await forgetAlerts(ctx, monitor, Date.now());
  await expect(incidentOf(ctx, monitor)).rejects.toThrow('has no incident');
  const forgotten = { state: 'ok', since: null, firedAt: null, value: null, bounds: null, incident: null };
  expect(await alertsOf(ctx, monitor)).toMatchObject([forgotten, forgotten]);
  // What comes later goes on counting.
  await windows(ctx, monitor, { traffic: 'xx', latency: '..' }, 20);
  expect((await incidentOf(ctx, monitor)).number).toBe(3);
});

test('figures that were made again without erased rows are those of alerts, and nobody is told', async () => {
  const monitor = await monitored(server, 'erased');
  await windows(ctx, monitor, { traffic: 'xx', latency: '.x' });
  const events = await eventsOf(ctx, monitor);
  const key = ['default', monitor];
  const documents = ctx.stores.documents('monitors');
  // Without the rows the last window would be another figure of the one, and a breach no more of the other.
  await write(ctx, monitor, 1, { traffic: 'x', latency: '.' });
  const stored = await documents.read<never>(key, `result:${String(windowEnd(1)).padStart(14, '0')}`);
  const doc = JSON.parse(JSON.stringify(stored?.doc).replace('"value":2', '"value":3')) as never;
  await documents.write(key, { op: 'replace', doc, etag: stored?.etag ?? '' });
  await renewFigures(ctx, monitor, windowEnd(1));
  expect(await statesOf(ctx, monitor)).toEqual({ traffic: 'firing', latency: 'pending' });
  expect((await alertsOf(ctx, monitor)).find(({ signal }) => signal === 'traffic')?.value).toBe(3);
  expect(await eventsOf(ctx, monitor)).toEqual(events);
  await checked(ctx, monitor, 1);
  expect(await statesOf(ctx, monitor)).toEqual({ traffic: 'firing', latency: 'ok' });
});

test('a monitor that is gone with its results tells nothing', async () => {
  await renewFigures(ctx, 'never', 0);
  await forgetAlerts(ctx, 'never', Date.now());
  expect(await eventsOf(ctx, 'never')).toEqual([]);
});
