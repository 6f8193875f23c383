import { severities } from '../monitoring/index.ts';
import { externalTtl, externalWords } from './external.ts';
import { type Alert, alertmanagerPartition, type Incident, incidentId, type TimelineEntry } from './model.ts';
import { shortened } from './timeline.ts';

/** Something to tell of an incident, and whether channels are told. */
export type ExternalTold = {
  readonly type: 'incident.opened' | 'incident.updated' | 'incident.resolved';
  readonly why?: 'joined' | 'escalated' | 'silence-ended';
  readonly isTold: boolean;
  readonly about: readonly Alert[];
};

/** Messages go on for months, and a document has an end. */
const alertsMax = 2000;

type Moves = {
  readonly fired: readonly Alert[];
  readonly resolved: readonly Alert[];
  /** All of the group that fire now, these among them. */
  readonly firing: readonly Alert[];
};
type Place = {
  readonly workspace: string;
  readonly group: string;
  readonly number: number;
  readonly now: number;
};

/**
 * The incident of a group of alerts that another system tells of, after a message; `undefined` where it changes nothing.
 * It opens with the first that fires, and is over when none does. Reminders are that system's: it repeats what it says,
 * and what a silence of ours kept back is told at the first repetition after it.
 */
export function externalIncident(
  open: Incident | undefined,
  { fired, resolved, firing }: Moves,
  isSilent: (alert: Alert) => boolean,
  { workspace, group, number, now }: Place,
): { readonly incident: Incident; readonly told: readonly ExternalTold[] } | undefined {
  if (!open && fired.length === 0) return undefined;
  const before: Incident = open ?? {
    ...{ id: incidentId(number), type: 'incident', v: 1, workspace, monitorId: alertmanagerPartition },
    ...{ endpoint: '', number, state: 'open', severity: 'info', openedAt: now, resolvedAt: null },
    ...{ alerts: [], acknowledged: null, toldAt: null, timeline: [], group, seq: 0 },
  };
  const entries: TimelineEntry[] = [];
  const add = (kind: TimelineEntry['kind'], text: string, ref?: string) =>
    entries.push({ at: now, kind, text, ...(ref === undefined ? {} : { ref }) });
  for (const alert of fired) add(open ? 'joined' : 'opened', externalWords(alert), alert.fingerprint);
  const worst = [before, ...firing].map(({ severity }) => severity);
  const severity = severities.findLast((each) => worst.includes(each)) ?? 'info';
  const isEscalated = open !== undefined && severity !== open.severity;
  if (isEscalated) add('escalated', `The severity is ${severity} now.`);
  for (const alert of resolved) add('alert-resolved', externalWords(alert), alert.fingerprint);

  const isLoud = (alert: Alert) => !isSilent(alert);
  const told: ExternalTold[] = [];
  if (!open) told.push({ type: 'incident.opened', isTold: fired.some(isLoud), about: fired });
  else if (fired.length > 0 || isEscalated)
    told.push({
      type: 'incident.updated',
      why: isEscalated ? 'escalated' : 'joined',
      isTold: (isEscalated ? firing : fired).some(isLoud),
      about: isEscalated ? firing : fired,
    });
  else if (before.toldAt === null && firing.some(isLoud))
    told.push({ type: 'incident.updated', why: 'silence-ended', isTold: true, about: firing.filter(isLoud) });
  const toldAt = told.some(({ isTold }) => isTold) ? now : before.toldAt;
  const isOver = firing.length === 0;
  if (isOver) {
    add('resolved', 'None of its alerts fires any more.');
    told.push({ type: 'incident.resolved', isTold: toldAt !== null, about: resolved });
  }
  if (entries.length === 0 && told.length === 0) return undefined;
  const incident: Incident = {
    ...before,
    ...{ severity, toldAt, alerts: alertsOf(before, fired, firing) },
    endpoint: endpointOf(open, fired),
    ...(isOver ? { state: 'resolved', resolvedAt: now, ttl: externalTtl } : {}),
    timeline: shortened([...before.timeline, ...entries]),
    seq: before.seq + told.length,
  };
  return { incident, told };
}

/** Those that fire, and of the others as many of the last as there is room for. */
function alertsOf({ alerts }: Incident, fired: readonly Alert[], firing: readonly Alert[]): string[] {
  const all = [...new Set([...alerts, ...fired.map(({ fingerprint }) => fingerprint)])];
  const fires = new Set(firing.map(({ fingerprint }) => fingerprint));
  let surplus = all.length - alertsMax;
  return all.filter((fingerprint) => fires.has(fingerprint) || surplus-- <= 0);
}

/** The endpoint that all of its alerts name: who may not see all of them sees none. */
function endpointOf(open: Incident | undefined, fired: readonly Alert[]): string {
  const [only = '', ...others] = new Set([
    ...(open ? [open.endpoint] : []),
    ...fired.map(({ endpoint }) => endpoint),
  ]);
  return others.length > 0 ? '' : only;
}
