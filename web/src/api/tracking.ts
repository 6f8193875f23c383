import { mlflow } from './client.ts';
import type { Experiment, Run } from './types.ts';

export { noteTag, ownTags, tagMap } from './tags.ts';

export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

type ExperimentSearch = {
  readonly filter?: string | undefined;
  readonly view?: ViewType;
  readonly orderBy?: readonly string[];
  readonly max: number;
  readonly pageToken?: string | undefined;
};

export type ExperimentPage = {
  readonly experiments?: readonly Experiment[];
  readonly next_page_token?: string;
};

export function searchExperiments(search: ExperimentSearch, signal?: AbortSignal): Promise<ExperimentPage> {
  const { filter, view = 'ACTIVE_ONLY', orderBy, max, pageToken } = search;
  return mlflow.post('experiments/search', {
    signal,
    body: {
      max_results: max,
      view_type: view,
      ...(filter ? { filter } : {}),
      ...(orderBy ? { order_by: orderBy } : {}),
      ...(pageToken === undefined ? {} : { page_token: pageToken }),
    },
  });
}

export async function getExperiment(id: string, signal?: AbortSignal): Promise<Experiment> {
  const { experiment } = await mlflow.get<{ experiment: Experiment }>('experiments/get', {
    query: { experiment_id: id },
    signal,
  });
  return experiment;
}

type RunSearch = {
  readonly experimentIds: readonly string[];
  readonly filter?: string;
  readonly max: number;
};

/** Whole runs, newest first. */
export async function searchRuns({ experimentIds, filter, max }: RunSearch, signal?: AbortSignal) {
  if (experimentIds.length === 0) return [];
  const { runs = [] } = await mlflow.post<{ runs?: readonly Run[] }>('runs/search', {
    signal,
    body: { experiment_ids: experimentIds, max_results: max, ...(filter ? { filter } : {}) },
  });
  return runs;
}

export async function getRun(runId: string, signal?: AbortSignal): Promise<Run> {
  const { run } = await mlflow.get<{ run: Run }>('runs/get', { query: { run_id: runId }, signal });
  return run;
}

/** A filter by part of a name, in whatever case. */
export function nameFilter(text: string, field = 'name'): string {
  const quote = text.includes("'") ? '"' : "'";
  return `${field} ILIKE ${quote}%${text.replaceAll(quote, '_')}%${quote}`;
}
