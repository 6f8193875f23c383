import type { Document } from '../documents.ts';

/** Bounds of a check. See {@link Drift} and {@link Performance} for how they make a verdict. */
export type Thresholds = {
  /** A column whose population stability index reaches this has moved far enough to matter. */
  readonly psi: number;
  /** False discovery rate, by Benjamini and Hochberg over all features, below which a move is not chance. */
  readonly pValue: number;
  /** The window has drifted when this share of its comparable features has, or its score has. */
  readonly driftedShare: number;
};

export type PerformancePolicy = {
  readonly metric: 'accuracy';
  /** How far the metric may fall below the baseline of the version. */
  readonly maxDrop: number;
  /** Fewer labelled rows than this say nothing. */
  readonly minLabelled: number;
};

/** What starts a retraining, by what it is done, and when its outcome replaces the champion. */
export type RetrainingPolicy = {
  /** A name in the setting CAIRN_EXECUTORS. */
  readonly executor: string;
  readonly on: 'performance' | 'drift' | 'either';
  /** The alias of the endpoint's model that names the champion, and that a better challenger gets. */
  readonly alias: string;
  /** The challenger's accuracy must exceed the champion's by more than this. */
  readonly margin: number;
};

export type MonitorSettings = {
  /** Length of a window. */
  readonly windowSeconds: number;
  /** Distance between the ends of windows, which lie on multiples of it since 1970. */
  readonly everySeconds: number;
  /** Fewer rows than this on either side are insufficient data, never a verdict. */
  readonly minRows: number;
  readonly thresholds: Thresholds;
  readonly performance: PerformancePolicy;
  readonly retraining?: RetrainingPolicy;
};

export const defaultSettings: MonitorSettings = {
  windowSeconds: 3600,
  everySeconds: 3600,
  minRows: 200,
  thresholds: { psi: 0.2, pValue: 0.01, driftedShare: 0.3 },
  performance: { metric: 'accuracy', maxDrop: 0.05, minLabelled: 100 },
};

/** Watches one endpoint: the root of its partition, beside its results and baselines. */
export type Monitor = Document &
  MonitorSettings & {
    readonly type: 'monitor';
    readonly id: 'monitor';
    readonly monitorId: string;
    readonly endpoint: string;
    readonly createdAt: number;
    readonly updatedAt: number;
    /** Number of the last event of this monitor. */
    readonly seq: number;
  };

/**
 * What is left of a monitor whose endpoint is deleted, in its place: its results stay for as long as the log of the
 * endpoint does. One that is made by the same name goes on from here.
 */
export type GoneMonitor = Omit<Monitor, 'type'> & { readonly type: 'gone-monitor' };

/** How one column of the window compares to the reference. Missing values are a value of their own in both figures. */
export type ColumnDrift =
  | {
      readonly column: string;
      readonly verdict: 'stable' | 'drifted';
      readonly kind: 'numeric' | 'categorical';
      readonly psi: number;
      readonly test: 'ks' | 'chi-square';
      readonly statistic: number;
      readonly pValue: number;
      readonly rows: { readonly reference: number; readonly current: number };
      readonly missing: { readonly reference: number; readonly current: number };
    }
  | { readonly column: string; readonly verdict: 'not-comparable'; readonly reason: string };

/** What the window's inputs and scores say against the reference, without labels. */
export type Drift =
  | { readonly verdict: 'insufficient-data'; readonly reason: string; readonly rows: RowCounts }
  | {
      readonly verdict: 'stable' | 'drifted';
      readonly rows: RowCounts;
      readonly features: readonly ColumnDrift[];
      readonly score: ColumnDrift | null;
      /** Drifted features over comparable features. */
      readonly driftedShare: number;
    };

type RowCounts = { readonly reference: number; readonly current: number };

/** What a version's accuracy is held against; fixed once per version and monitor. */
export type Baseline = {
  readonly source: 'evaluation-set' | 'first-labelled-window';
  readonly accuracy: number;
  readonly rows: number;
};

export type BaselineDocument = Document &
  Baseline & {
    readonly type: 'baseline';
    readonly monitorId: string;
    readonly digest: string;
    /** The window that it was counted over, where it was one. */
    readonly window?: { readonly from: number; readonly to: number };
  };

/** What the labels that have arrived so far say. `coverage` is labelled rows over rows. */
export type Performance =
  | {
      readonly verdict: 'unknown';
      readonly reason: string;
      readonly labelled: number;
      readonly coverage: number;
    }
  | {
      readonly verdict: 'ok' | 'degraded';
      readonly metric: 'accuracy';
      readonly value: number;
      readonly baseline: Baseline;
      /** Standard error of `value` if the baseline still held; a smaller drop than twice this is chance. */
      readonly standardError: number;
      readonly labelled: number;
      readonly coverage: number;
    };

export type BreachReason = 'drift' | 'performance';

/** Which rows the window was held against. */
export type ReferenceSource =
  | { readonly source: 'dataset'; readonly uri: string; readonly digest?: string; readonly rows: number }
  | {
      readonly source: 'first-predictions';
      readonly why: string;
      readonly rows: number;
      readonly until: number;
    }
  | { readonly source: 'none'; readonly why: string };

/** The outcome of one window, named by the window's end. */
export type MonitorResult = Document & {
  readonly type: 'result';
  readonly monitorId: string;
  readonly endpoint: string;
  /** Milliseconds since 1970; the window is [windowStart, windowEnd). */
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly checkedAt: number;
  /** Whether every prediction of the window had been written when it was checked. */
  readonly settled: boolean;
  /** The version that answered most rows of the window; the others are left out, and counted. */
  readonly model: { readonly modelId: string; readonly version: number; readonly digest: string } | null;
  readonly otherVersionsRows: number;
  readonly reference: ReferenceSource;
  readonly drift: Drift;
  readonly performance: Performance;
  /** Its figures were made of rows that are no longer there, and could not be made again. */
  readonly outdated?: { readonly at: number; readonly why: 'rows-erased' };
  /** Announced once per window, by the first check that found it. */
  readonly breach: { readonly reasons: readonly BreachReason[]; readonly at: number } | null;
};

/** Which verdicts break the monitor's policy: those its retraining waits for, or any when it has none. */
export function breachReasons(
  on: RetrainingPolicy['on'],
  drift: Drift['verdict'],
  performance: Performance['verdict'],
): BreachReason[] {
  const reasons: BreachReason[] = [];
  if (drift === 'drifted' && on !== 'performance') reasons.push('drift');
  if (performance === 'degraded' && on !== 'drift') reasons.push('performance');
  return reasons;
}
