import type { Context } from '../context.ts';
import { counted, type OwnedRow, type Owner } from './owned.ts';

const dayMilliseconds = 86_400_000;
const jobsMax = 5_000;

/** A batch job or a retraining as far as it is told. The first release wrote `endpoint` in place of an owner. */
type Job = {
  readonly type: 'batch-job' | 'retraining-job';
  readonly status: string;
  readonly createdAt: number;
  readonly owner?: { readonly type: 'endpoint' | 'model'; readonly id: string; readonly name?: string };
  readonly endpoint?: string;
  readonly monitorId?: string;
};

/** States in which nothing is left to happen. */
const over = ['succeeded', 'failed', 'cancelled', 'promoted', 'rejected'];

/** Jobs that are not over, and those of the last day, by status. */
export async function jobsNow(ctx: Context): Promise<OwnedRow[]> {
  const jobs = await ctx.stores.documents('jobs').query<Job>(
    {
      text: `SELECT c.type, c.status, c.createdAt, c.owner, c.endpoint, c.monitorId FROM c
        WHERE c.workspace = @workspace AND c.type IN ('batch-job', 'retraining-job') AND NOT IS_DEFINED(c.deletedAt)
        AND (c.createdAt >= @since OR NOT ARRAY_CONTAINS(@over, c.status))`,
      values: { workspace: ctx.workspace, since: ctx.clock.now() - dayMilliseconds, over },
    },
    { limit: jobsMax },
  );
  const batch = jobs.filter(({ type }) => type === 'batch-job');
  const retraining = jobs.filter(({ type }) => type === 'retraining-job');
  return [
    ...counted(
      'cairn_batch_jobs',
      batch.map((job) => ({ ...owned(job), labels: { ...owned(job).labels, status: job.status } })),
    ),
    ...oldest(batch.filter(({ status }) => !over.includes(status))),
    ...counted(
      'cairn_retraining_jobs',
      retraining.map((job) => {
        const { of, labels } = owned(job);
        return { of, labels: { ...labels, monitor: job.monitorId ?? '', status: job.status } };
      }),
    ),
    ...(jobs.length >= jobsMax
      ? [{ family: 'cairn_exposition_left_out' as const, of: null, labels: { what: 'jobs' }, value: 1 }]
      : []),
  ];
}

function oldest(unfinished: readonly Job[]): OwnedRow[] {
  const groups = Map.groupBy(unfinished, (job) => JSON.stringify(owned(job).labels));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const value = Math.min(...group.map(({ createdAt }) => createdAt)) / 1000;
    return [{ family: 'cairn_batch_oldest_unfinished_timestamp_seconds', ...owned(first), value } as const];
  });
}

function owned({ owner, endpoint }: Job): { of: Owner; labels: Readonly<Record<string, string>> } {
  if (owner?.type === 'model')
    return { of: { type: 'model', id: owner.id }, labels: { endpoint: '', model: owner.name ?? owner.id } };
  const id = owner?.id ?? endpoint ?? '';
  return { of: { type: 'endpoint', id }, labels: { endpoint: id, model: '' } };
}
