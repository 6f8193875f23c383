import type { Context } from '../context.ts';
import { type CairnEvent, eventWrite, relay, unschedule } from '../events/index.ts';
import { lost, swap } from '../swap.ts';
import type { GoneMonitor, Monitor } from './model.ts';
import { monitorEndpoint } from './monitors.ts';
import { agendaName, container, isThere, keyOf, readAnyMonitor } from './store.ts';

/**
 * Ends the monitors of an endpoint that is deleted, and takes them off the agenda; their results stay. One that was
 * made since is of another endpoint of the same name. Subscriber of `endpoint.deleted`.
 */
export async function endMonitors(ctx: Context, event: CairnEvent): Promise<void> {
  const { endpoint = '' } = event.subject;
  const monitors = await container(ctx).query<Pick<Monitor, 'monitorId'>>(
    {
      text: "SELECT c.monitorId FROM c WHERE c.type = 'monitor' AND c.endpoint = @endpoint AND c.createdAt <= @at",
      values: { endpoint, at: event.at },
    },
    { key: [ctx.workspace], consistency: 'strong' },
  );
  for (const { monitorId } of monitors) await end(ctx, monitorId, event);
  // Where the name was given again before this event came, that endpoint found the monitor of the one before.
  await monitorEndpoint(ctx, event);
}

async function end(ctx: Context, monitorId: string, { at, requestId }: CairnEvent): Promise<void> {
  await unschedule(ctx, agendaName(ctx, monitorId));
  const key = keyOf(ctx, monitorId);
  await swap(ctx, `Monitor '${monitorId}'`, async () => {
    const stored = await readAnyMonitor(ctx, monitorId);
    if (!stored || !isThere(stored) || stored.doc.createdAt > at) return undefined;
    const { doc: before, etag } = stored;
    const doc: GoneMonitor = {
      ...before,
      type: 'gone-monitor',
      seq: before.seq + 1,
      updatedAt: ctx.clock.now(),
    };
    const { endpoint, seq } = doc;
    const event = eventWrite(
      { ...ctx, requestId },
      {
        type: 'monitor.changed',
        aggregate: `monitor/${monitorId}`,
        seq,
        subject: { monitorId, endpoint },
        reason: 'its endpoint was deleted',
        before,
        after: doc,
      },
      { workspace: ctx.workspace, monitorId },
    );
    const { outcome } = await container(ctx).batch(key, [{ op: 'replace', doc, etag }, event]);
    if (outcome !== 'applied') return lost;
    relay(ctx, 'monitors', key, event);
    return undefined;
  });
}
