import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import type { RetrainingJob, RetrainingState } from './model.ts';

export const jobs = (ctx: Context) => ctx.stores.documents('jobs');

export const keyOf = (jobId: string): readonly string[] => [jobId];

/** The id of the job that a window asks for, or an incident in that window. */
export function jobIdOf(ctx: Context, monitorId: string, windowEnd: number, incident?: string): string {
  const window = `retrain-${ctx.workspace}-${monitorId}-${windowEnd}`;
  if (incident === undefined) return window;
  return `${window}-incident-${incident.slice(incident.lastIndexOf('-') + 1)}`;
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

/** The latest retraining of an endpoint that made this version, which is being promoted or has been. */
export async function jobOfChallenger(
  ctx: Context,
  endpoint: string,
  version: number,
): Promise<RetrainingJob | undefined> {
  const [job] = await jobs(ctx).query<RetrainingJob>(
    {
      text:
        "SELECT * FROM c WHERE c.type = 'retraining-job' AND c.workspace = @workspace AND c.endpoint = @endpoint " +
        "AND ((c.status = 'promoting' AND c.challenger = @version) OR (c.status = 'promoted' AND c.version = @version)) " +
        'ORDER BY c.createdAt DESC',
      values: { workspace: ctx.workspace, endpoint, version },
    },
    { consistency: 'strong', limit: 1 },
  );
  return job;
}

/** The words where the workspace has no job of an id. */
export function unknownRetraining(jobId: string): CairnError {
  return new CairnError('not-found', `There is no retraining job '${jobId}'.`, { field: 'id' });
}

/** Which retrainings a list is of; what is left out is of any. */
export type RetrainingFilter = {
  readonly status?: RetrainingState['status'] | undefined;
  readonly endpoint?: string | undefined;
  readonly monitorId?: string | undefined;
  readonly model?: string | undefined;
  readonly executor?: string | undefined;
};

/** Retraining jobs of the workspace whose endpoints the caller may see, newest first. */
export function listRetrainings(
  ctx: Context,
  limit: number,
  filter: RetrainingFilter = {},
): Promise<RetrainingJob[]> {
  const asked = Object.entries(filter).filter(([, value]) => value !== undefined);
  const conditions: Condition[] = [
    (bind) => `c.workspace = ${bind(ctx.workspace)} AND c.type = 'retraining-job'`,
    ...asked.map(
      ([name, value]): Condition =>
        (bind) =>
          `c.${name} = ${bind(value)}`,
    ),
    ...onlyVisible(['endpoint'], ctx.access.visible('endpoint')),
  ];
  return jobs(ctx).query<RetrainingJob>(queryOf('*', conditions, 'c.createdAt DESC'), { limit });
}

/** A state, with where its run is to be seen where that has been learnt. */
export type NextState = RetrainingState & { readonly run?: RetrainingJob['run'] };

/** Replaces the state; the last one with its event. A lost race is nothing: the caller reads again. */
export async function replaceState(
  ctx: Context,
  { doc: job, etag }: Stored<RetrainingJob>,
  next: NextState,
): Promise<void> {
  const doc = movedTo(ctx, job, next);
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
      seq: (job.events ?? 0) + 1,
      subject: toldOf(doc),
      after: doc,
    },
    { jobId: job.jobId },
  );
  const last = { ...doc, events: (job.events ?? 0) + 1 };
  const { outcome } = await jobs(ctx).batch(key, [{ op: 'replace', doc: last, etag }, event]);
  if (outcome === 'applied') relay(ctx, 'jobs', key, event);
}

/** The job in another state, with the step noted where it is one. */
export function movedTo(ctx: Context, job: RetrainingJob, next: NextState): RetrainingJob {
  const at = ctx.clock.now();
  const attempt = 'attempt' in next && next.attempt !== null ? { attempt: next.attempt } : {};
  const last = job.steps?.at(-1);
  const isSame = last?.status === next.status && last.attempt === attempt.attempt;
  const steps = isSame ? job.steps : [...(job.steps ?? []), { at, status: next.status, ...attempt }];
  return { ...commonOf(job), updatedAt: at, ...(steps ? { steps } : {}), ...next };
}

/** What events tell of a retraining. */
export function toldOf(job: RetrainingJob): Record<string, string> {
  const { jobId, monitorId, modelId, status } = job;
  return { jobId, ...(monitorId === null ? {} : { monitorId }), modelId, status };
}

export function isFinished({ status }: RetrainingJob): boolean {
  return ['promoted', 'rejected', 'failed', 'refused', 'cancelled'].includes(status);
}

/** The job without what belongs to its state. */
function commonOf(job: RetrainingJob) {
  const { id, type, kind, v, workspace, jobId, monitorId, endpoint, modelId, model } = job;
  const { alias, champion, executor, margin, from, to, reasons, createdAt } = job;
  const { incident, requestedBy, why, run, steps, events } = job;
  const ids = { id, type, kind, v, workspace, jobId, monitorId, endpoint, modelId, model } as const;
  return {
    ...ids,
    ...{ alias, champion, executor, margin, from, to, reasons, createdAt },
    ...(incident === undefined ? {} : { incident }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(why === undefined ? {} : { why }),
    ...(run === undefined ? {} : { run }),
    ...(steps === undefined ? {} : { steps }),
    ...(events === undefined ? {} : { events }),
  };
}
