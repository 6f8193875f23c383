import type { MonitorBounds } from './types.ts';

export const severities = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/** What an alert can be of: what monitors watch, checks that do not run, what another system reports. */
export const alertSignals = [
  'performance',
  'estimated-performance',
  'feature-drift',
  'prediction-drift',
  'concept-drift',
  'data-quality',
  'traffic',
  'latency',
  'skew',
  'check',
  'external',
] as const;

/** Where incidents of an Alertmanager are, as if that were a monitor. */
export const alertmanager = '~alertmanager';

/** How a signal of a monitor stands in a segment; `''` is all rows. Times are in milliseconds since 1970. */
export type Alert = {
  readonly fingerprint: string;
  readonly monitor: string;
  readonly endpoint: string;
  readonly signal: string;
  readonly segment: string;
  readonly severity: Severity;
  readonly state: 'ok' | 'pending' | 'firing' | 'resolved';
  readonly since: number | null;
  readonly fired_at: number | null;
  readonly metric: string;
  readonly value: number | null;
  readonly bounds: MonitorBounds | null;
  readonly window_end: number;
  readonly version: number | null;
  /** What another system says of it; `null` of what a monitor found. */
  readonly text: string | null;
  /** The id of the incident that it last belonged to. */
  readonly incident: string | null;
  readonly silenced_until: number | null;
};

export type Incident = {
  readonly id: string;
  readonly monitor: string;
  /** `''` where it is of no endpoint. */
  readonly endpoint: string;
  readonly number: number;
  readonly state: 'open' | 'resolved';
  readonly severity: Severity;
  readonly title: string;
  readonly opened_at: number;
  readonly resolved_at: number | null;
  readonly acknowledged: { readonly at: number; readonly by: string; readonly comment: string } | null;
  readonly silenced_until: number | null;
  readonly signals: readonly string[];
  readonly versions: readonly number[];
  readonly told_at: number | null;
};

export type TimelineEntry = {
  readonly at: number;
  readonly kind: string;
  readonly text: string;
  readonly by?: string;
  /** What it is about: the fingerprint of an alert, the id of a retraining job, of a silence or of a rollout. */
  readonly ref?: string;
};

/** An incident as it is read by its id. */
export type WholeIncident = Incident & {
  readonly alerts: readonly Alert[];
  /** Oldest first. */
  readonly timeline: readonly TimelineEntry[];
  /** Ids of jobs. */
  readonly retraining: readonly string[];
};

export const silenceStates = ['active', 'pending', 'expired'] as const;

/** What is not to be told for a while; what is `null` matches anything. */
export type Silence = {
  readonly id: string;
  readonly monitor: string | null;
  readonly signal: string | null;
  readonly segment: string | null;
  readonly severity: Severity | null;
  readonly from: number;
  readonly until: number;
  readonly comment: string;
  readonly created_by: string;
  readonly created_at: number;
  readonly state: (typeof silenceStates)[number];
};

export type NewSilence = Partial<
  Pick<
    { [K in keyof Silence]: NonNullable<Silence[K]> },
    'monitor' | 'signal' | 'segment' | 'severity' | 'from'
  >
> &
  Pick<Silence, 'until' | 'comment'>;
