import type { Context } from '../context.ts';
import type { Monitor } from './model.ts';
import { learntWindowsMax, type PastWindow } from './signals/index.ts';
import type { SignalName } from './signal.ts';
import { readResults } from './store.ts';
import type { Window } from './windows.ts';

/** So many windows are read where nothing but latency learns what is usual. */
const usualWindowsMax = 30;

/** Earlier results by signal and segment, for bounds that are learnt; none where none are. */
export async function pastResults(
  ctx: Context,
  { monitorId, signals }: Monitor,
  window: Window,
): Promise<(signal: SignalName, segment: string) => PastWindow[]> {
  const isAnyLearnt = Object.values(signals).some(
    ({ enabled, thresholds }) => enabled && Object.values(thresholds).some(({ kind }) => kind === 'learnt'),
  );
  if (!isAnyLearnt && !signals.latency.enabled) return () => [];
  const most = isAnyLearnt ? 2 * learntWindowsMax : usualWindowsMax;
  const results = await readResults(ctx, monitorId, { to: window.to - 1 }, most);
  return (signal, segment) =>
    results.flatMap(({ windowEnd, signals: found }) =>
      found
        .filter((each) => each.signal === signal && each.segment === segment)
        .map((result) => ({ windowEnd, result })),
    );
}
