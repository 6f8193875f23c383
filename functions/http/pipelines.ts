import * as z from 'zod';
import { isOfJob } from '../../shared/access/index.ts';
import { listExecutors } from '../../shared/executors/index.ts';
import {
  type Call,
  CairnError,
  fields,
  json,
  problem,
  route,
  type Scope,
  type Surface,
} from '../../shared/http/index.ts';
import {
  cancelRetraining,
  getRetraining,
  hearOfTraining,
  listRetrainings,
  retrainByHand,
  type RetrainingJob,
  rolloutOf,
  tokenForRun,
} from '../../shared/pipelines/index.ts';
import type { Context } from '../../shared/context.ts';
import { instant } from './monitoring/settings.ts';
import { snakeCase } from './snake-case.ts';

const onJob: Scope = { on: [{ field: 'id', names: 'retraining-job' }] };
const text = (max: number) =>
  z.string({ error: 'must be text' }).max(max, `must have at most ${max} characters`);
const attempt = z.int('must be a whole number').min(1, 'must be at least 1').optional();

const statuses = [
  'requested',
  'training',
  'gating',
  'promoting',
  'promoted',
  'rejected',
  'failed',
  'refused',
  'cancelling',
  'cancelled',
] as const satisfies readonly RetrainingJob['status'][];

const newJob = z
  .strictObject({
    monitor: fields.requiredText.optional(),
    endpoint: fields.requiredText.optional(),
    executor: fields.requiredText.optional(),
    from: instant.optional(),
    to: instant.optional(),
    reason: fields.requiredText.max(1000, 'must have at most 1000 characters'),
    idempotency_key: fields.requiredText.max(200, 'must have at most 200 characters').optional(),
  })
  .refine(
    ({ monitor, endpoint, executor }) =>
      monitor === undefined
        ? endpoint !== undefined && executor !== undefined
        : endpoint === undefined && executor === undefined,
    { error: "needs either 'monitor', or 'endpoint' and 'executor'", path: ['monitor'] },
  );

const report = z.strictObject({
  id: fields.requiredText,
  status: z.enum(['succeeded', 'failed'], "must be 'succeeded' or 'failed'"),
  version: z.int('must be a whole number').min(1, 'must be at least 1').optional(),
  reason: text(2000).optional(),
  log: text(100_000).optional(),
  attempt,
});

/** Retraining: what asked for it, how far it is, and the figures that decided. */
export const pipelines: Surface = {
  name: 'pipelines',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/executors', {
      operation: 'listExecutors',
      role: 'viewer',
      // They are of the deployment: whoever sees an endpoint may know what could train for it.
      scope: { among: ['endpoint'] },
      input: z.strictObject({}),
      handle: (ctx) => Promise.resolve({ executors: listExecutors(ctx) }),
    }),
    route('GET', '/api/v1/retraining-jobs', {
      operation: 'listRetrainingJobs',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.object({
        limit: fields.limit(1000, 100),
        status: z.enum(statuses, `must be one of ${statuses.join(', ')}`).optional(),
        endpoint: fields.requiredText.optional(),
        monitor: fields.requiredText.optional(),
        model: fields.requiredText.optional(),
        executor: fields.requiredText.optional(),
      }),
      handle: async (ctx, { limit, monitor: monitorId, ...filter }) => ({
        jobs: (await listRetrainings(ctx, limit, { ...filter, monitorId })).map((job) => present(ctx, job)),
      }),
    }),
    route('POST', '/api/v1/retraining-jobs', {
      operation: 'createRetrainingJob',
      role: 'operator',
      scope: {
        on: [
          { field: 'monitor', names: 'monitor' },
          { field: 'endpoint', names: 'endpoint' },
        ],
      },
      input: newJob,
      async handle(ctx, { idempotency_key: key, ...asked }) {
        const { job, isNew } = await retrainByHand(ctx, { ...asked, key });
        return json(present(ctx, job), isNew ? 201 : 200);
      },
    }),
    route('GET', '/api/v1/retraining-jobs/{id}', {
      operation: 'getRetrainingJob',
      role: 'viewer',
      scope: onJob,
      input: z.object({ id: fields.requiredText }),
      async handle(ctx, { id }) {
        const job = await getRetraining(ctx, id);
        const rollout = await rolloutOf(ctx, job);
        return { ...present(ctx, job), ...(rollout ? { rollout: snakeCase(rollout) } : {}) };
      },
    }),
    route('POST', '/api/v1/retraining-jobs/{id}/cancel', {
      operation: 'cancelRetrainingJob',
      role: 'operator',
      scope: onJob,
      input: z.strictObject({ id: fields.requiredText, reason: text(1000).optional() }),
      handle: async (ctx, { id, reason }) => present(ctx, await cancelRetraining(ctx, id, reason)),
    }),
    route('POST', '/api/v1/retraining-jobs/{id}/heartbeat', {
      operation: 'retrainingHeartbeat',
      role: 'contributor',
      scope: onJob,
      input: z.strictObject({ id: fields.requiredText, attempt }),
      async handle(ctx, input, call) {
        await checkCaller(ctx, call, input.id);
        await hearOfTraining(ctx, input.id, { attempt: input.attempt });
        return {};
      },
    }),
    route('POST', '/api/v1/retraining-jobs/{id}/report', {
      operation: 'reportRetraining',
      role: 'contributor',
      scope: onJob,
      input: report,
      async handle(ctx, { id, attempt: of, ...said }, call) {
        await checkCaller(ctx, call, id);
        await hearOfTraining(ctx, id, { attempt: of, report: said });
        return {};
      },
    }),
    route('POST', '/api/v1/retraining-jobs/{id}/token', {
      operation: 'retrainingToken',
      // It proves by GitHub's token what it is, and is nobody else here.
      role: 'public',
      input: z.strictObject({ id: fields.requiredText, id_token: text(16_384).default('') }),
      handle: async (ctx, { id, id_token: idToken }) => snakeCase(await tokenForRun(ctx, id, idToken)),
    }),
  ],
};

/** Only what trains speaks for a training. A job that is not there is told first, as everywhere. */
async function checkCaller(ctx: Context, { identity }: Call, jobId: string): Promise<void> {
  await getRetraining(ctx, jobId);
  if (isOfJob(identity, jobId)) return;
  throw new CairnError('forbidden', 'Only the training itself calls this, by the token that it was given.');
}

/** The job without the envelope of its document, with what its executor is. */
function present(
  { settings }: Context,
  { id: _, type, v, workspace, kind, jobId, events, ...job }: RetrainingJob,
) {
  const declared = Object.hasOwn(settings.executors, job.executor)
    ? settings.executors[job.executor]
    : undefined;
  const shown = { id: jobId, ...job, executorKind: declared?.kind ?? null };
  return snakeCase(shown) as Readonly<Record<string, unknown>>;
}
