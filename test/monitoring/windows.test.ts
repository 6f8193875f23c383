import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { checkDue, checkNow, checkOnTime, getResult } from '../../shared/monitoring/index.ts';
import { countCall, flushSummaries } from '../../shared/summaries/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import {
  ask,
  at,
  classifier,
  deploy,
  hour,
  label,
  lagging,
  rowsOf,
  signalIn,
  uploadRows,
  waiting,
} from './support.ts';

/** A full hour. */
const start = Date.UTC(2026, 3, 6, 8);
const settled = 61_000;
const minute = 60_000;

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ctx = at(server.ctx, start - hour);
});
afterAll(() => server.close());

const sumIsPositive = (row: readonly number[]) => row.reduce((sum, x) => sum + x, 0) > 0;

async function monitored(name: string, rows: readonly number[][] = rowsOf(1, 3000)): Promise<void> {
  const reference = await uploadRows(ctx, `${name}-reference`, [...rows]);
  await deploy(server, ctx, name, classifier([1, 1, 1]), { 'cairn.reference': reference });
}

const put = (name: string, body: unknown) => server.call('PUT', `/api/v1/monitors/${name}`, body);

describe('a window', () => {
  test('may be cut at any minute, and has the rows between', async () => {
    await monitored('cut');
    await ask(at(ctx, start + 10 * minute), 'cut', rowsOf(2, 250));
    await ask(at(ctx, start + 50 * minute), 'cut', rowsOf(3, 300, [3, 3, 3]));
    await ask(at(ctx, start + hour + minute), 'cut', rowsOf(4, 20));
    const now = at(server.ctx, start + 3 * hour);
    const early = await checkNow(now, 'cut', { from: start, to: start + 30 * minute });
    expect(early.rows.current).toBe(250);
    expect(signalIn(early, 'feature-drift')).toMatchObject({ verdict: 'ok' });
    const late = await checkNow(now, 'cut', { from: start + 30 * minute, to: start + hour + 2 * minute });
    expect(late.rows.current).toBe(320);
    expect(signalIn(late, 'feature-drift')).toMatchObject({ verdict: 'breached' });
    const both = await checkNow(now, 'cut', { from: start - 5 * minute, to: start + hour + 2 * minute });
    expect(both.rows.current).toBe(570);
  });

  test('ends later where the data come late', async () => {
    await monitored('late');
    expect((await put('late', { offset_seconds: 7200 })).status).toBe(200);
    const result = await checkDue(at(server.ctx, start + 3 * hour + settled), { monitorId: 'late' });
    expect(result.windowEnd).toBe(start + hour);
  });

  test('can be held against an earlier window, and then against the training set as well', async () => {
    await monitored('rolling');
    const reference = { kind: 'rolling', length_seconds: 3600 };
    const { status, body } = await put('rolling', { reference });
    expect({ status, reference: body['reference'] }).toEqual({
      status: 200,
      reference: { kind: 'rolling', length_seconds: 3600, offset_seconds: 0 },
    });
    const moved = [3, 0, 0];
    await ask(at(ctx, start + minute), 'rolling', rowsOf(5, 400, moved));
    await ask(at(ctx, start + hour + minute), 'rolling', rowsOf(6, 400, moved));
    const check = (to: number) => checkDue(at(server.ctx, to + settled), { monitorId: 'rolling' });
    const first = await check(start + hour);
    expect(first.reference).toMatchObject({ source: 'none' });
    expect(signalIn(first, 'feature-drift').verdict).toBe('insufficient-data');
    expect(signalIn(first, 'skew').verdict).toBe('breached');
    const second = await check(start + 2 * hour);
    expect(second.reference).toEqual({
      source: 'window',
      kind: 'rolling',
      from: start,
      to: start + hour,
      rows: 400,
    });
    expect(signalIn(second, 'feature-drift')).toMatchObject({ verdict: 'ok', value: 0 });
    expect(signalIn(second, 'skew')).toMatchObject({ verdict: 'breached', metric: 'drifted-share' });
  });
});

describe('segments', () => {
  /** The third feature is 0 or 1: which of two customers asks. */
  const customers = (rows: readonly number[][]) => rows.map(([a = 0, b = 0], i) => [a, b, i % 2]);

  test('are judged by themselves, and one that moves does not hide behind the others', async () => {
    await monitored('split', customers(rowsOf(1, 3000)));
    const segments = { column: 'c', values: ['0', '1'] };
    expect((await put('split', { segments, min_rows: 100 })).status).toBe(200);
    const rows = customers(rowsOf(7, 600)).map(([a = 0, b = 0, c = 0]) => [a + 4 * c, b, c]);
    await ask(at(ctx, start + minute), 'split', rows);
    const result = await checkDue(at(server.ctx, start + hour + settled), { monitorId: 'split' });
    expect(signalIn(result, 'feature-drift', 'c=0')).toMatchObject({ verdict: 'ok' });
    expect(signalIn(result, 'feature-drift', 'c=1')).toMatchObject({ verdict: 'breached' });
    expect(signalIn(result, 'feature-drift', 'c=1').items.find(({ name }) => name === 'a')).toMatchObject({
      verdict: 'breached',
      basis: 'profile',
    });
  });

  test('of one endpoint are of one column: another monitor that asks for another is told whose it is', async () => {
    await monitored('owned');
    const split = (name: string, column: string) =>
      put(name, { endpoint: 'owned', segments: { column, values: ['1'] } });
    expect((await split('owned', 'a')).status).toBe(200);
    const refused = await split('other', 'b');
    expect(refused).toMatchObject({ status: 409, body: { field: 'segments.column' } });
    expect(JSON.stringify(refused.body)).toContain("Monitor 'owned'");
    expect((await split('other', 'a')).status).toBe(200);
    expect((await put('owned', { segments: null })).body['segments']).toBeNull();
    expect((await put('other', { segments: null })).status).toBe(200);
    expect((await split('owned', 'b')).status).toBe(200);
  });
});

test('what latency is usual is learnt of ten windows, without being asked for', async () => {
  await monitored('quick');
  const answered = { deployment: 'main', variant: 'stable', version: 1, digest: 'sha256:1' } as const;
  const called = async (i: number, latencyMicros: number) => {
    const then = at(server.ctx, start + i * hour + minute);
    for (let call = 0; call < 250; call++)
      countCall(then, 'quick', answered, { status: 200, rows: 1, latencyMicros });
    await flushSummaries(ctx.stores);
    const window = { from: start + i * hour, to: start + (i + 1) * hour };
    return async () =>
      signalIn(await checkNow(at(server.ctx, window.to + settled), 'quick', window), 'latency');
  };
  for (let i = 0; i < 10; i++) {
    const latency = await called(i, 10_000 + 100 * i);
    expect(await latency()).toMatchObject({ verdict: 'insufficient-data', value: expect.closeTo(10.5, 0) });
  }
  await expect.poll(await called(10, 11_000), lagging).toMatchObject({ verdict: 'ok' });
  await expect
    .poll(await called(11, 100_000), lagging)
    .toMatchObject({ verdict: 'breached', bounds: { upper: expect.closeTo(15.75, 0) } });
});

describe('what was found', () => {
  test('has all figures and both distributions in its detail, and a history by figure', async () => {
    await monitored('kept');
    for (const i of [0, 1]) {
      await ask(at(ctx, start + i * hour + minute), 'kept', rowsOf(8 + i, 300, [i * 3, 0, 0]));
      await checkDue(at(server.ctx, start + (i + 1) * hour + settled), { monitorId: 'kept' });
    }
    const end = start + 2 * hour;
    const detail = await server.call('GET', `/api/v1/monitors/kept/results/${end}/detail`);
    expect(detail).toMatchObject({ status: 200, body: { window_end: end } });
    const signals = detail.body['signals'] as unknown as {
      signal: string;
      items: Record<string, unknown>[];
    }[];
    const item = signals
      .find(({ signal }) => signal === 'feature-drift')
      ?.items.find(({ name }) => name === 'a');
    expect(item).toMatchObject({
      verdict: 'breached',
      profile: { metric: 'psi', test: 'ks' },
      exact: { metric: 'psi', test: 'ks' },
      missing: { reference: 0, current: 0 },
      overlay: { kind: 'numeric' },
    });
    const { edges, reference, current } = (item?.['overlay'] ?? {}) as Record<string, number[]>;
    expect([edges?.length, reference?.length]).toEqual([31, 30]);
    expect(current?.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect((await server.call('GET', `/api/v1/monitors/kept/results/77/detail`)).status).toBe(404);

    const path = '/api/v1/monitors/kept/history?signal=feature-drift';
    const points = async (more = '') => (await server.call('GET', `${path}${more}`)).body['points'];
    await expect
      .poll(() => points(), lagging)
      .toMatchObject([
        { window_end: start + hour, verdict: 'ok', value: 0, version: 1 },
        { window_end: end, verdict: 'breached', value: 1 / 3, bounds: { upper: 0.3 } },
      ]);
    expect(await points('&metric=psi&item=b')).toMatchObject([{ verdict: 'ok' }, { verdict: 'ok' }]);
    expect(await points(`&from=${end}`)).toHaveLength(1);
    expect((await server.call('GET', '/api/v1/monitors/kept/history?signal=mood')).status).toBe(400);
    // Without labels no figure has a verdict, and each says why.
    const why = expect.stringMatching(/^0 of 0 rows have a prediction and a label.*min_labelled/);
    for (const metric of ['', '&metric=auc', '&metric=auc&item=auc']) {
      const { body } = await server.call(
        'GET',
        `/api/v1/monitors/kept/history?signal=performance${metric}&to=${start + hour}`,
      );
      expect(body['points']).toMatchObject([{ verdict: 'insufficient-data', value: null, reason: why }]);
    }
    const waited = await server.call('GET', '/api/v1/monitors/kept/history?signal=latency&metric=p99-ms');
    expect(waited.body['points']).toMatchObject([
      { verdict: 'insufficient-data', reason: expect.stringContaining('needed (min_rows)') },
      { verdict: 'insufficient-data', reason: expect.stringContaining('needed (min_rows)') },
    ]);
  });

  test('is made for windows of the past on demand, each by a message', async () => {
    await monitored('behind');
    await ask(at(ctx, start + minute), 'behind', rowsOf(10, 300));
    const backfill = (body: unknown) => server.call('POST', '/api/v1/monitors/behind/backfill', body);
    const to = start + 3 * hour;
    expect(await backfill({ from: start, to })).toMatchObject({ status: 202, body: { windows: 3 } });
    await server.drain();
    const ends = [1, 2, 3].map((i) => start + i * hour);
    const results = await Promise.all(ends.map((end) => getResult(ctx, 'behind', end)));
    expect(results.map(({ rows }) => rows.current)).toEqual([300, 0, 0]);
    expect(await backfill({ from: 0, to })).toMatchObject({ status: 400, body: { field: 'from' } });
    expect(await backfill({ from: to, to: start })).toMatchObject({ status: 400, body: { field: 'from' } });
    expect(await backfill({ from: start, to: Date.now() + hour })).toMatchObject({
      status: 400,
      body: { field: 'to' },
    });
  });

  test('is judged again when labels come late, and only where they did', async () => {
    await monitored('labelled');
    const rows = rowsOf(11, 300);
    const ids = await ask(at(ctx, start + minute), 'labelled', rows);
    const check = (i: number) =>
      checkOnTime(at(server.ctx, start + i * hour + settled), { monitorId: 'labelled' });
    await check(1);
    await check(2);
    expect(await waiting(ctx, 'check-window')).toEqual([]);
    await label(at(ctx, start + 2 * hour), 'labelled', ids, rows, sumIsPositive);
    // Results are listed at the weaker consistency: one that a check does not see yet, the next one does.
    const asked = async () => {
      await check(3);
      return waiting(ctx, 'check-window');
    };
    await expect.poll(asked, lagging).toMatchObject([{ monitorId: 'labelled', windowEnd: start + hour }]);
    await server.drain();
    const first = await getResult(ctx, 'labelled', start + hour);
    expect(signalIn(first, 'performance')).toMatchObject({ verdict: 'ok', value: 1 });
    const askedAgain = async () => {
      await server.drain();
      await check(4);
      return waiting(ctx, 'check-window');
    };
    await expect.poll(askedAgain, lagging).toEqual([]);
  });
});
