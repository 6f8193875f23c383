import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Access, fullAccess } from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import { contentTypes, families, formatFor, sampleNames } from '../../shared/exposition/index.ts';
import { monitorEndpoint } from '../../shared/monitoring/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { parseExposition, valueOf } from './parse.ts';
import { at, day, endpoint, hour, minute, result, scrape, signal, write } from './support.ts';
import { exposition } from '../../shared/exposition/index.ts';

let opened: TestContext;
let ctx: Context;
const windowEnd = Math.floor(Date.now() / hour) * hour;
const later = (steps: number): Context => at(ctx, Date.now() + steps * 2 * minute);

beforeAll(async () => {
  opened = await testContext();
  ({ ctx } = opened);
  for (const name of ['flowers', 'hidden']) {
    await endpoint(ctx, name);
    await monitorEndpoint(ctx, { subject: { endpoint: name } });
  }
});
afterAll(() => opened.close());

describe('the last result of a monitor', () => {
  test('is told by signal, feature and metric, with its thresholds', async () => {
    const psi = (name: string, value: number | null, verdict: 'ok' | 'breached' | 'insufficient-data') =>
      ({ name, metric: 'psi', value, bounds: { upper: 0.2 }, verdict, basis: 'profile' }) as const;
    await write(
      ctx,
      'flowers',
      result('flowers', windowEnd - hour, [
        signal({ signal: 'feature-drift', metric: 'drifted-share', value: 1 }),
      ]),
    );
    await write(
      ctx,
      'flowers',
      result('flowers', windowEnd, [
        signal({
          signal: 'feature-drift',
          metric: 'drifted-share',
          value: 0.5,
          verdict: 'breached',
          items: [
            psi('le"ngth\n', 0.7, 'breached'),
            psi('width', 0.1, 'ok'),
            psi('new', null, 'insufficient-data'),
          ],
        }),
        signal({
          signal: 'data-quality',
          metric: 'breached-items',
          value: 0,
          items: [
            {
              name: 'width',
              metric: 'null-rate',
              value: 0.25,
              bounds: null,
              verdict: 'ok',
              basis: 'profile',
            },
          ],
        }),
        signal({
          signal: 'estimated-performance',
          metric: 'accuracy',
          value: 0.9,
          band: { lower: 0.88, upper: 0.92 },
          items: [
            {
              name: 'all',
              metric: 'accuracy',
              value: 0.9,
              bounds: { lower: 0.8 },
              verdict: 'ok',
              basis: 'profile',
            },
          ],
        }),
        signal({
          signal: 'performance',
          metric: 'accuracy',
          value: null,
          verdict: 'insufficient-data',
          reason: 'No labels.',
        }),
        signal({ signal: 'feature-drift', metric: 'drifted-share', segment: 'country=NL', value: 0 }),
      ]),
    );
    const told = await scrape(later(1));
    const of = { endpoint: 'flowers', monitor: 'flowers' };
    const drift = { ...of, signal: 'feature-drift', segment: '' };
    expect(valueOf(told, 'cairn_check_last_success_timestamp_seconds', of)).toBe((windowEnd + minute) / 1000);
    expect(valueOf(told, 'cairn_check_interval_seconds', of)).toBe(3600);
    expect(valueOf(told, 'cairn_window_rows', { ...of, window: 'current' })).toBe(500);
    expect(valueOf(told, 'cairn_signal_value', drift)).toBe(0.5);
    expect(valueOf(told, 'cairn_signal_threshold', { ...drift, bound: 'upper' })).toBe(0.3);
    expect(valueOf(told, 'cairn_signal_breached', drift)).toBe(1);
    expect(valueOf(told, 'cairn_signal_breached', { ...drift, segment: 'country=NL' })).toBe(0);
    expect(valueOf(told, 'cairn_drifted_features_ratio', { ...of, segment: '' })).toBe(0.5);
    const length = { ...of, feature: 'le"ngth\n', method: 'psi' };
    expect(valueOf(told, 'cairn_drift_score', length)).toBe(0.7);
    expect(valueOf(told, 'cairn_drift_threshold', { ...length, bound: 'upper' })).toBe(0.2);
    expect(valueOf(told, 'cairn_drift_detected', length)).toBe(1);
    expect(valueOf(told, 'cairn_drift_score', { feature: 'new' })).toBeUndefined();
    expect(valueOf(told, 'cairn_drift_detected', { feature: 'new' })).toBeUndefined();
    expect(valueOf(told, 'cairn_feature_null_ratio', { ...of, feature: 'width' })).toBe(0.25);
    expect(valueOf(told, 'cairn_performance', { ...of, kind: 'estimated', metric: 'accuracy' })).toBe(0.9);
    expect(valueOf(told, 'cairn_performance_lower', { ...of, kind: 'estimated' })).toBe(0.88);
    const performance = { ...of, signal: 'performance' };
    expect(valueOf(told, 'cairn_signal_has_verdict', performance)).toBe(0);
    expect(valueOf(told, 'cairn_signal_breached', performance)).toBeUndefined();
  });

  test('is told anew when it was checked again', async () => {
    const again = result(
      'flowers',
      windowEnd,
      [signal({ signal: 'traffic', metric: 'calls', value: 7 })],
      windowEnd + hour,
    );
    await write(ctx, 'flowers', again);
    const told = await scrape(later(2));
    expect(valueOf(told, 'cairn_signal_value', { endpoint: 'flowers', signal: 'traffic' })).toBe(7);
    expect(valueOf(told, 'cairn_signal_value', { signal: 'feature-drift', segment: '' })).toBeUndefined();
  });

  test('is not one of a window that somebody chose, which ends after all of the grid', async () => {
    const chosen = result('flowers', windowEnd + 90 * minute, []);
    const long = { ...result('flowers', windowEnd + 3 * hour, []), windowStart: windowEnd };
    for (const each of [chosen, long]) await write(ctx, 'flowers', each);
    const told = await scrape(later(3));
    const of = { endpoint: 'flowers' };
    expect(valueOf(told, 'cairn_window_end_timestamp_seconds', of)).toBe(windowEnd / 1000);
    expect(valueOf(told, 'cairn_signal_value', { ...of, signal: 'traffic' })).toBe(7);
  });

  test('of a form that is older tells when it was made', async () => {
    const { signals: _, rows: __, ...older } = result('flowers', windowEnd + hour, []);
    await write(ctx, 'flowers', { ...older, v: 1 });
    const told = await scrape(later(4));
    const of = { endpoint: 'flowers' };
    expect(valueOf(told, 'cairn_check_last_success_timestamp_seconds', of)).toBe(
      (windowEnd + hour + minute) / 1000,
    );
    expect(valueOf(told, 'cairn_window_rows', of)).toBeUndefined();
  });

  test('has as many figures as can be borne, and says how many are left out', async () => {
    const items = Array.from({ length: 50 }, (_, i) => ({
      name: `f${i}`,
      metric: 'psi',
      value: i,
      bounds: { upper: 0.2 },
      verdict: 'ok' as const,
      basis: 'profile' as const,
    }));
    const segments = ['', ...Array.from({ length: 20 }, (_, i) => `country=${i}`)];
    const signals = segments.map((segment) =>
      signal({ signal: 'feature-drift', metric: 'drifted-share', segment, items, itemsLeftOut: 10 }),
    );
    await write(ctx, 'flowers', result('flowers', windowEnd + 2 * hour, signals));
    const told = await scrape(later(5));
    const own = told.samples.filter(
      ({ name, labels }) =>
        labels['monitor'] === 'flowers' && /^cairn_(window|check_last|signal|drift|feature|perf)/.test(name),
    );
    expect(own).toHaveLength(500);
    expect(told.samples.filter(({ name }) => name === 'cairn_signal_value')).toHaveLength(21);
    expect(valueOf(told, 'cairn_exposition_left_out', { what: 'figures' })).toBeGreaterThan(21 * 40);
  });
});

describe('alerts and jobs', () => {
  test('are told by state; of a monitor nothing of which fires, that nothing does', async () => {
    const alert = (fingerprint: string, state: string, severity = 'critical') =>
      write(ctx, 'flowers', {
        id: `alert:${fingerprint}`,
        type: 'alert',
        signal: 'performance',
        segment: '',
        severity,
        state,
        value: 0.5,
      });
    await alert('a', 'firing');
    await alert('b', 'firing');
    await alert('c', 'ok');
    await alert('d', 'pending', 'warning');
    await write(ctx, 'flowers', { id: 'incident:1', type: 'incident', state: 'open', severity: 'critical' });
    const told = await scrape(later(6));
    const of = { endpoint: 'flowers', monitor: 'flowers' };
    const firing = (severity: string, more = of) =>
      valueOf(told, 'cairn_alerts_firing', { ...more, severity });
    expect(['critical', 'warning', 'info'].map((each) => firing(each))).toEqual([2, 0, 0]);
    expect(firing('critical', { endpoint: 'hidden', monitor: 'hidden' })).toBe(0);
    expect(valueOf(told, 'cairn_alerts', { ...of, state: 'pending', severity: 'warning' })).toBe(1);
    expect(valueOf(told, 'cairn_alerts', { state: 'ok' })).toBeUndefined();
    expect(valueOf(told, 'cairn_incidents', { ...of, state: 'open', severity: 'critical' })).toBe(1);
  });

  test('are told by status: what is not over, and what was made of late', async () => {
    const now = Date.now();
    const job = (jobId: string, type: string, status: string, createdAt: number, more: object) =>
      ctx.stores.documents('jobs').write([jobId], {
        op: 'create',
        doc: { id: 'job', v: 2, workspace: 'default', jobId, type, status, createdAt, ...more },
      });
    const owner = { owner: { type: 'endpoint', id: 'flowers' } };
    await job('b1', 'batch-job', 'running', now - 3 * day, owner);
    await job('b2', 'batch-job', 'running', now - hour, owner);
    await job('b3', 'batch-job', 'succeeded', now - 3 * day, owner);
    await job('b4', 'batch-job', 'failed', now - hour, { owner: { type: 'model', id: 'm1', name: 'iris' } });
    await job('b5', 'batch-job', 'running', now, { ...owner, deletedAt: now });
    await job('r1', 'retraining-job', 'training', now - 3 * day, {
      endpoint: 'flowers',
      monitorId: 'flowers',
    });
    await job('r2', 'retraining-job', 'promoted', now - hour, { endpoint: 'flowers', monitorId: 'flowers' });
    const told = await scrape(later(7));
    const flowers = { endpoint: 'flowers' };
    expect(valueOf(told, 'cairn_batch_jobs', { ...flowers, status: 'running' })).toBe(2);
    expect(valueOf(told, 'cairn_batch_jobs', { ...flowers, status: 'succeeded' })).toBeUndefined();
    expect(valueOf(told, 'cairn_batch_jobs', { model: 'iris', status: 'failed' })).toBe(1);
    expect(valueOf(told, 'cairn_batch_oldest_unfinished_timestamp_seconds', flowers)).toBe(
      (now - 3 * day) / 1000,
    );
    expect(valueOf(told, 'cairn_retraining_jobs', { ...flowers, status: 'training' })).toBe(1);
    expect(valueOf(told, 'cairn_retraining_jobs', { ...flowers, status: 'promoted' })).toBe(1);
  });
});

describe('what is told', () => {
  test('is of what the caller may see', async () => {
    const all = await exposition(ctx, 'text');
    expect(all).toContain('"hidden"');
    const some: Access = {
      ...fullAccess,
      role: undefined,
      may: () => false,
      visible: (type) => (type === 'endpoint' ? { all: false, only: ['flowers'] } : { all: false, only: [] }),
    };
    const seen = await exposition({ ...ctx, access: some }, 'text');
    expect(seen).toContain('"flowers"');
    expect(seen).not.toMatch(/hidden|iris/);
    expect(parseExposition(seen, 'text').samples.length).toBeGreaterThan(20);
  });

  test('is the same in both formats, and each sample of a family that is known', async () => {
    const [text, openmetrics] = await Promise.all([
      scrape(later(8), 'text'),
      scrape(later(8), 'openmetrics'),
    ]);
    const plain = (parsed: typeof text) =>
      parsed.samples.map(({ name, labels, value }) => `${name}${JSON.stringify(labels)} ${value}`);
    expect(plain(text)).toEqual(plain(openmetrics));
    const names = Object.keys(families).flatMap((name) => sampleNames(name as keyof typeof families));
    expect(names).toEqual(expect.arrayContaining([...new Set(text.samples.map(({ name }) => name))]));
  });

  test.each([
    [null, 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    ['application/openmetrics-text; version=1.0.0; q=0.2, text/plain; q=0.9', 'text'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;q=x', 'text'],
  ] as const)('for Accept %s is %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format);
    expect(contentTypes[format]).toMatch(/charset=utf-8$/);
  });
});
