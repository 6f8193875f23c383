import type { Context } from '../context.ts';
import { type CairnEvent, schedule } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { getMonitor, getResult } from '../monitoring/index.ts';
import { aliasHolder, modelById } from '../registry/index.ts';
import { getEndpoint, requireMain } from '../endpoints/index.ts';
import type { RetrainingJob } from './model.ts';
import { agendaName } from './retrain.ts';
import { jobIdOf, jobs, keyOf, readJob } from './store.ts';

const recoverEverySeconds = 60;

/**
 * Makes the job of a window that breached a signal which its monitor retrains on, and sends the one message that starts
 * it: a subscriber of `monitor.checked`. Served again it finds the job and sends nothing; should the message be lost, the
 * agenda entry, which is there before the job, starts it within a minute.
 */
export async function requestRetraining(ctx: Context, event: CairnEvent): Promise<void> {
  const { monitorId = '', windowEnd = '', breached = '' } = event.subject;
  if (breached === '') return;
  const jobId = jobIdOf(ctx, monitorId, Number(windowEnd));
  if (await readJob(ctx, jobId)) return;
  const job = await newJob(ctx, jobId, monitorId, Number(windowEnd));
  if (!job) return;
  await schedule(ctx, agendaName(jobId), {
    dueAt: ctx.clock.now() + recoverEverySeconds * 1000,
    everySeconds: recoverEverySeconds,
    workspace: ctx.workspace,
    message: { kind: 'retrain-recover', jobId },
  });
  const { outcome } = await jobs(ctx).write(keyOf(jobId), { op: 'create', doc: job });
  if (outcome !== 'applied') return;
  await ctx.stores.queues.send(ctx, 'work', { kind: 'retrain', monitorId, windowEnd: Number(windowEnd) });
}

/** The job that a window asks for, or `undefined` where nothing is to be trained. */
async function newJob(
  ctx: Context,
  jobId: string,
  monitorId: string,
  windowEnd: number,
): Promise<RetrainingJob | undefined> {
  const monitor = (await unlessCode(getMonitor(ctx, monitorId), 'not-found'))?.doc;
  const endpoint = monitor && (await unlessCode(getEndpoint(ctx, monitor.endpoint), 'not-found'));
  // Both are gone once the endpoint is deleted.
  if (!monitor || !endpoint) return undefined;
  const { retraining: policy } = monitor;
  if (!policy) return undefined;
  const result = await getResult(ctx, monitorId, windowEnd);
  const reasons = policy.on.filter((signal) =>
    result.signals.some((each) => each.signal === signal && each.verdict === 'breached'),
  );
  const { modelId, stable } = requireMain(endpoint);
  // A version that no longer answers cannot be helped by another one.
  if (reasons.length === 0 || result.model?.version !== stable?.version) return undefined;
  const model = await modelById(ctx, modelId);
  const now = ctx.clock.now();
  return {
    id: 'job',
    type: 'retraining-job',
    kind: 'retraining',
    v: 1,
    workspace: ctx.workspace,
    jobId,
    monitorId,
    endpoint: monitor.endpoint,
    modelId,
    model: model.name,
    alias: policy.alias,
    champion: aliasHolder(model, policy.alias) ?? null,
    executor: policy.executor,
    margin: policy.margin,
    from: result.windowStart,
    to: result.windowEnd,
    reasons,
    createdAt: now,
    updatedAt: now,
    status: 'requested',
  };
}
