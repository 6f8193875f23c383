import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtAlerts, sweepAlerts } from '../../shared/alerts/index.ts';
import { createSilence, endSilence, type NewSilence } from '../../shared/alerts/silences.ts';
import type { Context } from '../../shared/context.ts';
import { at, hour } from '../monitoring/support.ts';
import { eventually } from '../support/eventually.ts';
import { type TestServer, testServer } from '../support/server.ts';
import {
  checked,
  eventsOf,
  incidentOf,
  monitored,
  timelineOf,
  toldOf,
  windowEnd,
  windows,
  write,
} from './windows.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ctx = at(server.ctx, windowEnd(0));
});
afterAll(() => server.close());

/** So many hours after the first window. */
const hours = (count: number): Context => at(server.ctx, windowEnd(count));
const silence = (monitor: string, until: number, more: Partial<NewSilence> = {}) =>
  createSilence(ctx, { monitor, until: windowEnd(until), comment: 'known', ...more });

test('what fires under a silence is recorded and not told, and told once when the silence ends', async () => {
  const monitor = await monitored(server, 'silent');
  const { silenceId } = await silence(monitor, 5);
  await windows(hours(1), monitor, { traffic: 'xx', latency: '.x' });
  await windows(hours(3), monitor, { traffic: 'xx', latency: 'xx' }, 2);
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic) untold', 'updated joined (latency) untold']);
  expect((await eventsOf(ctx, monitor)).map(({ subject }) => subject['told'])).toEqual(
    Array.from({ length: 4 }, () => 'false'),
  );
  const incident = await incidentOf(ctx, monitor);
  expect(incident).toMatchObject({ state: 'open', toldAt: null, severity: 'warning' });
  expect(incident.timeline.map(({ kind, ref }) => (kind === 'silenced' ? ref : kind))).toEqual([
    'opened',
    silenceId,
    'joined',
    silenceId,
  ]);
  expect(incident.timeline[1]).toMatchObject({
    text: `Not told until ${new Date(windowEnd(5)).toISOString()}: traffic.`,
    by: 'tester',
  });
  await Promise.all(Array.from({ length: 4 }, () => lookAtAlerts(hours(6), { monitorId: monitor })));
  await windows(hours(7), monitor, { traffic: 'x', latency: 'x' }, 7);
  expect((await toldOf(ctx, monitor)).slice(2)).toEqual(['updated silence-ended (traffic,latency)']);
  expect(await incidentOf(ctx, monitor)).toMatchObject({ toldAt: windowEnd(6) });
  expect((await timelineOf(ctx, monitor)).slice(4)).toEqual(['silence-ended']);
});

test('what was never told is resolved without telling, and what was told is resolved aloud', async () => {
  const never = await monitored(server, 'never-told');
  await silence(never, 40);
  await windows(hours(1), never, { traffic: 'xx...' });
  expect(await toldOf(ctx, never)).toEqual(['opened (traffic) untold', 'resolved (traffic) untold']);
  expect(await incidentOf(ctx, never)).toMatchObject({ state: 'resolved', toldAt: null });

  const before = await monitored(server, 'told-before');
  await windows(hours(1), before, { traffic: 'xx' });
  await silence(before, 40);
  await windows(hours(2), before, { traffic: '...' }, 2);
  expect(await toldOf(ctx, before)).toEqual(['opened (traffic)', 'resolved (traffic)']);
});

test('an alert that is silenced alone does not silence its incident, nor is it told with it', async () => {
  const monitor = await monitored(server, 'partly');
  await silence(monitor, 10, { signal: 'latency' });
  await windows(hours(1), monitor, { traffic: 'xx', latency: 'xx' });
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic,latency)']);

  const joining = await monitored(server, 'joining');
  await silence(joining, 10, { signal: 'performance' });
  await windows(hours(1), joining, { traffic: 'xx..', performance: '..xx' });
  expect(await toldOf(ctx, joining)).toEqual(['opened (traffic)', 'updated escalated (performance) untold']);
  expect(await incidentOf(ctx, joining)).toMatchObject({ severity: 'critical' });
  await lookAtAlerts(hours(10), { monitorId: joining });
  expect((await toldOf(ctx, joining)).slice(2)).toEqual(['updated silence-ended (performance)']);
});

test('of silences that overlap the last one to end counts, and who fires again after one is told', async () => {
  const monitor = await monitored(server, 'overlapping');
  await silence(monitor, 5);
  await windows(hours(1), monitor, { traffic: 'xx', latency: 'xx' });
  const longer = await silence(monitor, 9, { signal: 'traffic' });
  await lookAtAlerts(hours(4), { monitorId: monitor });
  await windows(hours(4.5), monitor, { traffic: 'xxx', latency: '...' }, 2);
  await lookAtAlerts(hours(6), { monitorId: monitor });
  expect((await toldOf(ctx, monitor)).length).toBe(1);
  expect((await incidentOf(ctx, monitor)).timeline.at(-2)).toMatchObject({
    kind: 'silenced',
    ref: longer.silenceId,
  });
  await windows(hours(8), monitor, { traffic: 'xx', latency: 'xx' }, 5);
  expect((await toldOf(ctx, monitor)).slice(1)).toEqual(['updated silence-ended (latency)']);
});

test('a silence that begins after an incident was told has it told again at its end', async () => {
  const monitor = await monitored(server, 'told-again');
  await windows(hours(1), monitor, { traffic: 'xx' });
  await silence(monitor, 5);
  await lookAtAlerts(hours(2), { monitorId: monitor });
  await lookAtAlerts(hours(3), { monitorId: monitor });
  await lookAtAlerts(hours(5), { monitorId: monitor });
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic)', 'updated silence-ended (traffic)']);
  expect(await timelineOf(ctx, monitor)).toEqual(['opened', 'silenced', 'silence-ended']);
});

test('a silence that is ended by hand has it told at once, and one that runs out by the next sweep', async () => {
  const byHand = await monitored(server, 'by-hand');
  const { silenceId } = await createSilence(server.ctx, {
    monitor: byHand,
    until: Date.now() + hour,
    comment: 'known',
  });
  await windows(server.ctx, byHand, { traffic: 'xx' });
  expect(await toldOf(ctx, byHand)).toEqual(['opened (traffic) untold']);
  await eventually(async () => {
    await endSilence(server.ctx, silenceId);
    await server.drain();
    expect((await toldOf(ctx, byHand)).slice(1)).toEqual(['updated silence-ended (traffic)']);
  });

  const runOut = await monitored(server, 'run-out');
  await silence(runOut, 5);
  await windows(hours(1), runOut, { traffic: 'xx' });
  await eventually(async () => {
    await sweepAlerts(server.ctx);
    await server.drain();
    expect((await toldOf(ctx, runOut)).slice(1)).toEqual(['updated silence-ended (traffic)']);
  });
});

test('what joins with a higher severity is told once, as the worse that it is', async () => {
  const monitor = await monitored(server, 'worse');
  await windows(hours(1), monitor, { traffic: 'xx', performance: '..' });
  await write(ctx, monitor, 2, { traffic: 'x', performance: 'x' });
  await write(ctx, monitor, 3, { traffic: 'x', performance: 'x' });
  await checked(hours(3), monitor, 2);
  await checked(hours(3), monitor, 3);
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic)', 'updated escalated (performance)']);
});
