import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type Claimed, settle } from './claim.ts';
import type { BatchChunk, ChunkState, Progress } from './chunk.ts';
import type { Pace } from './pace.ts';
import { readJob, replaceChunk } from './store.ts';

/**
 * Keeps a claimed chunk while it is worked on: says every few seconds that its worker lives, however long the model
 * takes, and notices when the job has ended or the chunk is someone else's. Its writes go one after another.
 */
export class Lease {
  /** The chunk as this worker last wrote it. */
  claimed: Stored<Claimed>;
  /** Whether the chunk, or the whole job, is no longer this worker's business. */
  isLost = false;
  readonly #ctx: Context;
  readonly #pace: Pace;
  readonly #timer: NodeJS.Timeout;
  /** When the host would have ended this worker: one that still stands here hangs, and its chunk is another's. */
  readonly #beatsUntil: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ctx: Context, claimed: Stored<Claimed>, pace: Pace) {
    this.#ctx = ctx;
    this.#pace = pace;
    this.claimed = claimed;
    this.#beatsUntil = claimed.doc.heartbeatAt + 2 * pace.workSecondsMax * 1000;
    this.#timer = setInterval(() => this.#beat(), pace.heartbeatSeconds * 1000);
    this.#timer.unref();
  }

  /** Records progress and extends the lease; `false` where it is lost. */
  save(progress: Progress): Promise<boolean> {
    return this.#inTurn(() => this.#write(progress));
  }

  /** Leaves the chunk in a last state; `undefined` where it no longer was this worker's. */
  leave(state: ChunkState): Promise<Stored<BatchChunk> | undefined> {
    clearInterval(this.#timer);
    return this.#inTurn(() => settle(this.#ctx, this.claimed, state));
  }

  /** Stops the beats; the lease then runs out by itself. */
  stop(): Promise<unknown> {
    clearInterval(this.#timer);
    return this.#inTurn(() => Promise.resolve());
  }

  #beat(): void {
    if (this.#ctx.clock.now() > this.#beatsUntil) return clearInterval(this.#timer);
    this.#inTurn(() => this.#write(this.claimed.doc.progress)).catch((error: unknown) =>
      // The next beat, or what the worker does itself, meets the same failure if it lasts.
      this.#ctx.log.warn('batch chunk heartbeat failed', { reason: String(error) }),
    );
  }

  async #write(progress: Progress): Promise<boolean> {
    if (this.isLost) return false;
    const { doc } = this.claimed;
    if ((await readJob(this.#ctx, doc.jobId))?.doc.status !== 'running') return this.#lose();
    const now = this.#ctx.clock.now();
    const next = await replaceChunk(this.#ctx, this.claimed, {
      ...doc,
      heartbeatAt: now,
      leaseUntil: now + this.#pace.leaseSeconds * 1000,
      // Who gets further is not one that fails again and again.
      failures: progress.position > doc.progress.position ? 0 : doc.failures,
      progress,
    });
    if (!next) return this.#lose();
    this.claimed = next as Stored<Claimed>;
    return true;
  }

  #lose(): false {
    this.isLost = true;
    return false;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
