import type { ColumnDrift } from './types.ts';

/** How numbers are spread; nothing where there are none. */
export type Spread = {
  readonly mean: number | null;
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly quantiles: Readonly<Record<string, number>> | null;
  /** Rows in bins of equal width from `min` to `max`; a report of an older release has none. */
  readonly histogram?: readonly number[] | null;
};

export type ColumnProfile =
  | { readonly name: string; readonly kind: 'hidden'; readonly rows: number }
  | ({
      readonly name: string;
      readonly kind: 'numeric';
      readonly missing: number;
      readonly infinite: number;
    } & Spread)
  | {
      readonly name: string;
      readonly kind: 'categorical';
      readonly missing: number;
      readonly distinct: number;
      /** Rows with what the reference has not. */
      readonly unseen: number;
      readonly top: readonly { readonly value: string; readonly rows: number }[];
    };

export type ClassProfile = {
  readonly name: string;
  readonly rows: number;
  readonly share: number;
  /** Rows by how sure the model was, in bins of equal width from 0 to 1. */
  readonly score: { readonly histogram: readonly number[] } | null;
};

export type BatchDrift =
  | { readonly verdict: 'insufficient-data'; readonly reason: string }
  | {
      readonly verdict: 'stable' | 'drifted';
      readonly rows: { readonly reference: number; readonly current: number };
      readonly features: ColumnDrift[];
      readonly score: ColumnDrift | null;
      readonly drifted_share: number;
      readonly reference: { readonly uri: string; readonly rows: number };
      readonly thresholds: { readonly psi: number };
    };

type Columns = readonly { readonly name: string; readonly type: string }[];

/** All there is to say of a job that has succeeded. */
export type BatchReport = {
  readonly counts: {
    readonly rows_read: number;
    readonly rows_written: number;
    readonly rows_bad: number;
    /** Most rows first; without a reason those of all the others. */
    readonly bad: readonly { readonly column?: string; readonly reason?: string; readonly rows: number }[];
  };
  readonly timings: {
    readonly created_at: number;
    readonly planned_at: number;
    readonly first_chunk_at: number | null;
    readonly last_chunk_at: number | null;
    readonly commit_at: number;
    readonly reported_at: number;
    readonly rows_per_second: number | null;
    readonly worker_seconds: number;
    readonly rows_per_worker_second: number | null;
  };
  readonly model: { readonly name: string | null; readonly version: number; readonly digest: string };
  readonly schema: { readonly input: Columns; readonly output: Columns } | null;
  readonly chunks: {
    readonly count: number;
    readonly attempts: number;
    readonly attempted_again: number;
  };
  readonly profile: {
    readonly rows: number;
    readonly input: readonly ColumnProfile[];
    readonly predictions: { readonly classes: readonly ClassProfile[]; readonly value: Spread | null };
    readonly published: boolean;
  } | null;
  readonly drift: BatchDrift;
};
