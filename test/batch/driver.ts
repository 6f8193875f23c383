import type { Context } from '../../shared/context.ts';
import { enqueueDue } from '../../shared/events/index.ts';
import {
  type BatchJob,
  type BatchMessage,
  type Pace,
  type ChunkMessage,
  cleanCommit,
  type JobRequest,
  lookAfterJobs,
  planJob,
  recoverJob,
  submitBlob,
  submitJob,
  takeTurn,
} from '../../shared/batch/index.ts';
import { isOver } from '../../shared/batch/job.ts';
import type { Instance } from './instance.ts';

export type Message = { readonly queue: string; readonly body: object; tries: number };

/** As often as the host gives a message that throws. */
const triesMax = 5;
/** After which a job that has not ended never will. */
const minutesMax = 60;

/** Uniform numbers in [0, 1) that are the same for the same seed. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function drawer(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Messages in memory, delivered in whatever order a test wants. */
export class Messages {
  waiting: Message[] = [];
  /** All that were ever sent. */
  readonly sent: Message[] = [];

  readonly send = (queue: string, body: object): void => {
    this.waiting.push({ queue, body, tries: 0 });
    this.sent.push({ queue, body, tries: 0 });
  };

  /** Takes one of those that wait: the first, or with `draw` any. */
  take(draw: () => number = () => 0): Message | undefined {
    const [message] = this.waiting.splice(Math.floor(draw() * this.waiting.length), 1);
    return message;
  }

  giveBack(message: Message): void {
    if (++message.tries < triesMax) this.waiting.push(message);
  }
}

export type Fleet = {
  readonly messages: Messages;
  readonly pace: Pace;
  readonly clock: { advance(seconds: number): void };
  /** Reads what has become of things; is never struck. */
  readonly observer: Context;
  /** Another process, after one has died or stalled. */
  readonly next: () => Instance;
};

/** What a queue function does with a message of a job, or the API with a request; others are nobody's here. */
export async function handle(
  ctx: Context,
  { queue, body }: Pick<Message, 'queue' | 'body'>,
  use: Pace,
): Promise<void> {
  const { kind, name } = body as { kind?: string; name?: string };
  if (queue === 'blob-events') await submitBlob(ctx, name ?? '');
  else if (queue === 'requests') await submitJob(ctx, body as JobRequest);
  else if (queue === 'batch-chunks') await takeTurn(ctx, body as ChunkMessage, use);
  else if (kind === 'batch-plan') await planJob(ctx, body as BatchMessage, use);
  else if (kind === 'batch-look') await lookAfterJobs(ctx, use);
  else if (kind === 'batch-recover') await recoverJob(ctx, body as BatchMessage, use);
}

type Outcome = 'done' | 'failed' | 'died' | 'stalled';

/** Has an instance do something for as long as it lives. */
export function attempt(instance: Instance, act: () => Promise<unknown>): Promise<Outcome> {
  return Promise.race([
    act().then(
      () => 'done' as const,
      () => 'failed' as const,
    ),
    instance.died.promise,
    instance.stalled.promise,
  ]);
}

/**
 * Has one instance after another take all messages and see to the agenda every minute, until the jobs of an input
 * have ended and left nothing to do, or so many minutes are over: then `false`. A message that an instance had when it
 * died comes again.
 */
export async function drive(
  fleet: Fleet,
  name: string,
  first: Instance,
  minutes = minutesMax,
): Promise<boolean> {
  const { messages, pace, clock, observer } = fleet;
  let instance = first;
  const act = async (what: () => Promise<unknown>) => {
    const outcome = await attempt(instance, what);
    if (outcome === 'died' || outcome === 'stalled') instance = fleet.next();
    return outcome;
  };
  for (let minute = 0; minute < minutes; minute++) {
    for (let message = messages.take(); message; message = messages.take()) {
      const taken = message;
      if ((await act(() => handle(instance.ctx, taken, pace))) !== 'done') messages.giveBack(taken);
    }
    if (await isAtRest(observer, name)) return true;
    clock.advance(61);
    await act(() => enqueueDue(instance.ctx));
  }
  return false;
}

/** Whether all jobs of an input have ended; then who is told of it has been. */
export async function isAtRest(ctx: Context, name: string): Promise<boolean> {
  const jobs = await jobsOf(ctx, name);
  if (jobs.length === 0 || !jobs.every(isOver)) return false;
  for (const { jobId } of jobs) await cleanCommit(ctx, { subject: { jobId } });
  return true;
}

/** All jobs of an input, the oldest first. */
export async function jobsOf(ctx: Context, name: string): Promise<BatchJob[]> {
  const jobs = await ctx.stores.documents('jobs').query<BatchJob>(
    {
      text: "SELECT * FROM c WHERE c.type = 'batch-job' AND c.input.name = @name",
      values: { name },
    },
    { consistency: 'strong' },
  );
  return jobs.toSorted((a, b) => a.createdAt - b.createdAt);
}

/** The names of what is on the agenda. */
export async function agendaOf(ctx: Context): Promise<string[]> {
  const stored = await ctx.stores
    .documents('jobs')
    .read<{ entries: object; id: string; type: string; v: number; workspace: string }>(['agenda'], 'agenda');
  return Object.keys(stored?.doc.entries ?? {});
}
