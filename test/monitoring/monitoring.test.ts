import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import type { Document } from '../../shared/documents.ts';
import { unschedule } from '../../shared/events/index.ts';
import {
  checkDue,
  checkNow,
  getMonitor,
  labelledRows,
  listResults,
  monitorEndpoint,
  type MonitorResult,
  type SignalName,
} from '../../shared/monitoring/index.ts';
import { linearRegressor } from '../../shared/onnx/index.ts';
import { moveAlias } from '../../shared/registry/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import {
  ask,
  askThat,
  at,
  breachedIn,
  classifier,
  deploy,
  hour,
  label,
  lagging,
  registerVersion,
  rowsOf,
  signalIn,
  uploadRows,
} from './support.ts';

const long = process.env['CAIRN_TEST'] === 'long';
/** A full hour, the start of the story of every test. */
const start = Date.UTC(2026, 2, 2, 8);
const settled = 61_000;

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  ctx = at(server.ctx, start - hour);
});
afterAll(() => server.close());

const sumIsPositive = (row: readonly number[]) => row.reduce((sum, x) => sum + x, 0) > 0;
const sumModel = classifier([1, 1, 1]);

/** An endpoint with a reference set of 3000 rows. */
async function monitored(name: string): Promise<void> {
  const reference = await uploadRows(ctx, `${name}-reference`, rowsOf(1, 3000));
  await deploy(server, ctx, name, sumModel, { 'cairn.reference': reference });
}

/** What is counted of calls comes some seconds later, and would be news. */
async function withoutCalls(name: string): Promise<void> {
  const signals = { traffic: { enabled: false }, latency: { enabled: false } };
  await server.call('PUT', `/api/v1/monitors/${name}`, { signals });
}

/** A list of the API. */
async function listed(path: string, name: string) {
  return (await server.call('GET', path)).body[name];
}

type Checked = { windowEnd: string; breached: string };

/** What was announced of the windows of a monitor. */
async function announced(monitorId: string): Promise<Checked[]> {
  return ctx.stores.documents('monitors').query<Checked>(
    {
      text: "SELECT VALUE c.event.subject FROM c WHERE c.type = 'event' AND c.event.type = 'monitor.checked'",
    },
    { key: ['default', monitorId], consistency: 'strong' },
  );
}

const itemsOf = (result: MonitorResult, signal: SignalName) =>
  Object.fromEntries(signalIn(result, signal).items.map(({ name, verdict }) => [name, verdict]));

describe('a monitor', () => {
  test('counts no copies that a mirror answered: neither their rows, nor what they say, nor their labels', async () => {
    await monitored('shadowed');
    await registerVersion(server, ctx, 'shadowed', classifier([1, 1, 0]));
    const during = at(server.ctx, start + 60_000);
    const rows = rowsOf(5, 300);
    const ids = await ask(during, 'shadowed', rows);
    await label(during, 'shadowed', ids, rows, sumIsPositive);
    const target = await targetOf(during, 'shadowed');
    const others = { ...target.model.ready, version: 2, digest: 'sha256:other' };
    const strange = rowsOf(6, 600, [5, 5, 5]);
    for (const ready of [target.model.ready, others]) {
      const mirror = { ...target, variant: 'mirror', model: { ...target.model, ready } } as const;
      const copies = await askThat(during, mirror, strange);
      await label(during, 'shadowed', copies, strange, () => false);
    }
    const window = { from: start, to: start + hour };
    const later = at(server.ctx, start + hour + settled);
    const result = await checkNow(later, 'shadowed', window);
    expect(result).toMatchObject({
      model: { version: 1 },
      otherVersionsRows: 0,
      rows: { current: 300 },
    });
    expect(itemsOf(result, 'feature-drift')).toEqual({ features: 'ok', a: 'ok', b: 'ok', c: 'ok' });
    expect(signalIn(result, 'performance')).toMatchObject({ value: 1 });
    const sides = await Promise.all(
      (['train', 'evaluation'] as const).map((part) =>
        labelledRows(later, { endpoint: 'shadowed', ...window, part }),
      ),
    );
    expect(sides.reduce((sum, { labels }) => sum + labels.length, 0)).toBe(300);
  });

  test('says nothing of a model that predicts numbers by labels that are none', async () => {
    const onnx = linearRegressor({ features: ['a', 'b', 'c'], coefficients: [1, 1, 1], intercept: 0 });
    await deploy(server, ctx, 'regressor', onnx);
    const rows = rowsOf(5, 300);
    const during = at(server.ctx, start + 60_000);
    const ids = await ask(during, 'regressor', rows);
    await label(during, 'regressor', ids, rows, sumIsPositive);
    const result = await checkNow(at(server.ctx, start + hour + settled), 'regressor', {
      from: start,
      to: start + hour,
    });
    expect(signalIn(result, 'performance')).toMatchObject({
      verdict: 'insufficient-data',
      reason: expect.stringContaining('300 labels cannot'),
    });
    expect(breachedIn(result)).toEqual([]);
  });

  test('comes with every endpoint, and its checks are on the agenda', async () => {
    await monitored('comes');
    const { status, body } = await server.call('GET', '/api/v1/monitors/comes');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'comes',
      endpoint: 'comes',
      window_seconds: 3600,
      every_seconds: 3600,
      min_rows: 200,
      min_labelled: 100,
      preset: 'cairn',
      reference: { kind: 'version' },
      signals: {
        'feature-drift': {
          enabled: true,
          severity: 'warning',
          thresholds: { psi: { upper: 0.2 }, 'p-value': { lower: 0.01 }, 'drifted-share': { upper: 0.3 } },
        },
      },
      alerting: { breaches: 2, of: 3 },
      retraining: null,
    });
    await expect.poll(() => listed('/api/v1/monitors', 'monitors'), lagging).toContainEqual(body);
    const agenda = await ctx.stores.documents('jobs').read(['agenda'], 'agenda');
    expect(agenda?.doc).toMatchObject({
      entries: {
        'monitor:default:comes': {
          message: { kind: 'check-monitor', monitorId: 'comes' },
          everySeconds: 3600,
        },
      },
    });
  });

  test('keeps its own pace on the agenda when its endpoint is announced again, and gets back what was lost there', async () => {
    await monitored('paced');
    const entry = async () => {
      const agenda = await ctx.stores
        .documents('jobs')
        .read<Document & { entries: Record<string, unknown> }>(['agenda'], 'agenda');
      return agenda?.doc.entries['monitor:default:paced'];
    };
    const everyMinute = { every_seconds: 60 };
    await server.call('PUT', '/api/v1/monitors/paced', everyMinute);
    await monitorEndpoint(ctx, { subject: { endpoint: 'paced' } });
    expect(await entry()).toMatchObject({ everySeconds: 60 });
    await unschedule(ctx, 'monitor:default:paced');
    expect((await server.call('PUT', '/api/v1/monitors/paced', everyMinute)).status).toBe(200);
    expect(await entry()).toMatchObject({ everySeconds: 60 });
  });

  test('changes by PUT: what is given, under the etag that was read, and nothing else', async () => {
    await monitored('changes');
    const put = (body: unknown, etag?: string) =>
      server.fetch('/api/v1/monitors/changes', {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...(etag ? { 'if-match': etag } : {}) },
        body: JSON.stringify(body),
      });
    const before = await server.fetch('/api/v1/monitors/changes');
    const etag = before.headers.get('etag') ?? '';
    const psi = (bounds: unknown) => ({ signals: { 'feature-drift': { thresholds: { psi: bounds } } } });
    const first = await put({ min_rows: 50, ...psi({ upper: 0.5 }) }, etag);
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({
      min_rows: 50,
      window_seconds: 3600,
      signals: { 'feature-drift': { thresholds: { psi: { upper: 0.5 }, 'p-value': { lower: 0.01 } } } },
    });
    expect((await put({ min_rows: 60 }, etag)).status).toBe(409);
    expect((await put({ min_rows: 60 }, first.headers.get('etag') ?? '')).status).toBe(200);
    const detectors = ['adwin', 'ddm'];
    const watched = await put({ signals: { 'concept-drift': { detectors } } });
    expect(await watched.json()).toMatchObject({ signals: { 'concept-drift': { detectors } } });
    const usual = await put({ signals: { 'concept-drift': { detectors: null } } });
    expect(await usual.text()).not.toContain('detectors');
    const another = { method: 'PUT', headers: { 'content-type': 'application/json', 'if-none-match': '*' } };
    const made = await server.fetch('/api/v1/monitors/changes', { ...another, body: '{"min_rows": 70}' });
    expect([made.status, await made.json()]).toMatchObject([409, { field: 'name' }]);
    const removed = await put({ min_rows: null, ...psi(null), feature_weights: { Amount: 2, a: 0 } });
    expect(await removed.json()).toMatchObject({
      min_rows: 200,
      feature_weights: { Amount: 2, a: 0 },
      signals: { 'feature-drift': { thresholds: { psi: { upper: 0.2 } } } },
    });
  });

  test.each([
    [{ windows_seconds: 60 }, 'windows_seconds'],
    [{ window_seconds: 5 }, 'window_seconds'],
    [{ window_seconds: 3601 }, 'window_seconds'],
    [{ thresholds: { psi: 0.2 } }, 'thresholds'],
    [{ performance: { max_drop: 0.2 } }, 'performance'],
    [{ signals: { drift: { enabled: false } } }, 'signals.drift'],
    [
      { signals: { performance: { thresholds: { psi: { upper: 1 } } } } },
      'signals.performance.thresholds.psi',
    ],
    [
      { signals: { latency: { thresholds: { 'p95-ms': { learnt: { windows: 4 } } } } } },
      'signals.latency.thresholds.p95-ms.learnt.windows',
    ],
    [{ signals: { latency: { thresholds: { 'p95-ms': {} } } } }, 'signals.latency.thresholds.p95-ms'],
    [{ signals: { latency: { severity: 'loud' } } }, 'signals.latency.severity'],
    [{ signals: { latency: { detectors: ['ddm'] } } }, 'signals.latency.detectors'],
    [{ signals: { 'concept-drift': { detectors: [] } } }, 'signals.concept-drift.detectors'],
    [{ signals: { 'concept-drift': { detectors: ['cusum'] } } }, 'signals.concept-drift.detectors[0]'],
    [{ alerting: { breaches: 4, of: 3 } }, 'alerting.breaches'],
    [
      { reference: { kind: 'rolling', length_seconds: 3600, offset_seconds: -60 } },
      'reference.offset_seconds',
    ],
    [{ reference: { kind: 'fixed', from: 2, to: 1 } }, 'reference.from'],
    [{ reference: { kind: 'fixed', from: 1, to: Date.UTC(3000, 0) } }, 'reference.to'],
    [{ preset: 'mine' }, 'preset'],
    [{ segments: { column: 'a', values: [] } }, 'segments.values'],
    [{ feature_weights: { a: -1 } }, 'feature_weights.a'],
    [{ retraining: { executor: 'nobody' } }, 'retraining.executor'],
    [{ retraining: { executor: 'x', on: ['mondays'] } }, 'retraining.on[0]'],
    [{ endpoint: 'another' }, 'endpoint'],
  ])('refuses %j and names the field', async (change, field) => {
    const { status, body } = await server.call('PUT', '/api/v1/monitors/comes', change);
    expect({ status, field: body['field'] }).toEqual({ status: 400, field });
  });

  test.each(['', '/comes', '/comes/results', '/comes/results/1', '/comes/results/1/detail'])(
    'is not read with a parameter that there is not: %s',
    async (path) => {
      const { status, body } = await server.call('GET', `/api/v1/monitors${path}?limt=5`);
      expect([status, body['field']]).toEqual([400, 'limt']);
    },
  );

  test('that does not exist is 404, and can be made for an endpoint', async () => {
    expect((await server.call('GET', '/api/v1/monitors/none')).status).toBe(404);
    expect((await server.call('PUT', '/api/v1/monitors/none', { min_rows: 50 })).status).toBe(404);
    expect((await server.call('PUT', '/api/v1/monitors/none', { endpoint: 'none' })).status).toBe(404);
    expect((await server.call('GET', '/api/v1/monitors/none/results')).status).toBe(404);
    const made = await server.call('PUT', '/api/v1/monitors/second', {
      endpoint: 'comes',
      window_seconds: 86_400,
    });
    expect(made).toMatchObject({
      status: 200,
      body: { name: 'second', endpoint: 'comes', window_seconds: 86_400 },
    });
  });
});

describe('checks of an endpoint', () => {
  test('find nothing over many windows of the same data, and the features that moved when they move', async () => {
    await monitored('moves');
    const windows = long ? 48 : 12;
    for (let i = 0; i < windows; i++) {
      await ask(at(ctx, start + i * hour + 1000), 'moves', rowsOf(100 + i, 300));
      const result = await checkDue(at(ctx, start + (i + 1) * hour + settled), { monitorId: 'moves' });
      expect(result).toMatchObject({
        windowStart: start + i * hour,
        windowEnd: start + (i + 1) * hour,
        settled: true,
        rows: { reference: 3000, current: 300 },
      });
      expect(signalIn(result, 'feature-drift')).toMatchObject({ verdict: 'ok', value: 0 });
      expect(breachedIn(result)).toEqual([]);
    }
    expect((await announced('moves')).filter(({ breached }) => breached !== '')).toEqual([]);

    const from = start + windows * hour;
    await ask(at(ctx, from + 1000), 'moves', rowsOf(99, 300, [2, 0, 0]));
    const result = await checkDue(at(ctx, from + hour + settled), { monitorId: 'moves' });
    expect(signalIn(result, 'feature-drift')).toMatchObject({
      verdict: 'breached',
      metric: 'drifted-share',
      value: 1 / 3,
      bounds: { upper: 0.3 },
      items: [
        { name: 'features', verdict: 'breached' },
        { name: 'a', metric: 'psi', verdict: 'breached', basis: 'profile' },
        { verdict: 'ok' },
        { verdict: 'ok' },
      ],
    });
    expect(result.heat).toMatchObject({ features: ['a', 'b', 'c'], breached: [true, false, false] });
    expect(result.reference).toMatchObject({ source: 'dataset', rows: 3000 });
    expect((await announced('moves')).filter(({ breached }) => breached !== '')).toEqual([
      {
        monitorId: 'moves',
        endpoint: 'moves',
        windowEnd: String(from + hour),
        breached: breachedIn(result).join(','),
      },
    ]);

    const newest = () => listed('/api/v1/monitors/moves/results?limit=2', 'results');
    await expect.poll(newest, lagging).toMatchObject([
      {
        monitor: 'moves',
        window_end: from + hour,
        signals: expect.arrayContaining([
          expect.objectContaining({ signal: 'feature-drift', verdict: 'breached', value: 1 / 3 }),
        ]),
      },
      { window_end: from },
    ]);
    const single = await server.call('GET', `/api/v1/monitors/moves/results/${from + hour}`);
    expect(await newest()).toContainEqual(single.body);
    const iso = new Date(from + hour).toISOString();
    expect((await server.call('GET', `/api/v1/monitors/moves/results/${iso}`)).body).toEqual(single.body);
    expect((await server.call('GET', '/api/v1/monitors/moves/results/77')).status).toBe(404);
    const between = await server.call(
      'GET',
      `/api/v1/monitors/moves/results?from=${start + hour}&to=${start + 2 * hour}`,
    );
    expect(between.body['results']).toMatchObject([
      { window_end: start + 2 * hour },
      { window_end: start + hour },
    ]);
  });

  test('of one window give one result and one event, however many there are at once', async () => {
    await monitored('races');
    await ask(at(ctx, start + 1000), 'races', rowsOf(7, 300, [3, 3, 3]));
    const now = at(ctx, start + hour + settled);
    const results = await Promise.all(Array.from({ length: 6 }, () => checkDue(now, { monitorId: 'races' })));
    const again = await checkDue(at(ctx, start + hour + 2 * settled), { monitorId: 'races' });
    for (const result of [...results, again]) expect(result).toEqual(results[0]);
    await expect.poll(() => listResults(ctx, 'races', 10), lagging).toEqual([results[0]]);
    expect(await announced('races')).toHaveLength(1);
    expect((await getMonitor(ctx, 'races')).doc.seq).toBe(2);
  });

  test('at once with checks that are asked for still make one result and one event', async () => {
    await monitored('contends');
    await withoutCalls('contends');
    await ask(at(ctx, start + 1000), 'contends', rowsOf(7, 300, [3, 3, 3]));
    const now = at(ctx, start + hour + settled);
    const window = { from: start, to: start + hour };
    await Promise.all([
      checkNow(now, 'contends', window),
      checkDue(now, { monitorId: 'contends' }),
      checkNow(now, 'contends', window),
      checkDue(now, { monitorId: 'contends' }),
    ]);
    await expect.poll(() => listResults(ctx, 'contends', 10), lagging).toHaveLength(1);
    expect(await announced('contends')).toHaveLength(1);
  });

  test('of a window that may still gain predictions are done again when it cannot', async () => {
    await monitored('early');
    await ask(at(ctx, start + 1000), 'early', rowsOf(8, 250));
    const early = await checkNow(at(ctx, start + hour), 'early', { from: start, to: start + hour });
    expect(early).toMatchObject({ settled: false, rows: { current: 250 } });
    await ask(at(ctx, start + hour - 1), 'early', rowsOf(9, 250));
    const due = await checkDue(at(ctx, start + hour + settled), { monitorId: 'early' });
    expect(due).toMatchObject({ settled: true, rows: { current: 500 } });
  });

  test('of a window without predictions, or with few, say that data are insufficient', async () => {
    await monitored('quiet');
    const empty = await checkDue(at(ctx, start + hour + settled), { monitorId: 'quiet' });
    expect(empty.model).toBeNull();
    expect(new Set(empty.signals.map(({ verdict }) => verdict))).toEqual(new Set(['insufficient-data']));
    await ask(at(ctx, start + hour + 1000), 'quiet', rowsOf(10, 50, [5, 5, 5]));
    const few = await checkDue(at(ctx, start + 2 * hour + settled), { monitorId: 'quiet' });
    expect(few).toMatchObject({ rows: { current: 50 } });
    expect(signalIn(few, 'feature-drift')).toMatchObject({
      verdict: 'insufficient-data',
      reason: 'The window has 50 rows; at least 200 are needed (min_rows).',
    });
  });

  test('through HTTP refuse windows that cannot be', async () => {
    await monitored('asked');
    const check = (body: unknown) => server.call('POST', '/api/v1/monitors/asked/check', body);
    expect(await check({ from: 2000, to: 1000 })).toMatchObject({ status: 400, body: { field: 'from' } });
    expect(await check({ to: Date.now() + hour })).toMatchObject({ status: 400, body: { field: 'to' } });
    expect(await check({ to: 'noon' })).toMatchObject({ status: 400, body: { field: 'to' } });
    expect((await server.call('POST', '/api/v1/monitors/none/check', {})).status).toBe(404);
    expect(await check({ from: '2026-03-02T08:00:00Z', to: '2026-03-02T09:00:00+00:00' })).toMatchObject({
      status: 200,
      body: {
        window_start: start,
        window_end: start + hour,
        rows: { reference: 0, current: 0 },
      },
    });
  });
});

describe('without a reference set', () => {
  test('the first predictions become the reference, for good, and the result says so', async () => {
    await deploy(server, ctx, 'first', sumModel);
    const check = (i: number) => checkDue(at(ctx, start + i * hour + settled), { monitorId: 'first' });
    await ask(at(ctx, start + 1000), 'first', rowsOf(20, 600));
    const first = await check(1);
    expect(first).toMatchObject({ reference: { source: 'none' }, rows: { reference: 0, current: 600 } });
    expect(signalIn(first, 'feature-drift')).toMatchObject({
      verdict: 'insufficient-data',
      reason: expect.stringContaining('there are 600'),
    });
    await ask(at(ctx, start + hour + 1000), 'first', rowsOf(21, 400));
    await ask(at(ctx, start + hour + 2000), 'first', rowsOf(22, 300));
    const second = await check(2);
    expect(second).toMatchObject({
      reference: { source: 'first-predictions', rows: 1000, until: start + hour + 1000 },
      // The reference does not vouch for itself.
      rows: { reference: 1000, current: 300 },
    });
    expect(signalIn(second, 'feature-drift')).toMatchObject({ verdict: 'ok' });
    await ask(at(ctx, start + 2 * hour + 1000), 'first', rowsOf(23, 300, [0, 2, 0]));
    const third = await check(3);
    expect(third.reference).toEqual(second.reference);
    expect(itemsOf(third, 'feature-drift')).toEqual({
      features: 'breached',
      a: 'ok',
      b: 'breached',
      c: 'ok',
    });
    expect(signalIn(third, 'feature-drift').items[1]).toMatchObject({ name: 'b', basis: 'exact' });
  });

  test('the reference of a version has its own features, whatever others answered in the same hour', async () => {
    await deploy(server, ctx, 'renamed', sumModel);
    await ask(at(ctx, start + 1000), 'renamed', rowsOf(25, 20));
    const other = classifier([1, 1, 1], 0, ['a', 'b', 'd']);
    const version = await registerVersion(server, ctx, 'renamed', other);
    await moveAlias(ctx, { name: 'renamed', alias: 'champion', version });
    await server.drain();
    await ask(at(ctx, start + 60_000), 'renamed', rowsOf(26, 1000));
    await ask(at(ctx, start + hour + 1000), 'renamed', rowsOf(27, 300));
    const result = await checkDue(at(server.ctx, start + 2 * hour + settled), { monitorId: 'renamed' });
    expect(itemsOf(result, 'feature-drift')).toEqual({ features: 'ok', a: 'ok', b: 'ok', d: 'ok' });
  });

  test('one that cannot be read is passed over with the reason', async () => {
    await deploy(server, ctx, 'unread', sumModel, {
      'cairn.reference': 'mlflow-artifacts:/sets/nowhere.csv',
    });
    await ask(at(ctx, start + 1000), 'unread', rowsOf(24, 300));
    const { reference } = await checkDue(at(ctx, start + hour + settled), { monitorId: 'unread' });
    expect(reference).toMatchObject({ source: 'none', why: expect.stringContaining('nowhere.csv') });
  });
});

describe('performance', () => {
  const never = () => false;

  test('is held against the evaluation set, and labels that come later are counted when asked', async () => {
    const evaluation = await uploadRows(ctx, 'evaluated', rowsOf(30, 400), sumIsPositive);
    const reference = await uploadRows(ctx, 'evaluated-reference', rowsOf(1, 3000));
    await deploy(server, ctx, 'evaluated', sumModel, {
      'cairn.evaluation': evaluation,
      'cairn.reference': reference,
    });
    await withoutCalls('evaluated');
    const rows = rowsOf(31, 300);
    const ids = await ask(at(ctx, start + 1000), 'evaluated', rows);
    const now = at(ctx, start + hour + settled);
    expect(signalIn(await checkDue(now, { monitorId: 'evaluated' }), 'performance')).toMatchObject({
      verdict: 'insufficient-data',
    });

    await label(now, 'evaluated', ids.slice(0, 150), rows, sumIsPositive);
    expect(signalIn(await checkDue(now, { monitorId: 'evaluated' }), 'performance')).toMatchObject({
      verdict: 'insufficient-data',
    });
    const asked = await checkNow(now, 'evaluated', { from: start, to: start + hour });
    expect(breachedIn(asked)).not.toContain('performance');
    expect(signalIn(asked, 'performance')).toMatchObject({
      verdict: 'ok',
      metric: 'accuracy',
      value: 1,
      bounds: { lower: 0.95 },
    });

    await label(at(ctx, start + 3 * hour), 'evaluated', ids, rows, never);
    const worse = await checkNow(now, 'evaluated', { from: start, to: start + hour });
    expect(signalIn(worse, 'performance')).toMatchObject({ verdict: 'breached', severity: 'critical' });
    const third = await checkNow(now, 'evaluated', { from: start, to: start + hour });
    expect(third.signals).toEqual(worse.signals);
    const news = await announced('evaluated');
    expect(news.map(({ breached }) => breached.split(',').includes('performance'))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('without an evaluation set is held against the first labelled window', async () => {
    await monitored('unevaluated');
    const window = async (i: number, truth: (row: readonly number[]) => boolean) => {
      const rows = rowsOf(40 + i, 300);
      const now = at(ctx, start + (i + 1) * hour + settled);
      await label(
        now,
        'unevaluated',
        await ask(at(ctx, start + i * hour + 1000), 'unevaluated', rows),
        rows,
        truth,
      );
      return signalIn(await checkDue(now, { monitorId: 'unevaluated' }), 'performance');
    };
    expect(await window(0, sumIsPositive)).toMatchObject({
      verdict: 'ok',
      value: 1,
      bounds: { lower: 0.95 },
    });
    expect(await window(1, (row) => (row[0] ?? 0) > 0)).toMatchObject({
      verdict: 'breached',
      bounds: { lower: 0.95 },
    });
  });
});

test('a window is judged by the version that answered most of it', async () => {
  await monitored('handed');
  const shifted = rowsOf(50, 300, [4, 0, 0]);
  await ask(at(ctx, start + 1000), 'handed', shifted);
  const reference = await uploadRows(ctx, 'handed-2', rowsOf(1, 3000, [4, 0, 0]));
  const version = await registerVersion(server, ctx, 'handed', classifier([1, 0, 0]), {
    'cairn.reference': reference,
  });
  await moveAlias(ctx, { name: 'handed', alias: 'champion', version, expected: 1 });
  await server.drain();
  await ask(at(ctx, start + 60_000), 'handed', rowsOf(51, 100, [4, 0, 0]));
  const first = await checkDue(at(ctx, start + hour + settled), { monitorId: 'handed' });
  expect(first).toMatchObject({
    model: { version: 1 },
    otherVersionsRows: 100,
  });
  expect(signalIn(first, 'feature-drift')).toMatchObject({ verdict: 'breached' });
  await ask(at(ctx, start + hour + 1000), 'handed', shifted);
  const second = await checkDue(at(ctx, start + 2 * hour + settled), { monitorId: 'handed' });
  expect(second).toMatchObject({
    model: { version },
    otherVersionsRows: 0,
  });
  expect(signalIn(second, 'feature-drift')).toMatchObject({ verdict: 'ok' });
});

describe('labelled rows', () => {
  test('are split for good: three in ten are withheld, and only the others can be fetched', async () => {
    await monitored('split');
    const rows = rowsOf(60, 1000);
    const ids = await ask(at(ctx, start + 1000), 'split', rows);
    await label(at(ctx, start + 2000), 'split', ids.slice(0, 900), rows, sumIsPositive);
    const window = { endpoint: 'split', from: start, to: start + hour };
    const train = await labelledRows(ctx, { ...window, part: 'train' });
    const withheld = await labelledRows(ctx, { ...window, part: 'evaluation' });
    expect([...train.predictionIds, ...withheld.predictionIds].toSorted()).toEqual(
      ids.slice(0, 900).toSorted(),
    );
    expect(withheld.labels.length / 900).toBeGreaterThan(0.25);
    expect(withheld.labels.length / 900).toBeLessThan(0.35);

    const path = `/api/v1/endpoints/split/labelled?from=${start}&to=${start + hour}`;
    const response = await server.fetch(`${path}&part=train`);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [header, ...lines] = (await response.text()).trimEnd().split('\n');
    expect(header).toBe('a,b,c,label');
    expect(lines).toHaveLength(train.labels.length);
    for (const line of lines) {
      const cells = line.split(',');
      expect(cells[3]).toBe(sumIsPositive(cells.slice(0, 3).map(Number)) ? 'yes' : 'no');
    }
    expect(await (await server.fetch(path)).text()).toBe(`${[header, ...lines].join('\n')}\n`);

    const refused = await server.call('GET', `${path}&part=evaluation`);
    expect(refused).toMatchObject({ status: 403, body: { field: 'part' } });
    expect((await server.call('GET', `/api/v1/endpoints/none/labelled?from=0&to=1`)).status).toBe(404);
    expect((await server.call('GET', `/api/v1/endpoints/split/labelled?from=5&to=1`)).status).toBe(400);
    expect((await server.call('GET', `/api/v1/endpoints/split/labelled?from=0`)).status).toBe(400);
  });
});
