import { createHash } from 'node:crypto';
import type { Document } from '../documents.ts';
import { type Bounds, type Severity, signalNames } from '../monitoring/index.ts';
import type { AlertStanding } from './state.ts';

/**
 * What a monitor says of one signal in one segment, and since when. Beside the results of the monitor. That its checks
 * do not run is one of signal {@link checkSignal}: no window speaks of it, and its times are those of the clock.
 */
export type Alert = Document &
  AlertStanding & {
    readonly type: 'alert';
    readonly fingerprint: string;
    readonly monitorId: string;
    readonly endpoint: string;
    readonly signal: string;
    readonly segment: string;
    readonly severity: Severity;
    /** Of the last window that had a verdict. */
    readonly metric: string;
    readonly value: number | null;
    readonly bounds: Bounds | null;
    readonly windowEnd: number;
    /** The version that answered that window. */
    readonly version: number | null;
    /** What another system says of it. */
    readonly text?: string;
    /** The number of the incident that it last belonged to. */
    readonly incident: number | null;
    /** Windows that ended by then are not counted: it was not watched then any more. */
    readonly countsFrom?: number;
    /** Number of its last event. */
    readonly seq: number;
    /** Seconds after its last change at which the store drops one of another system. */
    readonly ttl?: number;
  };

/** What happened to an incident, or was done about it. */
export const timelineKinds = [
  'opened',
  'joined',
  'escalated',
  'alert-resolved',
  'resolved',
  'silenced',
  'silence-ended',
  'reminded',
  'acknowledged',
  'note',
  'retraining',
  'gate',
  'promoted',
  'rollout',
] as const;

export type TimelineEntry = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: (typeof timelineKinds)[number];
  readonly text: string;
  /** The principal that did it, where somebody did. */
  readonly by?: string;
  /** What it is about: the fingerprint of an alert, the id of a retraining job. With `kind` it is told once. */
  readonly ref?: string;
};

/** Alerts of one monitor that fired while one of them did. */
export type Incident = Document & {
  readonly type: 'incident';
  readonly monitorId: string;
  readonly endpoint: string;
  /** Counted by monitor, from 1. */
  readonly number: number;
  readonly state: 'open' | 'resolved';
  /** The highest that any of its alerts had. */
  readonly severity: Severity;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  /** Fingerprints of all alerts that were part of it. */
  readonly alerts: readonly string[];
  /** Who looks after it: nobody is reminded any more. */
  readonly acknowledged: { readonly at: number; readonly by: string; readonly comment: string } | null;
  /** When channels were last told of it; `null` while silences kept it from them. */
  readonly toldAt: number | null;
  /** By fingerprint, ids of the silences that keep alerts from being told, or did while they last fired. */
  readonly silencedBy?: Readonly<Record<string, string>>;
  readonly timeline: readonly TimelineEntry[];
  /** Names the group of alerts of another system. */
  readonly group?: string;
  /** Number of its last event. */
  readonly seq: number;
  /** Seconds after its last change at which the store drops one of another system. */
  readonly ttl?: number;
};

/**
 * What is not to be told for a while: alerts go on, and what still fires when it ends is told then. A field that is
 * `null` matches anything. In the partition of all silences of a workspace.
 */
export type Silence = Document & {
  readonly type: 'silence';
  readonly monitorId: typeof silencesPartition;
  readonly silenceId: string;
  readonly monitor: string | null;
  /** What that monitor watches, by which it is decided who may see the silence and end it; `null` for any monitor. */
  readonly endpoint: string | null;
  readonly signal: string | null;
  readonly segment: string | null;
  readonly severity: Severity | null;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly comment: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly seq: number;
};

/** The signal of the alert that says that a monitor is not checked. */
export const checkSignal = 'check';

/** No monitor has such a name. */
export const silencesPartition = '~silences';
/** Where alerts and incidents of Alertmanager lie, as if that were a monitor. */
export const alertmanagerPartition = '~alertmanager';

/** Part of each change of a monitor's alerts, so that of two changes at once one is made again. */
export type AlertsHead = Document & {
  readonly type: 'alerts-head';
  readonly monitorId: string;
  /** The number of the last incident; 0 where there was none. */
  readonly incidents: number;
  readonly changes: number;
};

/** What an alert can be of: a signal of a monitor, checks that do not run, what another system reports. */
export const alertSignals = [...signalNames, checkSignal, 'external'] as const;

/** Names an alert: the first 16 hexadecimal digits of the SHA-256 of what it is about. */
export function fingerprintOf(
  { workspace, monitorId }: { readonly workspace: string; readonly monitorId: string },
  { signal, segment }: Pick<Alert, 'signal' | 'segment'>,
): string {
  const text = JSON.stringify([workspace, monitorId, signal, segment]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export const alertId = (fingerprint: string) => `alert:${fingerprint}`;
/** How an incident is called outside: the monitor, a hyphen, the number. */
export const incidentRef = ({ monitorId, number }: Pick<Incident, 'monitorId' | 'number'>) =>
  `${monitorId}-${number}`;
export const silenceDocument = (silenceId: string) => `silence:${silenceId}`;
export const incidentId = (number: number) => `incident:${String(number).padStart(8, '0')}`;
