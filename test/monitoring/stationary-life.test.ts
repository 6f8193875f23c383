import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { checkOnTime, getResult, putMonitor, type SignalResult } from '../../shared/monitoring/index.ts';
import { counts, normals, uniforms } from '../../shared/monitoring/signals/testing.ts';
import { recordLabels } from '../../shared/predictions/index.ts';
import { countCall, flushSummaries } from '../../shared/summaries/index.ts';
import { eventsOf } from '../alerts/windows.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { alertRate, mostOf, rates } from './stated.ts';
import { type Watched, watched } from './stationary.ts';
import { ask, at, classifier, deploy, hour, uploadRows } from './support.ts';

const long = process.env['CAIRN_TEST'] === 'long';
/** Latency learns of ten windows; calls have three days to be held against in the long form alone, error rates in both. */
const [endpoints, windows] = long ? [3, 144] : [1, 14];
const start = Date.UTC(2026, 0, 5);
const callsAnHour = 300;
const weights = [0.5, 0.25, 1];
const intercept = -0.5;
const answered = { deployment: 'main', variant: 'stable', version: 1, digest: 'sha256:1' } as const;

/** So many checks of each signal have a verdict, at least. */
const fewest: Readonly<Record<Watched, number>> = {
  ...(Object.fromEntries(watched.map((signal) => [signal, endpoints * windows])) as Record<Watched, number>),
  // A list of earlier windows may miss the latest.
  latency: endpoints * (windows - 13),
};

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
});
afterAll(() => server.close());

/** A world that never changes: a normal, a log-normal and a mostly zero feature; labels by the chance that the model gives. */
function world(seed: number) {
  const draw = uniforms(seed);
  const [normal, count] = [normals(draw), counts(draw)];
  const row = () => [normal(), Math.exp(normal()), draw() < 0.9 ? 0 : draw()];
  return {
    rows: (size: number) => Array.from({ length: size }, row),
    truth: (of: readonly number[]) => {
      const weighed = of.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), intercept);
      return draw() < 1 / (1 + Math.exp(-4 * weighed));
    },
    calls: () => count(callsAnHour),
    latencyMicros: () => 20_000 * Math.exp(0.7 * normal()),
    fails: () => draw() < 0.005,
  };
}

/** Lives through windows as the platform does: calls and their labels, the timer's check, and all that it asks for. */
async function live(name: string, seed: number): Promise<void> {
  const { rows, truth, calls, latencyMicros, fails } = world(seed);
  const before = at(ctx, start);
  await deploy(server, before, name, classifier(weights, intercept), {
    'cairn.reference': await uploadRows(before, `${name}-reference`, rows(1_000)),
    'cairn.evaluation': await uploadRows(before, `${name}-evaluation`, rows(1_000), truth),
  });
  await putMonitor(before, name, {});
  for (let n = 0; n < windows; n++) {
    const then = at(ctx, start + (n + 0.5) * hour);
    const asked = rows(calls());
    const ids = await ask(then, name, asked);
    for (let call = 0; call < asked.length; call++)
      countCall(then, name, answered, {
        status: fails() ? 500 : 200,
        rows: 1,
        latencyMicros: latencyMicros(),
      });
    await recordLabels(
      then,
      name,
      asked.map((row, i) => ({ predictionId: ids[i] ?? '', label: truth(row) ? 'yes' : 'no' })),
    );
    await flushSummaries(ctx.stores);
    await checkOnTime(at(ctx, start + (n + 1) * hour + 61_000), { monitorId: name });
    await server.drain();
  }
}

/** What was said of all endpoints: verdicts by signal, and alerts that fired and incidents that opened. */
async function said(names: readonly string[]) {
  const signals: SignalResult[] = [];
  const events: { type: string; signal: string | undefined }[] = [];
  for (const name of names) {
    for (let n = 1; n <= windows; n++)
      signals.push(...(await getResult(ctx, name, start + n * hour)).signals);
    for (const { type, subject } of await eventsOf(ctx, name))
      events.push({ type, signal: subject['signal'] });
  }
  const found = watched.map((signal) => {
    const judged = signals.filter((each) => each.signal === signal && each.verdict !== 'insufficient-data');
    return {
      signal,
      checks: judged.length,
      breached: judged.filter(({ verdict }) => verdict === 'breached').length,
      fired: events.filter((each) => each.type === 'alert.fired' && each.signal === signal).length,
    };
  });
  const incidents = events.filter(({ type }) => type === 'incident.opened').length;
  return { found, incidents };
}

test('where nothing changes, from the call to the alert, nothing is told', async () => {
  const names = Array.from({ length: endpoints }, (_, n) => `model-${n + 1}`);
  for (const [n, name] of names.entries()) await live(name, 1 + n);
  const { found, incidents } = await said(names);
  expect(found.filter(({ signal, checks }) => checks < fewest[signal])).toEqual([]);
  expect(
    found.filter(({ signal, checks, breached }) => breached > (long ? mostOf(checks, rates[signal]) : 0)),
  ).toEqual([]);
  expect(found.filter(({ checks, fired }) => fired > (long ? mostOf(checks, alertRate) : 0))).toEqual([]);
  // Each for an alert of these signals: checks are on time, and nothing else is told.
  expect(incidents).toBeLessThanOrEqual(found.reduce((sum, { fired }) => sum + fired, 0));
}, 1_200_000);
