import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import { loadModel } from '../serving/index.ts';
import type { Claimed } from './claim.ts';
import type { Progress } from './chunk.ts';
import { noRows } from './cut.ts';
import { isEnding } from './ending.ts';
import { BatchError, tooManyBad } from './failure.ts';
import type { BatchFile } from './file.ts';
import { openRows } from './formats/open.ts';
import { predictorOf } from './formats/predicted.ts';
import type { RowBlock } from './formats/rows.ts';
import { writerOf } from './formats/write.ts';
import type { RunningJob } from './job.ts';
import type { Lease } from './lease.ts';
import { plainOptions } from './options.ts';
import { pinnedVersion } from './owner.ts';
import type { Pace } from './pace.ts';
import { Parts } from './parts.ts';
import { tellingOf } from './personal.ts';
import { Counted } from './profile.ts';
import { BlockScorer } from './score.ts';
import { askForChunk } from './store.ts';
import { waitingChunk } from './waiting.ts';

export type Work = {
  readonly job: RunningJob;
  readonly file: BatchFile;
  readonly lease: Lease;
  readonly secondsMax: number;
};

/** `lost`: the lease ran out and someone else has the chunk, or the job has ended. */
export type RunResult = 'done' | 'handed-on' | 'lost';

/** What a worker holds while it scores a chunk. */
type Held = Awaited<ReturnType<typeof held>>;

/** Scores a claimed chunk from where the worker before left off: to its end, or to where the rest has to be handed on. */
export async function runChunk(ctx: Context, work: Work, pace: Pace): Promise<RunResult> {
  return new ChunkRun(ctx, work, pace, await held(ctx, work, pace)).run();
}

async function held(ctx: Context, { job, file, lease }: Work, { partBytes }: Pace) {
  const { doc: chunk } = lease.claimed;
  const options = job.options ?? plainOptions;
  const ready = await pinnedVersion(ctx, job.model);
  const model = await loadModel(ctx, ready);
  const predictor = predictorOf(model.outputs, ready, options);
  return {
    ready,
    model,
    writer: await writerOf(file, predictor.columns, options, { model, chunk }),
    parts: new Parts(ctx, chunk, file, partBytes),
    scorer: new BlockScorer(ctx, model, predictor, options.badRows.policy),
    counted: await Counted.open(ctx, job, chunk, { ready, model }),
  };
}

class ChunkRun {
  readonly #ctx: Context;
  readonly #work: Work;
  readonly #pace: Pace;
  readonly #held: Held;
  /** The chunk as it was claimed. */
  readonly #chunk: Claimed;
  readonly #startedAt: number;
  #savedAt: number;
  #telling: Awaited<ReturnType<typeof tellingOf>> | undefined;

  constructor(ctx: Context, work: Work, pace: Pace, own: Held) {
    this.#ctx = ctx;
    this.#work = work;
    this.#pace = pace;
    this.#held = own;
    this.#chunk = work.lease.claimed.doc;
    this.#startedAt = this.#savedAt = ctx.clock.now();
  }

  async run(): Promise<RunResult> {
    const { writer, parts } = this.#held;
    const { job, file, lease } = this.#work;
    const chunk = this.#chunk;
    let { position } = chunk.progress;
    const isStart = chunk.row === 1 && position === chunk.first;
    const schema = writer.schema === undefined ? [] : [writer.schema];
    if (isStart) parts.add({ bytes: writer.head(), groups: schema }, { rows: 0, read: 0 });
    for await (const block of openRows(this.#ctx, { job, file, chunk }, this.#held)) {
      await this.#score(block);
      if (lease.isLost) return this.#lost();
      position = block.position;
      const ended = writer.isHolding ? undefined : await this.#checkpoint(position);
      if (ended) return ended;
    }
    parts.add(writer.close(), { rows: 0, read: 0 });
    await parts.stage(chunk.end ?? position);
    parts.release();
    return this.#finish();
  }

  async #score(block: RowBlock): Promise<void> {
    const { writer, parts, scorer, counted, ready } = this.#held;
    const { job } = this.#work;
    const { block: scored, predicted, problems, runs } = await scorer.score(block);
    counted?.add({ runs, predicted });
    if (problems.length > 0) {
      this.#telling ??= await tellingOf(this.#ctx, job, ready);
      parts.tell(problems.map(this.#telling));
      checkBad(parts.bad, job);
    }
    parts.add(writer.write(scored, predicted), scored);
  }

  /** Stages what there is, once it fills a part or is due; says so where the chunk then is no longer this worker's. */
  async #checkpoint(position: number): Promise<RunResult | undefined> {
    const { parts } = this.#held;
    const { job, lease, secondsMax } = this.#work;
    const { partBytes, checkpointSeconds, turnSeconds } = this.#pace;
    const now = this.#ctx.clock.now();
    const worked = now - this.#startedAt;
    const isDue = now - this.#savedAt >= checkpointSeconds * 1000;
    const isTired =
      position !== this.#chunk.end &&
      (isEnding(this.#ctx) ||
        worked > secondsMax * 1000 ||
        (isDue && worked > turnSeconds * 1000 && (await waitingChunk(this.#ctx, job)) !== undefined));
    if (parts.pendingBytes < partBytes && !isTired && !isDue) return undefined;
    await parts.stage(position);
    if (isTired) return this.#handOn();
    if (!isDue) return undefined;
    if (!(await lease.save(await this.#progress()))) return this.#lost();
    this.#savedAt = now;
    return undefined;
  }

  /** How far the chunk is, with what has been counted up to there. */
  async #progress(): Promise<Progress> {
    const { parts, counted } = this.#held;
    const { work: before } = this.#chunk.progress;
    const { profile: _, ...progress } = parts.progress;
    const milliseconds = (before?.milliseconds ?? 0) + this.#ctx.clock.now() - this.#startedAt;
    const all = { ...progress, work: { since: before?.since ?? this.#startedAt, milliseconds } };
    return counted ? counted.keep(all) : all;
  }

  /** Hands the rest of the chunk to the next message. */
  async #handOn(): Promise<RunResult> {
    const { jobId, index, attempt } = this.#chunk;
    const sentAt = this.#ctx.clock.now();
    const progress = await this.#progress();
    const next = await this.#work.lease.leave({ status: 'pending', attempt, sentAt, progress });
    if (!next) return this.#lost();
    await askForChunk(this.#ctx, jobId, index);
    return 'handed-on';
  }

  async #finish(): Promise<RunResult> {
    const { jobId, index, attempt, rows } = this.#chunk;
    const { read } = this.#held.parts.progress;
    if (rows === null && read === 0) throw new CsvError({ reason: noRows });
    if (rows !== null && read !== rows)
      throw new Error(`Chunk ${index} of ${jobId} has ${read} rows, and ${rows} were planned.`);
    const state = { status: 'done', attempt, progress: await this.#progress() } as const;
    return (await this.#work.lease.leave(state)) ? 'done' : this.#lost();
  }

  async #lost(): Promise<RunResult> {
    await this.#held.counted?.drop();
    return 'lost';
  }
}

/** Ends the job where one chunk alone has more bad rows than the whole of it may. */
function checkBad(bad: number, { options }: RunningJob): void {
  const most = options?.badRows.maxRows ?? Number.POSITIVE_INFINITY;
  if (bad > most) throw new BatchError(tooManyBad({ bad, most }));
}
