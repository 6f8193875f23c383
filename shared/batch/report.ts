import type { BlobFile } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { getReady, modelById, type VersionReady } from '../registry/index.ts';
import { fedBy, namesOf, portsOf } from '../serving/index.ts';
import { joinCrc } from './crc.ts';
import { joinedOf } from './formats/joined.ts';
import { predictorOf } from './formats/predicted.ts';
import { namesIn } from './formats/write.ts';
import type { BatchFile, Layout } from './file.ts';
import type { BatchJob, CommittingJob } from './job.ts';
import type { DoneChunk } from './chunk.ts';
import { reportsFolder } from './names.ts';
import { plainOptions, presentOptions } from './options.ts';
import { mergedProfile, publishProfile, withdrawProfile } from './profile.ts';
import { addReasons } from './reasons.ts';
import { driftOf } from './report-drift.ts';
import { presentProfile } from './report-profile.ts';
import { findJob } from './store.ts';
import { sum } from './sum.ts';

const contentType = 'application/json; charset=utf-8';
/** Files, and chunks that were taken up more than once, that a report lists one by one. */
const filesListed = 1_000;
const chunksListed = 20;

/** What stands in a file behind its last chunk. */
export type FileEnd = { readonly bytes: number; readonly crc: number };

/** What was committed. */
export type Whole = {
  readonly files: readonly BatchFile[];
  readonly chunks: readonly DoneChunk[];
  /** By file. */
  readonly ends: readonly FileEnd[];
};

/** The name of a job's report in `batch-output`. */
export function reportName({ jobId, output }: Pick<BatchJob, 'jobId' | 'output'>): string {
  const folder = output.name.slice(0, output.name.indexOf('/'));
  return `${folder}/${reportsFolder}/${jobId}.json`;
}

/**
 * Says all there is to say of a job whose outputs are in place, and adds what it counted to what is counted of its
 * endpoint. The first report stays; a commit that is taken up again finds it.
 */
export async function conclude(ctx: Context, job: CommittingJob, whole: Whole): Promise<string> {
  const name = reportName(job);
  const container = ctx.stores.blobs('batch-output');
  const { jobId, model } = job;
  const ready = await unlessCode(getReady(ctx, model.modelId, model.version), 'not-found', 'conflict');
  const counted = await mergedProfile(ctx, { jobId, model }, whole.chunks);
  const isPublished = counted ? await publishProfile(ctx, job, counted) : false;
  if (await container.stat(name)) return name;
  const report = {
    version: 1,
    job: { id: jobId, owner: job.owner, retries: job.retries ?? 0 },
    counts: countsOf(whole),
    timings: timingsOf(job, whole, ctx.clock.now()),
    model: await presentModel(ctx, job, ready),
    schema: ready ? schemaOf(job, whole.files, ready) : null,
    input: inputOf(job, whole),
    output: outputOf(whole),
    options: job.options && presentOptions(job.options),
    chunks: attemptsOf(whole),
    profile: counted ? { ...presentProfile(counted), published: isPublished } : null,
    drift: await driftOf(ctx, job, { ready, counted }),
  };
  await container.write(name, Buffer.from(JSON.stringify(report)), { createOnly: true, contentType });
  return name;
}

/** The report of a job of the workspace. Throws `not-found`, and `conflict` for a job that has none. */
export async function findReport(ctx: Context, jobId: string): Promise<BlobFile> {
  const job = await findJob(ctx, jobId);
  if (job.status !== 'succeeded')
    throw new CairnError(
      'conflict',
      `The job is ${job.status}; there is a report once a job has succeeded.`,
      { field: 'id' },
    );
  const found =
    job.report === undefined ? undefined : await ctx.stores.blobs('batch-output').file(job.report);
  if (found) return found;
  throw new CairnError(
    'not-found',
    job.report === undefined
      ? 'An older release ran the job, which wrote no reports.'
      : 'The report of the job is no longer kept.',
    { field: 'id' },
  );
}

/** Removes the report of a job, and takes back what it published. */
export async function removeReport(
  ctx: Context,
  job: Pick<BatchJob, 'jobId' | 'owner' | 'output' | 'updatedAt'>,
): Promise<void> {
  await ctx.stores.blobs('batch-output').remove(reportName(job));
  await withdrawProfile(ctx, job);
}

function countsOf({ chunks }: Whole) {
  const bad = sum(chunks, ({ progress }) => progress.bad);
  const reasons = chunks.reduce<ReturnType<typeof addReasons>>(
    (all, { progress }) => addReasons(all, progress.reasons ?? []),
    [],
  );
  return {
    rows_read: sum(chunks, ({ progress }) => progress.read),
    rows_written: sum(chunks, ({ progress }) => progress.rows),
    rows_bad: bad,
    /** Without a reason those that had too many different ones. */
    bad: reasons.toSorted((a, b) => b.rows - a.rows),
  };
}

function timingsOf(job: CommittingJob, { chunks }: Whole, now: number) {
  const { createdAt, startedAt, commitAt = job.updatedAt } = job;
  const begun = chunks.flatMap(({ progress: { work } }) => (work ? [work.since] : []));
  const ended = chunks.flatMap(({ span }) => (span?.to === undefined ? [] : [span.to]));
  const seconds = (commitAt - startedAt) / 1000;
  const worked = sum(chunks, ({ progress: { work } }) => work?.milliseconds ?? 0) / 1000;
  const rows = sum(chunks, ({ progress }) => progress.read);
  return {
    created_at: createdAt,
    planned_at: startedAt,
    first_chunk_at: begun.length > 0 ? begun.reduce((a, b) => Math.min(a, b)) : null,
    last_chunk_at: ended.length > 0 ? ended.reduce((a, b) => Math.max(a, b)) : null,
    commit_at: commitAt,
    reported_at: now,
    rows_per_second: seconds > 0 ? rows / seconds : null,
    worker_seconds: worked,
    rows_per_worker_second: worked > 0 ? rows / worked : null,
  };
}

async function presentModel(ctx: Context, { model }: CommittingJob, ready: VersionReady | undefined) {
  const root = await unlessCode(modelById(ctx, model.modelId), 'not-found');
  return {
    model_id: model.modelId,
    name: root?.name ?? null,
    version: model.version,
    digest: model.digest,
    signature: ready?.signature ?? null,
  };
}

/** Columns of the first file, which those of the others may stand around in another order. */
function schemaOf({ options }: CommittingJob, [first]: readonly BatchFile[], ready: VersionReady) {
  if (!first?.layout) return null;
  const { layout } = first;
  const names = namesIn(layout);
  const types = typesOf(layout, ready);
  const use = options ?? plainOptions;
  const joined = joinedOf(names, use.output.join).map((at) => ({ name: names[at], type: types[at] }));
  const added = predictorOf(portsOf(ready.signature.outputs), ready, use).columns;
  return {
    input: names.map((name, at) => ({ name, type: types[at] })),
    output: [...joined, ...added.map(({ name, kind }) => ({ name, type: kind }))],
  };
}

/** Types as the file has them, and in text as the model takes them. */
function typesOf(layout: Layout, ready: VersionReady): readonly string[] {
  if (layout.format === 'parquet') return layout.columns.map(({ type }) => type);
  const fed = fedBy(ready);
  const [port] = fed.inputs;
  const usual = port?.type === 'string' ? 'text' : 'number';
  const taken = new Map((namesOf(fed) ?? []).map(({ name, type }) => [name, type ?? usual]));
  return layout.columns.map((name) => taken.get(name) ?? 'text');
}

function inputOf({ input }: CommittingJob, { files }: Whole) {
  const { container, name, isPrefix, etag, bytes } = input;
  return {
    container,
    name,
    prefix: isPrefix,
    etag,
    bytes,
    files: files.length,
    listed: files.slice(0, filesListed).map((file) => file.input),
  };
}

function outputOf({ files, chunks, ends }: Whole) {
  const ofFile = Map.groupBy(chunks, ({ file }) => file);
  const each = files.map(({ index, output, errors }) => {
    const progress = (ofFile.get(index) ?? []).map((chunk) => chunk.progress);
    const end = ends[index] ?? { bytes: 0, crc: 0 };
    const crc = [...progress, end].reduce((all, part) => joinCrc(all, part.crc, part.bytes), 0);
    const bad = sum(progress, (part) => part.bad);
    return {
      name: output,
      rows: sum(progress, ({ rows }) => rows),
      bytes: sum(progress, ({ bytes }) => bytes) + end.bytes,
      crc32: crc.toString(16).padStart(8, '0'),
      errors: bad > 0 ? { name: errors, rows: bad } : null,
    };
  });
  return {
    container: 'batch-output',
    files: files.length,
    bytes: sum(each, ({ bytes }) => bytes),
    listed: each.slice(0, filesListed),
  };
}

/** How often chunks were taken up, be it after a failure or because a worker's time was over. */
function attemptsOf({ chunks }: Whole) {
  const again = chunks.filter(({ attempt }) => attempt > 1).toSorted((a, b) => b.attempt - a.attempt);
  return {
    count: chunks.length,
    attempts: sum(chunks, ({ attempt }) => attempt),
    attempted_again: again.length,
    listed: again
      .slice(0, chunksListed)
      .map(({ index, file, attempt }) => ({ chunk: index, file, attempts: attempt })),
  };
}
