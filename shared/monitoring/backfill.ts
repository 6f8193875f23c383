import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { inTurns } from '../turns.ts';
import { readMonitor } from './store.ts';
import { settleSeconds, windowEnds } from './windows.ts';

export const backfillWindowsMax = 1000;
const sendsAtOnce = 16;

/**
 * Asks for all windows of the grid to be checked that end in (from, to], in milliseconds since 1970, those that have been
 * before as well: with the settings and labels of now. Says how many. Throws `invalid` for more than
 * {@link backfillWindowsMax} of them, or times that are no range of the past.
 */
export async function backfill(
  ctx: Context,
  monitorId: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const { doc: monitor } = await readMonitor(ctx, monitorId);
  if (from >= to) throw new CairnError('invalid', "'from' must lie before 'to'.", { field: 'from' });
  if (to > ctx.clock.now())
    throw new CairnError('invalid', "'to' must not lie in the future.", { field: 'to' });
  const settled = Math.min(to, ctx.clock.now() - settleSeconds * 1000);
  const ends = windowEnds(monitor, { from, to: settled }, backfillWindowsMax + 1);
  if (ends.length > backfillWindowsMax)
    throw new CairnError(
      'invalid',
      `More than ${backfillWindowsMax} windows end between 'from' and 'to', one each ${monitor.everySeconds} s; ask for a shorter time.`,
      { field: 'from' },
    );
  await inTurns(ends, sendsAtOnce, (windowEnd) =>
    ctx.stores.queues.send(ctx, 'work', { kind: 'check-window', monitorId, windowEnd }),
  );
  return ends.length;
}
