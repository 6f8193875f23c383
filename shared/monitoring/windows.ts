/** The rows with `from <= ts < to`, in milliseconds since 1970. */
export type Window = { readonly from: number; readonly to: number };

type Grid = { readonly windowSeconds: number; readonly everySeconds: number };

/** How long after its end a window may still gain predictions: instances write theirs at most this late. */
export const settleSeconds = 60;

/** The latest window on the grid that can gain no more predictions at `now`. */
export function latestWindow({ windowSeconds, everySeconds }: Grid, now: number): Window {
  const step = everySeconds * 1000;
  const to = Math.floor((now - settleSeconds * 1000) / step) * step;
  return { from: to - windowSeconds * 1000, to };
}

/** When the next window of the grid will have settled. */
export function nextCheckAt(everySeconds: number, now: number): number {
  const step = everySeconds * 1000;
  const settle = settleSeconds * 1000;
  return (Math.floor((now - settle) / step) + 1) * step + settle;
}

export function isSettled(window: Window, now: number): boolean {
  return now >= window.to + settleSeconds * 1000;
}
