import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import type { Stored } from '../documents.ts';
import { type Cut, cutRows } from './cut.ts';
import { failJob, finishIfDone } from './finish.ts';
import { failureOf, featureRows, inputBytes, inputHeader, pinnedVersion } from './input.ts';
import {
  type BatchChunk,
  type BatchJob,
  type BatchMessage,
  type BatchOptions,
  batchDefaults,
  chunkBytesOf,
  chunkId,
  type RunningJob,
} from './job.ts';
import { askForChunk, askForPlan, readJob } from './store.ts';

/** Chunks recorded at once: their creation and the advance of the plan are one write. */
const cutsPerWrite = 20;

/**
 * Reads the input once and cuts it at row starts, so that a chunk is whole rows and the number of its
 * first row is known. Only the quotes before it tell whether a line feed ends a row, hence one pass over
 * the whole file; workers begin with the first chunks while the rest is still being cut.
 * A plan that breaks off continues from its last write; of two planners, one writes and the other stops.
 */
export async function planJob(
  ctx: Context,
  { jobId }: Pick<BatchMessage, 'jobId'>,
  options: BatchOptions = batchDefaults,
): Promise<void> {
  const stored = await readJob(ctx, jobId);
  if (!stored) return;
  const { doc: job } = stored;
  if ((job.status !== 'planned' && job.status !== 'running') || job.plan.complete) return;
  try {
    await cutInput({ ...ctx, workspace: job.workspace }, { doc: job, etag: stored.etag }, options);
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    await failJob(ctx, jobId, failure);
  }
}

type Planned = Extract<BatchJob, { status: 'planned' | 'running' }>;

async function cutInput(ctx: Context, stored: Stored<Planned>, options: BatchOptions): Promise<void> {
  const { doc: job } = stored;
  const until = ctx.clock.now() + options.workSecondsMax * 1000;
  const first = job.plan.position === 0 ? await dataStart(ctx, job) : job.plan.position;
  const source = inputBytes(ctx, job, { first, last: job.input.bytes - 1 });
  let at: Stored<Planned> | undefined = stored;
  let cuts: Cut[] = [];
  for await (const cut of cutRows(
    source,
    { first, row: job.plan.rows + 1 },
    chunkBytesOf(job.input.bytes, options),
  )) {
    cuts.push(cut);
    if (cuts.length < cutsPerWrite) continue;
    at = await record(ctx, at, cuts, false);
    if (!at) return;
    cuts = [];
    if (ctx.clock.now() < until) continue;
    return askForPlan(ctx, job.jobId);
  }
  if (at.doc.plan.rows + cuts.length === 0)
    throw new CsvError({ reason: 'The file has a header and no rows' });
  if (await record(ctx, at, cuts, true)) await finishIfDone(ctx, job.jobId);
}

/** Where the rows begin, once the header is known to suit the model. */
async function dataStart(ctx: Context, job: Planned): Promise<number> {
  const header = await inputHeader(ctx, job);
  featureRows(header.columns, await pinnedVersion(ctx, job.model), { rowsMax: 1 });
  return header.end;
}

/** Records chunks and how far the plan has come, then asks for them to be scored. `undefined` where another planner did. */
async function record(
  ctx: Context,
  { doc: job, etag }: Stored<Planned>,
  cuts: readonly Cut[],
  complete: boolean,
): Promise<Stored<RunningJob> | undefined> {
  const { jobId, plan, model } = job;
  const now = ctx.clock.now();
  const chunks = cuts.map((cut, i) => newChunk(ctx, jobId, plan.chunks + i, cut));
  const last = cuts.at(-1);
  const next: RunningJob = {
    ...job,
    status: 'running',
    model,
    startedAt: job.status === 'running' ? job.startedAt : now,
    plan: {
      position: last?.end ?? plan.position,
      chunks: plan.chunks + cuts.length,
      rows: plan.rows + cuts.reduce((sum, cut) => sum + cut.rows, 0),
      complete,
    },
    updatedAt: now,
  };
  const result = await ctx.stores
    .documents('jobs')
    .batch(
      [jobId],
      [{ op: 'replace', doc: next, etag }, ...chunks.map((doc) => ({ op: 'create' as const, doc }))],
    );
  if (result.outcome !== 'applied') return undefined;
  for (const { index } of chunks) await askForChunk(ctx, jobId, index);
  return { doc: next, etag: result.etags[0] };
}

function newChunk(ctx: Context, jobId: string, index: number, cut: Cut): BatchChunk {
  return {
    id: chunkId(index),
    type: 'batch-chunk',
    v: 1,
    workspace: ctx.workspace,
    jobId,
    index,
    ...cut,
    failures: 0,
    status: 'pending',
    attempt: 0,
    sentAt: ctx.clock.now(),
    progress: { position: cut.first, blockIds: [], rows: 0, bytes: 0, crc: 0 },
  };
}
