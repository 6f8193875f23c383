import { type Monitor, settleSeconds } from '../monitoring/index.ts';
import type { Change } from './change.ts';
import { type Alert, alertId, checkSignal, fingerprintOf } from './model.ts';

/** How often monitors and open incidents are looked after. */
export const sweepSeconds = 300;
/** As far as the clocks of two instances may be apart. */
export const skewSeconds = 600;
/** What is late is looked at again: after a night without power all checks are, and come within minutes. */
const patienceSeconds = 0.8 * sweepSeconds;
/** Where nobody has looked for longer, nothing ran at all meanwhile. */
const patienceSecondsMax = 3 * sweepSeconds;

type Paced = Pick<
  Monitor,
  'workspace' | 'monitorId' | 'endpoint' | 'everySeconds' | 'offsetSeconds' | 'createdAt' | 'updatedAt'
>;

/** By how many seconds the next check of a monitor is late, and from how many on that is too late. */
export function lateness(
  { everySeconds, offsetSeconds, createdAt, updatedAt }: Omit<Paced, 'workspace' | 'monitorId' | 'endpoint'>,
  lastEnd: number | undefined,
  now: number,
): { readonly seconds: number; readonly bound: number } {
  const settled = lastEnd === undefined ? 0 : lastEnd + (settleSeconds + offsetSeconds) * 1000;
  const since = Math.max(settled, Math.min(createdAt, now), Math.min(updatedAt, now));
  return { seconds: Math.floor((now - since) / 1000), bound: 2 * everySeconds };
}

/**
 * The alert that the checks of a monitor do not run, where it changes: pending when the last window of the grid ended
 * more than two periods (and what it takes to settle) ago, firing when that is still so a while later, over when a
 * window is checked. A monitor counts as checked when it is made and when its settings change.
 */
export function lateAlert(
  monitor: Paced,
  lastEnd: number | undefined,
  before: ReadonlyMap<string, Alert>,
  now: number,
): Change | undefined {
  const { workspace, monitorId, endpoint } = monitor;
  const fingerprint = fingerprintOf(monitor, { signal: checkSignal, segment: '' });
  const old = before.get(fingerprint);
  const { seconds, bound } = lateness(monitor, lastEnd, now);
  const state = old?.state ?? 'ok';
  if (seconds <= bound) {
    if (!old || (state !== 'pending' && state !== 'firing')) return undefined;
    const over = old.firedAt === null ? 'ok' : 'resolved';
    return { alert: { ...old, state: over, since: now }, why: 'It is checked in time again.' };
  }
  if (state === 'firing') return undefined;
  const waited = state === 'pending' ? (now - (old?.since ?? 0)) / 1000 : Infinity;
  if (waited > -skewSeconds && waited < patienceSeconds) return undefined;
  const isFiring = waited >= patienceSeconds && waited <= patienceSecondsMax;
  return {
    alert: {
      ...{ id: alertId(fingerprint), type: 'alert', v: 1, workspace, monitorId, fingerprint, endpoint },
      ...{ signal: checkSignal, segment: '', severity: 'critical', metric: 'late-seconds', value: seconds },
      ...{ bounds: { upper: bound }, windowEnd: lastEnd ?? monitor.createdAt, version: null },
      ...{ state: isFiring ? 'firing' : 'pending', since: now },
      ...{ firedAt: isFiring ? now : (old?.firedAt ?? null) },
      ...{ incident: old?.incident ?? null, seq: old?.seq ?? 0 },
    },
  };
}
