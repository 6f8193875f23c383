import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { unlessCode } from '../http/index.ts';
import { type BatchJob, isOver } from './job.ts';
import type { BatchProgress } from './progress.ts';
import { getJob } from './view.ts';

/** A job as it was at some time. `id` is the same as long as nothing of it changes. */
export type Seen = {
  readonly id: string;
  readonly job: BatchJob;
  readonly progress: BatchProgress;
  /** Nothing more will come. */
  readonly isLast: boolean;
};

export type WatchOptions = {
  /** The id of what the caller has seen already. */
  readonly after?: string | undefined;
  readonly signal: AbortSignal;
  readonly secondsMax?: number;
  readonly everySeconds?: number;
};

/** What those who watch a job at the same time have read of it last. */
const looks = new WeakMap<Stores['documents'], Looks>();
/** By workspace and job. */
type Looks = Map<string, { readonly at: number; readonly seen: Promise<Seen | undefined> }>;

/**
 * A job each time that it has changed, at most once a second, until it is over, time is up or the caller has gone;
 * `undefined` where a second has passed without a change. All who watch a job in this process share what is read.
 */
export async function* watchJob(
  ctx: Context,
  jobId: string,
  { after, signal, secondsMax = 120, everySeconds = 1 }: WatchOptions,
): AsyncGenerator<Seen | undefined> {
  const until = Date.now() + secondsMax * 1000;
  let last = after;
  while (!signal.aborted && Date.now() < until) {
    const seen = await look(ctx, jobId, everySeconds * 900);
    if (!seen) return;
    yield seen.id === last ? undefined : seen;
    if (seen.isLast) return;
    last = seen.id;
    await sleep(everySeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

function look(ctx: Context, jobId: string, freshMilliseconds: number): Promise<Seen | undefined> {
  const known: Looks = looks.get(ctx.stores.documents) ?? new Map();
  looks.set(ctx.stores.documents, known);
  const now = Date.now();
  const key = `${ctx.workspace}/${jobId}`;
  const fresh = known.get(key);
  if (fresh && now - fresh.at < freshMilliseconds) return fresh.seen;
  for (const [other, { at }] of known) if (now - at >= freshMilliseconds) known.delete(other);
  const seen = unlessCode(getJob(ctx, jobId), 'not-found').then((found) => found && seenOf(found));
  known.set(key, { at: now, seen });
  seen.catch(() => known.delete(key));
  return seen;
}

function seenOf({ job, progress }: { job: BatchJob; progress: BatchProgress }): Seen {
  const { chunks, rows, workers } = progress;
  const state = [job.status, job.retries, job.updatedAt, chunks, rows, workers];
  const id = createHash('sha256').update(JSON.stringify(state)).digest('hex').slice(0, 16);
  return { id, job, progress, isLast: isOver(job) };
}
