import { cairn } from '../api/client.ts';
import { listsLagMilliseconds, queryClient } from '../api/queries.ts';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { monitorPath, monitorQuery } from './queries.ts';

/** What can be done with monitors; afterwards whatever shows them is read again. */
export const changeMonitor = {
  /** Looks at the latest window that is over, whether it has been looked at before or not. */
  check: (name: string) => then(name, cairn.post<MonitorResult>(monitorPath(name, 'check'), { body: {} })),
  /** Has all windows that end in (from, to] looked at, one after the other; says how many. */
  backfill: (name: string, from: number, to: number) =>
    cairn.post<{ windows: number }>(monitorPath(name, 'backfill'), { body: { from, to } }),
  /** Makes a monitor. Throws an `ApiError` with status 409 where one has its name. */
  make: (name: string, settings: Readonly<Record<string, unknown>>) =>
    then(name, cairn.put<Monitor>(monitorPath(name), { body: settings, version: null })),
  /** Changes settings of the version that was read. Throws an `ApiError` with status 409 for another. */
  update: (name: string, changes: Readonly<Record<string, unknown>>, version: string | undefined) =>
    then(name, cairn.put<Monitor>(monitorPath(name), { body: changes, version })),
};

/** The monitor as it is now, with its version. */
export function readAgain(name: string) {
  return queryClient.fetchQuery({ ...monitorQuery(name), staleTime: 0 });
}

async function then<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } finally {
    await queryClient.invalidateQueries({ queryKey: ['monitors', name] });
    setTimeout(() => void queryClient.invalidateQueries({ queryKey: ['monitors'] }), listsLagMilliseconds);
  }
}
