import type { InvocationContext, Timer } from '@azure/functions';
import { enqueueDue, scheduleOnce } from '../shared/events/index.ts';
import { workContext } from './app.ts';

const sweepEverySeconds = 300;
/** Whether this instance has seen to it that the sweep stands on the agenda. */
let sweepStands = false;

/** The one timer: enqueues what is due. Nothing due costs one point read. */
export async function tick(_timer: Timer, invocation: InvocationContext): Promise<void> {
  const ctx = await workContext(invocation);
  if (!sweepStands) {
    await scheduleOnce(ctx, 'events', {
      dueAt: ctx.clock.now() + sweepEverySeconds * 1000,
      everySeconds: sweepEverySeconds,
      workspace: '*',
      message: { kind: 'sweep-events' },
    });
    sweepStands = true;
  }
  const count = await enqueueDue(ctx);
  if (count > 0) ctx.log.info('work enqueued', { count });
}
