import type { Context } from '../context.ts';
import { isOver, type BatchJob } from './job.ts';
import type { BatchChunk, Span } from './chunk.ts';
import type { BatchFile } from './file.ts';
import { sum } from './sum.ts';

/** How far a job is. Totals grow until the input has been read once (`job.plan.complete`). */
export type BatchProgress = {
  readonly chunks: { readonly done: number; readonly failed: number; readonly total: number };
  /** `bad` could not be scored. */
  readonly rows: { readonly done: number; readonly bad: number; readonly total: number };
  /** Rows per second over the last minute or less, and since the job began or went on; `null` before there are any. */
  readonly rate: { readonly recent: number | null; readonly overall: number | null };
  /** `null` where nobody can tell, as while rows are still being counted. */
  readonly secondsLeft: number | null;
  /** Chunks that somebody is at work on. */
  readonly workers: number;
  /** The first that failed, and why. */
  readonly failures: readonly ChunkFailure[];
};

export type ChunkFailure = {
  readonly chunk: number;
  readonly file: number;
  readonly attempts: number;
  readonly reason: string;
};

const failuresShown = 20;
const recentMilliseconds = 60_000;

/** What is read of a chunk to tell how far its job is. */
type ChunkSummary = Pick<BatchChunk, 'index' | 'file' | 'status' | 'attempt' | 'rows'> & {
  readonly read: number;
  readonly bad: number;
  readonly leaseUntil?: number;
  readonly span?: Span;
  readonly reason?: string;
};

/**
 * One query over the chunks of the job, of which there are some thousands at most; none where it has succeeded. While
 * the job goes on the next look tells what this one missed; once it is over there may be none, so all is in this one.
 */
export async function progressOf(ctx: Context, job: BatchJob): Promise<BatchProgress> {
  if (job.status === 'succeeded') return wholeProgress(job);
  const chunks = await chunkSummaries(ctx, job);
  const now = 'finishedAt' in job ? job.finishedAt : ctx.clock.now();
  const count = (status: BatchChunk['status']) => chunks.filter((chunk) => chunk.status === status).length;
  const done = sum(chunks, ({ read }) => read);
  const total = totalRows(job, chunks);
  const rate = ratesOf(job, chunks, now);
  return {
    chunks: { done: count('done'), failed: count('failed'), total: job.plan.chunks },
    rows: { done, bad: sum(chunks, ({ bad }) => bad), total: Math.max(total ?? job.plan.rows, done) },
    rate,
    secondsLeft: isOver(job) || total === undefined ? null : secondsLeft(total - done, rate),
    workers: isOver(job)
      ? 0
      : chunks.filter(({ status, leaseUntil = 0 }) => status === 'claimed' && leaseUntil > now).length,
    failures: chunks
      .filter(({ status }) => status === 'failed')
      .slice(0, failuresShown)
      .map(({ index, file, attempt, reason = '' }) => ({ chunk: index, file, attempts: attempt, reason })),
  };
}

function wholeProgress(job: Extract<BatchJob, { status: 'succeeded' }>): BatchProgress {
  const { plan, totals, options, finishedAt, startedAt, retriedAt = startedAt } = job;
  const rows = totals.rows + (options?.badRows.policy === 'skip' ? totals.bad : 0);
  const seconds = (finishedAt - retriedAt) / 1000;
  return {
    chunks: { done: plan.chunks, failed: 0, total: plan.chunks },
    rows: { done: rows, bad: totals.bad, total: rows },
    rate: { recent: null, overall: seconds > 0 ? rounded(rows / seconds) : null },
    secondsLeft: null,
    workers: 0,
    failures: [],
  };
}

/** Rows of the whole input; `undefined` while it is being cut, and where a chunk does not know its own yet. */
function totalRows({ plan }: BatchJob, chunks: readonly ChunkSummary[]): number | undefined {
  if (!plan.complete) return undefined;
  if (chunks.some(({ rows, status }) => rows === null && status !== 'done')) return undefined;
  return sum(chunks, ({ rows, read }) => rows ?? read);
}

function ratesOf(job: BatchJob, chunks: readonly ChunkSummary[], now: number): BatchProgress['rate'] {
  const since = job.retriedAt ?? ('startedAt' in job ? job.startedAt : undefined);
  if (since === undefined) return { recent: null, overall: null };
  const within = (from: number) => {
    const seconds = (now - from) / 1000;
    return seconds > 0 ? rounded(sum(chunks, (chunk) => readSince(chunk, from, now)) / seconds) : null;
  };
  return {
    recent: isOver(job) ? null : within(Math.max(since, now - recentMilliseconds)),
    overall: within(since),
  };
}

/** Rows that the last worker of a chunk has read since a time, as though it read all at one pace. */
function readSince({ span, read }: ChunkSummary, from: number, now: number): number {
  if (!span) return 0;
  const end = Math.min(span.to ?? now, now);
  const all = end - span.from;
  const part = end - Math.max(span.from, from);
  if (part < 0) return 0;
  return (read - span.read) * (all <= 0 ? 1 : part / all);
}

function secondsLeft(rows: number, { recent, overall }: BatchProgress['rate']): number | null {
  const rate = recent || overall;
  return rate ? Math.ceil(rows / rate) : null;
}

/** How far a file of a job is. */
export type FileProgress = {
  readonly file: BatchFile;
  readonly status: 'waiting' | 'running' | 'scored' | 'failed';
  readonly chunks: { readonly done: number; readonly total: number };
  readonly rows: number;
  readonly bad: number;
};

/**
 * Files of a job from the `from`th on, in their order, and how far each is. A page has all that it can hold: one that
 * missed a file would be taken for the last.
 */
export async function filesOf(
  ctx: Context,
  job: BatchJob,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<readonly FileProgress[]> {
  const documents = ctx.stores.documents('jobs');
  const values = { from, end: from + limit };
  const files = await documents.query<BatchFile>(
    {
      text: "SELECT * FROM c WHERE c.type = 'batch-file' AND c.index >= @from AND c.index < @end",
      values,
    },
    { key: [job.jobId], consistency: 'strong' },
  );
  const chunks = Map.groupBy(await chunkSummaries(ctx, job, values), ({ file }) => file);
  return files
    .toSorted((a, b) => a.index - b.index)
    .map((file) => fileProgress(job, file, chunks.get(file.index) ?? []));
}

function fileProgress(job: BatchJob, file: BatchFile, chunks: readonly ChunkSummary[]): FileProgress {
  const isCut = job.plan.complete || job.plan.file > file.index;
  return {
    file,
    status: statusOf(chunks, isCut),
    chunks: { done: chunks.filter(({ status }) => status === 'done').length, total: chunks.length },
    rows: sum(chunks, ({ read }) => read),
    bad: sum(chunks, ({ bad }) => bad),
  };
}

/** How a file is whose chunks these are; `isCut`: there will be no more of them. */
function statusOf(chunks: readonly ChunkSummary[], isCut: boolean): FileProgress['status'] {
  if (chunks.some(({ status }) => status === 'failed')) return 'failed';
  if (isCut && chunks.length > 0 && chunks.every(({ status }) => status === 'done')) return 'scored';
  const isBegun = chunks.some(({ status, read }) => status !== 'pending' || read > 0);
  return isBegun ? 'running' : 'waiting';
}

async function chunkSummaries(
  ctx: Context,
  job: BatchJob,
  files?: { readonly from: number; readonly end: number },
): Promise<readonly ChunkSummary[]> {
  const summaries = await ctx.stores
    .documents('jobs')
    .query<Omit<ChunkSummary, 'read' | 'bad'> & { readonly read?: number; readonly bad?: number }>(
      {
        text:
          'SELECT c.index, c.file, c.status, c.attempt, c.rows, c.leaseUntil, c.span, c.reason, ' +
          `c.progress.read AS read, c.progress.bad AS bad FROM c WHERE c.type = 'batch-chunk'${files ? ' AND c.file >= @from AND c.file < @end' : ''}`,
        ...(files ? { values: files } : {}),
      },
      { key: [job.jobId], consistency: isOver(job) ? 'strong' : 'eventual' },
    );
  // Chunks of the first release have neither `read` nor `bad`.
  return summaries
    .map(({ read = 0, bad = 0, ...rest }) => ({ ...rest, read, bad }))
    .toSorted((a, b) => a.index - b.index);
}

function rounded(rate: number): number {
  return Number(rate.toPrecision(4));
}
