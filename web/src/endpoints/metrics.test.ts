import { expect, test } from 'vitest';
import type { EndpointMetrics, MetricPoint, MetricSeries } from '../api/endpoints.ts';
import {
  batchPoints,
  failurePoints,
  latencyPoints,
  requestsIn,
  slowestOf,
  throughputPoints,
} from './metrics.ts';

const minute = 60_000;

function point(at: number, requests: number, p95: number | null): MetricPoint {
  return {
    at: at * minute,
    requests,
    rows: requests,
    errors: { '4xx': 0, '429': 1, '500': 2, '504': 3 },
    latency_ms: p95 === null ? null : { p50: p95 / 2, p95, p99: p95 * 2 },
    non_finite: 0,
    mean_batch_rows: null,
  };
}

function series(variant: MetricSeries['variant'], ...points: readonly MetricPoint[]): MetricSeries {
  return { deployment: 'main', variant, version: 1, points };
}

function metricsOf(...all: readonly MetricSeries[]): EndpointMetrics {
  return { from: 0, to: 10 * minute, step_seconds: 120, series: all };
}

test('calls are those of callers, not the copies of mirrors', () => {
  const metrics = metricsOf(
    series('stable', point(0, 10, 4), point(2, 30, 8)),
    series('canary', point(2, 5, 2)),
    series('mirror', point(0, 1000, 900)),
  );
  expect(requestsIn(metrics)).toBe(45);
  expect(slowestOf(metrics, 'p95')).toBe(7);
});

test('nothing was measured where no call was answered', () => {
  expect(slowestOf(metricsOf(), 'p95')).toBeUndefined();
  expect(slowestOf(metricsOf(series('stable', point(0, 3, null))), 'p95')).toBeUndefined();
});

test('windows without a call are no calls a minute, and a gap of the latency', () => {
  const seen = series('stable', point(2, 10, 4), point(6, 20, 8));
  const metrics = metricsOf(seen);
  expect(throughputPoints(seen, metrics)).toEqual([
    { x: 120, y: 5 },
    { x: 240, y: 0 },
    { x: 360, y: 10 },
  ]);
  expect(latencyPoints(seen, metrics, 'p99').map(({ y }) => y)).toEqual([8, Number.NaN, 16]);
  expect(failurePoints(seen, metrics).map(({ y }) => y)).toEqual([3, 0, 3]);
});

test('rows run together are drawn of the windows in which something was run', () => {
  const seen = series('stable', { ...point(2, 10, 4), mean_batch_rows: 2.5 }, point(4, 1, null), {
    ...point(6, 20, 8),
    mean_batch_rows: 4,
  });
  expect(batchPoints(seen, metricsOf(seen)).map(({ y }) => y)).toEqual([2.5, Number.NaN, 4]);
});
