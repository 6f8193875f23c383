import type { Context } from '../context.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import type { BatchChunk, BatchJob } from './job.ts';
import { findJob } from './store.ts';

/** How far a job is. Totals grow until the input has been read once (`job.plan.complete`). */
export type BatchProgress = {
  readonly chunks: { readonly done: number; readonly total: number };
  readonly rows: { readonly done: number; readonly total: number };
};

/** A job of the workspace and how far it is; `not-found` where there is none. */
export async function getJob(
  ctx: Context,
  jobId: string,
): Promise<{ job: BatchJob; progress: BatchProgress }> {
  const job = await findJob(ctx, jobId);
  return { job, progress: await progressOf(ctx, job) };
}

/** The newest jobs of the workspace whose endpoints the caller may see, of one endpoint where it is given. */
export function listJobs(
  ctx: Context,
  { endpoint, limit }: { endpoint?: string | undefined; limit: number },
): Promise<BatchJob[]> {
  const conditions: Condition[] = [
    (bind) => `c.type = 'batch-job' AND c.workspace = ${bind(ctx.workspace)}`,
    ...onlyVisible(['endpoint'], ctx.access.visible('endpoint')),
  ];
  if (endpoint !== undefined) conditions.push((bind) => `c.endpoint = ${bind(endpoint)}`);
  return ctx.stores
    .documents('jobs')
    .query<BatchJob>(queryOf('*', conditions, 'c.createdAt DESC'), { limit });
}

async function progressOf(ctx: Context, job: BatchJob): Promise<BatchProgress> {
  const { chunks, rows } = job.plan;
  if (job.status === 'succeeded')
    return { chunks: { done: chunks, total: chunks }, rows: { done: rows, total: rows } };
  const states = await ctx.stores
    .documents('jobs')
    .query<{ status: BatchChunk['status']; rows: number | undefined }>(
      { text: "SELECT c.status, c.progress.rows AS rows FROM c WHERE c.type = 'batch-chunk'" },
      { key: [job.jobId] },
    );
  return {
    chunks: { done: states.filter(({ status }) => status === 'done').length, total: chunks },
    rows: { done: states.reduce((sum, state) => sum + (state.rows ?? 0), 0), total: rows },
  };
}
