import { useSyncExternalStore } from 'react';
import { queryClient } from '../api/queries.ts';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { changeMonitor } from './actions.ts';
import { resultsOf } from './queries.ts';

/** Windows that were asked for to be looked at, and how far that is. */
export type Backfill = {
  readonly from: number;
  readonly to: number;
  readonly windows: number;
  readonly done: number;
  readonly state: 'running' | 'finished' | 'stalled' | 'failed';
  readonly error?: unknown;
};

/** Windows that can be asked for at once. */
export const backfillWindowsMax = 1000;

const pollMilliseconds = 1500;
/** Windows asked about at a time. */
const askedMax = 50;
/** What takes longer between two windows than this many polls is said to be stuck; it may still go on. */
const pollsMax = 80;
/** A window is looked at when it has been over for so long. */
const settleMilliseconds = 60_000;

const running = new Map<string, Backfill>();
const listeners = new Set<() => void>();

/** The last backfill of a monitor that was asked for on this visit. */
export function useBackfill(name: string): Backfill | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => running.get(name),
  );
}

/** Takes what is told of a backfill off the page; it goes on. */
export function forgetBackfill(name: string): void {
  running.delete(name);
  for (const listener of listeners) listener();
}

/** Asks for a backfill, and follows it by the results until it is done. Throws what the server said to the request. */
export async function startBackfill(monitor: Monitor, from: number, to: number): Promise<void> {
  const { name } = monitor;
  const until = Math.min(to, Date.now() - settleMilliseconds);
  // More than that the server refuses.
  const isFew = (until - from) / 1000 / monitor.every_seconds <= backfillWindowsMax + 1;
  const ends = isFew ? windowEnds(monitor.every_seconds, from, until) : [];
  const before = await checkedAt(name, ends);
  const { windows } = await changeMonitor.backfill(name, from, to);
  tell(name, { from, to, windows, done: 0, state: windows === 0 ? 'finished' : 'running' });
  void follow(name, new Set(ends), before);
}

/** The ends of the windows of the grid in (from, to], in order. */
export function windowEnds(everySeconds: number, from: number, to: number): number[] {
  const step = everySeconds * 1000;
  const ends: number[] = [];
  for (let end = (Math.floor(from / step) + 1) * step; end <= to; end += step) ends.push(end);
  return ends;
}

async function follow(
  name: string,
  pending: Set<number>,
  before: ReadonlyMap<number, number>,
): Promise<void> {
  const mine = running.get(name);
  let quiet = 0;
  while (pending.size > 0 && quiet < pollsMax) {
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    const now = running.get(name);
    // Another was begun, or nobody wants to be told.
    if (!now || now.from !== mine?.from || now.to !== mine.to) return;
    try {
      const found = await checkedAt(name, [...pending].slice(0, askedMax));
      const fresh = [...found].filter(([end, at]) => before.get(end) !== at);
      for (const [end] of fresh) pending.delete(end);
      quiet = fresh.length === 0 ? quiet + 1 : 0;
    } catch (error) {
      tell(name, { ...now, state: 'failed', error });
      return;
    }
    tell(name, { ...now, done: now.windows - pending.size });
    await queryClient.invalidateQueries({ queryKey: ['monitors', name] });
  }
  const last = running.get(name);
  if (last) tell(name, { ...last, state: pending.size === 0 ? 'finished' : 'stalled' });
}

/** When the windows were looked at last, in milliseconds since 1970; without those that never were. */
async function checkedAt(name: string, ends: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>();
  for (let at = 0; at < ends.length; at += askedMax) {
    const some = ends.slice(at, at + askedMax);
    const [from, to] = [some[0], some.at(-1)];
    if (from === undefined || to === undefined) break;
    const results: readonly MonitorResult[] = await resultsOf(name, { limit: 1000, from, to });
    for (const { window_end: end, checked_at: checked } of results) found.set(end, checked);
  }
  return found;
}

function tell(name: string, backfill: Backfill): void {
  running.set(name, backfill);
  for (const listener of listeners) listener();
}
