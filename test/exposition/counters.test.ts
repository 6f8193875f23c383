import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { deleteEndpoint } from '../../shared/endpoints/index.ts';
import { exposition } from '../../shared/exposition/index.ts';
import {
  type Answered,
  countCall,
  flushSummaries,
  removeSummaries,
  rollUpSummaries,
} from '../../shared/summaries/index.ts';
import { testInstances } from '../support/instances.ts';
import { valueOf } from './parse.ts';
import { at, day, endpoint, fallen, hour, minute, scrape } from './support.ts';

let stack: Awaited<ReturnType<typeof testInstances>>;
beforeAll(async () => {
  stack = await testInstances(3);
});
afterAll(() => stack.close());

const instance = (number: number): Context => {
  const ctx = stack.instances[number];
  if (!ctx) throw new Error('There are three instances.');
  return ctx;
};
/** Of a day to come, so that all endpoints are older. */
const midnight = Math.floor(Date.now() / day) * day + 10 * day;
const main: Answered = { deployment: 'main', variant: 'stable', version: 1, digest: 'sha256:one' };
const ok = { status: 200, rows: 2, latencyMicros: 30_000 };

async function call(ctx: Context, now: number, name: string, times = 1, answered = main): Promise<void> {
  for (let i = 0; i < times; i++) countCall(at(ctx, now), name, answered, ok);
  await flushSummaries(ctx.stores);
}
const calls = async (ctx: Context, now: number, name: string) =>
  valueOf(await scrape(at(ctx, now)), 'cairn_predictions_total', { endpoint: name, outcome: '2xx' });

describe('the counters of an endpoint', () => {
  test('never fall and miss no call, over days that are put together and removed, whoever is asked', async () => {
    const ctx = instance(0);
    await endpoint(ctx, 'steady');
    const keeps = { ...ctx.settings, retentionDaysMax: 1 };
    let made = 0;
    let before = await scrape(at(ctx, midnight));
    for (let now = midnight; now < midnight + 5 * day; now += 7 * hour) {
      const asked = instance((now / hour) % 3);
      for (let i = 0; i < 3; i++) await call(instance(i), now - i * minute, 'steady', i + 1);
      made += 6;
      // Something of an hour that is over comes late.
      await call(asked, now - 3 * hour, 'steady');
      made += 1;
      const during = await scrape(at(asked, now + minute));
      await rollUpSummaries(at({ ...ctx, settings: keeps }, now + 2 * hour));
      const after = await scrape(at(instance((now / hour + 1) % 3), now + 2 * hour));
      expect(fallen(before, during)).toEqual([]);
      expect(fallen(during, after)).toEqual([]);
      expect(valueOf(after, 'cairn_predictions_total', { endpoint: 'steady', outcome: '2xx' })).toBe(made);
      expect(valueOf(after, 'cairn_prediction_rows_total', { endpoint: 'steady' })).toBe(2 * made);
      before = after;
    }
    const left: string[] = [];
    for await (const { name } of ctx.stores.blobs('profiles').walk('default/steady/summaries/'))
      left.push(name);
    const [, firstDay = ''] = /summaries\/(\d{4}\/\d\d\/\d\d)/.exec(left[0] ?? '') ?? [];
    expect(firstDay >= new Date(midnight + 3 * day).toISOString().slice(0, 10).replaceAll('-', '/')).toBe(
      true,
    );

    // What was told is lost: what was counted is not.
    await ctx.stores.blobs('monitoring').remove('default/_exposition.json');
    expect(fallen(before, await scrape(at(instance(1), midnight + 6 * day)))).toEqual([]);
  });

  test('are told alike by two instances, of which one looked before the other', async () => {
    const [one, other] = [instance(0), instance(1)];
    await endpoint(one, 'alike');
    const now = midnight + 20 * day;
    await call(one, now, 'alike', 3);
    expect(await calls(one, now, 'alike')).toBe(3);
    await call(other, now + 1, 'alike', 2);
    // Both look at what was told 14 seconds ago.
    expect(await calls(other, now + 14_000, 'alike')).toBe(3);
    expect(await calls(one, now + 14_000, 'alike')).toBe(3);
    expect(await calls(other, now + 16_000, 'alike')).toBe(5);
    expect(await calls(one, now + 16_000, 'alike')).toBe(5);
    const texts = await Promise.all([one, other].map((ctx) => exposition(at(ctx, now + 40_000), 'text')));
    expect(texts[0]).toBe(texts[1]);
  });

  test('stay where summaries seem to say less for a moment', async () => {
    const ctx = instance(0);
    await endpoint(ctx, 'dipping');
    const now = midnight + 30 * day;
    await call(ctx, now, 'dipping', 4);
    expect(await calls(ctx, now, 'dipping')).toBe(4);
    const blobs = ctx.stores.blobs('profiles');
    await blobs.removeBelow('default/dipping/summaries/');
    expect(await calls(ctx, now + minute, 'dipping')).toBe(4);
    await call(instance(1), now + minute, 'dipping', 6);
    expect(await calls(ctx, now + 2 * minute, 'dipping')).toBe(6);
  });

  test('begin anew with another endpoint of the name', async () => {
    const ctx = instance(0);
    await endpoint(ctx, 'again');
    const now = midnight + 40 * day;
    await call(ctx, now, 'again', 3);
    expect(await calls(ctx, now, 'again')).toBe(3);
    await deleteEndpoint(ctx, 'again');
    expect(await calls(ctx, now + minute, 'again')).toBeUndefined();
    const later = now + 3 * day;
    await endpoint(at(ctx, later), 'again');
    await call(ctx, later, 'again', 1);
    expect(await calls(ctx, later, 'again')).toBe(1);
    await removeSummaries(at(ctx, later), 'again', later);
    expect(await calls(ctx, later + minute, 'again')).toBe(1);
  });

  test('of versions beyond the twenty that were called last are left out, and counted', async () => {
    const ctx = instance(0);
    await endpoint(ctx, 'many');
    const now = midnight + 50 * day;
    for (let version = 1; version <= 23; version++)
      await call(ctx, now + version * minute, 'many', 1, { ...main, version });
    const told = await scrape(at(ctx, now + hour));
    const rows = told.samples.filter(
      ({ name, labels }) => name === 'cairn_prediction_rows_total' && labels['endpoint'] === 'many',
    );
    expect(rows).toHaveLength(20);
    expect(rows.map(({ labels }) => labels['version'])).not.toContain('3');
    expect(valueOf(told, 'cairn_exposition_left_out', { what: 'series' })).toBe(3);
  });

  test('have latencies in buckets that are boundaries of seconds', async () => {
    const ctx = instance(0);
    await endpoint(ctx, 'timed');
    const now = midnight + 60 * day;
    for (const latencyMicros of [400, 30_000, 30_000, 7_000_000])
      countCall(at(ctx, now), 'timed', main, { ...ok, latencyMicros });
    await flushSummaries(ctx.stores);
    const told = await scrape(at(ctx, now));
    const bucket = (le: string) =>
      valueOf(told, 'cairn_prediction_duration_seconds_bucket', { endpoint: 'timed', le });
    expect(['0.001', '0.025', '0.05', '5.0', '+Inf'].map(bucket)).toEqual([1, 1, 3, 3, 4]);
    expect(valueOf(told, 'cairn_prediction_duration_seconds_sum', { endpoint: 'timed' })).toBeCloseTo(
      7.06,
      0,
    );
  });
});
