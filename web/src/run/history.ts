import { queryOptions, useQueries } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { mlflow } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import type { Metric, Run } from '../api/types.ts';
import { merged, type MetricPoint } from '../charts/points.ts';
import { isLive } from './queries.ts';

/** Points by run id, in order of step and time. */
export type Histories = ReadonlyMap<string, readonly MetricPoint[]>;
export type Steps = readonly [first: number, last: number];

const pointsPerRunMax = 800;
const pointsPerRunMin = 100;
const pointsPerChartMax = 24_000;
/** An answer stays well below a megabyte; a point is this many characters and its key. */
const answerCharactersMax = 800_000;
const pointCharacters = 150;
/** MLflow's limit of runs in one request. */
const runsPerRequestMax = 100;
const stepMax = Number.MAX_SAFE_INTEGER;

/**
 * The history of a metric in some runs, sampled by the server; `within` looks closer at some steps. Of runs
 * that go on, what came since is asked for when their latest value has changed.
 */
export function useHistories(key: string, runs: readonly Run[], within?: Steps) {
  const logged = runs.filter((run) => latestOf(run, key) !== undefined);
  const { steps, runsPerRequest } = sampling(key, logged.length);
  const groups = Array.from({ length: Math.ceil(logged.length / runsPerRequest) }, (_, at) =>
    logged.slice(at * runsPerRequest, (at + 1) * runsPerRequest),
  );
  const queries = groups.map((group) => historyQuery(key, group, steps, within));
  // Only a change of what the runs say leads to a question, so that one without an answer is not asked for ever.
  const catchUp = useEffectEvent((_state: string) => {
    queries.forEach(({ queryKey }, at) => {
      const known = queryClient.getQueryData<Known>(queryKey);
      if (known && isBehind(known, key, groups[at] ?? [])) void queryClient.refetchQueries({ queryKey });
    });
  });
  const state = JSON.stringify(logged.map((run) => [latestOf(run, key), isLive(run)]));
  useEffect(() => catchUp(state), [state]);
  return useQueries({ queries, combine: combined });
}

/** How many steps to ask for of each run, and how many runs one request may name. */
export function sampling(key: string, runs: number): { steps: number; runsPerRequest: number } {
  const share = Math.floor(pointsPerChartMax / Math.max(1, runs));
  const steps = Math.min(pointsPerRunMax, Math.max(pointsPerRunMin, share));
  const fit = Math.floor(answerCharactersMax / ((pointCharacters + key.length) * steps));
  return { steps, runsPerRequest: Math.min(runsPerRequestMax, Math.max(1, fit)) };
}

export function latestOf({ data }: Run, key: string): Metric | undefined {
  return data.metrics?.find((metric) => metric.key === key);
}

/** What was answered, and whether any of the runs went on then. */
type Known = { readonly points: Histories; readonly live: boolean };

function historyQuery(key: string, runs: readonly Run[], steps: number, within: Steps | undefined) {
  const runIds = runs.map(({ info }) => info.run_id);
  const queryKey = ['history', key, runIds, steps, within ?? null] as const;
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }): Promise<Known> => {
      const live = runs.some(isLive);
      const known = queryClient.getQueryData<Known>(queryKey);
      const since = known && live ? resumable(known, runs.length * steps) : undefined;
      const range: Steps | undefined = since === undefined ? within : [since, within?.[1] ?? stepMax];
      const answer = await mlflow.get<{ metrics?: (Metric & { run_id: string })[] }>(
        'metrics/get-history-bulk-interval',
        {
          query: {
            run_ids: runIds,
            metric_key: key,
            max_results: steps,
            ...(range ? { start_step: range[0], end_step: range[1] } : {}),
          },
          signal,
        },
      );
      const points = new Map(since === undefined ? [] : known?.points);
      for (const [runId, metrics] of Map.groupBy(answer.metrics ?? [], ({ run_id: id }) => id)) {
        const fresh = metrics.map(({ step, timestamp, value }) => ({
          step,
          timestamp,
          value: Number(value),
        }));
        points.set(runId, merged(points.get(runId) ?? [], fresh));
      }
      return { points, live };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

type Result = { data: Known | undefined; isPending: boolean; error: Error | null; refetch: () => unknown };

function combined(results: readonly Result[]) {
  return {
    points: new Map(results.flatMap(({ data }) => [...(data?.points ?? [])])) as Histories,
    isPending: results.some(({ isPending }) => isPending),
    error: results.find(({ error }) => error)?.error ?? null,
    retry: () => {
      for (const { error, refetch } of results) if (error) refetch();
    },
  };
}

/**
 * The step to go on from, which every run has reached. None where so much has been added that a new sample
 * of all of it is smaller.
 */
function resumable({ points }: Known, pointsMax: number): number | undefined {
  const all = [...points.values()];
  if (all.reduce((sum, { length }) => sum + length, 0) > 2 * pointsMax) return undefined;
  const last = all.map((each) => each.at(-1)?.step ?? 0);
  return last.length === 0 ? undefined : Math.min(...last);
}

/** Whether a run has a later value than is known of it, or has ended since, when all of it is read once more. */
function isBehind({ points, live }: Known, key: string, runs: readonly Run[]): boolean {
  if (live && !runs.some(isLive)) return true;
  return runs.some((run) => {
    const latest = latestOf(run, key);
    const last = points.get(run.info.run_id)?.at(-1);
    return latest !== undefined && (last?.step !== latest.step || last.timestamp !== latest.timestamp);
  });
}
