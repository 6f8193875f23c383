import { crc32 } from 'node:zlib';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { loadModel } from '../serving/index.ts';
import { claim, type Claimed, giveBack, handOn, settle } from './claim.ts';
import { failJob, finishIfDone } from './finish.ts';
import { failureOf, featureRows, inputBytes, inputHeader, pinnedVersion } from './input.ts';
import {
  type BatchOptions,
  batchDefaults,
  blockId,
  type ChunkMessage,
  type Progress,
  type RunningJob,
} from './job.ts';
import { outputHeader } from './output.ts';
import { scoreRows } from './score.ts';
import { readJob, replaceChunk } from './store.ts';

/**
 * Scores one chunk and stages its output, if it is not being scored or done already; the last chunk done
 * commits the job. A message that comes twice, or too late, does nothing.
 * Throws what trying again may cure; the chunk is then free for the next message.
 */
export async function scoreChunk(
  ctx: Context,
  message: ChunkMessage,
  options: BatchOptions = batchDefaults,
): Promise<void> {
  const { jobId, chunk: index } = message;
  const job = (await readJob(ctx, jobId))?.doc;
  if (job?.status !== 'running') return;
  const here: Context = { ...ctx, workspace: job.workspace };
  const claimed = await claim(here, jobId, index, options);
  if (!claimed) return;
  const work = new ChunkWork(here, job, claimed, options);
  try {
    if ((await work.run()) === 'done') await finishIfDone(here, jobId);
  } catch (error) {
    const failure = failureOf(error);
    if (failure) {
      await settle(here, work.claimed, { status: 'failed', reason: failure.reason });
      await failJob(here, jobId, failure);
      return;
    }
    const freed = await giveBack(here, work.claimed, error, options);
    if (freed?.doc.status !== 'failed') throw error;
  }
}

/** `lost`: the lease ran out and someone else has the chunk, or the job has ended. */
type Result = 'done' | 'handed-on' | 'lost';

class ChunkWork {
  /** The chunk as this worker last wrote it. */
  claimed: Stored<Claimed>;
  readonly #ctx: Context;
  readonly #job: RunningJob;
  readonly #options: BatchOptions;
  readonly #startedAt: number;
  #progress: Progress;
  /** Output not staged yet; one buffer for all parts, so that memory does not follow the size of the chunk. */
  #part: Buffer;
  #bytes = 0;
  #rows = 0;
  #parts = 0;

  constructor(ctx: Context, job: RunningJob, claimed: Stored<Claimed>, options: BatchOptions) {
    this.#ctx = ctx;
    this.#job = job;
    this.#options = options;
    this.claimed = claimed;
    this.#part = Buffer.allocUnsafe(options.partBytes);
    this.#progress = claimed.doc.progress;
    this.#startedAt = ctx.clock.now();
  }

  async run(): Promise<Result> {
    const { doc: chunk } = this.claimed;
    const { partBytes, checkpointSeconds, workSecondsMax, rowsAtOnce } = this.#options;
    const { clock } = this.#ctx;
    const { position } = this.#progress;
    const ready = await pinnedVersion(this.#ctx, this.#job.model);
    const model = await loadModel(this.#ctx, ready);
    const header = await inputHeader(this.#ctx, this.#job);
    if (chunk.index === 0 && position === chunk.first) this.#add(outputHeader(header.text), 0);
    const rows = featureRows(header.columns, ready, {
      rowsMax: rowsAtOnce,
      row: chunk.row + this.#progress.rows,
    });
    const source = inputBytes(this.#ctx, this.#job, { first: position, last: chunk.end - 1 });
    for await (const scored of scoreRows(source, position, rows, model)) {
      this.#add(scored.lines, scored.rows);
      if (this.#bytes >= partBytes) await this.#stage(scored.position);
      const now = clock.now();
      const tired = now - this.#startedAt > workSecondsMax * 1000 && scored.position < chunk.end;
      if (!tired && now - this.claimed.doc.heartbeatAt < checkpointSeconds * 1000) continue;
      await this.#stage(scored.position);
      if (tired) return this.#handOn();
      if (!(await this.#checkpoint())) return 'lost';
    }
    await this.#stage(chunk.end);
    const { rows: scoredRows } = this.#progress;
    if (scoredRows !== chunk.rows)
      throw new Error(
        `Chunk ${chunk.index} of ${chunk.jobId} has ${scoredRows} rows, and ${chunk.rows} were planned.`,
      );
    const settled = await settle(this.#ctx, this.claimed, {
      status: 'done',
      attempt: chunk.attempt,
      progress: this.#progress,
    });
    return settled ? 'done' : 'lost';
  }

  #add(lines: Buffer, rows: number): void {
    const needed = this.#bytes + lines.length;
    if (needed > this.#part.length)
      this.#part = Buffer.concat(
        [this.#part.subarray(0, this.#bytes)],
        Math.max(needed, this.#part.length * 2),
      );
    lines.copy(this.#part, this.#bytes);
    this.#bytes = needed;
    this.#rows += rows;
  }

  /** Stages the output so far as the next block; all before input position `position` is then stored. */
  async #stage(position: number): Promise<void> {
    if (this.#bytes === 0) return;
    const { doc: chunk } = this.claimed;
    const data = this.#part.subarray(0, this.#bytes);
    const id = blockId(chunk.index, chunk.attempt, this.#parts++);
    await this.#ctx.stores.blobs(this.#job.output.container).stageBlock(this.#job.output.name, id, data);
    const { blockIds, rows, bytes, crc } = this.#progress;
    this.#progress = {
      position,
      blockIds: [...blockIds, id],
      rows: rows + this.#rows,
      bytes: bytes + data.length,
      crc: crc32(data, crc),
    };
    this.#bytes = 0;
    this.#rows = 0;
  }

  /** Records the progress and extends the lease, unless the job has ended or the chunk has been taken over. */
  async #checkpoint(): Promise<boolean> {
    if ((await readJob(this.#ctx, this.#job.jobId))?.doc.status !== 'running') return false;
    const now = this.#ctx.clock.now();
    const next = await replaceChunk(this.#ctx, this.claimed, {
      ...this.claimed.doc,
      heartbeatAt: now,
      leaseUntil: now + this.#options.leaseSeconds * 1000,
      progress: this.#progress,
    });
    if (!next) return false;
    this.claimed = next as Stored<Claimed>;
    return true;
  }

  async #handOn(): Promise<Result> {
    return (await handOn(this.#ctx, this.claimed, this.#progress)) ? 'handed-on' : 'lost';
  }
}
