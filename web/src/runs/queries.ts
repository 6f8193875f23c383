import {
  infiniteQueryOptions,
  queryOptions,
  useInfiniteQuery,
  useQueries,
  useQuery,
} from '@tanstack/react-query';
import { useState } from 'react';
import { listRunColumns, type RunRow, type RunSearch, searchRunRows } from '../api/runRows.ts';
import type { Source, SourcedRun } from './arrange.ts';
import { type Column, keysOf, rowTags } from './columns.ts';

/** Runs that come at once. */
export const pageSize = 100;
/** Columns whose cells come at once: with {@link pageSize} rows an answer stays far below a megabyte. */
const blockSize = 20;
/** A table of more pages than this is not asked for again by itself. */
export const refreshedPagesMax = 5;

const noColumns = { metrics: [], params: [], tags: rowTags };
const noKeys = { metrics: [], params: [], tags: [] };

/** The runs of a search, page by page, without the cells of chosen columns but for those of `group`. */
export function useRuns(search: RunSearch, group: Column | undefined, refetchInterval: number | false) {
  const keys = keysOf(group ? [group] : []);
  const columns = { ...keys, tags: [...new Set([...rowTags, ...keys.tags])] };
  const query = useInfiniteQuery(
    infiniteQueryOptions({
      queryKey: ['runs', 'rows', search, columns],
      queryFn: ({ pageParam, signal }) =>
        searchRunRows(search, { max: pageSize, token: pageParam, columns }, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next_page_token,
      refetchInterval: ({ state }) =>
        (state.data?.pages.length ?? 0) > refreshedPagesMax ? false : refetchInterval,
      retry: false,
    }),
  );
  const pages = query.data?.pages ?? [];
  // A run that moved between two pages while they came would stand there twice.
  const seen = new Set<string>();
  const runs = pages.flatMap((page, source) =>
    page.runs.flatMap((run): SourcedRun[] => {
      if (seen.has(run.run_id)) return [];
      seen.add(run.run_id);
      return [{ run, source }];
    }),
  );
  return { query, runs, tokens: (query.data?.pageParams ?? []) as (string | undefined)[] };
}

/** The runs of these ids, whether the search finds them or not. */
export function usePinned(search: RunSearch, ids: readonly string[]): readonly SourcedRun[] {
  const pinned = pinnedSearch(search, ids);
  const { data } = useQuery({
    queryKey: ['runs', 'rows', 'pinned', pinned],
    queryFn: ({ signal }) => searchRunRows(pinned, { max: pageSize, columns: noColumns }, signal),
    enabled: ids.length > 0,
    placeholderData: (before) => before,
  });
  return ids.length === 0 ? [] : (data?.runs ?? []).map((run) => ({ run, source: 'pins' }));
}

export function useRunColumns(experimentIds: readonly string[]) {
  const query = useQuery({
    queryKey: ['runs', 'columns', experimentIds],
    queryFn: async ({ signal }) => {
      const { metrics, params, tags } = await listRunColumns(experimentIds, signal);
      return { metrics: inOrder(metrics), params: inOrder(params), tags: inOrder(tags) };
    },
    staleTime: 60_000,
  });
  return { known: query.data ?? noKeys, isPending: query.isPending };
}

/** As people count: `layer_2` before `layer_10`. */
function inOrder(keys: readonly string[]): string[] {
  return keys.toSorted(new Intl.Collator('en', { numeric: true }).compare);
}

type CellsOptions = {
  readonly search: RunSearch;
  readonly pinnedIds: readonly string[];
  /** The token of each page that has come. */
  readonly tokens: readonly (string | undefined)[];
  readonly columns: readonly Column[];
  /** What is in view: the sources of rows, and places in `columns`. */
  readonly sources: readonly Source[];
  readonly from: number;
  readonly to: number;
};

/** The rows of chosen columns by run. What has come once stays until something newer does. */
export type Cells = ReadonlyMap<string, RunRow>;

/** Asks for the cells that are in view, a block of columns of a page of runs at a time. */
export function useCells({ search, pinnedIds, tokens, columns, sources, from, to }: CellsOptions) {
  const stored = columns.filter(({ kind }) => kind !== 'attributes');
  const blocks = new Set<number>();
  for (const column of columns.slice(from, to + 1)) {
    const at = stored.indexOf(column);
    if (at >= 0) blocks.add(Math.floor(at / blockSize));
  }
  const queries = sources.flatMap((source) =>
    [...blocks].map((block) =>
      cellsQuery(
        source === 'pins' ? pinnedSearch(search, pinnedIds) : search,
        source === 'pins' ? undefined : tokens[source],
        stored.slice(block * blockSize, (block + 1) * blockSize),
      ),
    ),
  );
  const { rows, isPending } = useQueries({ queries, combine: combined });
  const [kept, setKept] = useState<{ rows: readonly (readonly RunRow[])[]; cells: Cells }>({
    rows: [],
    cells: new Map(),
  });
  if (kept.rows !== rows) setKept({ rows, cells: merged(kept.cells, rows) });
  return { cells: kept.cells, isPending };
}

function cellsQuery(search: RunSearch, token: string | undefined, columns: readonly Column[]) {
  const keys = keysOf(columns);
  return queryOptions({
    queryKey: ['runs', 'cells', search, token ?? null, keys],
    queryFn: async ({ signal }) =>
      (await searchRunRows(search, { max: pageSize, token, columns: keys }, signal)).runs,
    staleTime: 30_000,
  });
}

/** Called with the same results it must answer with the same object: React compares. */
function combined(results: readonly { data: readonly RunRow[] | undefined; isPending: boolean }[]) {
  return {
    rows: results.flatMap(({ data }) => (data ? [data] : [])),
    isPending: results.some((each) => each.isPending),
  };
}

function merged(cells: Cells, rows: readonly (readonly RunRow[])[]): Cells {
  const next = new Map(cells);
  for (const row of rows.flat()) {
    const before = next.get(row.run_id);
    next.set(
      row.run_id,
      before
        ? {
            ...row,
            metrics: { ...before.metrics, ...row.metrics },
            params: { ...before.params, ...row.params },
            tags: { ...before.tags, ...row.tags },
          }
        : row,
    );
  }
  return next;
}

function pinnedSearch(search: RunSearch, ids: readonly string[]): RunSearch {
  const list = ids.map((id) => `'${id}'`).join(', ');
  return { ...search, filter: `attributes.run_id IN (${list})`, orderBy: [], view: 'ALL' };
}
