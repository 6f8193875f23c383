import { createHash } from 'node:crypto';
import type { Document } from '../documents.ts';
import type { Bounds, Severity, SignalResult } from '../monitoring/index.ts';
import type { AlertStanding } from './state.ts';

/** What a monitor says of one signal in one segment, and since when. Beside the results of the monitor. */
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
    /** The number of the incident that it last belonged to. */
    readonly incident: number | null;
    /** Number of its last event. */
    readonly seq: number;
  };

export type TimelineEntry = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: 'opened' | 'joined' | 'escalated' | 'alert-resolved' | 'resolved';
  readonly text: string;
  /** What it is about: the fingerprint of an alert. */
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
  readonly timeline: readonly TimelineEntry[];
  /** Number of its last event. */
  readonly seq: number;
};

/** Part of each change of a monitor's alerts, so that of two changes at once one is made again. */
export type AlertsHead = Document & {
  readonly type: 'alerts-head';
  readonly monitorId: string;
  /** The number of the last incident; 0 where there was none. */
  readonly incidents: number;
  readonly changes: number;
};

/** Names an alert: the first 16 hexadecimal digits of the SHA-256 of what it is about. */
export function fingerprintOf(
  { workspace, monitorId }: { readonly workspace: string; readonly monitorId: string },
  { signal, segment }: Pick<SignalResult, 'signal' | 'segment'>,
): string {
  const text = JSON.stringify([workspace, monitorId, signal, segment]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export const alertId = (fingerprint: string) => `alert:${fingerprint}`;
export const incidentId = (number: number) => `incident:${String(number).padStart(8, '0')}`;
