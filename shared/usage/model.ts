import type { Document } from '../documents.ts';
import type { Spent } from '../ledger.ts';

/** What one principal used in one workspace in one month. */
export type Used = Spent & { calls: number; refusedCalls: number };

/** `by:<principal id>` in the partition of its workspace and month. */
export type UsageDocument = Document &
  Readonly<Used> & {
    readonly type: 'usage';
    /** `YYYY-MM`, by UTC. */
    readonly month: string;
    readonly principalId: string;
    readonly principalName: string;
    readonly updatedAt: number;
  };

/** `storage` in the partition of its workspace and `storage`: what the workspace holds, of all months. */
export type StorageDocument = Document & {
  readonly type: 'usage-storage';
  readonly month: 'storage';
  /** Counted then, and changed since by what was written and removed. */
  readonly bytes: number;
  readonly countedAt: number;
  /** Whether it is on the agenda to be counted anew. */
  readonly isCountDue: boolean;
};

export function nothingUsed(): Used {
  return { calls: 0, refusedCalls: 0, requestUnits: 0, predictions: 0, batchRows: 0, storedBytes: 0 };
}

export const quantities = [
  'calls',
  'refusedCalls',
  'requestUnits',
  'predictions',
  'batchRows',
  'storedBytes',
] as const satisfies readonly (keyof Used)[];

/** Adds to `sum`, or takes away with -1. */
export function add(sum: Used, amount: Readonly<Used>, sign: 1 | -1 = 1): void {
  for (const quantity of quantities) sum[quantity] += sign * amount[quantity];
}

/** The month of an instant, by UTC: `YYYY-MM`. */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}

/** When the month of an instant ends, by UTC. */
export function monthEnd(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** Principal ids hold slashes, which document ids may not. */
export function usageId(principalId: string): string {
  return `by:${encodeURIComponent(principalId)}`;
}
