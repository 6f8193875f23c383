import { queryOptions } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { byteSize, figure } from '../parts/format.ts';

export const quantities = [
  'calls',
  'refused_calls',
  'request_units',
  'stored_gb',
  'predictions',
  'batch_rows',
] as const;
export type Quantity = (typeof quantities)[number];

/** What one principal used in one workspace in one month. */
export type UsageRow = Readonly<Record<Quantity, number>> & {
  readonly workspace: string;
  readonly principal_id: string;
  readonly principal_name: string;
};

export type Usage = {
  readonly month: string;
  readonly rows: readonly UsageRow[];
  readonly totals: Readonly<Record<Quantity, number>>;
  /** Of the workspace that the page works in. */
  readonly limits: {
    readonly calls_per_minute: number;
    readonly storage_gb: number | null;
    readonly batch_rows_per_month: number | null;
  };
};

export const quantityWords: Readonly<Record<Quantity, string>> = {
  calls: 'Calls',
  refused_calls: 'Refused calls',
  request_units: 'Request units',
  stored_gb: 'Stored',
  predictions: 'Predictions',
  batch_rows: 'Batch rows',
};

const units = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** How much of something, with its unit where the name of the quantity does not say it. */
export function amount(quantity: Quantity, value: number): string {
  if (quantity === 'stored_gb') return storedText(value);
  return quantity === 'request_units' ? units.format(value) : figure(value);
}

function storedText(gigabytes: number): string {
  if (gigabytes === 0) return '0 MB';
  return gigabytes < 1e-3 ? 'under 1 MB' : byteSize(gigabytes * 1e9);
}

/** A month's use of one workspace, or of all (`*`). */
export function usageQuery(month: string, workspace: string) {
  return queryOptions({
    queryKey: ['usage', month, workspace],
    queryFn: ({ signal }) =>
      cairn.get<Usage>('usage', {
        query: { month, workspace },
        signal,
      }),
  });
}

/** The last `count` months, the present one first, as `YYYY-MM` by UTC. */
export function lastMonths(count: number, now: number): readonly string[] {
  const date = new Date(now);
  return Array.from({ length: count }, (_, back) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back)).toISOString().slice(0, 7),
  );
}

const named = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `2026-11` as `November 2026`. */
export function monthName(month: string): string {
  return named.format(new Date(`${month}-01T00:00:00Z`));
}
