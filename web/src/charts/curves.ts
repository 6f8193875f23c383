import { thinned } from './downsampling.ts';
import type { Point } from './points.ts';
import { drawable, type ScaleKind } from './scales.ts';
import { smoothed } from './smoothing.ts';

/** One line of a chart; its points in order of x. */
export type Curve = {
  readonly id: string;
  readonly label: string;
  readonly color: string;
  readonly dash?: readonly number[];
  readonly points: readonly Point[];
};

/** Columns over one x: null is a gap in a line, undefined is where a line has no point of its own. */
export type Columns = readonly [xs: number[], ...ys: (number | null | undefined)[][]];

/** Points of one curve above which it is thinned to those that draw the same line. */
const drawnMax = 4000;

/**
 * The curves over the union of their xs. Where `weight` smooths, each curve has two columns: as logged,
 * then smoothed. What the scale has no place for is a gap.
 */
export function columnsOf(curves: readonly Curve[], weight: number, kind: ScaleKind): Columns {
  const lines = curves.flatMap(({ points }) => {
    const few = thinned(points, drawnMax);
    return weight > 0 ? [few, smooth(few, weight)] : [few];
  });
  const xs = [...new Set(lines.flatMap((points) => points.map(({ x }) => x)))].toSorted((a, b) => a - b);
  const rows = new Map(xs.map((x, row) => [x, row]));
  const columns = lines.map((points) => {
    const column: (number | null | undefined)[] = Array.from({ length: xs.length });
    for (const { x, y } of points) column[rows.get(x) ?? 0] = drawable(kind, y) ? y : null;
    return column;
  });
  return [xs, ...columns];
}

/** How many points a scale has no place for: NaN, the infinities, and on a logarithmic one what is not positive. */
export function undrawnOf(curves: readonly Curve[], kind: ScaleKind): number {
  return curves.reduce((sum, { points }) => sum + points.filter(({ y }) => !drawable(kind, y)).length, 0);
}

function smooth(points: readonly Point[], weight: number): Point[] {
  const ys = smoothed(
    points.map(({ y }) => y),
    weight,
  );
  return points.map(({ x }, at) => ({ x, y: ys[at] ?? Number.NaN }));
}
