import type { Monitor } from '../monitoring/index.ts';
import { segmentationOf, segmentNames } from '../profiles/index.ts';
import { type Alert, checkSignal } from './model.ts';
import type { Change } from './change.ts';

type Settings = Pick<Monitor, 'signals' | 'segments' | 'reference' | 'updatedAt'>;

/** Whether the settings of a monitor have its checks judge a signal of a segment. */
export function isWatched(
  { signals, segments, reference }: Settings,
  { signal, segment }: Pick<Alert, 'signal' | 'segment'>,
): boolean {
  if (signal === checkSignal) return true;
  const setting = Object.hasOwn(signals, signal) ? signals[signal as keyof typeof signals] : undefined;
  if (!setting?.enabled) return false;
  // Against the version's own reference set it would be feature drift once more.
  if (signal === 'skew' && reference.kind === 'version') return false;
  return segment === '' || (segments !== null && segmentNames(segmentationOf(segments)).includes(segment));
}

/**
 * Ends the alerts that are not watched any more, since the settings changed: no window will ever resolve them. Where
 * one is watched again, windows from then on count. One that is watched and has insufficient data stays as it is.
 */
export function unwatched(monitor: Settings, alerts: Iterable<Alert>): Change[] {
  return [...alerts]
    .filter((alert) => !isWatched(monitor, alert))
    .flatMap((alert) => ended(alert, monitor.updatedAt, 'It is no longer watched.'));
}

/** An alert that is over for a reason that is in no window; none where it is so already. */
export function ended(alert: Alert, at: number, why: string): Change[] {
  const { state, firedAt } = alert;
  if (state !== 'pending' && state !== 'firing') return [];
  const next = firedAt === null ? 'ok' : 'resolved';
  return [{ alert: { ...alert, state: next, since: at, countsFrom: at }, why }];
}
