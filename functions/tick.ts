import type { InvocationContext, Timer } from '@azure/functions';
import { directoryCheckSeconds } from '../shared/access/index.ts';
import { lookAfterAlerts } from '../shared/alerts/index.ts';
import { enqueueDue, scheduleOnce, unscheduleAll } from '../shared/events/index.ts';
import { workContext } from './app.ts';

/**
 * What always stands on the agenda, for all workspaces: events and deliveries that were missed, what was deleted long
 * ago, what is older than it may be, what batch jobs have left, and what was counted of calls and
 * of their rows.
 */
const sweeps = {
  lost: { kind: 'sweep-lost', everySeconds: 600 },
  deleted: { kind: 'sweep-deleted', everySeconds: 86_400 },
  retention: { kind: 'sweep-retention', everySeconds: 86_400 },
  'batch-leftovers': { kind: 'sweep-batch', everySeconds: 86_400 },
  profiles: { kind: 'sweep-profiles', everySeconds: 3_600 },
  summaries: { kind: 'roll-up-summaries', everySeconds: 3_600 },
};
/** What an earlier release had stand there, and the above now does. */
const retired = new Set(['events', 'webhooks']);
/** Stands there as well where the directory is to be asked who has left. */
const directory = { kind: 'check-directory', everySeconds: directoryCheckSeconds };
/** Whether this instance has seen to it that the sweeps stand there. */
let sweepsStand = false;

/** The one timer: enqueues what is due. Nothing due costs one point read. */
export async function tick(_timer: Timer, invocation: InvocationContext): Promise<void> {
  const ctx = await workContext(invocation);
  if (!sweepsStand) {
    for (const [name, { kind, everySeconds }] of Object.entries({
      ...sweeps,
      ...(ctx.settings.directoryCheck ? { directory } : {}),
    }))
      await scheduleOnce(ctx, name, {
        dueAt: ctx.clock.now() + everySeconds * 1000,
        everySeconds,
        workspace: '*',
        message: { kind },
      });
    await unscheduleAll(ctx, (name) => retired.has(name));
    // Stands only while there are monitors; those of an earlier release never asked for it.
    await lookAfterAlerts(ctx);
    sweepsStand = true;
  }
  const count = await enqueueDue(ctx);
  if (count > 0) ctx.log.info('work enqueued', { count });
}
