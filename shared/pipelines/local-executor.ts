import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import type { Execution, Executor, TrainingTask } from './executor.ts';
import { jobs, keyOf } from './store.ts';

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
const outputBytesMax = 16 * 1024 * 1024;
const tailCharsMax = 4096;

/** Children of this process by execution, so that they end with it. */
const children = new Map<string, ChildProcess>();
const abandoned = new WeakSet<ChildProcess>();

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
      killGroup(children.get(nameOf(task)));
    },
  };
}

/** Ends the children of this process and leaves their executions to recovery: before the process ends. */
export function stopExecutors(): void {
  for (const child of children.values()) {
    abandoned.add(child);
    killGroup(child);
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
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: environment(ctx, task),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what the child starts ends with it.
    detached: true,
  });
  children.set(nameOf(task), child);
  const secondsMax = ctx.settings.executorSecondsMax;
  let stopped: string | undefined;
  const stop = (why: string) => {
    stopped ??= why;
    killGroup(child);
  };
  const timeout = setTimeout(
    () => stop(`It ran longer than ${secondsMax} seconds and was stopped.`),
    secondsMax * 1000,
  );
  const beat = setInterval(() => {
    record({ state: 'running' }).then(
      (owner) => owner || stop('It was taken over.'),
      (error: unknown) => ctx.log.warn('heartbeat missed', { jobId: task.jobId, reason: String(error) }),
    );
  }, beatMilliseconds);
  try {
    const output = tailOf(child.stdout, () =>
      stop(`It printed more than ${outputBytesMax} bytes and was stopped.`),
    );
    const complaint = tailOf(child.stderr, () =>
      stop(`It printed more than ${outputBytesMax} bytes and was stopped.`),
    );
    const ending = await endOf(child);
    if (abandoned.has(child)) return;
    const outcome = outcomeOf(stopped ?? ending, output(), complaint());
    if (!(await recordOutcome(record, outcome))) return;
    await ctx.stores.queues.send(ctx, 'work', { kind: 'retrain-recover', jobId: task.jobId });
  } finally {
    clearTimeout(timeout);
    clearInterval(beat);
    children.delete(nameOf(task));
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

/** How the child ended, as a reason; `undefined` when it ended well. Its output has been read by then. */
async function endOf(child: ChildProcess): Promise<string | undefined> {
  const closed = once(child, 'close');
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // What it started and left behind must not keep its output open.
    killGroup(child);
    await closed;
    if (code === 0) return undefined;
    return code === null ? `It was ended by ${signal}.` : `It exited with code ${code}.`;
  } catch (error) {
    closed.catch(() => undefined);
    return `It could not be started: ${(error as Error).message}.`;
  }
}

function outcomeOf(
  failure: string | undefined,
  output: string,
  complaint: string,
): ExecutionDocument['execution'] {
  const because = (reason: string): Execution & { state: 'failed' } => ({
    state: 'failed',
    reason: complaint.trim() === '' ? reason : `${reason} It wrote: ${complaint.trim()}`,
  });
  if (failure !== undefined) return because(failure);
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  const version = versionIn(line);
  if (version !== undefined) return { state: 'succeeded', version };
  const shown = line.length > 200 ? `${line.slice(0, 200)}…` : line;
  return because(`Its last line must be {"model_version": "<number>"}, but was '${shown}'.`);
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

/** Collects the end of a stream; `tooMuch` is called when more than {@link outputBytesMax} have come. */
function tailOf(stream: NodeJS.ReadableStream | null, tooMuch: () => void): () => string {
  let text = '';
  let bytes = 0;
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    bytes += chunk.length;
    text = (text + chunk).slice(-tailCharsMax);
    if (bytes > outputBytesMax) tooMuch();
  });
  return () => text;
}

function killGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone.
  }
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
