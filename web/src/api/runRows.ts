import { cairn } from './client.ts';
import type { ViewType } from './tracking.ts';
import type { Figure } from './types.ts';

/** A run as a row of a table: of its metrics, params and tags only those that were asked for. */
export type RunRow = {
  readonly run_id: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly user_id: string;
  readonly status: string;
  readonly start_time: number;
  readonly end_time?: number;
  readonly stage: 'active' | 'deleted';
  readonly datasets: readonly { readonly name: string; readonly digest: string; readonly context?: string }[];
  readonly metrics: Readonly<Record<string, Figure>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
};

/** Which runs, and in which order: what pages of rows and the cells of a page have in common. */
export type RunSearch = {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly view: ViewType;
};

export type RunColumns = {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly tags: readonly string[];
};

type PageOf = { readonly max: number; readonly token?: string | undefined; readonly columns: RunColumns };

/** The most columns the server gives at once. */
export const columnsMax = 100;
/** The most runs it gives at once. */
export const rowsMax = 200;

export type RunRowPage = { readonly runs: readonly RunRow[]; readonly next_page_token?: string };

export function searchRunRows(
  search: RunSearch,
  { max, token, columns }: PageOf,
  signal?: AbortSignal,
): Promise<RunRowPage> {
  return cairn.post('runs/search', {
    signal,
    body: {
      experiment_ids: search.experimentIds,
      order_by: search.orderBy,
      view: search.view,
      max_results: max,
      columns,
      ...(search.filter === '' ? {} : { filter: search.filter }),
      ...(token === undefined ? {} : { page_token: token }),
    },
  });
}

/** The keys that a sample of an experiment's runs have. */
export function listRunColumns(
  experimentIds: readonly string[],
  signal?: AbortSignal,
): Promise<RunColumns & { readonly runs_sampled: number }> {
  return cairn.get('runs/columns', { query: { experiment_ids: experimentIds }, signal });
}
