import type { Context } from '../context.ts';
import { type Page, pageOf, positionIn } from '../http/index.ts';
import { modelIdOfName } from '../registry/index.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import type { BatchJob, JobStatus } from './job.ts';
import { type BatchProgress, progressOf } from './progress.ts';
import { findJob } from './store.ts';
import { upcastJob } from './upcast.ts';

/** A job of the workspace and how far it is; `not-found` where there is none. */
export async function getJob(
  ctx: Context,
  jobId: string,
): Promise<{ job: BatchJob; progress: BatchProgress }> {
  const job = await findJob(ctx, jobId);
  return { job, progress: await progressOf(ctx, job) };
}

/** What is asked of a list: jobs of an endpoint, by a model (its own, and those of endpoints that it scored), in states. */
export type JobFilter = {
  readonly endpoint?: string | undefined;
  readonly model?: string | undefined;
  readonly statuses?: readonly JobStatus[] | undefined;
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

/** The jobs of the workspace, newest first, of endpoints and models that the caller may see. */
export async function listJobs(ctx: Context, filter: JobFilter): Promise<Page<BatchJob>> {
  const { endpoint, model, statuses, limit, pageToken } = filter;
  const conditions: Condition[] = [
    (bind) => `c.type = 'batch-job' AND c.workspace = ${bind(ctx.workspace)} AND NOT IS_DEFINED(c.deletedAt)`,
    ...visibleOwners(ctx),
  ];
  if (endpoint !== undefined)
    conditions.push(
      (bind) =>
        `((c.owner.type = 'endpoint' AND c.owner.id = ${bind(endpoint)}) OR c.endpoint = ${bind(endpoint)})`,
    );
  if (model !== undefined) {
    const id = await visibleId(ctx, model);
    if (id === undefined) return { items: [] };
    conditions.push(
      (bind) => `((c.owner.type = 'model' AND c.owner.id = ${bind(id)}) OR c.model.modelId = ${bind(id)})`,
    );
  }
  if (statuses && statuses.length > 0)
    conditions.push((bind) => `ARRAY_CONTAINS(${bind(statuses)}, c.status)`);
  const after = positionIn(pageToken, { at: 0, id: '' });
  if (after)
    conditions.push(
      (bind) =>
        `(c.createdAt < ${bind(after.at)} OR (c.createdAt = ${bind(after.at)} AND c.jobId > ${bind(after.id)}))`,
    );
  const rows = await ctx.stores
    .documents('jobs')
    .query<BatchJob>(queryOf('*', conditions, 'c.createdAt DESC, c.jobId ASC'), { limit: limit + 1 });
  return pageOf(rows.map(upcastJob), limit, ({ createdAt, jobId }) => ({ at: createdAt, id: jobId }));
}

/** A model that the caller may not see is to them as one that is not there: it has no jobs. */
async function visibleId(ctx: Context, model: string): Promise<string | undefined> {
  const id = await modelIdOfName(ctx, model);
  return id !== undefined && ctx.access.may('viewer', { type: 'model', id }) ? id : undefined;
}

/** Jobs of endpoints and of models that the caller may see; the first release wrote those of endpoints otherwise. */
function visibleOwners({ access }: Context): Condition[] {
  const endpoints = onlyVisible(['owner', 'id'], access.visible('endpoint'));
  const models = onlyVisible(['owner', 'id'], access.visible('model'));
  const first = onlyVisible(['endpoint'], access.visible('endpoint'));
  if (endpoints.length === 0 && models.length === 0) return [];
  return [
    (bind) => {
      const all = (...parts: readonly (string | Condition)[]) =>
        parts.map((part) => (typeof part === 'string' ? part : part(bind))).join(' AND ');
      const kinds = [
        all("c.owner.type = 'endpoint'", ...endpoints),
        all("c.owner.type = 'model'", ...models),
        all('c.v = 1', ...first),
      ];
      return `(${kinds.map((kind) => `(${kind})`).join(' OR ')})`;
    },
  ];
}
