import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import type { RetrainingJob, RetrainingState } from './model.ts';

export const jobs = (ctx: Context) => ctx.stores.documents('jobs');

export const keyOf = (jobId: string): readonly string[] => [jobId];

export function jobIdOf(ctx: Context, monitorId: string, windowEnd: number): string {
  return `retrain-${ctx.workspace}-${monitorId}-${windowEnd}`;
}

export function readJob(ctx: Context, jobId: string): Promise<Stored<RetrainingJob> | undefined> {
  return jobs(ctx).read<RetrainingJob>(keyOf(jobId), 'job');
}

/** Throws `not-found` where this workspace has no such job. */
export async function getRetraining(ctx: Context, jobId: string): Promise<RetrainingJob> {
  const stored = await readJob(ctx, jobId);
  if (stored?.doc.type === 'retraining-job' && stored.doc.workspace === ctx.workspace) return stored.doc;
  throw unknownRetraining(jobId);
}

/** The retrainings of an endpoint whose window is one of those that `meets`: their job ids. */
export async function retrainingsOver(
  ctx: Context,
  endpoint: string,
  meets: (from: number, to: number) => boolean,
): Promise<string[]> {
  const found = await jobs(ctx).query<RetrainingJob>(
    {
      text: "SELECT * FROM c WHERE c.type = 'retraining-job' AND c.workspace = @workspace AND c.endpoint = @endpoint",
      values: { workspace: ctx.workspace, endpoint },
    },
    { consistency: 'strong' },
  );
  return found.filter(({ from, to }) => meets(from, to)).map(({ jobId }) => jobId);
}

/** The words where the workspace has no job of an id. */
export function unknownRetraining(jobId: string): CairnError {
  return new CairnError('not-found', `There is no retraining job '${jobId}'.`, { field: 'id' });
}

/** Retraining jobs of the workspace whose endpoints the caller may see, newest first. */
export function listRetrainings(ctx: Context, limit: number): Promise<RetrainingJob[]> {
  const conditions: Condition[] = [
    (bind) => `c.workspace = ${bind(ctx.workspace)} AND c.type = 'retraining-job'`,
    ...onlyVisible(['endpoint'], ctx.access.visible('endpoint')),
  ];
  return jobs(ctx).query<RetrainingJob>(queryOf('*', conditions, 'c.createdAt DESC'), { limit });
}

/** Replaces the state; the last one with its event. A lost race is nothing: the caller reads again. */
export async function replaceState(
  ctx: Context,
  { doc: job, etag }: Stored<RetrainingJob>,
  next: RetrainingState,
): Promise<void> {
  const doc: RetrainingJob = { ...commonOf(job), updatedAt: ctx.clock.now(), ...next };
  const key = keyOf(job.jobId);
  if (!isFinished(doc)) {
    await jobs(ctx).write(key, { op: 'replace', doc, etag });
    return;
  }
  const event = eventWrite(
    ctx,
    {
      type: 'retraining.finished',
      aggregate: `retraining/${job.jobId}`,
      seq: 1,
      subject: { jobId: job.jobId, monitorId: job.monitorId, modelId: job.modelId, status: doc.status },
      after: doc,
    },
    { jobId: job.jobId },
  );
  const { outcome } = await jobs(ctx).batch(key, [{ op: 'replace', doc, etag }, event]);
  if (outcome === 'applied') relay(ctx, 'jobs', key, event);
}

export function isFinished(job: RetrainingJob): boolean {
  return job.status === 'promoted' || job.status === 'rejected' || job.status === 'failed';
}

/** The job without what belongs to its state. */
function commonOf(job: RetrainingJob) {
  const { id, type, kind, v, workspace, jobId, monitorId, endpoint, modelId, model } = job;
  const { alias, champion, executor, margin, from, to, reasons, createdAt } = job;
  const ids = { id, type, kind, v, workspace, jobId, monitorId, endpoint, modelId, model } as const;
  return { ...ids, alias, champion, executor, margin, from, to, reasons, createdAt };
}
