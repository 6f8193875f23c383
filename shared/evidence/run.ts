import type { Context } from '../context.ts';
import { unlessCode } from '../http/index.ts';
import type { ModelVersion } from '../registry/index.ts';
import {
  experimentOfRun,
  getExperiment,
  getRun,
  gitSourceOf,
  loggedValue,
  type WholeRun,
} from '../tracking/index.ts';

export type RunFacts = {
  readonly run_id: string;
  readonly name: string;
  readonly experiment_id: string;
  readonly experiment_name: string;
  readonly user_id: string;
  readonly status: string;
  readonly start_time: number;
  readonly end_time: number | null;
  /** The last value of each; what JSON has no number for is a text. */
  readonly metrics: Readonly<Record<string, number | string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly git: {
    readonly commit: string;
    readonly branch: string | null;
    readonly repo_url: string | null;
    readonly link: string | null;
  } | null;
};

type Read = { readonly facts: RunFacts; readonly datasets: NonNullable<WholeRun['datasets']> };

/**
 * The run that made a version; `undefined` for none, one of another server, one that was purged, and one that the
 * caller may not see.
 */
export async function runOf(ctx: Context, { runId }: ModelVersion): Promise<Read | undefined> {
  if (runId === undefined || isWithheld(ctx, { runId })) return undefined;
  // A client may name a run of another server, by what is no id here.
  const run = await unlessCode(getRun(ctx, runId), 'not-found', 'invalid');
  const experiment = run && (await unlessCode(getExperiment(ctx, run.experimentId), 'not-found'));
  return experiment && { facts: factsOf(run, experiment.name), datasets: run.datasets ?? [] };
}

/** Whether a version was made by a run of an experiment that the caller may not see. */
export function isWithheld({ access }: Context, { runId }: Pick<ModelVersion, 'runId'>): boolean {
  const id = runId === undefined ? undefined : experimentOfRun(runId);
  return id !== undefined && !access.may('viewer', { type: 'experiment', id });
}

function factsOf(run: WholeRun, experimentName: string): RunFacts {
  const git = gitSourceOf(run.tags);
  return {
    run_id: run.runId,
    name: run.name,
    experiment_id: run.experimentId,
    experiment_name: experimentName,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime ?? null,
    metrics: Object.fromEntries(
      byName(run.m).map(([key, stored]) => {
        const value = loggedValue(stored, Object.hasOwn(run.mn, key));
        return [key, Number.isFinite(value) ? value : String(value)];
      }),
    ),
    params: Object.fromEntries(byName(run.params)),
    git: git
      ? {
          commit: git.commit,
          branch: git.branch ?? null,
          repo_url: git.repoUrl ?? null,
          link: git.link ?? null,
        }
      : null,
  };
}

function byName<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
