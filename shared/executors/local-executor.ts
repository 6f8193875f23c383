import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { type RunningCommand, startCommand } from './command.ts';
import type { Execution, Executor, Task } from './executor.ts';
import { type Recorder, recordsOf } from './records.ts';

const beatMilliseconds = 10_000;
const lostAfterMilliseconds = 45_000;
const outcomeTries = 6;

/** Who runs the child beats; any other may declare a silent one lost, and its next beat then finds itself fenced. */
type Run = Exclude<Execution, { state: 'absent' }>;
const records = recordsOf<Run>('local');

/** Commands that this process runs, by execution, so that they end with it. */
const commands = new Map<string, RunningCommand>();
const abandoned = new WeakSet<RunningCommand>();

/**
 * Runs a command on this machine, without a shell. It gets PATH and the task's environment, and no more
 * than that; with `scratch` also TMPDIR, a folder of its own that goes with it.
 */
export function localExecutor(command: readonly string[], options: { scratch?: boolean } = {}): Executor {
  return {
    signsIn: 'token',

    async start(ctx, task) {
      const record = await records.create(ctx, task, { state: 'running' });
      if (!record) return;
      void supervise(ctx, task, record, command, options).catch((error: unknown) => {
        ctx.log.error('execution left to recovery', { jobId: task.jobId, reason: String(error) });
      });
    },

    async poll(ctx, task) {
      const known = await records.read(ctx, task);
      if (!known) return { state: 'absent' };
      const isSilent = ctx.clock.now() - known.at >= lostAfterMilliseconds;
      if (known.run.state !== 'running' || !isSilent) return known.run;
      return (await known.record({ state: 'lost' })) ? { state: 'lost' } : { state: 'running' };
    },

    async cancel(ctx, task) {
      const known = await records.read(ctx, task);
      const reason = 'It was cancelled.';
      if (known?.run.state === 'running') await known.record({ state: 'failed', reason, log: '' });
      commands.get(nameOf(task))?.stop(reason);
    },
  };
}

/** Ends the commands of this process and leaves their executions to recovery: before the process ends. */
export function stopExecutors(): void {
  for (const command of commands.values()) {
    abandoned.add(command);
    command.stop('The process that ran it ended.');
  }
}

async function supervise(
  ctx: Context,
  task: Task,
  record: Recorder<Run>,
  command: readonly string[],
  { scratch = false }: { scratch?: boolean },
): Promise<void> {
  const folder = scratch ? await mkdtemp(join(tmpdir(), 'cairn-task-')) : undefined;
  const environment = { PATH: process.env['PATH'], ...(folder && { TMPDIR: folder }), ...task.environment };
  const child = startCommand(command, environment);
  commands.set(nameOf(task), child);
  const { secondsMax } = task;
  const timeout = setTimeout(
    () => child.stop(`It ran longer than ${secondsMax} seconds and was stopped.`),
    secondsMax * 1000,
  );
  const beat = setInterval(() => {
    record({ state: 'running' }).then(
      (owner) => owner || child.stop('It was taken over.'),
      (error: unknown) => ctx.log.warn('heartbeat missed', { jobId: task.jobId, reason: String(error) }),
    );
  }, beatMilliseconds);
  try {
    const outcome = await child.ended;
    if (abandoned.has(child) || !(await recordOutcome(record, outcome))) return;
    await ctx.stores.queues.send(ctx, 'work', task.whenEnded);
  } finally {
    clearTimeout(timeout);
    clearInterval(beat);
    commands.delete(nameOf(task));
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}

/** An outcome is too dear to lose to a store that does not answer for a moment. */
async function recordOutcome(record: Recorder<Run>, outcome: Run): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await record(outcome);
    } catch (error) {
      if (attempt === outcomeTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
    }
  }
}

const nameOf = (task: Task) => `${task.jobId}/${task.attempt}`;
