import type { InvocationContext, Timer } from '@azure/functions';
import { enqueueDue, schedule } from '../shared/events/index.ts';
import { workContext } from './app.ts';

const sweepEverySeconds = 300;
let swept = false;

/** The one timer: enqueues what is due. Nothing due costs one point read. */
export async function tick(_timer: Timer, invocation: InvocationContext): Promise<void> {
  const ctx = await workContext(invocation);
  if (!swept) {
    await schedule(ctx, 'events', {
      dueAt: ctx.clock.now() + sweepEverySeconds * 1000,
      everySeconds: sweepEverySeconds,
      workspace: '*',
      message: { kind: 'sweep-events' },
    });
    swept = true;
  }
  const count = await enqueueDue(ctx);
  if (count > 0) ctx.log.info('work enqueued', { count });
}
