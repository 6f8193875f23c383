/** The rows with `from <= ts < to`, in milliseconds since 1970. */
export type Window = { readonly from: number; readonly to: number };

type Grid = {
  readonly windowSeconds: number;
  readonly everySeconds: number;
  readonly offsetSeconds: number;
};

/** How long after its end a window may still gain predictions: instances write theirs at most this late. */
export const settleSeconds = 60;

/**
 * The latest window on the grid that can gain no more predictions at `now`. Windows end on multiples of `everySeconds`
 * since 1970; the latest one lies `offsetSeconds` further back, where the data come late.
 */
export function latestWindow({ windowSeconds, everySeconds, offsetSeconds }: Grid, now: number): Window {
  const step = everySeconds * 1000;
  const to = Math.floor((now - (settleSeconds + offsetSeconds) * 1000) / step) * step;
  return { from: to - windowSeconds * 1000, to };
}

/** When the next window of the grid will have settled. */
export function nextCheckAt(
  { everySeconds, offsetSeconds }: Omit<Grid, 'windowSeconds'>,
  now: number,
): number {
  const step = everySeconds * 1000;
  const late = (settleSeconds + offsetSeconds) * 1000;
  return (Math.floor((now - late) / step) + 1) * step + late;
}

/** The ends of the windows of the grid in (from, to], in order; at most `max` of them, the first. */
export function windowEnds(
  { everySeconds }: Pick<Grid, 'everySeconds'>,
  { from, to }: Window,
  max: number,
): number[] {
  const step = everySeconds * 1000;
  const ends: number[] = [];
  for (let end = (Math.floor(from / step) + 1) * step; end <= to && ends.length < max; end += step)
    ends.push(end);
  return ends;
}

export function isSettled(window: Window, now: number): boolean {
  return now >= window.to + settleSeconds * 1000;
}
