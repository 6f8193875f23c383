import type { Document } from '../documents.ts';
import type { MonitorSettingsV2 } from './settings.ts';
import type { SignalResult } from './signal.ts';
import type { Calibrator, PerformanceBaseline } from './signals/index.ts';

/** Watches one endpoint: the root of its partition, beside its results and baselines. */
export type Monitor = Document &
  MonitorSettingsV2 & {
    readonly type: 'monitor';
    readonly id: 'monitor';
    readonly v: 2;
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

/** What a version's predictions are held against when labels come; fixed once per version and monitor. */
export type BaselineDocument = Document & {
  readonly type: 'baseline';
  readonly v: 2;
  readonly monitorId: string;
  readonly digest: string;
  readonly figures: PerformanceBaseline;
  /** How far its scores can be believed; absent of what was written before that was learnt. */
  readonly calibrator?: Calibrator | { readonly why: string };
  /** The window that it was counted over, where it was one. */
  readonly window?: { readonly from: number; readonly to: number };
};

/** Which rows the window was held against. Times are milliseconds since 1970. */
export type ReferenceSource =
  | { readonly source: 'dataset'; readonly uri: string; readonly digest?: string; readonly rows: number }
  | {
      readonly source: 'first-predictions';
      readonly why: string;
      readonly rows: number;
      readonly until: number;
    }
  | {
      readonly source: 'window';
      readonly kind: 'fixed' | 'rolling';
      readonly from: number;
      readonly to: number;
      readonly rows: number;
    }
  | { readonly source: 'none'; readonly why: string };

/** The version that answered, as the log names it. */
export type AnsweringVersion = {
  readonly modelId: string;
  readonly version: number;
  readonly digest: string;
};

/** The outcome of one window, named by the window's end. */
export type MonitorResult = Document & {
  readonly type: 'result';
  readonly v: 2;
  readonly monitorId: string;
  readonly endpoint: string;
  /** Milliseconds since 1970; the window is [windowStart, windowEnd). */
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly checkedAt: number;
  /** Whether every prediction of the window had been written when it was checked. */
  readonly settled: boolean;
  /** The version that answered most rows of the window; the others are left out, and counted. */
  readonly model: AnsweringVersion | null;
  readonly otherVersionsRows: number;
  readonly reference: ReferenceSource;
  /** What was compared. */
  readonly rows: { readonly reference: number; readonly current: number };
  readonly signals: readonly SignalResult[];
  /** Features by how far they moved, for a map over windows; at most {@link heatFeaturesMax}. */
  readonly heat?: {
    readonly features: readonly string[];
    readonly metric: string;
    readonly values: readonly (number | null)[];
    readonly breached: readonly boolean[];
  };
  /** The labels it was judged by: another text where some have come since. */
  readonly labels?: string;
  /** Its figures were made of rows that are no longer there, and could not be made again. */
  readonly outdated?: { readonly at: number; readonly why: 'rows-erased' };
};

export const heatFeaturesMax = 200;

/** The signals of a result that are breached, each once. */
export function breachedSignals({ signals }: Pick<MonitorResult, 'signals'>): string[] {
  return [...new Set(signals.flatMap(({ signal, verdict }) => (verdict === 'breached' ? [signal] : [])))];
}
