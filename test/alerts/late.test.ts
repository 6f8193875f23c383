import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  checkedEvent,
  deployed,
  eventsOf,
  incidentOf,
  monitored,
  statesOf,
  toldOf,
  writeResult,
} from './windows.ts';
import { followMonitor, lookAtAlerts, sweepAlerts, watchAlerts } from '../../shared/alerts/index.ts';
import type { Context } from '../../shared/context.ts';
import { checkNow } from '../../shared/monitoring/index.ts';
import { at, hour, waiting } from '../monitoring/support.ts';
import { testContext } from '../support/context.ts';
import { eventually } from '../support/eventually.ts';
import { type TestServer, testServer } from '../support/server.ts';

const minute = 60_000;
let server: TestServer;
/** The full hour after the monitors were made. */
let zero: number;
beforeAll(async () => {
  server = await testServer();
  zero = (Math.floor(Date.now() / hour) + 1) * hour;
});
afterAll(() => server.close());

/** So many minutes after that hour. */
const minutes = (count: number): Context => at(server.ctx, zero + count * minute);
const look = (monitorId: string, ...counts: readonly number[]) =>
  Promise.all(counts.map((count) => lookAtAlerts(minutes(count), { monitorId })));
const state = async (monitor: string) => (await statesOf(server.ctx, monitor))['check'];
/** What a check at a time writes of the window that ended so many hours after the first. */
async function check(monitor: string, hours: number, count: number) {
  await writeResult(server.ctx, monitor, zero + hours * hour, { traffic: '.' });
  await watchAlerts(minutes(count), checkedEvent(monitor, zero + hours * hour));
}

test('checks that do not run are an alert, told once, until a window is checked', async () => {
  const monitor = await monitored(server, 'stopped');
  await check(monitor, 0, 1);
  // Two periods, and the minute in which a window settles.
  await look(monitor, 120, 121);
  expect(await state(monitor)).toBeUndefined();
  await look(monitor, 122, 122, 123);
  expect(await state(monitor)).toBe('pending');
  await look(monitor, 127, 127, 128);
  await look(monitor, 200);
  expect(await toldOf(server.ctx, monitor)).toEqual(['opened (check)']);
  const [fired] = await eventsOf(server.ctx, monitor);
  expect(fired?.subject).toMatchObject({ signal: 'check', severity: 'critical' });
  expect((await incidentOf(server.ctx, monitor)).timeline[0]?.text).toMatch(
    /^checks do not run: late seconds 75\d\d, bound at most 7200$/,
  );
  // A window of before is checked again, since labels came: that is not what is missed.
  await check(monitor, -3, 210);
  expect(await state(monitor)).toBe('firing');
  await check(monitor, 3, 211);
  expect(await toldOf(server.ctx, monitor)).toEqual(['opened (check)', 'resolved (check)']);
  expect((await incidentOf(server.ctx, monitor)).timeline.at(-1)?.text).toBe('It is checked in time again.');
});

test('after a night without power nobody is told while checks come within minutes', async () => {
  const monitor = await monitored(server, 'night');
  await check(monitor, 0, 1);
  await look(monitor, 600);
  expect(await state(monitor)).toBe('pending');
  await check(monitor, 9, 603);
  expect(await state(monitor)).toBe('ok');
  // It went out again just after it was found late.
  await look(monitor, 800);
  await look(monitor, 1400);
  expect(await state(monitor)).toBe('pending');
  await check(monitor, 23, 1402);
  expect(await eventsOf(server.ctx, monitor)).toEqual([]);
});

test('a new monitor, and one whose pace has changed, have time for their first check', async () => {
  const monitor = await monitored(server, 'new');
  await look(monitor, 59);
  expect(await statesOf(server.ctx, monitor)).toEqual({});
  await look(monitor, 200);
  await look(monitor, 205);
  expect(await state(monitor)).toBe('firing');

  const slow = await monitored(server, 'slow');
  await server.call('PUT', '/api/v1/monitors/slow', { every_seconds: 86_400, offset_seconds: 7200 });
  await check(slow, -48, 0);
  await look(slow, 100);
  expect(await statesOf(server.ctx, slow)).toEqual({});
  await server.call('PUT', '/api/v1/monitors/slow', { every_seconds: 3600, offset_seconds: 0 });
  await look(slow, 59);
  expect(await statesOf(server.ctx, slow)).toEqual({});
});

test('a window of times of its own does not stand for one of the grid', async () => {
  const monitor = await monitored(server, 'by-hand');
  await checkNow(minutes(170), monitor, { from: zero + 100 * minute, to: zero + 169 * minute });
  await look(monitor, 171);
  await look(monitor, 176);
  expect(await state(monitor)).toBe('firing');
});

test('checks of an endpoint that is deleted are not missed, and what was missed is over', async () => {
  const monitor = await deployed(server, 'deleted');
  const kept = await deployed(server, 'deleted-later');
  await look(kept, 200);
  await look(kept, 205);
  for (const name of [monitor, kept]) await server.fetch(`/api/v1/endpoints/${name}`, { method: 'DELETE' });
  await look(monitor, 300);
  await server.drain();
  await look(monitor, 305);
  expect(await statesOf(server.ctx, monitor)).toEqual({});
  expect(await toldOf(server.ctx, kept)).toEqual(['opened (check)', 'resolved (check)']);
});

test('the sweep finds late monitors and no others, and reads a few rows while nothing is wrong', async () => {
  const late = await monitored(server, 'swept-late');
  const well = await monitored(server, 'swept-well');
  await writeResult(server.ctx, well, zero + 2 * hour, { traffic: '.' });
  const asked = async () =>
    (await waiting(server.ctx, 'look-at-alerts')).map((message) => message['monitorId']);
  await eventually(async () => {
    await server.drain();
    await sweepAlerts(minutes(150));
    const found = await asked();
    expect(found).toContain(late);
    expect(found).not.toContain(well);
  });

  await eventually(async () => {
    await server.drain();
    const before = server.ctx.stores.documents.meter.requests;
    await sweepAlerts(server.ctx);
    expect(await asked()).toEqual([]);
    // The agenda twice; and of each range of keys monitors, incidents, late alerts, the last windows of each pace, and plans.
    const ranges = Number(process.env['CAIRN_COSMOS_RANGES'] ?? 1);
    expect(server.ctx.stores.documents.meter.requests - before).toBeLessThanOrEqual(2 + 8 * ranges);
  });
});

test('the sweep stands on the agenda from the first monitor on, and ends where there is none', async () => {
  const context = await testContext();
  const { ctx } = context;
  const agenda = async () => JSON.stringify(await ctx.stores.documents('jobs').read(['agenda'], 'agenda'));
  await followMonitor(ctx, checkedEvent('first'));
  expect(await agenda()).toContain('sweep-alerts');
  await sweepAlerts(at(ctx, Date.now() + 30 * minute));
  expect(await agenda()).toContain('sweep-alerts');
  await sweepAlerts(at(ctx, Date.now() + 61 * minute));
  expect(await agenda()).not.toContain('sweep-alerts');
  await context.close();
});
