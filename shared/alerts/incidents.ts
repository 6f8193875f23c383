import { severities, type Severity } from '../monitoring/index.ts';
import { type Alert, type Incident, incidentId, type Silence, type TimelineEntry } from './model.ts';
import { shortened } from './timeline.ts';
import { listOf, whatOf } from './words.ts';

/** Why channels are told of an open incident once more. */
export type Why = 'joined' | 'escalated' | 'silence-ended' | 'reminder';

/** Something to tell of an incident. */
export type Told = {
  readonly type: 'incident.opened' | 'incident.updated' | 'incident.resolved';
  readonly why?: Why;
  /** Whether channels are told: else it is only recorded. */
  readonly isTold: boolean;
  readonly about: readonly Alert[];
};

/** What happened to the incident of a monitor: of each kind at most one is told. */
export type Step = { readonly incident: Incident; readonly told: readonly Told[] };

/** What alerts of a monitor have done, and how all of them stand then. */
export type Moves = {
  readonly fired: readonly Alert[];
  readonly resolved: readonly Alert[];
  /** All that fire now. */
  readonly firing: readonly Alert[];
  /** Why an alert was resolved, where no window says it. */
  readonly because?: (alert: Alert) => string | undefined;
};

export type Telling = {
  /** The silence that keeps an alert from being told. */
  readonly silenceOf: (alert: Alert) => Silence | undefined;
  /** So long after it was last told an open incident is told again. */
  readonly cooldownSeconds: number;
};

/**
 * The incident after alerts of its monitor began to fire or were resolved, silences began or ended, or time went by.
 * What fires joins the one that is open, or opens that of number `next`; it is resolved when none of its alerts fires.
 * `undefined` where nothing changes.
 *
 * Channels are told of what is not silenced: that it opened, that alerts joined or its severity rose, that alerts still
 * fire whose silence has ended, and of an incident that nobody has acknowledged again after the cooldown. That it is
 * over they are told where they were told of it.
 */
export function nextIncident(
  open: Incident | undefined,
  { fired, resolved, firing, because }: Moves,
  { silenceOf, cooldownSeconds }: Telling,
  next: number,
  now: number,
): Step | undefined {
  const before = open ?? (fired[0] && opened(fired[0], next, now));
  if (!before) return undefined;
  const entries: TimelineEntry[] = [];
  const add = (kind: TimelineEntry['kind'], text: string, ref?: string, by?: string) =>
    entries.push({ at: now, kind, text, ...(by === undefined ? {} : { by }), ...(ref ? { ref } : {}) });

  const joined = fired.filter(({ fingerprint }) => !before.alerts.includes(fingerprint));
  for (const alert of fired) add(open ? 'joined' : 'opened', whatOf(alert), alert.fingerprint);
  const severity = highest([before.severity, ...firing.map((alert) => alert.severity)]);
  const isEscalated = open !== undefined && severity !== open.severity;
  if (isEscalated) add('escalated', `The severity is ${severity} now.`);
  for (const alert of resolved) {
    const why = because?.(alert);
    add('alert-resolved', why ? `${whatOf(alert)}. ${why}` : whatOf(alert), alert.fingerprint);
  }

  const { silencedBy, begun, freed } = silencing(before, firing, silenceOf);
  for (const [{ silenceId, until, createdBy }, alerts] of begun)
    add(
      'silenced',
      `Not told until ${new Date(until).toISOString()}: ${listOf(alerts)}.`,
      silenceId,
      createdBy,
    );
  for (const [silenceId, alerts] of Map.groupBy(freed, (each) => before.silencedBy?.[each.fingerprint]))
    add('silence-ended', `Still firing: ${listOf(alerts)}.`, silenceId);

  const loud = firing.filter((alert) => !silenceOf(alert));
  const isAnyLoud = (about: readonly Alert[]) => about.some((alert) => loud.includes(alert));
  const told: Told[] = [];
  const worst = isEscalated ? firing.filter((alert) => alert.severity === severity) : [];
  const news = firing.filter((each) => [...joined, ...worst, ...freed].includes(each));
  if (!open) told.push({ type: 'incident.opened', isTold: isAnyLoud(fired), about: fired });
  else if (news.length > 0) {
    const why = isEscalated ? 'escalated' : joined.length > 0 ? 'joined' : 'silence-ended';
    told.push({ type: 'incident.updated', why, isTold: isAnyLoud(news), about: news });
  }
  const isForgotten = before.toldAt !== null && now - before.toldAt >= cooldownSeconds * 1000;
  const isTold = () => told.some((each) => each.isTold);
  if (open && isForgotten && !open.acknowledged && loud.length > 0 && !isTold()) {
    add('reminded', `Still firing: ${listOf(loud)}.`);
    told.push({ type: 'incident.updated', why: 'reminder', isTold: true, about: loud });
  }
  const toldAt = isTold() ? now : before.toldAt;
  const isOver = firing.length === 0;
  if (isOver) {
    add('resolved', overBecause(resolved, because));
    told.push({ type: 'incident.resolved', isTold: toldAt !== null, about: resolved });
  }
  if (entries.length === 0) return undefined;
  return {
    incident: {
      ...before,
      severity,
      alerts: [...before.alerts, ...joined.map(({ fingerprint }) => fingerprint)],
      ...(isOver ? { state: 'resolved', resolvedAt: now } : {}),
      toldAt,
      ...(before.silencedBy || Object.keys(silencedBy).length > 0 ? { silencedBy } : {}),
      timeline: shortened([...before.timeline, ...entries]),
      seq: before.seq + told.length,
    },
    told,
  };
}

/**
 * Which silences keep alerts from being told, which of them have begun to, and the alerts that still fire without one
 * that had one before. Of alerts that do not fire it stays known: when they fire again, they have not been told.
 */
function silencing(
  { silencedBy: before = {} }: Incident,
  firing: readonly Alert[],
  silenceOf: Telling['silenceOf'],
) {
  const silencedBy: Record<string, string> = { ...before };
  const begun = new Map<Silence, Alert[]>();
  const freed: Alert[] = [];
  for (const alert of firing) {
    const { fingerprint } = alert;
    const silence = silenceOf(alert);
    if (silence) {
      silencedBy[fingerprint] = silence.silenceId;
      if (before[fingerprint] !== silence.silenceId)
        begun.set(silence, [...(begun.get(silence) ?? []), alert]);
    } else if (before[fingerprint] !== undefined) {
      delete silencedBy[fingerprint];
      freed.push(alert);
    }
  }
  return { silencedBy, begun, freed };
}

function opened({ workspace, monitorId, endpoint, severity }: Alert, number: number, now: number): Incident {
  return {
    ...{ id: incidentId(number), type: 'incident', v: 1, workspace, monitorId, endpoint, number },
    ...{ state: 'open', severity, openedAt: now, resolvedAt: null, alerts: [], timeline: [], seq: 0 },
    ...{ acknowledged: null, toldAt: null },
  };
}

/** Where all that was resolved last has the same reason, that is the reason. */
function overBecause(resolved: readonly Alert[], because: Moves['because']): string {
  const [why, ...others] = new Set(resolved.map((alert) => because?.(alert)));
  return why && others.length === 0 ? why : 'None of its alerts fires any more.';
}

function highest(all: readonly Severity[]): Severity {
  return severities.findLast((each) => all.includes(each)) ?? 'info';
}
