import { queryOptions } from '@tanstack/react-query';
import { cairn, versioned } from '../api/client.ts';
import type { Executor, Monitor, MonitorDetail, MonitorHistoryPoint, MonitorResult } from '../api/types.ts';

/** A window is over once an hour or so; who has the page open sees it come. */
const pollMilliseconds = 60_000;

export const monitorsQuery = queryOptions({
  queryKey: ['monitors'],
  queryFn: ({ signal }) => cairn.get<{ monitors: Monitor[] }>('monitors', { signal }),
});

/** What can train a new version. */
export const executorsQuery = queryOptions({
  queryKey: ['executors'],
  queryFn: ({ signal }) => cairn.get<{ executors: Executor[] }>('executors', { signal }),
});

/** A monitor, and the version that a change of it is to name. */
export function monitorQuery(name: string) {
  return queryOptions({
    queryKey: ['monitors', name, 'settings'],
    queryFn: ({ signal }) => versioned<Monitor>(monitorPath(name), signal),
  });
}

/** The last result of a monitor, if there is one. */
export function latestQuery(name: string) {
  return queryOptions({
    queryKey: ['monitors', name, 'latest'],
    queryFn: ({ signal }) => resultsOf(name, { limit: 1 }, signal),
  });
}

/** The results of the last `windows` windows, newest first. */
export function resultsQuery(name: string, windows: number) {
  return queryOptions({
    queryKey: ['monitors', name, 'results', windows],
    queryFn: ({ signal }) => resultsOf(name, { limit: windows }, signal),
    refetchInterval: pollMilliseconds,
  });
}

/** The result of one window. */
export function resultQuery(name: string, windowEnd: string) {
  return queryOptions({
    queryKey: ['monitors', name, 'result', windowEnd],
    queryFn: ({ signal }) => cairn.get<MonitorResult>(monitorPath(name, 'results', windowEnd), { signal }),
  });
}

/** All that the check of a window found; of another check another detail. */
export function detailQuery({ monitor, window_end: end, checked_at: checkedAt }: MonitorResult) {
  return queryOptions({
    queryKey: ['monitors', monitor, 'detail', end, checkedAt],
    queryFn: ({ signal }) =>
      cairn.get<MonitorDetail>(monitorPath(monitor, 'results', String(end), 'detail'), { signal }),
  });
}

/** One figure over the windows; the figure of the signal itself unless a metric is told. */
export function historyQuery(name: string, signalName: string, segment: string, metric?: string) {
  return queryOptions({
    queryKey: ['monitors', name, 'history', signalName, segment, metric],
    queryFn: ({ signal }) =>
      cairn.get<{ points: MonitorHistoryPoint[] }>(monitorPath(name, 'history'), {
        query: { signal: signalName, segment, metric },
        signal,
      }),
    refetchInterval: pollMilliseconds,
  });
}

/** Results of the windows that end in [from, to], newest first. */
export async function resultsOf(
  name: string,
  query: { readonly limit: number; readonly from?: number; readonly to?: number },
  signal?: AbortSignal,
): Promise<readonly MonitorResult[]> {
  const { results } = await cairn.get<{ results: MonitorResult[] }>(monitorPath(name, 'results'), {
    query,
    signal,
  });
  return results;
}

/** Below `/api/v1/`: a monitor, or one of its parts. */
export function monitorPath(name: string, ...rest: readonly string[]): string {
  return ['monitors', name, ...rest].map(encodeURIComponent).join('/');
}
