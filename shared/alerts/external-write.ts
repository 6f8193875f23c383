import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import type { ExternalTold } from './external-incident.ts';
import { type Alert, type AlertsHead, alertmanagerPartition as monitorId, type Incident } from './model.ts';

/** Alerts changed in one transaction, beside head, incident and three events. */
export const changedAtOnce = 80;

/** Names what all who change alerts of an Alertmanager write to. */
export const externalAlerts = `The alerts of '${monitorId}'`;

type Written = {
  /** As it was before anything else was read. */
  readonly head: Stored<AlertsHead> | undefined;
  readonly alerts: readonly Alert[];
  /** The etags of those that were there, by fingerprint. */
  readonly etags: ReadonlyMap<string, string>;
  readonly incident?: {
    readonly before: Stored<Incident> | undefined;
    readonly after: Incident;
    readonly told: readonly ExternalTold[];
  };
};

/**
 * Writes alerts of an Alertmanager and their incident in one transaction, with the events that tell of it. Whether
 * nobody wrote meanwhile: else nothing is written.
 */
export async function writeExternal(
  ctx: Context,
  { head, alerts, etags, incident }: Written,
): Promise<boolean> {
  const { workspace } = ctx;
  const key = [workspace, monitorId];
  const events = (incident?.told ?? []).map(({ type, why, isTold, about }, i, { length }) => {
    const { number, endpoint, severity, seq } = incident!.after;
    return eventWrite(
      ctx,
      {
        ...{ type, aggregate: `incident/${monitorId}/${number}`, seq: seq - length + i + 1 },
        subject: {
          ...{ monitorId, endpoint, incident: String(number) },
          alerts: about.map(({ fingerprint }) => fingerprint).join(','),
          ...{ signals: 'external', severity },
          windowEnd: String(Math.max(0, ...about.map(({ windowEnd }) => windowEnd))),
          ...(why === undefined ? {} : { why }),
          ...(isTold ? {} : { told: 'false' }),
        },
      },
      { workspace, monitorId },
    );
  });
  const nextHead: AlertsHead = {
    ...{ id: 'alerts-head', type: 'alerts-head', v: 1, workspace, monitorId },
    incidents: Math.max(head?.doc.incidents ?? 0, incident?.after.number ?? 0),
    changes: (head?.doc.changes ?? 0) + 1,
  };
  const { outcome } = await ctx.stores
    .documents('monitors')
    .batch(key, [
      writeOf(head?.etag, nextHead),
      ...alerts.map((alert) => writeOf(etags.get(alert.fingerprint), alert)),
      ...(incident ? [writeOf(incident.before?.etag, incident.after)] : []),
      ...events,
    ]);
  if (outcome !== 'applied') return false;
  for (const each of events) relay(ctx, 'monitors', key, each);
  return true;
}

function writeOf(etag: string | undefined, doc: Alert | AlertsHead | Incident): Write {
  return etag === undefined ? { op: 'create', doc } : { op: 'replace', doc, etag };
}
