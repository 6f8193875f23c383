import { severities, type Severity } from '../monitoring/index.ts';
import { excerpt } from '../redaction/index.ts';
import { type Alert, alertId, alertmanagerPartition, fingerprintOf } from './model.ts';

/** What an Alertmanager says of one alert, in its webhook's version 4. */
export type ExternalAlert = {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly startsAt: number;
  /** When it ended, or is to end where nothing is heard any more; the year 1 where nobody knows. */
  readonly endsAt: number;
};

/** The alerts that an Alertmanager tells of together: those of one group of one route. */
export type ExternalGroup = { readonly groupKey: string; readonly alerts: readonly ExternalAlert[] };

/** Seconds that what is over is kept. */
export const externalTtl = 90 * 86_400;
const nameCharsMax = 200;
const segmentCharsMax = 500;
const textCharsMax = 1000;

/** Labels that say what the alert is, and not of what it is. */
const notSegments: ReadonlySet<string> = new Set(['alertname', 'severity']);

/**
 * An alert of ours out of one of an Alertmanager, given how it stood; `undefined` where that stays. What tells them apart
 * are the group and the labels. A message of before what is known changes nothing: what is over only begins again at
 * another time, and what began after the end of another is not over by it.
 */
export function externalAlert(
  workspace: string,
  groupKey: string,
  { status, labels, annotations, startsAt, endsAt }: ExternalAlert,
  endpoint: string,
  now: number,
  before: (fingerprint: string) => Alert | undefined,
): Alert | undefined {
  const fingerprint = externalFingerprint(workspace, groupKey, labels);
  const old = before(fingerprint);
  // The clocks of others may be ahead.
  const begun = startsAt > now ? (old?.firedAt ?? now) : Math.max(0, startsAt);
  const ended = Math.min(Math.max(begun, endsAt), now);
  const isFiring = status === 'firing';
  if (isFiring && old?.state === 'resolved' && begun <= (old.firedAt ?? 0)) return undefined;
  if (!isFiring && (old?.state !== 'firing' || ended < (old.firedAt ?? 0))) return undefined;
  const said = annotations['summary'] ?? annotations['description'] ?? annotations['message'] ?? '';
  const alert: Alert = {
    ...{ id: alertId(fingerprint), type: 'alert', v: 1, workspace, monitorId: alertmanagerPartition },
    ...{ fingerprint, endpoint, signal: 'external', segment: segmentOf(labels) },
    severity: severityOf(labels['severity']),
    ...{
      state: status,
      since: isFiring ? begun : ended,
      firedAt: isFiring ? begun : (old?.firedAt ?? begun),
    },
    metric: excerpt(labels['alertname'] || 'alert', nameCharsMax),
    ...{ value: null, bounds: null, windowEnd: isFiring ? begun : ended, version: null },
    ...{ incident: old?.incident ?? null, seq: old?.seq ?? 0, text: excerpt(said, textCharsMax) },
    ...(isFiring ? {} : { ttl: externalTtl }),
  };
  return old && isSame(old, alert) ? undefined : alert;
}

/** What tells an alert of an Alertmanager from others, those with the same labels in another group as well. */
export function externalFingerprint(
  workspace: string,
  groupKey: string,
  labels: ExternalAlert['labels'],
): string {
  const inOrder = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return fingerprintOf(
    { workspace, monitorId: alertmanagerPartition },
    { signal: 'external', segment: JSON.stringify([groupKey, inOrder]) },
  );
}

/** How timelines say it. */
export function externalWords({ metric, segment, text = '' }: Alert): string {
  const of = segment === '' ? metric : `${metric} (${segment})`;
  return text === '' ? of : `${of}: ${text}`;
}

function segmentOf(labels: ExternalAlert['labels']): string {
  const named = Object.entries(labels)
    .filter(([name]) => !notSegments.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return excerpt(named.join(','), segmentCharsMax);
}

/** Whatever a severity is called elsewhere. */
function severityOf(label = ''): Severity {
  const said = label.toLowerCase();
  const known = severities.find((each) => each === said);
  if (known) return known;
  if (['page', 'error', 'high', 'fatal', 'emergency', 'disaster'].includes(said)) return 'critical';
  return ['none', 'low', 'notice', 'information', 'debug'].includes(said) ? 'info' : 'warning';
}

function isSame(a: Alert, b: Alert): boolean {
  const told = ({ state, since, firedAt, severity, endpoint, text }: Alert) =>
    JSON.stringify([state, since, firedAt, severity, endpoint, text]);
  return told(a) === told(b);
}
