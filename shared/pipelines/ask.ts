import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { aliasOf, getEndpoint, requireMain } from '../endpoints/index.ts';
import { eventWrite, relay, schedule } from '../events/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { getMonitor, getResult } from '../monitoring/index.ts';
import { aliasHolder, modelById } from '../registry/index.ts';
import { spend } from './budget.ts';
import type { RetrainingJob } from './model.ts';
import { agendaName } from './retrain.ts';
import { jobIdOf, jobs, keyOf, movedTo, readJob, toldOf } from './store.ts';

const recoverEverySeconds = 60;
const maxPerDayDefault = 1;
/** Of an endpoint that no monitor is named with: how far back its labelled rows train. */
const windowSecondsDefault = 86_400;

/** What asks for a retraining in the platform's name. */
export type Asking = {
  readonly monitorId: string;
  /** The end of the window whose labelled rows train and judge. */
  readonly windowEnd: number;
  readonly reasons: readonly string[];
  /** The id of the incident that asks, as `iris-3`; without one it is the window. */
  readonly incident?: string;
};

/**
 * The job that a window asks for, or an incident in it: made where there is none, found where there is. One that the
 * monitor's budget does not allow is made all the same, `refused`, so that it is told once. `undefined` where nothing
 * is to be trained: the monitor or its endpoint are gone, or it has no policy.
 */
export async function askForRetraining(ctx: Context, asking: Asking): Promise<RetrainingJob | undefined> {
  const { monitorId, windowEnd, incident } = asking;
  const jobId = jobIdOf(ctx, monitorId, windowEnd, incident);
  const known = await readJob(ctx, jobId);
  if (known) return known.doc;
  const monitor = (await unlessCode(getMonitor(ctx, monitorId), 'not-found'))?.doc;
  const endpoint = monitor && (await unlessCode(getEndpoint(ctx, monitor.endpoint), 'not-found'));
  // Both are gone once the endpoint is deleted.
  if (!monitor?.retraining || !endpoint) return undefined;
  const { windowStart } = await getResult(ctx, monitorId, windowEnd);
  const job = await newJob(ctx, {
    ...{ jobId, monitorId, endpoint: monitor.endpoint, modelId: requireMain(endpoint).modelId },
    ...{ alias: monitor.retraining.alias, executor: monitor.retraining.executor },
    ...{ margin: monitor.retraining.margin, from: windowStart, to: windowEnd, reasons: asking.reasons },
    ...(incident === undefined ? {} : { incident }),
  });
  const spent = await spend(ctx, monitorId, jobId, maxPerDayOf(monitor.retraining));
  return spent ? refuse(ctx, job, spent.nextAt, monitor.retraining) : begin(ctx, job, windowEnd);
}

/** What a person asks for: of a monitor by its policy, or of an endpoint by an executor. */
export type AskedByHand = {
  readonly monitor?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly executor?: string | undefined;
  /** Milliseconds since 1970; the window of the monitor (of an endpoint a day) before `to`, which is now. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly reason: string;
  /** Who asks twice with one key gets one job. */
  readonly key?: string | undefined;
};

/**
 * Begins a retraining that a person asks for, who must be a contributor of the model: it registers a version, and
 * moves an alias where that wins. Throws `invalid` for what cannot be trained, `conflict` where a key was used for
 * something else, `too-many` where the monitor's budget is spent.
 */
export async function retrainByHand(
  ctx: Context,
  asked: AskedByHand,
): Promise<{ readonly job: RetrainingJob; readonly isNew: boolean }> {
  const plan = await planOf(ctx, asked);
  ctx.access.require('contributor', { type: 'model', id: plan.modelId });
  const name = plan.monitorId ?? plan.endpoint;
  const mark =
    asked.key === undefined
      ? ctx.ids.hex(8)
      : createHash('sha256').update(`${name}\n${asked.key}`).digest('hex').slice(0, 16);
  const jobId = `retrain-${ctx.workspace}-${name}-hand-${mark}`;
  const known = await readJob(ctx, jobId);
  if (known) return { job: sameAs(known.doc, plan, asked), isNew: false };
  const job = await newJob(ctx, {
    ...{ jobId, ...plan, reasons: [] },
    ...{ requestedBy: ctx.principal.id, why: asked.reason },
  });
  if (plan.monitorId !== null) {
    const spent = await spend(ctx, plan.monitorId, jobId, plan.maxPerDay);
    if (spent)
      throw new CairnError('too-many', `${overBudget(plan.maxPerDay)} ${nextFrom(spent.nextAt)}`, {
        field: 'monitor',
        retryAfterSeconds: Math.max(1, Math.ceil((spent.nextAt - ctx.clock.now()) / 1000)),
      });
  }
  return { job: await begin(ctx, job, job.to), isNew: true };
}

type Plan = Pick<
  RetrainingJob,
  'monitorId' | 'endpoint' | 'modelId' | 'alias' | 'executor' | 'margin' | 'from' | 'to'
> & { readonly maxPerDay: number };

async function planOf(ctx: Context, asked: AskedByHand): Promise<Plan> {
  const to = asked.to ?? ctx.clock.now();
  const windowOf = (seconds: number) => {
    const from = asked.from ?? to - seconds * 1000;
    if (from < to) return { from, to };
    throw new CairnError('invalid', "'from' must be before 'to'.", { field: 'from' });
  };
  if (asked.monitor !== undefined) {
    const { doc: monitor } = await getMonitor(ctx, asked.monitor);
    const policy = monitor.retraining;
    if (!policy)
      throw new CairnError(
        'invalid',
        `Monitor '${asked.monitor}' has no retraining; set it, or name an endpoint and an executor.`,
        { field: 'monitor' },
      );
    const { modelId } = requireMain(await getEndpoint(ctx, monitor.endpoint));
    return {
      ...{ monitorId: asked.monitor, endpoint: monitor.endpoint, modelId },
      ...{ alias: policy.alias, executor: policy.executor, margin: policy.margin },
      ...{ ...windowOf(monitor.windowSeconds), maxPerDay: maxPerDayOf(policy) },
    };
  }
  const { endpoint = '', executor = '' } = asked;
  const main = requireMain(await getEndpoint(ctx, endpoint));
  if (!Object.hasOwn(ctx.settings.executors, executor))
    throw new CairnError('invalid', `No executor is named '${executor}'; declare it in CAIRN_EXECUTORS.`, {
      field: 'executor',
    });
  const alias = aliasOf(main);
  if (alias === undefined)
    throw new CairnError(
      'invalid',
      `Endpoint '${endpoint}' follows no alias, so there is none for a better version to get.`,
      { field: 'endpoint' },
    );
  return {
    ...{ monitorId: null, endpoint, modelId: main.modelId, alias, executor, margin: 0 },
    ...{ ...windowOf(windowSecondsDefault), maxPerDay: 0 },
  };
}

/** The job of a key, if it is what is asked for now. */
function sameAs(job: RetrainingJob, plan: Plan, { from, to }: AskedByHand): RetrainingJob {
  const isSame =
    job.monitorId === plan.monitorId &&
    job.endpoint === plan.endpoint &&
    (plan.monitorId !== null || job.executor === plan.executor) &&
    (from === undefined || from === job.from) &&
    (to === undefined || to === job.to);
  if (isSame) return job;
  throw new CairnError('conflict', `The key was used for the retraining '${job.jobId}', which is another.`, {
    field: 'idempotency_key',
  });
}

type Made = Omit<
  RetrainingJob,
  'id' | 'type' | 'kind' | 'v' | 'workspace' | 'model' | 'champion' | 'createdAt' | 'updatedAt' | 'status'
> & { readonly maxPerDay?: number };

async function newJob(ctx: Context, { maxPerDay: _, ...made }: Made): Promise<RetrainingJob> {
  const model = await modelById(ctx, made.modelId);
  const now = ctx.clock.now();
  return {
    ...{ id: 'job', type: 'retraining-job', kind: 'retraining', v: 1, workspace: ctx.workspace },
    ...made,
    ...{ model: model.name, champion: aliasHolder(model, made.alias) ?? null },
    ...{ createdAt: now, updatedAt: now, status: 'requested' },
    steps: [{ at: now, status: 'requested' }],
  };
}

/**
 * Makes a job and sends the one message that starts it. Should the message be lost, the agenda entry, which is there
 * before the job, starts it within a minute.
 */
async function begin(ctx: Context, job: RetrainingJob, windowEnd: number): Promise<RetrainingJob> {
  const { jobId, monitorId } = job;
  await schedule(ctx, agendaName(jobId), {
    dueAt: ctx.clock.now() + recoverEverySeconds * 1000,
    everySeconds: recoverEverySeconds,
    workspace: ctx.workspace,
    message: { kind: 'retrain-recover', jobId },
  });
  if (!(await create(ctx, job, 'retraining.requested'))) return (await readJob(ctx, jobId))?.doc ?? job;
  await ctx.stores.queues.send(ctx, 'work', {
    kind: 'retrain',
    monitorId: monitorId ?? '',
    windowEnd,
    jobId,
  });
  return job;
}

/** Keeps a job that is not begun, for people to see why. */
async function refuse(
  ctx: Context,
  job: RetrainingJob,
  nextAt: number,
  policy: Parameters<typeof maxPerDayOf>[0],
): Promise<RetrainingJob> {
  const reason = `${overBudget(maxPerDayOf(policy))} ${nextFrom(nextAt)}`;
  const doc = movedTo(ctx, { ...job, steps: [] }, { status: 'refused', reason });
  await create(ctx, doc, 'retraining.refused');
  return (await readJob(ctx, job.jobId))?.doc ?? doc;
}

/** Whether this call made the job, with its event. */
async function create(
  ctx: Context,
  job: RetrainingJob,
  type: 'retraining.requested' | 'retraining.refused',
): Promise<boolean> {
  const key = keyOf(job.jobId);
  const doc: RetrainingJob = { ...job, events: 1 };
  const why = job.status === 'refused' ? job.reason : job.why;
  const event = eventWrite(
    ctx,
    {
      ...{ type, aggregate: `retraining/${job.jobId}`, seq: 1, subject: toldOf(job), after: doc },
      ...(why === undefined ? {} : { reason: why }),
    },
    { jobId: job.jobId },
  );
  const { outcome } = await jobs(ctx).batch(key, [{ op: 'create', doc }, event]);
  if (outcome === 'applied') relay(ctx, 'jobs', key, event);
  return outcome === 'applied';
}

/** Retrainings of a monitor in any 24 hours. */
function maxPerDayOf(policy: { readonly executor: string; readonly maxPerDay?: number }): number {
  return policy.maxPerDay ?? maxPerDayDefault;
}

function overBudget(max: number): string {
  return `The monitor may retrain ${max === 1 ? 'once' : `${max} times`} in 24 hours (max_per_day), which it has.`;
}

function nextFrom(at: number): string {
  return `The next may begin at ${new Date(at).toISOString()}.`;
}
