/** What Prometheus can be told of one thing. Names and units as https://prometheus.io/docs/practices/naming has them. */
export type Family = {
  /** `info` is a gauge that is always 1, whose labels tell something. */
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'info';
  /** In the name of the family as well. */
  readonly unit?: 'seconds' | 'ratio';
  readonly help: string;
};

/**
 * All that is told, in the order in which it is. The names are those of the families: samples of a counter have
 * `_total` behind it, of an info `_info`, of a histogram `_bucket`, `_sum` and `_count`.
 */
export const families = {
  cairn_build: { kind: 'info', help: 'The release that answers.' },
  cairn_predictions: {
    kind: 'counter',
    help: 'Calls of an endpoint by how they ended: answered (2xx), refused as the mistake of the caller (4xx), refused for too many (429), failed (500), too late (504).',
  },
  cairn_prediction_rows: { kind: 'counter', help: 'Rows of the calls that were answered.' },
  cairn_prediction_non_finite: {
    kind: 'counter',
    help: 'Calls in whose answer was NaN or an infinity.',
  },
  cairn_mirror_dropped: {
    kind: 'counter',
    help: 'Copies of calls that a mirror did not get, since it was too busy.',
  },
  cairn_prediction_duration_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'How long calls took that were answered or came too late. Boundaries and sum are at most 1.6 % off.',
  },
  cairn_model: { kind: 'info', help: 'The versions that an endpoint may answer with now.' },
  cairn_check_interval_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long it is from one check of a monitor to the next.',
  },
  cairn_check_last_success_timestamp_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'When a monitor was checked last.',
  },
  cairn_window_end_timestamp_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'Where the window ends that was checked last.',
  },
  cairn_window_rows: {
    kind: 'gauge',
    help: 'Rows of the window that was checked last, and of its reference.',
  },
  cairn_signal_value: { kind: 'gauge', help: 'The figure that stands for a signal.' },
  cairn_signal_threshold: { kind: 'gauge', help: 'What the figure of a signal is held against.' },
  cairn_signal_breached: {
    kind: 'gauge',
    help: 'Whether a signal broke its threshold; absent without a verdict.',
  },
  cairn_signal_has_verdict: { kind: 'gauge', help: 'Whether there was enough data for a verdict.' },
  cairn_drift_score: { kind: 'gauge', help: 'How far a feature is from its reference, by the method.' },
  cairn_drift_threshold: { kind: 'gauge', help: 'What the drift score of a feature is held against.' },
  cairn_drift_detected: { kind: 'gauge', help: 'Whether a feature has drifted by the method.' },
  cairn_drifted_features_ratio: {
    kind: 'gauge',
    unit: 'ratio',
    help: 'The share of features that have drifted.',
  },
  cairn_feature_null_ratio: { kind: 'gauge', unit: 'ratio', help: 'The share of rows without a value.' },
  cairn_performance: {
    kind: 'gauge',
    help: 'How well the model did in the window: realized from labels, or estimated without.',
  },
  cairn_performance_lower: { kind: 'gauge', help: 'The lower end of the band of a performance.' },
  cairn_performance_upper: { kind: 'gauge', help: 'The upper end of the band of a performance.' },
  cairn_alerts: { kind: 'gauge', help: 'Alerts by state, but for those that are ok.' },
  cairn_alerts_firing: { kind: 'gauge', help: 'Alerts of a monitor that fire.' },
  cairn_incidents: { kind: 'gauge', help: 'Incidents by state.' },
  cairn_batch_jobs: {
    kind: 'gauge',
    help: 'Batch jobs that are not over, and those made in the last 24 hours.',
  },
  cairn_batch_oldest_unfinished_timestamp_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'When the oldest batch job was made that is not over.',
  },
  cairn_retraining_jobs: {
    kind: 'gauge',
    help: 'Retraining jobs that are not over, and those made in the last 24 hours.',
  },
  cairn_exposition_left_out: {
    kind: 'gauge',
    help: 'What there is more of than is told: endpoints, series of an endpoint, figures of a monitor, alerts, jobs.',
  },
  cairn_exposition_timestamp_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'When all this was read: it is told for 15 seconds.',
  },
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof families;

export type Labels = Readonly<Record<string, string>>;

/** One figure, or those of one histogram: counts of its bins, not cumulated, and the sum of what was observed. */
export type Row = {
  readonly family: FamilyName;
  readonly labels: Labels;
} & ({ readonly value: number } | { readonly bins: readonly number[]; readonly sum: number });

/** The names that samples of a family have. */
export function sampleNames(name: FamilyName): string[] {
  const family: Family = families[name];
  switch (family.kind) {
    case 'counter':
      return [`${name}_total`];
    case 'info':
      return [`${name}_info`];
    case 'histogram':
      return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
    case 'gauge':
      return [name];
  }
}
