import type { Point } from './points.ts';

/**
 * At most about `pointsMax` of `points` (in order of x) that draw the same line: of each of equal
 * stretches of x its first, lowest, highest and last. Of points that are not finite a stretch keeps
 * one, as its gap.
 * Source: Jugel and others, M4: A Visualization-Oriented Time Series Data Aggregation, VLDB 2014.
 */
export function thinned(points: readonly Point[], pointsMax: number): readonly Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (points.length <= pointsMax || !first || !last) return points;
  const stretches = Math.max(1, Math.floor(pointsMax / 4));
  const origin = first.x;
  const width = (last.x - origin) / stretches || 1;
  const kept: Point[] = [];
  let start = 0;
  while (start < points.length) {
    const stretch = stretchOf(points[start] ?? first);
    let end = start + 1;
    for (let point = points[end]; point && stretchOf(point) === stretch; point = points[end]) end++;
    kept.push(...extremes(points.slice(start, end)));
    start = end;
  }
  return kept;

  function stretchOf(point: Point): number {
    return Math.min(Math.floor((point.x - origin) / width), stretches - 1);
  }
}

function extremes(points: readonly Point[]): Point[] {
  const kept = new Set([0, points.length - 1]);
  let lowest = -1;
  let highest = -1;
  let gap = -1;
  points.forEach(({ y }, at) => {
    if (!Number.isFinite(y)) {
      gap = gap === -1 ? at : gap;
      return;
    }
    if (lowest === -1 || y < (points[lowest]?.y ?? 0)) lowest = at;
    if (highest === -1 || y > (points[highest]?.y ?? 0)) highest = at;
  });
  for (const at of [lowest, highest, gap]) if (at !== -1) kept.add(at);
  return [...kept].toSorted((a, b) => a - b).flatMap((at) => points[at] ?? []);
}
