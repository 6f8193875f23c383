import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import {
  edgesFor,
  type EdgeSet,
  edgeSetOf,
  mergeProfiles,
  noRowsOf,
  partProfileName,
  type Profile,
  ProfileCounter,
  type ProfileKey,
  readProfile,
  type ReferenceColumn,
  writeProfile,
} from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { loadModel, type ServedModel } from '../serving/index.ts';
import { openRows } from './formats/open.ts';
import type { PredictedValues } from './formats/predicted.ts';
import { predictorOf } from './formats/predicted.ts';
import type { RowBlock } from './formats/rows.ts';
import { BatchError } from './input.ts';
import {
  type BatchChunk,
  type BatchFile,
  type BatchJob,
  type BatchModel,
  noProgress,
  type Progress,
  type RunningJob,
} from './job.ts';
import type { JobOptions } from './options.ts';
import { rulesOfJob } from './personal.ts';
import { inputsOf, Logging } from './profile-table.ts';
import { type Run, Scorer } from './score.ts';
import { readChunk } from './store.ts';

/** Rows of the first file that the edges of a job are made of, where its version has none. */
const edgeRowsMax = 10_000;
const readsAtOnce = 4;

/** What was counted of a job, in container `profiles`, while it runs. */
function folderOf({ workspace }: Context, jobId: string): string {
  return `${workspace}/_batch/${jobId}/`;
}

/** The jobs of which anything lies there, in all workspaces. */
export async function* countedFolders({
  stores,
}: Pick<Context, 'stores'>): AsyncGenerator<{ readonly workspace: string; readonly jobId: string }> {
  const blobs = stores.blobs('profiles');
  for await (const { name: workspace } of blobs.list(''))
    for await (const { name } of blobs.list(`${workspace}_batch/`))
      yield { workspace: workspace.slice(0, -1), jobId: name.split('/')[2] ?? '' };
}

/** What is counted: of rows that nobody has published, and so of no hour yet. */
function keyOf({ digest }: BatchModel, edges: EdgeSet): ProfileKey {
  return { digest, edgeSet: edges.id, source: 'batch', segment: '', hour: '' };
}

/** The edges between which all of a job is counted; `undefined` for one that an older release began. */
export async function jobEdges(ctx: Context, jobId: string): Promise<EdgeSet | undefined> {
  const bytes = await ctx.stores.blobs('profiles').read(edgesName(ctx, jobId));
  return bytes && (JSON.parse(bytes.toString()) as EdgeSet);
}

function edgesName(ctx: Context, jobId: string): string {
  return `${folderOf(ctx, jobId)}edges.json`;
}

/**
 * Fixes, before its first chunk is recorded, between which edges a job is counted: those of its version, or where that
 * has none some of its own, made of the first rows. The first writer fixes them for good.
 */
export async function fixEdges(
  ctx: Context,
  job: BatchJob & { readonly model: BatchModel },
  file: BatchFile,
  { ready, options }: { readonly ready: VersionReady; readonly options: JobOptions },
): Promise<void> {
  const blobs = ctx.stores.blobs('profiles');
  const name = edgesName(ctx, job.jobId);
  if (await blobs.stat(name)) return;
  const edges = (await edgesFor(ctx, job.model)) ?? (await ownEdges(ctx, job, file, { ready, options }));
  const contentType = 'application/json';
  if (edges) await blobs.write(name, Buffer.from(JSON.stringify(edges)), { createOnly: true, contentType });
}

async function ownEdges(
  ctx: Context,
  job: BatchJob & { readonly model: BatchModel },
  file: BatchFile,
  { ready, options }: { readonly ready: VersionReady; readonly options: JobOptions },
): Promise<EdgeSet | undefined> {
  const rules = await rulesOfJob(ctx, job.owner, job.model);
  const { layout } = file;
  if (!layout || !rules) return undefined;
  const model = await loadModel(ctx, ready);
  const lenient: JobOptions = { ...options, badRows: { policy: 'skip', maxRows: null, maxPercent: null } };
  const scorer = new Scorer(ctx, model, predictorOf(model.outputs, ready, lenient), 'skip');
  const logging = new Logging(model, ready, rules);
  const looked: RunningJob = {
    ...job,
    options: lenient,
    status: 'running',
    startedAt: 0,
    plan: { ...job.plan, rowsAtOnce: 1_000 },
  };
  const columns = new Map<string, (string | number | null)[]>();
  const numbers: number[] = [];
  let rows = 0;
  try {
    for await (const block of openRows(ctx, { job: looked, file, chunk: wholeOf(file) }, { ready, model })) {
      for (const run of await runsOf(scorer, block)) {
        const table = logging.table(run);
        for (const { name, cells } of inputsOf(table)) {
          const known = columns.get(name) ?? [];
          for (const cell of cells) known.push(cell);
          columns.set(name, known);
        }
        if (logging.roles?.task === 'regression')
          for (const score of table.column('score')) if (typeof score === 'number') numbers.push(score);
      }
      rows += block.read;
      if (rows >= edgeRowsMax) break;
    }
  } catch (error) {
    // Whoever scores these rows meets the same, and says so.
    if (!isOfInput(error)) throw error;
  }
  const found = [...columns].map(([name, cells]): ReferenceColumn => ({ name, cells }));
  return edgeSetOf(found, { score: numbers });
}

/** What a model makes of some rows: nothing where it fails on them, of which the job will tell. */
async function runsOf(scorer: Scorer, block: RowBlock): Promise<readonly Run[]> {
  try {
    return (await scorer.score(block)).runs;
  } catch (error) {
    if (error instanceof CairnError || error instanceof BatchError) return [];
    throw error;
  }
}

function isOfInput(error: unknown): boolean {
  if (error instanceof CsvError || error instanceof BatchError) return true;
  return error instanceof CairnError && error.status < 500;
}

/** A chunk that is all of a file, for looking at its first rows. */
function wholeOf({ jobId, index, workspace, layout }: BatchFile): BatchChunk {
  const isParquet = layout?.format === 'parquet';
  const first = layout && layout.format !== 'parquet' ? layout.first : 0;
  return {
    id: 'chunk:first',
    type: 'batch-chunk',
    v: 2,
    workspace,
    jobId,
    index: 0,
    file: index,
    first,
    end: isParquet ? layout.rows : null,
    row: 1,
    rows: null,
    failures: 0,
    status: 'pending',
    attempt: 0,
    sentAt: 0,
    progress: noProgress(first),
  };
}

type Claimed = Pick<BatchChunk, 'jobId' | 'index' | 'progress'> & { readonly attempt: number };

/**
 * Counts what a worker scores of a chunk, from where the one before it left off. What it has counted is a blob of its
 * own whenever the chunk records how far it is, and counts once the chunk names it: what nobody names never does.
 */
export class Counted {
  readonly #ctx: Context;
  readonly #chunk: Claimed;
  readonly #logging: Logging;
  readonly #counter: ProfileCounter;
  #kept = 0;
  /** The last that was written, which may not have been named. */
  #written: string | undefined;

  private constructor(ctx: Context, chunk: Claimed, logging: Logging, counter: ProfileCounter) {
    this.#ctx = ctx;
    this.#chunk = chunk;
    this.#logging = logging;
    this.#counter = counter;
  }

  /** `undefined` where not all of the chunk can be counted: an older release began it, or nobody knows what is personal. */
  static async open(
    ctx: Context,
    { owner, model: pinned }: RunningJob,
    chunk: Claimed,
    { ready, model }: { readonly ready: VersionReady; readonly model: ServedModel },
  ): Promise<Counted | undefined> {
    const [edges, rules] = await Promise.all([jobEdges(ctx, chunk.jobId), rulesOfJob(ctx, owner, pinned)]);
    if (!edges || !rules) return undefined;
    const { profile: name, read } = chunk.progress;
    const before = name === undefined ? undefined : await readProfile(ctx, name);
    if (read > 0 && !before) return undefined;
    const counter = new ProfileCounter(keyOf(pinned, edges), edges, before);
    return new Counted(ctx, chunk, new Logging(model, ready, rules), counter);
  }

  add({ runs, predicted }: { readonly runs: readonly Run[]; readonly predicted: PredictedValues }): void {
    const [run] = runs;
    const isWhole = run !== undefined && runs.length === 1 && predicted[0]?.length === run.rows;
    const table = isWhole ? this.#logging.matrix(run, predicted) : undefined;
    if (table) return this.#counter.addMatrix(table.matrix, table.answers);
    for (const each of runs)
      if (each.rows > each.unscored.size) this.#counter.addTable(this.#logging.table(each));
  }

  /** The progress of the chunk with the name of what has been counted up to there, which is written first. */
  async keep(progress: Progress): Promise<Progress> {
    const { jobId, index, attempt } = this.#chunk;
    const digits = (value: number, width: number) => String(value).padStart(width, '0');
    const part = `${digits(index, 6)}-${digits(attempt, 4)}-${digits(this.#kept++, 4)}`;
    this.#written = `${folderOf(this.#ctx, jobId)}${part}.profile`;
    await writeProfile(this.#ctx, this.#written, this.#counter.profile);
    return { ...progress, profile: this.#written };
  }

  /** Takes back what was written last, unless the chunk names it after all: it is someone else's by now. */
  async drop(): Promise<void> {
    if (this.#written === undefined) return;
    const { jobId, index } = this.#chunk;
    if ((await readChunk(this.#ctx, jobId, index))?.doc.progress.profile === this.#written) return;
    await this.#ctx.stores.blobs('profiles').remove(this.#written);
  }
}

/** All of a job, and the edges that it was counted between. */
export type JobProfile = { readonly profile: Profile; readonly edges: EdgeSet };

/** Adds up what the chunks name, a few at a time; `undefined` where one of them could not be counted. */
export async function mergedProfile(
  ctx: Context,
  { jobId, model }: { readonly jobId: string; readonly model: BatchModel },
  chunks: readonly Pick<BatchChunk, 'progress'>[],
): Promise<JobProfile | undefined> {
  const edges = await jobEdges(ctx, jobId);
  if (!edges) return undefined;
  let profile = noRowsOf(keyOf(model, edges), edges);
  for (let at = 0; at < chunks.length; at += readsAtOnce) {
    const read = chunks
      .slice(at, at + readsAtOnce)
      .map(async ({ progress: { profile: name } }) =>
        name === undefined ? undefined : readProfile(ctx, name),
      );
    for (const some of await Promise.all(read)) {
      if (!some) return undefined;
      profile = mergeProfiles(profile, some);
    }
  }
  return { profile, edges };
}

type Committed = Pick<BatchJob, 'jobId' | 'owner' | 'updatedAt'> & {
  readonly model?: BatchModel;
  readonly commitAt?: number;
};

/** Where monitors find what a job scored: a part of its endpoint's hour, by a name that nobody else gives. */
function publishedName(ctx: Context, { jobId, owner, ...job }: Committed): string | undefined {
  if (owner.type !== 'endpoint') return undefined;
  return partProfileName(ctx, owner.id, hourOf(job), jobId);
}

function hourOf({ commitAt, updatedAt }: Pick<Committed, 'commitAt' | 'updatedAt'>): string {
  return new Date(commitAt ?? updatedAt).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');
}

/**
 * Adds a job to what is counted of its endpoint, in the hour in which its commit began: once, however often and by
 * whomever it is done. Only between the edges of the version can it be added; and a model's own jobs are nobody's calls.
 */
export async function publishProfile(
  ctx: Context,
  job: Committed & { readonly model: BatchModel },
  { profile, edges }: JobProfile,
): Promise<boolean> {
  const name = publishedName(ctx, job);
  if (name === undefined || (await edgesFor(ctx, job.model))?.id !== edges.id) return false;
  const ofHour = { ...profile, key: { ...profile.key, hour: hourOf(job) } };
  await writeProfile(ctx, name, ofHour, { createOnly: true });
  return true;
}

/** Takes back what {@link publishProfile} added. */
export async function withdrawProfile(ctx: Context, job: Committed): Promise<void> {
  const name = publishedName(ctx, job);
  if (name !== undefined) await ctx.stores.blobs('profiles').remove(name);
}

/** Removes what was counted chunk by chunk. */
export async function removeCounted(ctx: Context, jobId: string): Promise<void> {
  await ctx.stores.blobs('profiles').removeBelow(folderOf(ctx, jobId));
}
