import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { checkOnTime, getResult, putMonitor } from '../../shared/monitoring/index.ts';
import { recordLabels } from '../../shared/predictions/index.ts';
import { countCall, flushSummaries } from '../../shared/summaries/index.ts';
import { eventsOf } from '../alerts/windows.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { hourOf, hoursOfFortnight, intercept, trainedOn, weights } from './fortnight.ts';
import { ask, at, classifier, deploy, hour, signalIn, uploadRows } from './support.ts';

const long = process.env['CAIRN_TEST'] === 'long';
const day = 24 * hour;
/** It ends before today. */
const start = Math.floor(Date.now() / day) * day - 16 * day;
/** Windows are of a day, as the season is, and checked twice a day. */
const everyHours = 12;
const labelsLateHours = 24;

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ({ ctx } = server);
});
afterAll(() => server.close());

type Answered = { readonly ids: readonly string[]; readonly labels: readonly boolean[] };

const answered = { deployment: 'main', variant: 'stable', version: 1, digest: 'sha256:1' } as const;

/** Asks about the rows of some hours at their time, counted as a call each. */
async function traffic(name: string, from: number, to: number): Promise<Answered> {
  const ids: string[] = [];
  const labels: boolean[] = [];
  for (let i = from; i < to; i++) {
    const each = hourOf(i);
    const then = at(ctx, start + (i + 0.5) * hour);
    ids.push(...(await ask(then, name, each.rows)));
    for (const [row] of each.rows.entries())
      countCall(then, name, answered, { status: 200, rows: 1, latencyMicros: 9_000 + (row % 100) * 20 });
    labels.push(...each.labels);
  }
  return { ids, labels };
}

async function label(now: Context, name: string, { ids, labels }: Answered): Promise<void> {
  const known = ids.map((predictionId, i) => ({ predictionId, label: labels[i] ? 'yes' : 'no' }));
  await recordLabels(now, name, known);
}

/** Goes through hours as the platform does: calls, labels a day later, checks by the timer, and all that they ask for. */
async function live(name: string, from: number, to: number): Promise<void> {
  const before = at(ctx, start + from * hour);
  const reference = await uploadRows(before, name, trainedOn());
  await deploy(server, before, name, classifier(weights, intercept), { 'cairn.reference': reference });
  await putMonitor(before, name, { windowSeconds: day / 1000, everySeconds: everyHours * 3600 });
  const unlabelled: Answered[] = [];
  for (let hours = from + everyHours; hours <= to; hours += everyHours) {
    if (hours <= hoursOfFortnight) unlabelled.push(await traffic(name, hours - everyHours, hours));
    const now = at(ctx, start + hours * hour + 61_000);
    const known = hours > from + labelsLateHours ? unlabelled.shift() : undefined;
    if (known) await label(now, name, known);
    await flushSummaries(ctx.stores);
    await checkOnTime(now, { monitorId: name });
    await server.drain();
  }
}

/** By incident: at the end of which window, in days, it was opened and resolved, and for which signals. */
async function told(name: string): Promise<string[]> {
  const events = (await eventsOf(ctx, name)).toSorted((a, b) => a.seq - b.seq);
  const days = ({ subject }: CairnEvent) => (Number(subject['windowEnd']) - start) / day;
  const incidents = Map.groupBy(events, ({ subject }) => Number(subject['incident']));
  return [...incidents]
    .toSorted(([a], [b]) => a - b)
    .map(([, each]) => {
      const ends = each.filter(({ type }) => type === 'incident.opened' || type === 'incident.resolved');
      const fired = each.flatMap(({ type, subject }) => (type === 'alert.fired' ? [subject['signal']] : []));
      return `${ends.map(days).join(' to ')}: ${fired.toSorted().join(', ')}`;
    });
}

/** The features that have drifted in the window that ends on a day. */
async function driftedOn(name: string, days: number): Promise<string[]> {
  const { items } = signalIn(await getResult(ctx, name, start + days * day), 'feature-drift');
  const breached = items.filter((item) => item.verdict === 'breached' && item.name !== 'features');
  return [...new Set(breached.map((item) => item.name))];
}

test('tells of each drift and of the broken sensor once, and of nothing else', async () => {
  // Without the long form it is the day before the first drift and the day in which that is told.
  const [from, to] = long ? [0, hoursOfFortnight + labelsLateHours] : [48, 96];
  await live('model', from, to);
  expect(await told('model')).toEqual(
    long
      ? [
          '4 to 7: feature-drift',
          '8 to 11.5: concept-drift, performance',
          '13 to 14.5: concept-drift, data-quality, feature-drift, performance, prediction-drift',
        ]
      : ['4: feature-drift'],
  );
  const drifted = (days: number) => driftedOn('model', days);
  expect(await Promise.all((long ? [4, 12.5] : [4]).map(drifted))).toEqual(long ? [['c'], ['b']] : [['c']]);
}, 1_200_000);
