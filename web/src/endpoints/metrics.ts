import {
  type EndpointMetrics,
  type MetricPoint,
  type MetricSeries,
  type Percentile,
} from '../api/endpoints.ts';
import type { Point } from '../charts/points.ts';

/** How far back the plots look, and how long a window of theirs is, in seconds. */
export const spans = [
  { id: '15m', title: '15 min', seconds: 900, stepSeconds: 60 },
  { id: '1h', title: '1 h', seconds: 3600, stepSeconds: 60 },
  { id: '6h', title: '6 h', seconds: 6 * 3600, stepSeconds: 300 },
  { id: '1d', title: '24 h', seconds: 24 * 3600, stepSeconds: 900 },
  { id: '7d', title: '7 days', seconds: 7 * 24 * 3600, stepSeconds: 3600 },
] as const;

/** Calls of all of it; copies that nobody waits for are none. */
export function requestsIn({ series }: EndpointMetrics): number {
  return series
    .filter(({ variant }) => variant !== 'mirror')
    .flatMap(({ points }) => points)
    .reduce((sum, { requests }) => sum + requests, 0);
}

/**
 * A percentile of the slowest of the deployments, in milliseconds: of each the mean over its windows, by their calls.
 * Undefined where nothing was measured.
 */
export function slowestOf({ series }: EndpointMetrics, percentile: Percentile): number | undefined {
  const means = series
    .filter(({ variant }) => variant !== 'mirror')
    .flatMap(({ points }) => {
      const measured = points.flatMap(({ requests, latency_ms: latency }) =>
        latency ? [{ requests, latency: latency[percentile] }] : [],
      );
      const calls = measured.reduce((sum, { requests }) => sum + requests, 0);
      return calls === 0
        ? []
        : [measured.reduce((sum, { requests, latency }) => sum + (latency * requests) / calls, 0)];
    });
  return means.length === 0 ? undefined : Math.max(...means);
}

/** Milliseconds over seconds of Unix time; a window without calls is a gap. */
export function latencyPoints(
  series: MetricSeries,
  metrics: EndpointMetrics,
  percentile: Percentile,
): Point[] {
  return windows(series, metrics).map(({ x, point }) => ({
    x,
    y: point?.latency_ms?.[percentile] ?? Number.NaN,
  }));
}

/** Calls a minute; none in a window is 0. */
export function throughputPoints(series: MetricSeries, metrics: EndpointMetrics): Point[] {
  return perMinute(series, metrics, ({ requests }) => requests);
}

/** Calls a minute that the server failed at: overloaded, broken or too slow. */
export function failurePoints(series: MetricSeries, metrics: EndpointMetrics): Point[] {
  return perMinute(series, metrics, ({ errors }) => errors['429'] + errors['500'] + errors['504']);
}

/** Calls a minute that were the caller's mistake. */
export function mistakePoints(series: MetricSeries, metrics: EndpointMetrics): Point[] {
  return perMinute(series, metrics, ({ errors }) => errors['4xx']);
}

/** Mean rows of what was run together in each window; a gap where nothing was run. */
export function batchPoints(series: MetricSeries, metrics: EndpointMetrics): Point[] {
  return windows(series, metrics).map(({ x, point }) => ({ x, y: point?.mean_batch_rows ?? Number.NaN }));
}

function perMinute(
  series: MetricSeries,
  metrics: EndpointMetrics,
  count: (point: MetricPoint) => number,
): Point[] {
  return windows(series, metrics).map(({ x, point }) => ({
    x,
    y: point ? (count(point) * 60) / metrics.step_seconds : 0,
  }));
}

/** Every window from the first in which the series was seen to the last that is over; some hold no point. */
function windows(
  { points }: MetricSeries,
  { to, step_seconds: stepSeconds }: EndpointMetrics,
): { x: number; point: MetricPoint | undefined }[] {
  const first = points[0]?.at;
  if (first === undefined) return [];
  const step = stepSeconds * 1000;
  const at = new Map(points.map((point) => [Math.round((point.at - first) / step), point]));
  const last = Math.max(points.at(-1)?.at ?? first, to - 2 * step);
  const count = Math.round((last - first) / step) + 1;
  return Array.from({ length: count }, (_, index) => ({
    x: (first + index * step) / 1000,
    point: at.get(index),
  }));
}
