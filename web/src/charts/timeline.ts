import { secondSteps, xLabels } from './labels.ts';
import { type Scale, scaleOf } from './scales.ts';

/** What one window says of a figure. */
export type LinePoint = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `null` is a gap, for the reason that `note` gives. */
  readonly value: number | null;
  readonly band?: { readonly lower: number; readonly upper: number } | undefined;
  readonly bounds?: { readonly lower?: number; readonly upper?: number } | null | undefined;
  readonly isBreached?: boolean;
  readonly note?: string | undefined;
};

/** Points in order of time. */
export type TimeLine = {
  readonly id: string;
  readonly label: string;
  /** In CSS. */
  readonly color: string;
  readonly dash?: string | undefined;
  readonly points: readonly LinePoint[];
};

/** What happened at a time. */
export type TimeMark = { readonly at: number; readonly label: string };

/** A tick at the n-th of some times. */
type TimeTick = { readonly index: number; readonly label: string };

const labelPixels = 64;
const gapSteps = 1.5;

/** Every time that any of the lines has a point at, in order. */
export function timesOf(lines: readonly TimeLine[]): number[] {
  return [...new Set(lines.flatMap(({ points }) => points.map(({ at }) => at)))].toSorted((a, b) => a - b);
}

/** A scale over values, bands and bounds of all lines; undefined where there is no value. */
export function valueScale(lines: readonly TimeLine[]): Scale | undefined {
  const points = lines.flatMap((line) => line.points);
  if (!points.some(({ value }) => value !== null)) return undefined;
  const all = points.flatMap(({ value, band, bounds }) => [
    value ?? Number.NaN,
    band?.lower ?? Number.NaN,
    band?.upper ?? Number.NaN,
    bounds?.lower ?? Number.NaN,
    bounds?.upper ?? Number.NaN,
  ]);
  return scaleOf('linear', all, 5);
}

/**
 * The points of a line in runs that are drawn through: a gap is where one has no value, or where more than one and a
 * half steps, in milliseconds, lie between two.
 */
export function runsOf<T extends { readonly at: number }>(
  points: readonly T[],
  hasValue: (point: T) => boolean,
  step: number,
): T[][] {
  const runs: T[][] = [];
  let run: T[] = [];
  for (const point of points) {
    const before = run.at(-1);
    if (before && (!hasValue(point) || point.at - before.at > step * gapSteps)) {
      runs.push(run);
      run = [];
    }
    if (hasValue(point)) run.push(point);
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** The usual distance between two times: the least of those there are. */
export function stepOf(times: readonly number[]): number {
  const steps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  return steps.length === 0 ? 3_600_000 : Math.min(...steps);
}

/** Where the versions of a line begin. */
export function versionMarks(
  points: readonly { readonly at: number; readonly version: number | null }[],
): TimeMark[] {
  const known = points.filter(({ version }) => version !== null);
  return known.flatMap(({ at, version }, index) =>
    version === known[index - 1]?.version ? [] : [{ at, label: `v${version}` }],
  );
}

/** Ticks along columns of equal width, at round times, as many as have room. */
export function timeTicks(times: readonly number[], columnPixels: number): TimeTick[] {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [];
  const seconds = stepOf(times) / 1000;
  const perLabel = Math.ceil(labelPixels / columnPixels) * seconds;
  const step = secondSteps.find((each) => each >= perLabel && each >= 60) ?? perLabel;
  const zone = new Date(first).getTimezoneOffset() * 60;
  const chosen: { index: number; at: number }[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const [index, at] of times.entries()) {
    // By the clock of the reader.
    const slot = Math.floor((at / 1000 - zone) / step);
    const isNew = slot !== before && (index > 0 || (at / 1000 - zone) % step === 0);
    before = slot;
    const previous = chosen.at(-1);
    if (isNew && (!previous || (index - previous.index) * columnPixels >= labelPixels))
      chosen.push({ index, at });
  }
  const labels = chosen.map(({ at }) => xLabels('time', [at / 1000, at / 1000 + step])[0] ?? '');
  return chosen.map(({ index }, place) => ({ index, label: labels[place] ?? '' }));
}
