import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import type { Stored } from '../documents.ts';
import type { VersionReady } from '../registry/index.ts';
import { type Cut, cutRows, noRows, uncut } from './cut.ts';
import { outputNameOf } from './endings.ts';
import { finishIfDone } from './finish.ts';
import { inputBytes } from './input.ts';
import { pinnedVersion } from './owner.ts';
import { type BatchChunk, chunkId, noProgress } from './chunk.ts';
import type { BatchFile, Layout } from './file.ts';
import type { BatchJob, Plan, RunningJob } from './job.ts';
import { type Pace, chunkBytesOf } from './pace.ts';
import { layoutOf } from './layout.ts';
import { type JobOptions, plainOptions } from './options.ts';
import { readOptionsFile } from './options-file.ts';
import { checkDiffer, checkName, named } from './output-names.ts';
import { fixEdges } from './profile-edges.ts';
import { askForChunk, askForPlan, readFile, readFiles } from './store.ts';
import { sum } from './sum.ts';

/** Chunks recorded at once: their creation and the advance of the plan are one write. */
const cutsPerWrite = 20;

/** How long one run may take, going by what one row took when the model was tried. */
const runMillisecondsMax = 20_000;

type Planned = Extract<BatchJob, { status: 'planned' | 'running' }>;

/** What one write adds to a plan. */
type Step = {
  readonly cuts: readonly Cut[];
  readonly file: number;
  /** Where the file is done. */
  readonly isLast: boolean;
  readonly layout?: Layout;
};

/** Cuts the files of a job one after another, from where its plan has come to until time is up. */
export class Planner {
  /** The file that is being cut. */
  #file: Stored<BatchFile> | undefined;
  readonly #ctx: Context;
  readonly #pace: Pace;
  readonly #until: number;
  /** `undefined` once another planner has written. */
  #at: Stored<Planned> | undefined;

  get file(): BatchFile | undefined {
    return this.#file?.doc;
  }

  constructor(ctx: Context, stored: Stored<Planned>, pace: Pace) {
    this.#ctx = ctx;
    this.#pace = pace;
    this.#at = stored;
    this.#until = ctx.clock.now() + pace.workSecondsMax * 1000;
  }

  async run(): Promise<void> {
    while (this.#at) {
      await this.#cutFile(this.#at.doc);
      if (!this.#at) return;
      const { jobId, plan } = this.#at.doc;
      if (plan.complete) return finishIfDone(this.#ctx, jobId);
      if (this.#ctx.clock.now() >= this.#until) return askForPlan(this.#ctx, jobId);
    }
  }

  /** Cuts the file that the plan has come to, or goes on with it; leaves off when time is up. */
  async #cutFile(job: Planned): Promise<void> {
    const ctx = this.#ctx;
    this.#file = await readFile(ctx, job.jobId, job.plan.file);
    const { doc: file } = this.#file;
    const options = job.options ?? (await readOptionsFile(ctx, job)) ?? plainOptions;
    const isNew = job.plan.position === 0;
    checkName(named(file, job, options));
    const ready = await pinnedVersion(ctx, job.model);
    if (isNew && file.index === 0 && job.input.isPrefix)
      checkDiffer((await readFiles(ctx, job.jobId)).map((each) => named(each, job, options)));
    const layout = file.layout ?? (await layoutOf(ctx, { job, file }, ready, options));
    if (isNew && file.index === 0) await fixEdges(ctx, job, { ...file, layout }, { ready, options });
    let cuts: Cut[] = [];
    let isKnown = file.layout !== null;
    const record = (isLast: boolean) =>
      this.#record(
        { cuts, file: file.index, isLast, ...(isKnown ? {} : { layout }) },
        { options, rowsAtOnce: rowsAtOnceOf(ready, this.#pace) },
      );
    let row = job.plan.row;
    for await (const cut of await this.#cuts(job, file, layout)) {
      cuts.push(cut);
      row = nextRow(cut);
      if (cuts.length < cutsPerWrite) continue;
      if (!(await record(false))) return;
      isKnown = true;
      cuts = [];
      if (ctx.clock.now() >= this.#until) return;
    }
    if (isNew && cuts.length === 0 && row === 1) throw new CsvError({ reason: noRows });
    await record(true);
  }

  /** Where the rest of a file is to be cut. */
  async #cuts(job: Planned, file: BatchFile, layout: Layout): Promise<AsyncIterable<Cut>> {
    const ctx = this.#ctx;
    const { position, row } = job.plan;
    const bytes = chunkBytesOf(job.input.bytes, this.#pace);
    if (layout.format === 'parquet') {
      const { cutGroups } = await import('./formats/parquet-plan.ts');
      return cutGroups(ctx, job, file, position, bytes);
    }
    if (layout.gzip) return uncut(layout.first);
    const first = position === 0 ? layout.first : position;
    const source = inputBytes(ctx, job, file, { first, last: file.input.bytes - 1 });
    return cutRows(source, { first, row }, bytes, layout.format === 'jsonl' ? 'every' : 'unquoted');
  }

  /** Records chunks and how far the plan has come, then asks for them to be scored. `false` where another planner did. */
  async #record(
    { cuts, file, isLast, layout }: Step,
    { options, rowsAtOnce }: { options: JobOptions; rowsAtOnce: number },
  ): Promise<boolean> {
    const ctx = this.#ctx;
    if (!this.#at) return false;
    const { doc: job, etag } = this.#at;
    const { jobId, model } = job;
    const { failures: _, ...plan } = job.plan;
    const now = ctx.clock.now();
    const chunks = cuts.map((cut, i) => newChunk(ctx, jobId, file, plan.chunks + i, cut));
    const doc: RunningJob = {
      ...job,
      status: 'running',
      model,
      options,
      output:
        job.input.isPrefix || !layout
          ? job.output
          : { ...job.output, name: outputNameOf(job.output.name, options, false) },
      startedAt: job.status === 'running' ? job.startedAt : now,
      plan: {
        ...advanced(plan, { cuts, file, isLast }),
        complete: isLast && file + 1 === job.input.files,
        rowsAtOnce: job.status === 'planned' ? rowsAtOnce : plan.rowsAtOnce,
      },
      updatedAt: now,
    };
    const looked =
      layout && this.#file
        ? [
            {
              op: 'replace' as const,
              doc: { ...named(this.#file.doc, job, options), layout },
              etag: this.#file.etag,
            },
          ]
        : [];
    const result = await ctx.stores
      .documents('jobs')
      .batch(
        [jobId],
        [
          { op: 'replace', doc, etag },
          ...looked,
          ...chunks.map((each) => ({ op: 'create' as const, doc: each })),
        ],
      );
    this.#at = result.outcome === 'applied' ? { doc, etag: result.etags[0] } : undefined;
    if (!this.#at) return false;
    for (const { index } of chunks) await askForChunk(ctx, jobId, index);
    return true;
  }
}

/** How far a plan is with one more step. */
function advanced(plan: Plan, { cuts, file, isLast }: Step): Plan {
  const last = cuts.at(-1);
  const next = isLast
    ? { file: file + 1, position: 0, row: 1 }
    : { position: last?.end ?? plan.position, row: last ? nextRow(last) : plan.row };
  return {
    ...plan,
    ...next,
    chunks: plan.chunks + cuts.length,
    rows: plan.rows + sum(cuts, ({ rows }) => rows ?? 0),
  };
}

function nextRow({ row, rows }: Cut): number {
  return row + (rows ?? 0);
}

/** As many rows as a run of the model should have, which is the same all through a job. */
function rowsAtOnceOf({ timings }: VersionReady, { rowsAtOnce }: Pace): number {
  const rows = Math.floor(runMillisecondsMax / Math.max(timings.runMillisecondsP50, 0.001));
  return Math.max(1, Math.min(rowsAtOnce, rows));
}

function newChunk(ctx: Context, jobId: string, file: number, index: number, cut: Cut): BatchChunk {
  return {
    id: chunkId(index),
    type: 'batch-chunk',
    v: 2,
    workspace: ctx.workspace,
    jobId,
    index,
    file,
    ...cut,
    failures: 0,
    status: 'pending',
    attempt: 0,
    sentAt: ctx.clock.now(),
    progress: noProgress(cut.first),
  };
}
