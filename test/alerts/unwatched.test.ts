import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtAlerts } from '../../shared/alerts/index.ts';
import type { Context } from '../../shared/context.ts';
import { hour } from '../monitoring/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import {
  alertsOf,
  checked,
  incidentOf,
  monitored,
  start,
  statesOf,
  toldOf,
  windowEnd,
  windows,
  write,
  writeResult,
} from './windows.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
});
afterAll(() => server.close());

async function put(monitor: string, settings: object) {
  const { status } = await server.call('PUT', `/api/v1/monitors/${monitor}`, settings);
  await server.drain();
  return status;
}

test('an alert of a signal that is disabled is resolved, says why, and counts anew when it is enabled', async () => {
  const monitor = await monitored(server, 'disabled');
  await windows(ctx, monitor, { traffic: 'xx', latency: 'xx', 'concept-drift': '.x' });
  const signals = { traffic: { enabled: false }, 'concept-drift': { enabled: false } };
  expect(await put(monitor, { signals })).toBe(200);
  expect(await statesOf(ctx, monitor)).toEqual({
    traffic: 'resolved',
    latency: 'firing',
    'concept-drift': 'ok',
  });
  const incident = await incidentOf(ctx, monitor);
  expect(incident.state).toBe('open');
  expect(incident.timeline.at(-1)).toMatchObject({
    kind: 'alert-resolved',
    text: 'traffic: m 2, bound at most 1, version 3. It is no longer watched.',
  });
  expect(await put(monitor, { signals: { latency: { enabled: false } } })).toBe(200);
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic,latency)', 'resolved (latency)']);
  expect((await incidentOf(ctx, monitor)).timeline.at(-1)?.text).toBe('It is no longer watched.');

  await put(monitor, { signals: { traffic: { enabled: true } } });
  await lookAtAlerts(server.ctx, { monitorId: monitor });
  expect((await statesOf(ctx, monitor))['traffic']).toBe('resolved');
});

test('alerts of a segment that is not set any more, and of skew to what is the reference, are resolved', async () => {
  const monitor = await monitored(server, 'segments');
  const rolling = { kind: 'rolling', length_seconds: 86_400 };
  const segments = { column: 'country', values: ['CH', 'DE'] };
  expect(await put(monitor, { segments, reference: rolling, signals: { skew: { enabled: true } } })).toBe(
    200,
  );
  const [ch, de] = ['feature-drift of country=CH', 'feature-drift of country=DE'] as const;
  await windows(ctx, monitor, { [ch]: 'xx', [de]: 'xx', skew: 'xx' });
  await lookAtAlerts(ctx, { monitorId: monitor });
  expect(await statesOf(ctx, monitor)).toEqual({ [ch]: 'firing', [de]: 'firing', skew: 'firing' });
  await put(monitor, { segments: { column: 'country', values: ['DE'] }, reference: null });
  expect(await statesOf(ctx, monitor)).toEqual({ [ch]: 'resolved', [de]: 'firing', skew: 'resolved' });
  await put(monitor, { segments: null });
  expect((await statesOf(ctx, monitor))[de]).toBe('resolved');
  expect((await toldOf(ctx, monitor)).at(-1)).toBe('resolved (feature-drift)');
});

test('insufficient data is no end, nor are results without the signal', async () => {
  const monitor = await monitored(server, 'insufficient');
  await windows(ctx, monitor, { traffic: `xx${'?'.repeat(40)}` });
  await write(ctx, monitor, 42, { latency: '.' });
  await checked(ctx, monitor, 42);
  expect(await statesOf(ctx, monitor)).toEqual({ traffic: 'firing' });
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic)']);
});

test('a window off the grid, or of another length, is none of the sequence', async () => {
  const monitor = await monitored(server, 'off-grid');
  await windows(ctx, monitor, { traffic: 'x' });
  await writeResult(ctx, monitor, start + hour / 2, { traffic: 'x' });
  await writeResult(ctx, monitor, windowEnd(1), { traffic: 'x' }, start - hour);
  await checked(ctx, monitor);
  expect(await statesOf(ctx, monitor)).toEqual({ traffic: 'pending' });
  await windows(ctx, monitor, { traffic: 'x' }, 2);
  // Nor does it resolve.
  for (const minutes of [10, 20, 30, 40]) {
    await writeResult(ctx, monitor, windowEnd(2) + minutes * 60_000, { traffic: '.' });
    await checked(ctx, monitor);
  }
  expect(await statesOf(ctx, monitor)).toEqual({ traffic: 'firing' });
});

test('another grid resolves nothing by itself', async () => {
  const monitor = await monitored(server, 'regrid');
  await windows(ctx, monitor, { traffic: '.xx' });
  const [before] = await alertsOf(ctx, monitor);
  await put(monitor, { window_seconds: 7200, every_seconds: 7200 });
  await lookAtAlerts(ctx, { monitorId: monitor });
  expect(await alertsOf(ctx, monitor)).toEqual([before]);
  for (const window of [4, 6]) {
    await writeResult(ctx, monitor, windowEnd(window), { traffic: '.' }, windowEnd(window - 2));
    await checked(ctx, monitor);
  }
  expect(await statesOf(ctx, monitor)).toEqual({ traffic: 'firing' });
  await writeResult(ctx, monitor, windowEnd(8), { traffic: '.' }, windowEnd(6));
  await checked(ctx, monitor);
  expect(await toldOf(ctx, monitor)).toEqual(['opened (traffic)', 'resolved (traffic)']);
});
