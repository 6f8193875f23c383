import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type CairnEvent, eventWrite, relay } from '../events/index.ts';
import { isCode } from '../http/index.ts';
import { type AlertingSetting, getMonitor } from '../monitoring/index.ts';
import { lost, swap } from '../swap.ts';
import { changedAlerts, type Checked } from './derive.ts';
import { nextIncident } from './incidents.ts';
import { type Alert, type AlertsHead, type Incident, incidentId } from './model.ts';

/** Alerts changed in one transaction, each with an event: with head and incident fewer writes than one may have. */
const changedAtOnce = 40;
const resultsMin = 32;

/**
 * Brings the alerts of a monitor and its incident to what its last results say. The message only says that there is
 * something to look at: alerts are a function of the results, and each change is one transaction with the events that
 * tell it, so that a message that comes twice, late or to two at once changes and tells nothing twice. Subscriber of
 * `monitor.checked`.
 */
export async function watchAlerts(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { monitorId = '' } = subject;
  let isMore = true;
  while (isMore) isMore = await swap(ctx, `The alerts of '${monitorId}'`, () => attempt(ctx, monitorId));
}

/** Whether there is more to change. */
async function attempt(ctx: Context, monitorId: string): Promise<boolean | typeof lost> {
  const monitor = await monitorOf(ctx, monitorId);
  if (!monitor) return false;
  const key = [ctx.workspace, monitorId];
  const documents = ctx.stores.documents('monitors');
  // Read first: whatever is written between this and the batch below makes that fail.
  const head = await documents.read<AlertsHead>(key, 'alerts-head');
  const { of, clear } = monitor.alerting;
  const limit = Math.max(resultsMin, 4 * (of + clear));
  const results = await documents.query<Checked>(
    {
      text: "SELECT c.windowEnd, c.model, c.signals FROM c WHERE c.type = 'result' AND c.v = 2 ORDER BY c.windowEnd DESC",
    },
    { key, consistency: 'strong', limit },
  );
  const all = await documents.query<{ readonly doc: Alert; readonly etag: string }>(
    { text: "SELECT c AS doc, c._etag AS etag FROM c WHERE c.type = 'alert'" },
    { key, consistency: 'strong' },
  );
  const etags = new Map(all.map(({ doc, etag }) => [doc.fingerprint, etag]));
  const before = new Map(all.map(({ doc }) => [doc.fingerprint, doc]));
  const watched = { workspace: ctx.workspace, monitorId, ...monitor };
  const different = changedAlerts(watched, results, before, results.length === limit);
  if (different.length === 0) return false;
  const changed = different.slice(0, changedAtOnce);
  const wasFiring = ({ fingerprint }: Alert) => before.get(fingerprint)?.state === 'firing';
  const fired = changed.filter((alert) => alert.state === 'firing' && !wasFiring(alert));
  const resolved = changed.filter((alert) => alert.state !== 'firing' && wasFiring(alert));
  const after = new Map([...before, ...changed.map((alert) => [alert.fingerprint, alert] as const)]);
  const firing = new Set([...after.values()].flatMap((a) => (a.state === 'firing' ? [a.fingerprint] : [])));
  const last = head?.doc.incidents ?? 0;
  const latest = last === 0 ? undefined : await documents.read<Incident>(key, incidentId(last));
  const open = latest?.doc.state === 'open' ? latest : undefined;
  const step = nextIncident(open?.doc, { fired, resolved, firing }, last + 1, ctx.clock.now());

  const events: (Write & { op: 'create' })[] = [];
  const event = (type: CairnEvent['type'], aggregate: string, seq: number, about: CairnEvent['subject']) =>
    events.push(
      eventWrite(
        ctx,
        { type, aggregate, seq, subject: { monitorId, endpoint: monitor.endpoint, ...about } },
        { workspace: ctx.workspace, monitorId },
      ),
    );
  const number = step?.incident.number ?? null;
  const moved = new Set([...fired, ...resolved]);
  const alerts = changed.map((alert): Alert => {
    if (!moved.has(alert)) return alert;
    const seq = alert.seq + 1;
    const isFiring = alert.state === 'firing';
    const { fingerprint, signal, segment, severity, windowEnd } = alert;
    event(isFiring ? 'alert.fired' : 'alert.resolved', `alert/${fingerprint}`, seq, {
      ...{ alert: fingerprint, signal, segment, severity, windowEnd: String(windowEnd) },
      ...(number === null ? {} : { incident: String(number) }),
    });
    return { ...alert, seq, incident: isFiring ? number : alert.incident };
  });
  for (const [i, type] of (step?.told ?? []).entries()) {
    const { incident } = step!;
    const about = type === 'incident.resolved' ? resolved : fired;
    event(type, `incident/${monitorId}/${number}`, incident.seq - step!.told.length + i + 1, {
      incident: String(number),
      alerts: about.map(({ fingerprint }) => fingerprint).join(','),
      signals: [...new Set(about.map(({ signal }) => signal))].join(','),
      severity: incident.severity,
      windowEnd: String(Math.max(...about.map(({ windowEnd }) => windowEnd))),
    });
  }
  const nextHead: AlertsHead = {
    ...{ id: 'alerts-head', type: 'alerts-head', v: 1, workspace: ctx.workspace, monitorId },
    incidents: Math.max(last, number ?? 0),
    changes: (head?.doc.changes ?? 0) + 1,
  };
  const { outcome } = await documents.batch(key, [
    writeOf(head, nextHead),
    ...alerts.map((doc): Write => {
      const etag = etags.get(doc.fingerprint);
      return etag === undefined ? { op: 'create', doc } : { op: 'replace', doc, etag };
    }),
    ...(step ? [writeOf(open, step.incident)] : []),
    ...events,
  ]);
  if (outcome !== 'applied') return lost;
  for (const each of events) relay(ctx, 'monitors', key, each);
  return different.length > changed.length;
}

function writeOf<T extends AlertsHead | Incident>(stored: Stored<T> | undefined, doc: T): Write {
  return stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc };
}

/** What is watched, and by what rules; nothing where the monitor is gone with its endpoint. */
async function monitorOf(
  ctx: Context,
  monitorId: string,
): Promise<{ endpoint: string; alerting: AlertingSetting } | undefined> {
  try {
    const { doc } = await getMonitor(ctx, monitorId);
    return { endpoint: doc.endpoint, alerting: doc.alerting };
  } catch (error) {
    if (isCode(error, 'not-found')) return undefined;
    throw error;
  }
}
