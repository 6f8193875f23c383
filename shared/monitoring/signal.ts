/** What a monitor can watch. */
export const signalNames = [
  'feature-drift',
  'prediction-drift',
  'data-quality',
  'performance',
  'estimated-performance',
  'concept-drift',
  'traffic',
  'latency',
  'skew',
] as const;

export type SignalName = (typeof signalNames)[number];

/** From the least to the most. */
export const severities = ['info', 'warning', 'critical'] as const;

export type Severity = (typeof severities)[number];

export type Verdict = 'ok' | 'breached' | 'insufficient-data';

/** What a figure is held against: below `lower` or above `upper` is a breach, whether at the bound the preset says. */
export type Bounds = { readonly lower?: number; readonly upper?: number };

/** Where the true value lies in 95 of 100 cases, or ± 3 sampling errors of an estimate. */
export type Band = { readonly lower: number; readonly upper: number };

/** Where a figure comes from: counts of all rows, values of a sample of them, labels, or calls. */
export type Basis = 'profile' | 'exact' | 'outcomes' | 'summaries';

/** One figure of one feature, class or metric. */
export type Item = {
  /** The feature, the class, or what else it is of. */
  readonly name: string;
  /** As `psi`, `null-rate`, `accuracy`, `p95-ms`. */
  readonly metric: string;
  /** `null` where it could not be computed, for the `reason`. */
  readonly value: number | null;
  /** Absent where it is not known, and of results of before it was kept. */
  readonly band?: Band;
  readonly bounds: Bounds | null;
  readonly verdict: Verdict;
  readonly basis: Basis;
  readonly reason?: string;
};

/**
 * What one window says of one thing that is watched. Alerts, metrics and pages read this shape and know nothing of the
 * statistics behind it. One alert comes of one signal and segment; its items say what it is about.
 */
export type SignalResult = {
  readonly signal: SignalName;
  /** `''` for all rows, else `<column>=<value>`. */
  readonly segment: string;
  readonly severity: Severity;
  readonly verdict: Verdict;
  /** Why there is no verdict; only with `insufficient-data`. */
  readonly reason?: string;
  /** The figure that stands for the signal: `drifted-share`, `accuracy`, `breached-items`, … */
  readonly metric: string;
  readonly value: number | null;
  /** As `metric` has it. */
  readonly band?: Band;
  readonly bounds: Bounds | null;
  /** At most {@link itemsMax}: breached ones first, of these the worst first. All are in the detail of the result. */
  readonly items: readonly Item[];
  /** Items that are only in the detail. */
  readonly itemsLeftOut?: number;
};

export const itemsMax = 50;
