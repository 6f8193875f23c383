import { queryOptions } from '@tanstack/react-query';
import { mlflow } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import type { Experiment, LoggedModel, Run } from '../api/types.ts';

/** A run that goes on is asked for again: soon while it changes, less often the longer it is silent. */
const pollMillisecondsMin = 2000;
const pollMillisecondsMax = 30_000;
const changedAt = new WeakMap<Run, number>();

/** One run, whole. While it is going on it is read again and again. */
export function runQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId],
    queryFn: async ({ signal }) =>
      (await mlflow.get<{ run: Run }>('runs/get', { query: { run_id: runId }, signal })).run,
    refetchInterval: ({ state: { data } }) => (data && isLive(data) ? pollMilliseconds(data) : false),
  });
}

/** Whether more may come from a run. */
export function isLive({ info }: Run): boolean {
  return (info.status === 'RUNNING' || info.status === 'SCHEDULED') && info.lifecycle_stage === 'active';
}

export function experimentQuery(experimentId: string) {
  return queryOptions({
    queryKey: ['experiment', experimentId],
    queryFn: async ({ signal }) =>
      (
        await mlflow.get<{ experiment: Experiment }>('experiments/get', {
          query: { experiment_id: experimentId },
          signal,
        })
      ).experiment,
    staleTime: 60_000,
  });
}

const childrenMax = 200;

/** The runs that name this one as their parent, newest first. */
export function childrenQuery(run: Run) {
  return queryOptions({
    queryKey: ['run-children', run.info.run_id],
    queryFn: ({ signal }) =>
      mlflow.post<{ runs?: Run[]; next_page_token?: string }>('runs/search', {
        body: {
          experiment_ids: [run.info.experiment_id],
          filter: `tags.\`mlflow.parentRunId\` = '${run.info.run_id}'`,
          max_results: childrenMax,
        },
        signal,
      }),
  });
}

export function loggedModelQuery(modelId: string) {
  return queryOptions({
    queryKey: ['logged-model', modelId],
    queryFn: async ({ signal }) =>
      (await mlflow.get<{ model: LoggedModel }>(`logged-models/${encodeURIComponent(modelId)}`, { signal }))
        .model,
    staleTime: 60_000,
  });
}

/** What can be changed of a run; afterwards whatever shows it is read again. */
export const change = {
  rename: (runId: string, name: string) => changed(runId, 'runs/update', { run_id: runId, run_name: name }),
  setTag: (runId: string, key: string, value: string) =>
    changed(runId, 'runs/set-tag', { run_id: runId, key, value }),
  deleteTag: (runId: string, key: string) => changed(runId, 'runs/delete-tag', { run_id: runId, key }),
  remove: (runId: string) => changed(runId, 'runs/delete', { run_id: runId }),
  restore: (runId: string) => changed(runId, 'runs/restore', { run_id: runId }),
};

async function changed(runId: string, path: string, body: unknown): Promise<void> {
  await mlflow.post(path, { body });
  await queryClient.invalidateQueries({ queryKey: ['run', runId] });
}

/** The same answer is the same object, since equal data is shared: its age is how long nothing changed. */
function pollMilliseconds(run: Run): number {
  const since = changedAt.get(run) ?? Date.now();
  changedAt.set(run, since);
  return Math.min(Math.max((Date.now() - since) / 4, pollMillisecondsMin), pollMillisecondsMax);
}
