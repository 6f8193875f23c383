import type { Context } from '../context.ts';

/** What is to be run. `(jobId, attempt)` names one execution, whatever runs it. */
export type Task = {
  readonly jobId: string;
  readonly attempt: number;
  /** What it is told, as environment variables; with them what it signs in by, where that is a token. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it is told, for executors that send no environment. */
  readonly facts?: Readonly<Record<string, string | number>>;
  /** How long it may run before it is stopped. */
  readonly secondsMax: number;
  /** The work message that an executor sends when the execution has ended, where it can. */
  readonly whenEnded: { readonly kind: string } & Readonly<Record<string, string | number>>;
};

/**
 * `log` is the end of what it wrote, where the executor gets to see that; else ''. `page` is where people can see the
 * run, where it has one.
 */
export type Execution =
  /** Nothing was ever started under this name. */
  | { readonly state: 'absent' }
  | { readonly state: 'running'; readonly page?: string }
  /** It ended well. `lastLine` is the last that it printed to stdout, `null` where the executor does not see it. */
  | {
      readonly state: 'succeeded';
      readonly lastLine: string | null;
      readonly log: string;
      readonly page?: string;
    }
  | { readonly state: 'failed'; readonly reason: string; readonly log: string; readonly page?: string }
  /** Started, and gone without an outcome: its machine stopped. */
  | { readonly state: 'lost' };

/**
 * Where tasks run. Any process may call any of these for any task, also after a restart: what an
 * executor knows, it keeps outside of memory. One that learns of an end sends the task's work message;
 * one that cannot is polled.
 */
export type Executor = {
  /** How what it runs signs in: by a token that it is given, or by proving that it is the run that was started. */
  readonly signsIn: 'token' | 'github-run';
  /** Starts the task; starting it again does nothing. */
  start(ctx: Context, task: Task): Promise<void>;
  poll(ctx: Context, task: Task): Promise<Execution>;
  /** Stops the task if it still runs. */
  cancel(ctx: Context, task: Task): Promise<void>;
};
