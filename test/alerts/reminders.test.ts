import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtAlerts, sweepAlerts } from '../../shared/alerts/index.ts';
import type { Incident } from '../../shared/alerts/model.ts';
import { createSilence } from '../../shared/alerts/silences.ts';
import type { Context } from '../../shared/context.ts';
import { at, hour } from '../monitoring/support.ts';
import { eventually } from '../support/eventually.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { incidentOf, monitored, timelineOf, toldOf, windowEnd, windows } from './windows.ts';

const day = 24;
let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

/** So many hours after the first window. */
const hours = (count: number): Context => at(server.ctx, windowEnd(count));
const look = (monitorId: string, ...counts: readonly number[]) =>
  Promise.all(counts.map((count) => lookAtAlerts(hours(count), { monitorId })));

/** A monitor whose incident was told at hour 1. */
async function told(name: string): Promise<string> {
  const monitor = await monitored(server, name);
  await windows(hours(1), monitor, { traffic: 'xx', latency: '.x' });
  return monitor;
}

test('an open incident is told again after the cooldown, once however many look, and once after a long pause', async () => {
  const monitor = await told('reminded');
  await look(monitor, 2, day, day + 0.9);
  expect(await toldOf(server.ctx, monitor)).toEqual(['opened (traffic)']);
  await look(monitor, day + 1, day + 1, day + 1.1, day + 1.2);
  expect(await toldOf(server.ctx, monitor)).toEqual(['opened (traffic)', 'updated reminder (traffic)']);
  await look(monitor, 2 * day);
  // Ten days without anybody who looks.
  await look(monitor, 12 * day, 12 * day, 12 * day + 1);
  expect((await toldOf(server.ctx, monitor)).length).toBe(3);
  expect(await timelineOf(server.ctx, monitor)).toEqual(['opened', 'reminded', 'reminded']);
  expect(await incidentOf(server.ctx, monitor)).toMatchObject({ state: 'open' });
});

test('the cooldown counts from when it was last told, and is that of the monitor', async () => {
  const monitor = await told('short');
  await server.call('PUT', '/api/v1/monitors/short', { alerting: { cooldown_seconds: 7200 } });
  await windows(hours(2), monitor, { traffic: 'x', latency: 'x' }, 2);
  await look(monitor, 3.5);
  expect(await toldOf(server.ctx, monitor)).toEqual(['opened (traffic)', 'updated joined (latency)']);
  await look(monitor, 4);
  expect((await toldOf(server.ctx, monitor)).slice(2)).toEqual(['updated reminder (traffic,latency)']);
});

test('nobody is reminded of what is acknowledged, silenced or over', async () => {
  const acknowledged = await told('acknowledged');
  const documents = server.ctx.stores.documents('monitors');
  const key = ['default', acknowledged];
  const stored = await documents.read<Incident>(key, 'incident:00000001');
  await documents.write(key, {
    op: 'replace',
    etag: stored?.etag ?? '',
    doc: { ...stored!.doc, acknowledged: { at: windowEnd(2), by: 'somebody', comment: '' } },
  });
  const silenced = await told('silenced');
  const over = await told('over');
  // Last, since what is delivered in between is served by the clock of the day.
  await createSilence(hours(2), { monitor: silenced, until: windowEnd(40), comment: 'known' });
  await windows(hours(5), over, { traffic: '...', latency: '...' }, 2);
  for (const monitor of [acknowledged, silenced, over]) await look(monitor, 2 * day - 10, 2 * day - 9);
  expect(await toldOf(server.ctx, acknowledged)).toEqual(['opened (traffic)']);
  expect(await toldOf(server.ctx, silenced)).toEqual(['opened (traffic)']);
  expect(await toldOf(server.ctx, over)).toEqual(['opened (traffic)', 'resolved (traffic)']);
  await look(silenced, 2 * day);
  expect((await toldOf(server.ctx, silenced)).slice(1)).toEqual(['updated silence-ended (traffic)']);
});

test('the sweep finds what is to be told again, whatever monitor it is of', async () => {
  const monitor = await told('swept');
  const soon = at(server.ctx, Date.now() + hour);
  await eventually(async () => {
    await sweepAlerts(soon);
    await server.drain();
    expect((await toldOf(server.ctx, monitor)).slice(1)).toEqual(['updated reminder (traffic)']);
  });
});
