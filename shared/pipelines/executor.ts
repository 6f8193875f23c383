import type { Context } from '../context.ts';

/** What a training is told. `(jobId, attempt)` names one execution, whatever runs it. */
export type TrainingTask = {
  readonly jobId: string;
  readonly attempt: number;
  readonly workspace: string;
  readonly endpoint: string;
  readonly model: string;
  readonly alias: string;
  readonly champion: number;
  readonly from: number;
  readonly to: number;
};

export type Execution =
  /** Nothing was ever started under this name. */
  | { readonly state: 'absent' }
  | { readonly state: 'running' }
  | { readonly state: 'succeeded'; readonly version: number }
  | { readonly state: 'failed'; readonly reason: string }
  /** Started, and gone without an outcome: its machine stopped. */
  | { readonly state: 'lost' };

/**
 * Where trainings run. Any process may call any of these for any task, also after a restart: what an
 * executor knows, it keeps outside of memory. When an execution ends, an executor that can sends the
 * work message `retrain-recover`; one that cannot is polled every minute.
 */
export type Executor = {
  /** Starts the task; starting it again does nothing. */
  start(ctx: Context, task: TrainingTask): Promise<void>;
  poll(ctx: Context, task: TrainingTask): Promise<Execution>;
  /** Stops the task if it still runs. */
  cancel(ctx: Context, task: TrainingTask): Promise<void>;
};

/** The tag of a model version that says which retraining made it. */
export const retrainingTag = 'cairn.retraining';
