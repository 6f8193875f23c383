/** A place in a plane. `y` may be what JSON lacks: NaN and the infinities are gaps. */
export type Point = { readonly x: number; readonly y: number };

/** What a run logged of one metric at one time. */
export type MetricPoint = {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly value: number;
};

export const axes = ['step', 'relative', 'time'] as const;
/** What curves run over: the step, seconds since the run began, or the time of day. */
export type Axis = (typeof axes)[number];

/**
 * The points of one curve in order of x: the step itself, or seconds (of Unix time, or since `origin` in
 * milliseconds). Of several at one x the one that was logged last is drawn.
 */
export function pointsOver(axis: Axis, points: readonly MetricPoint[], origin: number): Point[] {
  const ordered = points.toSorted(
    (a, b) => xOf(axis, a, origin) - xOf(axis, b, origin) || a.timestamp - b.timestamp,
  );
  const curve: Point[] = [];
  for (const point of ordered) {
    const x = xOf(axis, point, origin);
    if (curve.at(-1)?.x === x) curve.pop();
    curve.push({ x, y: point.value });
  }
  return curve;
}

export function xOf(axis: Axis, point: MetricPoint, origin: number): number {
  switch (axis) {
    case 'step':
      return point.step;
    case 'relative':
      return (point.timestamp - origin) / 1000;
    case 'time':
      return point.timestamp / 1000;
  }
}

/** When a run began, in milliseconds: its start, or its first point where that is told to be earlier. */
export function originOf(startTime: number, points: readonly MetricPoint[]): number {
  return points.reduce((earliest, { timestamp }) => Math.min(earliest, timestamp), startTime);
}

/** Old points and those that came since, each once, in order of step and time. */
export function merged(old: readonly MetricPoint[], since: readonly MetricPoint[]): readonly MetricPoint[] {
  const known = new Set(old.map(identity));
  const fresh = since.filter((point) => !known.has(identity(point)));
  if (fresh.length === 0) return old;
  return [...old, ...fresh].toSorted((a, b) => a.step - b.step || a.timestamp - b.timestamp);
}

function identity({ step, timestamp, value }: MetricPoint): string {
  return `${step} ${timestamp} ${value}`;
}

/**
 * The steps that can lie within `[from, to]` of an axis, told by the points known so far: one step more on
 * either side, since between two sampled points there may be others.
 */
export function stepsWithin(
  axis: Axis,
  points: readonly MetricPoint[],
  origin: number,
  [from, to]: readonly [number, number],
): readonly [first: number, last: number] | undefined {
  if (axis === 'step') return [Math.ceil(from), Math.floor(to)];
  const ordered = points.toSorted((a, b) => a.timestamp - b.timestamp);
  const at = (point: MetricPoint) => xOf(axis, point, origin);
  const before = ordered.findLast((point) => at(point) < from);
  const after = ordered.find((point) => at(point) > to);
  const inside = ordered.filter((point) => at(point) >= from && at(point) <= to);
  const steps = [before, ...inside, after].flatMap((point) => point?.step ?? []);
  return steps.length === 0 ? undefined : [Math.min(...steps), Math.max(...steps)];
}
