import type { Context } from '../context.ts';
import { defaultSettings } from '../monitoring/index.ts';
import { changeAlerts } from './change.ts';
import type { Alert } from './model.ts';

const removedAtOnce = 50;

/**
 * Forgets what alerts of a monitor say of windows that ended by `before`, milliseconds since 1970, and removes its
 * incidents that were resolved by then: they stay as long as results do. The alerts themselves stay, and count their
 * events on.
 */
export async function forgetAlerts(ctx: Context, monitorId: string, before: number): Promise<void> {
  const { cooldownSeconds } = defaultSettings.alerting;
  await changeAlerts(ctx, monitorId, (alerts) => {
    const old = [...alerts.values()].filter((alert) => isOld(alert, before));
    return Promise.resolve({ changes: old.map((alert) => ({ alert: blank(alert) })), cooldownSeconds });
  });
  const key = [ctx.workspace, monitorId];
  const documents = ctx.stores.documents('monitors');
  const old = await documents.query<{ readonly id: string; readonly etag: string }>(
    {
      text: "SELECT c.id, c._etag AS etag FROM c WHERE c.type = 'incident' AND c.state = 'resolved' AND c.resolvedAt <= @before",
      values: { before },
    },
    { key, consistency: 'strong' },
  );
  // One that gets a note meanwhile stays until the next time.
  for (let i = 0; i < old.length; i += removedAtOnce)
    await documents.batch(
      key,
      old.slice(i, i + removedAtOnce).map(({ id, etag }) => ({ op: 'delete', id, etag })),
    );
}

function isOld({ state, windowEnd, value, bounds, incident }: Alert, before: number): boolean {
  const isStill = state === 'ok' || state === 'resolved';
  return isStill && windowEnd <= before && (value !== null || bounds !== null || incident !== null);
}

function blank(alert: Alert): Alert {
  return { ...alert, state: 'ok', since: null, firedAt: null, value: null, bounds: null, incident: null };
}
