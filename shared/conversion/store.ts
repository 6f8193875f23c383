import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import type { ConversionJob, ConversionState } from './job.ts';

const jobs = (ctx: Context) => ctx.stores.documents('jobs');

/** A conversion of this workspace; `undefined` where there is none of this id. */
export async function readJob(ctx: Context, jobId: string): Promise<Stored<ConversionJob> | undefined> {
  const stored = await jobs(ctx).read<ConversionJob>([jobId], 'job');
  return stored?.doc.workspace === ctx.workspace ? stored : undefined;
}

/** Whether this call made the job; `false` where it was there. */
export async function createJob(ctx: Context, job: ConversionJob): Promise<boolean> {
  const { outcome } = await jobs(ctx).write([job.jobId], { op: 'create', doc: job });
  return outcome === 'applied';
}

/** Replaces the state. A lost race is nothing: the caller reads again. */
export async function replaceState(
  ctx: Context,
  { doc: job, etag }: Stored<ConversionJob>,
  next: ConversionState,
): Promise<void> {
  const doc: ConversionJob = { ...commonOf(job), updatedAt: ctx.clock.now(), ...next };
  await jobs(ctx).write([job.jobId], { op: 'replace', doc, etag });
}

/** Whether nothing more is to be done for a conversion. */
export function isFinished({ status }: ConversionState): boolean {
  return status === 'succeeded' || status === 'failed';
}

/** The job without what belongs to its state. */
function commonOf(job: ConversionJob) {
  const { id, type, kind, v, workspace, jobId, modelId, model, version } = job;
  const { artifact, ticket, requestedBy, createdAt } = job;
  const ids = { id, type, kind, v, workspace, jobId, modelId, model, version } as const;
  return { ...ids, artifact, ticket, requestedBy, createdAt };
}
