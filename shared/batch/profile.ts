import type { Context } from '../context.ts';
import {
  edgesFor,
  type EdgeSet,
  mergeProfiles,
  noRowsOf,
  partProfileName,
  type Profile,
  ProfileCounter,
  type ProfileKey,
  readProfile,
  writeProfile,
} from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import type { ServedModel } from '../serving/index.ts';
import type { PredictedValues } from './formats/predicted.ts';
import type { BatchChunk, Progress } from './chunk.ts';
import type { BatchJob, BatchModel, RunningJob } from './job.ts';
import { digits } from './digits.ts';
import { rulesOfJob } from './personal.ts';
import { jobEdges } from './profile-edges.ts';
import { countedFolder } from './profile-folder.ts';
import { Logging } from './profile-table.ts';
import type { Run } from './score.ts';
import { readChunk } from './store.ts';

const readsAtOnce = 4;

/** What is counted: of rows that nobody has published, and so of no hour yet. */
function keyOf({ digest }: BatchModel, edges: EdgeSet): ProfileKey {
  return { digest, edgeSet: edges.id, source: 'batch', segment: '', hour: '' };
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
    const part = `${digits(index, 6)}-${digits(attempt, 4)}-${digits(this.#kept++, 4)}`;
    this.#written = `${countedFolder(this.#ctx, jobId)}${part}.profile`;
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
