import { mlflow } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';

/** Requests of one bulk action that are under way at once. */
const atOnce = 6;

export type Progress = (done: number) => void;

export function deleteRuns(ids: readonly string[], onProgress: Progress): Promise<void> {
  return forEach(ids, onProgress, (id) => mlflow.post('runs/delete', { body: { run_id: id } }));
}

export function restoreRuns(ids: readonly string[], onProgress: Progress): Promise<void> {
  return forEach(ids, onProgress, (id) => mlflow.post('runs/restore', { body: { run_id: id } }));
}

export function tagRuns(
  ids: readonly string[],
  key: string,
  value: string,
  onProgress: Progress,
): Promise<void> {
  return forEach(ids, onProgress, (id) => mlflow.post('runs/set-tag', { body: { run_id: id, key, value } }));
}

/** Some at a time; the first failure ends it, and what was done stays done. */
async function forEach(
  ids: readonly string[],
  onProgress: Progress,
  act: (id: string) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let id = ids[next++]; id !== undefined; id = ids[next++]) {
      await act(id);
      onProgress(++done);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, ids.length) }, work));
  } finally {
    await refreshRuns();
  }
}

/** Searches lag behind a write for a moment, so they are asked again a little later too. */
export async function refreshRuns(): Promise<void> {
  const ask = () => queryClient.invalidateQueries({ queryKey: ['runs'] });
  setTimeout(() => void ask(), 1000);
  await ask();
}
