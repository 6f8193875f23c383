import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import { loadModel } from '../serving/index.ts';
import { claim, giveBack } from './claim.ts';
import { failJob, finishIfDone } from './finish.ts';
import { openRows } from './formats/open.ts';
import { predictorOf } from './formats/predicted.ts';
import { writerOf } from './formats/write.ts';
import { BatchError, failureOf, pinnedVersion } from './input.ts';
import {
  type BatchFile,
  type BatchOptions,
  batchDefaults,
  type ChunkMessage,
  type Progress,
  type RunningJob,
} from './job.ts';
import { Lease } from './lease.ts';
import { plainOptions } from './options.ts';
import { Parts } from './parts.ts';
import { Counted } from './profile.ts';
import { tellingOf } from './personal.ts';
import { noRows } from './cut.ts';
import { Scorer } from './score.ts';
import { askForChunk, readFile, readJob } from './store.ts';
import { withLittleRoom } from './heap.ts';
import { waitingChunk } from './waiting.ts';

/**
 * Scores one chunk and stages its output, if it is not being scored or done already; the last chunk done
 * commits the job. A message that comes twice, or too late, does nothing. Returns the job of a chunk that was taken.
 * After `secondsMax` the rest is handed on; after a turn, too, where a smaller job waits.
 * Throws what trying again may cure; the chunk is then free for the next message.
 */
export async function scoreChunk(
  ctx: Context,
  message: ChunkMessage,
  options: BatchOptions = batchDefaults,
  secondsMax = options.workSecondsMax,
): Promise<RunningJob | undefined> {
  const { jobId, chunk: index } = message;
  const job = (await readJob(ctx, jobId))?.doc;
  if (job?.status !== 'running') return undefined;
  const here: Context = { ...ctx, workspace: job.workspace };
  const claimed = await claim(here, jobId, index, options);
  if (!claimed) return undefined;
  const lease = new Lease(here, claimed, options);
  let file: BatchFile | undefined;
  try {
    file = (await readFile(here, jobId, claimed.doc.file)).doc;
    const work = { job, file, lease, secondsMax };
    // Rows of CSV become numbers where they lie; of other formats they become objects, or pages of them.
    const isWasteful = file.layout?.format !== 'csv';
    const result = await withLittleRoom(() => scoreRows(here, work, options), { isWasteful });
    if (result === 'done') await finishIfDone(here, jobId);
  } catch (error) {
    await lease.stop();
    const failure = failureOf(error, job, file);
    if (failure) {
      const { attempt, progress } = lease.claimed.doc;
      await lease.leave({ status: 'failed', attempt, progress, reason: failure.reason });
      await failJob(here, job, failure);
      return job;
    }
    const freed = await giveBack(here, lease.claimed, error, options);
    if (freed?.doc.status !== 'failed') throw error;
  }
  return job;
}

type Work = {
  readonly job: RunningJob;
  readonly file: BatchFile;
  readonly lease: Lease;
  readonly secondsMax: number;
};

/** `lost`: the lease ran out and someone else has the chunk, or the job has ended. */
type Result = 'done' | 'handed-on' | 'lost';

async function scoreRows(
  ctx: Context,
  { job, file, lease, secondsMax }: Work,
  { partBytes, checkpointSeconds, turnSeconds }: BatchOptions,
): Promise<Result> {
  const { doc: chunk } = lease.claimed;
  const { clock } = ctx;
  const options = job.options ?? plainOptions;
  const startedAt = clock.now();
  let savedAt = startedAt;
  const ready = await pinnedVersion(ctx, job.model);
  const model = await loadModel(ctx, ready);
  const predictor = predictorOf(model.outputs, ready, options);
  const writer = await writerOf(file, predictor.columns, options, { model, chunk });
  const parts = new Parts(ctx, chunk, file, partBytes);
  const isStart = chunk.row === 1 && chunk.progress.position === chunk.first;
  const schema = writer.schema === undefined ? [] : [writer.schema];
  if (isStart) parts.add({ bytes: writer.head(), groups: schema }, { rows: 0, read: 0 });
  const scorer = new Scorer(ctx, model, predictor, options.badRows.policy);
  const counted = await Counted.open(ctx, job, chunk, { ready, model });
  const work = { since: startedAt, milliseconds: chunk.progress.work?.milliseconds ?? 0 };
  const first = chunk.progress.work?.since ?? startedAt;
  /** How far the chunk is, with what has been counted up to there. */
  const kept = async () => {
    const { profile: _, ...progress } = parts.progress;
    const milliseconds = work.milliseconds + clock.now() - work.since;
    const all = { ...progress, work: { since: first, milliseconds } };
    return counted ? counted.keep(all) : all;
  };
  let telling: Awaited<ReturnType<typeof tellingOf>> | undefined;
  let position = chunk.progress.position;
  for await (const block of openRows(ctx, { job, file, chunk }, { ready, model })) {
    const { block: scored, predicted, problems, runs } = await scorer.score(block);
    if (lease.isLost) return 'lost';
    counted?.add({ runs, predicted });
    if (problems.length > 0) {
      telling ??= await tellingOf(ctx, job, ready);
      parts.tell(problems.map(telling));
      checkBad(parts.bad, job);
    }
    parts.add(writer.write(scored, predicted), scored);
    position = block.position;
    if (writer.isHolding) continue;
    const now = clock.now();
    const isDue = now - savedAt >= checkpointSeconds * 1000;
    const worked = now - startedAt;
    const isTired =
      position !== chunk.end &&
      (worked > secondsMax * 1000 ||
        (isDue && worked > turnSeconds * 1000 && (await waitingChunk(ctx, job)) !== undefined));
    if (parts.pendingBytes < partBytes && !isTired && !isDue) continue;
    await parts.stage(position);
    if (isTired) return handOn(ctx, lease, await kept(), counted);
    if (!isDue) continue;
    if (!(await lease.save(await kept()))) return lost(counted);
    savedAt = now;
  }
  parts.add(writer.close(), { rows: 0, read: 0 });
  await parts.stage(chunk.end ?? position);
  const { progress } = parts;
  parts.release();
  if (chunk.rows === null && progress.read === 0) throw new CsvError({ reason: noRows });
  if (chunk.rows !== null && progress.read !== chunk.rows)
    throw new Error(
      `Chunk ${chunk.index} of ${chunk.jobId} has ${progress.read} rows, and ${chunk.rows} were planned.`,
    );
  const settled = await lease.leave({ status: 'done', attempt: chunk.attempt, progress: await kept() });
  return settled ? 'done' : lost(counted);
}

async function lost(counted: Counted | undefined): Promise<Result> {
  await counted?.drop();
  return 'lost';
}

/** Hands the rest of the chunk to the next message. */
async function handOn(
  ctx: Context,
  lease: Lease,
  progress: Progress,
  counted: Counted | undefined,
): Promise<Result> {
  const { jobId, index, attempt } = lease.claimed.doc;
  const next = await lease.leave({ status: 'pending', attempt, sentAt: ctx.clock.now(), progress });
  if (!next) return lost(counted);
  await askForChunk(ctx, jobId, index);
  return 'handed-on';
}

/** Ends the job where one chunk alone has more bad rows than the whole of it may. */
function checkBad(bad: number, { options }: RunningJob): void {
  const most = options?.badRows.maxRows ?? Number.POSITIVE_INFINITY;
  if (bad > most) throw new BatchError(tooManyBad(bad, most));
}

function tooManyBad(bad: number, most: number) {
  return {
    code: 'bad-input',
    reason: `${bad} rows or more cannot be scored, and at most ${most} may be bad`,
  } as const;
}
