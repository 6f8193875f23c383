import type { Context } from '../../context.ts';
import { scheduleOnce } from '../../events/index.ts';

const everyMilliseconds = 5 * 60_000;
/** The export of a time waits a little, for entries of instances whose clocks are behind. */
const graceMilliseconds = 10_000;

/** The latest export that this process asked for. */
const asked = new WeakMap<object, number>();

/**
 * Sees to it that what is entered until the next full five minutes is exported then. All instances ask for the
 * same export, each once; while nothing is entered there is none. The answer tells whether that time is still to come.
 */
export async function exportLater(ctx: Context): Promise<() => boolean> {
  const time = Math.ceil((ctx.clock.now() + 1) / everyMilliseconds) * everyMilliseconds;
  if (asked.get(ctx.stores.documents) !== time) {
    await scheduleOnce(ctx, `audit-export:${time}`, {
      dueAt: time + graceMilliseconds,
      workspace: '*',
      message: { kind: 'audit-export' },
    });
    asked.set(ctx.stores.documents, time);
  }
  return () => ctx.clock.now() < time;
}
