import type { Context } from '../context.ts';
import type { Monitor } from './model.ts';
import { learntWindowsMax, type PastWindow } from './signals/index.ts';
import type { SignalName } from './signal.ts';
import { readResults } from './store.ts';
import type { Window } from './windows.ts';

/** Earlier results by signal and segment, for bounds that are learnt; none where the settings learn none. */
export async function pastResults(
  ctx: Context,
  { monitorId, signals }: Monitor,
  window: Window,
): Promise<(signal: SignalName, segment: string) => PastWindow[]> {
  const isAnyLearnt = Object.values(signals).some(
    ({ enabled, thresholds }) => enabled && Object.values(thresholds).some(({ kind }) => kind === 'learnt'),
  );
  if (!isAnyLearnt) return () => [];
  const results = await readResults(ctx, monitorId, { to: window.to - 1 }, 2 * learntWindowsMax);
  return (signal, segment) =>
    results.flatMap(({ windowEnd, signals: found }) =>
      found
        .filter((each) => each.signal === signal && each.segment === segment)
        .map((result) => ({ windowEnd, result })),
    );
}
