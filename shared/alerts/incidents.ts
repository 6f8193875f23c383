import { severities, type Severity } from '../monitoring/index.ts';
import { type Alert, type Incident, incidentId, type TimelineEntry } from './model.ts';

/** What happened to the incident of a monitor: of each kind at most one is told. */
export type Step = {
  readonly incident: Incident;
  readonly told: readonly ('incident.opened' | 'incident.updated' | 'incident.resolved')[];
};

const timelineMax = 500;

/**
 * The incident after alerts of its monitor began to fire or were resolved. They join the one that is open, or open
 * that of number `next`; it is resolved when none of its alerts fires. `undefined` where there is none to change.
 */
export function nextIncident(
  open: Incident | undefined,
  {
    fired,
    resolved,
    firing,
  }: { fired: readonly Alert[]; resolved: readonly Alert[]; firing: ReadonlySet<string> },
  next: number,
  now: number,
): Step | undefined {
  const [first] = fired;
  if (!open && !first) return undefined;
  const told: Step['told'][number][] = [];
  const entries: TimelineEntry[] = [];
  const before = open ?? (first && opened(first, next, now));
  if (!before) return undefined;
  const severity = highest([before.severity, ...fired.map((alert) => alert.severity)]);
  const joined = fired.filter(({ fingerprint }) => !before.alerts.includes(fingerprint));
  for (const alert of fired)
    entries.push({ at: now, kind: open ? 'joined' : 'opened', text: whatOf(alert), ref: alert.fingerprint });
  const isEscalated = open !== undefined && severity !== open.severity;
  if (isEscalated) entries.push({ at: now, kind: 'escalated', text: `The severity is ${severity} now.` });
  for (const alert of resolved)
    entries.push({ at: now, kind: 'alert-resolved', text: whatOf(alert), ref: alert.fingerprint });
  const alerts = [...before.alerts, ...joined.map(({ fingerprint }) => fingerprint)];
  const isOver = !alerts.some((each) => firing.has(each));
  if (isOver) entries.push({ at: now, kind: 'resolved', text: 'None of its alerts fires any more.' });
  if (!open) told.push('incident.opened');
  else if (joined.length > 0 || isEscalated) told.push('incident.updated');
  if (isOver) told.push('incident.resolved');
  if (entries.length === 0) return undefined;
  return {
    incident: {
      ...before,
      severity,
      alerts,
      ...(isOver ? { state: 'resolved', resolvedAt: now } : {}),
      // The first entry says how it began; of many, those in the middle go.
      timeline: shortened([...before.timeline, ...entries]),
      seq: before.seq + told.length,
    },
    told,
  };
}

function opened({ workspace, monitorId, endpoint, severity }: Alert, number: number, now: number): Incident {
  return {
    ...{ id: incidentId(number), type: 'incident', v: 1, workspace, monitorId, endpoint, number },
    ...{ state: 'open', severity, openedAt: now, resolvedAt: null, alerts: [], timeline: [], seq: 0 },
    ...{ acknowledged: null, toldAt: now },
  };
}

function shortened(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
  return entries.length > timelineMax ? [...entries.slice(0, 1), ...entries.slice(1 - timelineMax)] : entries;
}

function highest(all: readonly Severity[]): Severity {
  return severities.findLast((each) => all.includes(each)) ?? 'info';
}

function whatOf({ signal, segment, metric, value, bounds, version }: Alert): string {
  const where = segment === '' ? '' : ` of ${segment}`;
  const held = [
    ...(bounds?.lower === undefined ? [] : [`at least ${bounds.lower}`]),
    ...(bounds?.upper === undefined ? [] : [`at most ${bounds.upper}`]),
  ].join(' and ');
  const by = version === null ? '' : `, version ${version}`;
  return `${signal}${where}: ${metric} ${value ?? 'unknown'}${held && ` (${held})`}${by}`;
}
