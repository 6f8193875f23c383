import { crc32 } from 'node:zlib';
import { isRefusal } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError, isCode } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { inTurns } from '../turns.ts';
import { holdsSame, isOfSameChunks } from './committed-before.ts';
import { partsGone, tooManyBad } from './failure.ts';
import { contentTypeOf, endOfFile } from './formats/write.ts';
import type { BatchFailure, BatchJob, CommittingJob, Totals } from './job.ts';
import type { BatchFile } from './file.ts';
import { blockId, type DoneChunk, type Progress } from './chunk.ts';
import { withLittleRoom } from './heap.ts';
import { shownFailure } from './personal.ts';
import { conclude, type FileEnd, removeReport } from './report.ts';
import { hasOpenChunks, moveJob, readChunks, readFiles, readJob } from './store.ts';
import { sum } from './sum.ts';

/** Files committed at once: one after the other, ten thousand take minutes. */
const filesAtOnce = 8;
/** Well before the timer takes a commit for stalled. */
const tellEverySeconds = 20;

/** Block of what stands behind the last chunk. */
const endId = blockId(999_999, 0, 0);

const jsonLines = 'application/jsonl; charset=utf-8';

/** Somebody else has put a file where an output was to be. */
class NotOurs extends CairnError {
  constructor(name: string) {
    super(
      'conflict',
      `Another file was put at '${name}', where an output of the job was to be. Upload the input again.`,
    );
  }
}

/**
 * Commits the job's output if every chunk is done. Whoever finds that first does it; all others, and all
 * who ask too early, do nothing.
 */
export async function finishIfDone(ctx: Context, jobId: string): Promise<void> {
  const job = (await readJob(ctx, jobId))?.doc;
  if (job?.status !== 'running' || !job.plan.complete) return;
  if (await hasOpenChunks(ctx, jobId)) return;
  const chunks = await doneChunks(ctx, job);
  const totals = totalsOf(chunks);
  const tooBad = whyTooBad(job, totals);
  if (tooBad) return failJob(ctx, job, tooBad);
  const committing = await moveJob(ctx, jobId, ['running'], (current) => ({
    ...current,
    status: 'committing',
    commitAt: ctx.clock.now(),
    totals,
  }));
  if (committing) await commit(ctx, committing);
}

async function doneChunks(ctx: Context, { jobId, plan }: BatchJob): Promise<DoneChunk[]> {
  const done = (await readChunks(ctx, jobId)).filter((chunk) => chunk.status === 'done');
  if (done.length !== plan.chunks)
    throw new Error(`Job ${jobId} has ${done.length} of ${plan.chunks} chunks done.`);
  return done;
}

function totalsOf(chunks: readonly DoneChunk[]): Totals {
  const total = (of: (progress: Progress) => number) => sum(chunks, ({ progress }) => of(progress));
  return {
    rows: total(({ rows }) => rows),
    bytes: total(({ bytes }) => bytes),
    bad: total(({ bad }) => bad),
  };
}

/** Why a job whose rows are all read has too many that are bad. */
function whyTooBad({ options }: BatchJob, { rows, bad }: Totals): BatchFailure | undefined {
  if (!options || bad === 0) return undefined;
  const { policy, maxRows, maxPercent } = options.badRows;
  const all = policy === 'skip' ? rows + bad : rows;
  const most = Math.min(
    maxRows ?? Number.POSITIVE_INFINITY,
    maxPercent === null ? Number.POSITIVE_INFINITY : (all * maxPercent) / 100,
  );
  if (bad <= most) return undefined;
  return tooManyBad({ bad, most: Math.floor(most), all });
}

/**
 * Makes the output of exactly the blocks that the chunks' documents list, in order. A blob that is there
 * already was committed by someone else, of the same blocks, since a chunk that is done never changes; or before the
 * metadata was put back to an earlier time, with the same content. Any other fails the job.
 */
export function commit(ctx: Context, job: CommittingJob): Promise<void> {
  return withLittleRoom(() => commitAll(ctx, job), { isWasteful: true });
}

async function commitAll(ctx: Context, job: CommittingJob): Promise<void> {
  const { jobId } = job;
  const [files, chunks] = await Promise.all([readFiles(ctx, jobId), doneChunks(ctx, job)]);
  let ends: FileEnd[];
  try {
    ends = await commitFiles(ctx, job, { files, chunks });
  } catch (error) {
    // The storage account refused the list of blocks, which no repetition changes; whoever holds the blob lets it go.
    if (!isCode(error, 'conflict') || isRefusal(error)) throw error;
    ctx.log.error('batch output not committed', { jobId, reason: String(error) });
    const reason = whyNotCommitted(error);
    // Removed only once it has failed: whoever has committed it all meanwhile has said so, and then it stays.
    const failed = await moveJob(ctx, jobId, ['committing'], (current) => ({
      ...current,
      status: 'failed',
      failure: { code: 'commit', reason },
      finishedAt: ctx.clock.now(),
    }));
    if (failed) await removeOutputs(ctx, files);
    return;
  }
  const endBytes = sum(ends, ({ bytes }) => bytes);
  const here: Context = { ...ctx, workspace: job.workspace };
  const report = await conclude(here, job, { files, chunks, ends });
  const moved = await moveJob(ctx, jobId, ['committing'], (current) => ({
    ...current,
    status: 'succeeded',
    report,
    totals: { ...current.totals, bytes: current.totals.bytes + endBytes },
    finishedAt: ctx.clock.now(),
  }));
  if (!moved) {
    // Someone else has committed the same; unless they found that it cannot be: then nothing may stay.
    const now = (await readJob(ctx, jobId))?.doc;
    if (now?.status === 'succeeded' && now.deletedAt === undefined) return;
    await removeOutputs(ctx, files);
    await removeReport(here, job);
    return;
  }
  spend('batchRows', job.totals.rows);
  spend('storedBytes', job.totals.bytes + endBytes);
}

function whyNotCommitted(error: unknown): string {
  if (error instanceof NotOurs) return error.message;
  return partsGone;
}

/** What says, now and then, that a commit goes on: it may take minutes, and is not to be begun again beside itself. */
function teller(ctx: Context, { jobId }: BatchJob): () => Promise<void> {
  let toldAt = ctx.clock.now();
  return async () => {
    const now = ctx.clock.now();
    if (now - toldAt < tellEverySeconds * 1000) return;
    toldAt = now;
    await moveJob(ctx, jobId, ['committing'], (current) => current);
  };
}

/** Commits all files, a few at a time. Where one cannot be committed, none is under way any more when this throws. */
async function commitFiles(
  ctx: Context,
  job: BatchJob,
  { files, chunks }: { readonly files: readonly BatchFile[]; readonly chunks: readonly DoneChunk[] },
): Promise<FileEnd[]> {
  const ofFile = Map.groupBy(chunks, ({ file }) => file);
  const problems: unknown[] = [];
  const tell = teller(ctx, job);
  const ends = await inTurns(files, filesAtOnce, async (file) => {
    if (problems.length > 0) return undefined;
    try {
      await tell();
      return await commitFile(ctx, job, file, ofFile.get(file.index) ?? []);
    } catch (error) {
      problems.push(error);
      return undefined;
    }
  });
  if (problems.length > 0) throw problems[0];
  return ends.filter((end) => end !== undefined);
}

/** Commits a file; returns what stands in it behind the last chunk. */
async function commitFile(
  ctx: Context,
  job: BatchJob,
  file: BatchFile,
  chunks: readonly DoneChunk[],
): Promise<FileEnd> {
  const container = ctx.stores.blobs('batch-output');
  const errorIds = chunks.flatMap(({ progress }) => progress.errorIds);
  // The errors first: whoever sees the output finds them.
  if (errorIds.length > 0)
    await commitOnce(ctx, file.errors, errorIds, jsonLines, () =>
      isOfSameChunks(container, file.errors, errorIds),
    );
  const blockIds = chunks.flatMap(({ progress }) => progress.blockIds);
  const progress = chunks.map((chunk) => chunk.progress);
  const end = await endOfFile(file, job.options, progress);
  if (end) {
    // Of the same groups comes the same footer, whoever makes it, and under the same id.
    await container.stageBlock(file.output, endId, end);
    blockIds.push(endId);
  }
  const ending = { bytes: end?.length ?? 0, crc: end ? crc32(end) : 0 };
  await commitOnce(ctx, file.output, blockIds, contentTypeOf(file, job.options), () =>
    holdsSame(container, file.output, chunks, ending),
  );
  return ending;
}

/**
 * Makes a blob of its blocks, unless somebody has. Throws {@link NotOurs} where what lies there is another's: not of
 * these blocks, and not the same in others, as `isSame` finds out.
 */
async function commitOnce(
  ctx: Context,
  name: string,
  ids: readonly string[],
  contentType: string,
  isSame: () => Promise<boolean>,
): Promise<void> {
  const container = ctx.stores.blobs('batch-output');
  if (await container.commitBlocks(name, ids, { contentType })) return;
  if (!(await container.isMadeOf(name, ids)) && !(await isSame())) throw new NotOurs(name);
}

/** Removes what the commit of a job left that failed by it, should who said so have died then. Subscriber of `batch.finished`. */
export async function cleanCommit(ctx: Context, { subject }: Pick<CairnEvent, 'subject'>): Promise<void> {
  const job = (await readJob(ctx, subject['jobId'] ?? ''))?.doc;
  if (job?.status === 'failed' && job.failure.code === 'commit')
    await removeOutputs(ctx, await readFiles(ctx, job.jobId));
}

async function removeOutputs(ctx: Context, files: readonly BatchFile[]): Promise<void> {
  const container = ctx.stores.blobs('batch-output');
  for (const { output, errors } of files) {
    await container.remove(output);
    await container.remove(errors);
  }
}

/**
 * Ends a job that cannot succeed; nothing of its output is ever visible. A job that has ended stays as it is, and so
 * does one that was asked to go on since: what failed is then no longer so.
 */
export async function failJob(
  ctx: Context,
  { jobId, retries = 0 }: Pick<BatchJob, 'jobId' | 'retries'>,
  failure: BatchFailure,
): Promise<void> {
  const job = (await readJob(ctx, jobId))?.doc;
  if (!job) return;
  const shown = await shownFailure(ctx, job, failure);
  const failed = await moveJob(ctx, jobId, ['planned', 'running'], (current) =>
    (current.retries ?? 0) === retries
      ? { ...current, status: 'failed', failure: shown, finishedAt: ctx.clock.now() }
      : undefined,
  );
  if (failed) ctx.log.warn('batch job failed', { jobId, code: failure.code, reason: failure.reason });
}
