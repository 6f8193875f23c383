import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type CairnEvent, eventWrite, relay } from '../events/index.ts';
import { lost, swap } from '../swap.ts';
import { nextIncident, type Step } from './incidents.ts';
import { type Alert, type AlertsHead, type Incident, incidentId } from './model.ts';
import { activeSilences, isSilenced } from './silences.ts';

/** What an alert is to be. */
export type Change = {
  readonly alert: Alert;
  /** Why it was resolved, where no window says it. */
  readonly why?: string;
};

/** What is to become of the alerts of a monitor, given how they stand by fingerprint; only those that differ. */
export type Decision = {
  readonly changes: readonly Change[];
  /** What the monitor watches; what its alerts say where it is left out. */
  readonly endpoint?: string;
  readonly cooldownSeconds: number;
};

/** Alerts changed in one transaction, each with an event: with head and incident fewer writes than one may have. */
const changedAtOnce = 40;

/**
 * Changes the alerts of a monitor, and its incident with them, in one transaction with the events that tell it. Who
 * changes them at the same time, or a silence, a note, an acknowledgement, has it decided again: `decide` reads
 * whatever else it goes by each time, so that what comes twice, late or to two at once changes and tells nothing
 * twice. Where no alert changes, the incident may still: a silence has ended, or it is time for a reminder.
 */
export async function changeAlerts(
  ctx: Context,
  monitorId: string,
  decide: (before: ReadonlyMap<string, Alert>) => Promise<Decision>,
): Promise<void> {
  let isMore = true;
  while (isMore)
    isMore = await swap(ctx, `The alerts of '${monitorId}'`, () => attempt(ctx, monitorId, decide));
}

/** Whether there is more to change. */
async function attempt(
  ctx: Context,
  monitorId: string,
  decide: (before: ReadonlyMap<string, Alert>) => Promise<Decision>,
): Promise<boolean | typeof lost> {
  const key = [ctx.workspace, monitorId];
  const documents = ctx.stores.documents('monitors');
  // Read first: whatever is written between this and the batch below makes that fail.
  const head = await documents.read<AlertsHead>(key, 'alerts-head');
  const stored = await documents.query<{ readonly doc: Alert; readonly etag: string }>(
    { text: "SELECT c AS doc, c._etag AS etag FROM c WHERE c.type = 'alert'" },
    { key, consistency: 'strong' },
  );
  const etags = new Map(stored.map(({ doc, etag }) => [doc.fingerprint, etag]));
  const before = new Map(stored.map(({ doc }) => [doc.fingerprint, doc]));
  const decision = await decide(before);
  const changes = decision.changes.slice(0, changedAtOnce);
  const isFiring = ({ fingerprint }: Alert) => before.get(fingerprint)?.state === 'firing';
  if (changes.length === 0 && ![...before.values()].some(isFiring)) return false;

  const changed = changes.map(({ alert }) => alert);
  const fired = changed.filter((alert) => alert.state === 'firing' && !isFiring(alert));
  const resolved = changed.filter((alert) => alert.state !== 'firing' && isFiring(alert));
  const after = new Map([...before, ...changed.map((alert) => [alert.fingerprint, alert] as const)]);
  const firing = [...after.values()].filter(({ state }) => state === 'firing');
  const whys = new Map(changes.map(({ alert, why }) => [alert.fingerprint, why]));
  const last = head?.doc.incidents ?? 0;
  const latest = last === 0 ? undefined : await documents.read<Incident>(key, incidentId(last));
  const open = latest?.doc.state === 'open' ? latest : undefined;
  const silences = firing.length > 0 ? await activeSilences(ctx) : [];
  const silenceOf = (alert: Alert) => isSilenced(silences, alert);
  const step = nextIncident(
    open?.doc,
    { fired, resolved, firing, because: ({ fingerprint }) => whys.get(fingerprint) },
    { silenceOf, cooldownSeconds: decision.cooldownSeconds },
    last + 1,
    ctx.clock.now(),
  );
  if (changes.length === 0 && !step) return false;

  const number = step?.incident.number;
  const alerts = changed.map((alert): Alert => {
    if (fired.includes(alert)) return { ...alert, seq: alert.seq + 1, incident: number ?? null };
    return resolved.includes(alert) ? { ...alert, seq: alert.seq + 1 } : alert;
  });
  const isMoved = new Set([...fired, ...resolved].map(({ fingerprint }) => fingerprint));
  const moves = alerts.filter(({ fingerprint }) => isMoved.has(fingerprint));
  const isUntold = (alert: Alert) =>
    alert.state === 'firing' ? silenceOf(alert) !== undefined : step?.incident.toldAt === null;
  const event = ({ endpoint = '', ...about }: Happened) =>
    eventWrite(
      ctx,
      { ...about, subject: { monitorId, endpoint: decision.endpoint ?? endpoint, ...about.subject } },
      { workspace: ctx.workspace, monitorId },
    );
  const events = [
    ...moves.map((alert) => event(moved(alert, number, isUntold(alert)))),
    ...(step ? happened(step).map(event) : []),
  ];
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
  return decision.changes.length > changes.length;
}

type Happened = Pick<CairnEvent, 'type' | 'aggregate' | 'seq' | 'subject'> & { readonly endpoint?: string };

function moved(alert: Alert, number: number | undefined, isUntold: boolean): Happened {
  const { state, fingerprint, signal, segment, severity, windowEnd, endpoint, seq } = alert;
  return {
    ...{ type: state === 'firing' ? 'alert.fired' : 'alert.resolved', aggregate: `alert/${fingerprint}` },
    ...{ seq, endpoint },
    subject: {
      ...{ alert: fingerprint, signal, segment, severity, windowEnd: String(windowEnd) },
      ...(number === undefined ? {} : { incident: String(number) }),
      ...(isUntold ? { told: 'false' } : {}),
    },
  };
}

function happened({ incident, told }: Step): Happened[] {
  const { monitorId, number, endpoint, severity } = incident;
  return told.map(({ type, why, isTold, about }, i) => ({
    ...{ type, aggregate: `incident/${monitorId}/${number}`, endpoint },
    seq: incident.seq - told.length + i + 1,
    subject: {
      ...{ incident: String(number), severity },
      alerts: about.map(({ fingerprint }) => fingerprint).join(','),
      signals: [...new Set(about.map(({ signal }) => signal))].join(','),
      windowEnd: String(Math.max(0, ...about.map(({ windowEnd }) => windowEnd))),
      ...(why === undefined ? {} : { why }),
      ...(isTold ? {} : { told: 'false' }),
    },
  }));
}

function writeOf<T extends AlertsHead | Incident>(stored: Stored<T> | undefined, doc: T): Write {
  return stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc };
}
