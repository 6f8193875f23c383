import { jobToken } from '../access/index.ts';
import type { Context } from '../context.ts';
import type { Execution, Executor, Task } from '../executors/index.ts';
import { excerpt, redacted } from '../redaction/index.ts';
import type { RetrainingJob } from './model.ts';

/** What a training is told. */
export type TrainingTask = {
  readonly jobId: string;
  readonly workspace: string;
  readonly endpoint: string;
  readonly model: string;
  readonly alias: string;
  readonly champion: number;
  readonly from: number;
  readonly to: number;
};

/** The tag of a model version that says which retraining made it. */
export const retrainingTag = 'cairn.retraining';

/** An attempt at a job as a task. */
export function taskOf(ctx: Context, job: RetrainingJob, attempt: number): Task {
  const { jobId, workspace, endpoint, model, alias, from, to } = job;
  const champion = job.champion ?? 0;
  return executionTask(ctx, { jobId, workspace, endpoint, model, alias, champion, from, to }, attempt);
}

/**
 * A training as a task: it finds this server under MLFLOW_TRACKING_URI, and the {@link TrainingTask} as
 * JSON in CAIRN_RETRAINING.
 */
function executionTask(ctx: Context, training: TrainingTask, attempt: number): Task {
  return {
    jobId: training.jobId,
    attempt,
    environment: {
      MLFLOW_TRACKING_URI: ctx.settings.publicUrl,
      CAIRN_RETRAINING: JSON.stringify(training),
    },
    facts: { kind: 'retraining', ...training },
    secondsMax: ctx.settings.executorSecondsMax,
    whenEnded: { kind: 'retrain-recover', jobId: training.jobId },
  };
}

/**
 * The same task with what it signs in by, where that is asked of it: as MLflow's client looks for it. What proves
 * by itself what it is, is given nothing.
 */
export async function signedIn(ctx: Context, task: Task, { signsIn }: Executor): Promise<Task> {
  if (signsIn !== 'token') return task;
  const token = await jobToken(ctx, task);
  if (token === undefined) return task;
  const { workspace } = ctx;
  const environment = { ...task.environment, MLFLOW_TRACKING_TOKEN: token, MLFLOW_WORKSPACE: workspace };
  return { ...task, environment };
}

/**
 * The version that a training's last line names, which is `{"model_version": "<number>"}`; or why there is none;
 * `unseen` where nobody saw a line.
 */
export function trainedVersion({
  lastLine: line,
  log,
}: Extract<Execution, { state: 'succeeded' }>): { version: number } | { failed: string } | 'unseen' {
  if (line === null) return 'unseen';
  const version = versionIn(line);
  if (version !== undefined) return { version };
  const reason = `Its last line must be {"model_version": "<number>"}, but was '${excerpt(line, 200)}'.`;
  return { failed: withLog(reason, log) };
}

/** A reason with what the command wrote. */
export function withLog(reason: string, log: string): string {
  return log === '' ? reason : `${reason} It wrote: ${redacted(log).text}`;
}

function versionIn(line: string): number | undefined {
  try {
    const { model_version: version } = JSON.parse(line) as { model_version?: unknown };
    if (typeof version !== 'string' && typeof version !== 'number') return undefined;
    return /^[1-9]\d{0,9}$/.test(String(version)) ? Number(version) : undefined;
  } catch {
    return undefined;
  }
}
