import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import type { Execution, Executor, TrainingTask } from './executor.ts';
import { jobs, keyOf } from './store.ts';
import { startTraining, type TrainingProcess } from './training-process.ts';

/**
 * An execution as all processes of the stack see it, in the partition of its job. Who runs the child
 * renews `beatAt`; any other may declare a silent one lost, and its next beat then finds itself fenced.
 */
type ExecutionDocument = Document & {
  readonly type: 'execution';
  readonly jobId: string;
  readonly beatAt: number;
  readonly execution: Exclude<Execution, { state: 'absent' }>;
};

const beatMilliseconds = 10_000;
const lostAfterMilliseconds = 45_000;
const outcomeTries = 6;

/** Trainings that this process runs, by execution, so that they end with it. */
const trainings = new Map<string, TrainingProcess>();
const abandoned = new WeakSet<TrainingProcess>();

/**
 * Runs a command on this machine, without a shell. It gets an environment of three variables: PATH,
 * MLFLOW_TRACKING_URI, and CAIRN_RETRAINING with the {@link TrainingTask} as JSON. The last line it
 * prints must be `{"model_version": "<number>"}`; any other ending fails the execution, with the end of
 * what it wrote to stderr.
 */
export function localExecutor(command: readonly string[]): Executor {
  return {
    async start(ctx, task) {
      const doc = documentOf(ctx, task, { state: 'running' });
      const written = await jobs(ctx).write(keyOf(task.jobId), { op: 'create', doc });
      if (written.outcome !== 'applied') return;
      const record = recorder(ctx, task, written.etags[0] ?? '');
      void supervise(ctx, task, command, record).catch((error: unknown) => {
        ctx.log.error('retraining left to recovery', { jobId: task.jobId, reason: String(error) });
      });
    },

    async poll(ctx, task) {
      const stored = await jobs(ctx).read<ExecutionDocument>(keyOf(task.jobId), idOf(task));
      if (!stored) return { state: 'absent' };
      const { execution, beatAt } = stored.doc;
      if (execution.state !== 'running' || ctx.clock.now() - beatAt < lostAfterMilliseconds) return execution;
      const fenced = await recorder(ctx, task, stored.etag)({ state: 'lost' });
      return fenced ? { state: 'lost' } : { state: 'running' };
    },

    async cancel(ctx, task) {
      const stored = await jobs(ctx).read<ExecutionDocument>(keyOf(task.jobId), idOf(task));
      if (stored?.doc.execution.state === 'running')
        await recorder(ctx, task, stored.etag)({ state: 'failed', reason: 'It was cancelled.' });
      trainings.get(nameOf(task))?.stop('It was cancelled.');
    },
  };
}

/** Ends the trainings of this process and leaves their executions to recovery: before the process ends. */
export function stopExecutors(): void {
  for (const training of trainings.values()) {
    abandoned.add(training);
    training.stop('The process that ran it ended.');
  }
}

type Recorder = (execution: ExecutionDocument['execution']) => Promise<boolean>;

/** Writes the state of one execution; `false` once somebody else has, and ever after. One write at a time. */
function recorder(ctx: Context, task: TrainingTask, etag: string): Recorder {
  let current: string | undefined = etag;
  let last: Promise<unknown> = Promise.resolve();
  const write = async (execution: ExecutionDocument['execution']): Promise<boolean> => {
    if (current === undefined) return false;
    const doc = documentOf(ctx, task, execution);
    const written = await jobs(ctx).write(keyOf(task.jobId), { op: 'replace', doc, etag: current });
    current = written.outcome === 'applied' ? written.etags[0] : undefined;
    return written.outcome === 'applied';
  };
  return (execution) => {
    const mine = last.then(() => write(execution));
    last = mine.catch(() => undefined);
    return mine;
  };
}

async function supervise(
  ctx: Context,
  task: TrainingTask,
  command: readonly string[],
  record: Recorder,
): Promise<void> {
  const training = startTraining(command, environment(ctx, task));
  trainings.set(nameOf(task), training);
  const secondsMax = ctx.settings.executorSecondsMax;
  const timeout = setTimeout(
    () => training.stop(`It ran longer than ${secondsMax} seconds and was stopped.`),
    secondsMax * 1000,
  );
  const beat = setInterval(() => {
    record({ state: 'running' }).then(
      (owner) => owner || training.stop('It was taken over.'),
      (error: unknown) => ctx.log.warn('heartbeat missed', { jobId: task.jobId, reason: String(error) }),
    );
  }, beatMilliseconds);
  try {
    const outcome = await training.ended;
    if (abandoned.has(training) || !(await recordOutcome(record, outcome))) return;
    await ctx.stores.queues.send(ctx, 'work', { kind: 'retrain-recover', jobId: task.jobId });
  } finally {
    clearTimeout(timeout);
    clearInterval(beat);
    trainings.delete(nameOf(task));
  }
}

/** A training is too dear to lose to a store that does not answer for a moment. */
async function recordOutcome(record: Recorder, outcome: ExecutionDocument['execution']): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await record(outcome);
    } catch (error) {
      if (attempt === outcomeTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
    }
  }
}

function environment(ctx: Context, { attempt: _, ...task }: TrainingTask): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    MLFLOW_TRACKING_URI: ctx.settings.publicUrl,
    CAIRN_RETRAINING: JSON.stringify(task),
  };
}

function documentOf(
  ctx: Context,
  task: TrainingTask,
  execution: ExecutionDocument['execution'],
): ExecutionDocument {
  return {
    id: idOf(task),
    type: 'execution',
    v: 1,
    workspace: ctx.workspace,
    jobId: task.jobId,
    beatAt: ctx.clock.now(),
    execution,
  };
}

const idOf = (task: TrainingTask) => `execution:${task.attempt}`;
const nameOf = (task: TrainingTask) => `${task.jobId}/${task.attempt}`;
