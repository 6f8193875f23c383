import { endJobTokens } from '../access/index.ts';
import { type Context, platform } from '../context.ts';
import { unschedule } from '../events/index.ts';
import { executorNamed, type Execution } from '../executors/index.ts';
import { isCode, unlessCode } from '../http/index.ts';
import { isOpen, outcomeOf, requestPromotion } from '../promotion/index.ts';
import { getVersion, isGuarded, modelById, moveAlias } from '../registry/index.ts';
import { runGate } from './gate.ts';
import type { RetrainingJob, RetrainingState } from './model.ts';
import { isFinished, jobIdOf, type NextState, readJob, replaceState } from './store.ts';
import { retrainingTag, signedIn, taskOf, trainedVersion, withLog } from './training.ts';

const attemptsMax = 3;
/** The executor stops what takes too long; this much later the job gives up on the executor itself. */
const leaseMarginSeconds = 120;
const pollSeconds = 2;
/** What cannot be told so long that it is cancelled is left to itself. */
const tellSecondsMax = 600;

/** Work of kind `retrain`: carries on the retraining that a window asked for. */
export function retrain(
  ctx: Context,
  message: { monitorId: string; windowEnd: number; jobId?: string },
): Promise<void> {
  return advance(ctx, message.jobId ?? jobIdOf(ctx, message.monitorId, message.windowEnd));
}

/** Work of kind `retrain-recover`: carries on a job after a training ended, a message was lost, or a process died. */
export function recoverRetraining(ctx: Context, message: { jobId: string }): Promise<void> {
  return advance(ctx, message.jobId);
}

export function agendaName(jobId: string): string {
  return `retraining:${jobId}`;
}

/**
 * Takes a job as far as it goes without waiting. Each step reads the state, acts in a way that may be
 * repeated, and swaps the state; whoever loses the swap reads again and carries on from there. So any
 * number of messages, processes and crashes lead through the same states once.
 */
async function advance(ctx: Context, jobId: string): Promise<void> {
  for (;;) {
    const stored = await readJob(ctx, jobId);
    if (!stored || isFinished(stored.doc)) return unschedule(ctx, agendaName(jobId));
    const next = await step(ctx, stored.doc).catch((error: unknown) => ended(error));
    if ('wait' in next) {
      if (next.wait !== 'report')
        await ctx.stores.queues.send(
          ctx,
          'work',
          { kind: 'retrain-recover', jobId },
          { delaySeconds: next.wait.seconds },
        );
      return;
    }
    // What it runs as ends with it, or with the attempt that was lost.
    const { status } = stored.doc;
    if (status === 'cancelling' || (status === 'training' && !isSameAttempt(stored.doc, next)))
      await endJobTokens(ctx, jobId);
    await replaceState(ctx, stored, next);
  }
}

/** The next state, or what it waits for: the report of the executor (or the next minute), or a while. */
type Step = NextState | { readonly wait: 'report' | { readonly seconds: number } };

function step(ctx: Context, job: RetrainingJob): Promise<Step> {
  switch (job.status) {
    case 'requested':
      return Promise.resolve(job.champion === null ? noChampion(job) : attempt(ctx, 1));
    case 'training':
      return train(ctx, job);
    case 'gating':
      return runGate(ctx, job, job.challenger);
    case 'promoting':
      return promote(ctx, job);
    case 'cancelling':
      return cancel(ctx, job);
    case 'promoted':
    case 'rejected':
    case 'failed':
    case 'refused':
    case 'cancelled':
      return Promise.resolve({ wait: 'report' });
  }
}

/** What will fail again however often it is tried ends the job; anything else brings the message back. */
function ended(error: unknown): RetrainingState {
  if (isCode(error, 'not-found', 'invalid', 'conflict', 'too-large'))
    return { status: 'failed', reason: error.message };
  throw error;
}

function noChampion(job: RetrainingJob): RetrainingState {
  return {
    status: 'failed',
    reason: `Alias '${job.alias}' of '${job.model}' was held by no version, so there is nothing to replace.`,
  };
}

function attempt(ctx: Context, number: number): RetrainingState {
  const seconds = ctx.settings.executorSecondsMax + leaseMarginSeconds;
  return { status: 'training', attempt: number, lease: { until: ctx.clock.now() + seconds * 1000 } };
}

async function train(ctx: Context, job: RetrainingJob & { status: 'training' }): Promise<Step> {
  const executor = executorNamed(ctx, job.executor);
  if (!executor)
    return {
      status: 'failed',
      reason: `No executor is named '${job.executor}'; declare it in CAIRN_EXECUTORS.`,
    };
  const task = taskOf(ctx, job, job.attempt);
  const execution = await executor.poll(ctx, task);
  const run = runOf(job, execution);
  if (run) return { status: 'training', attempt: job.attempt, lease: job.lease, run };
  const expired = ctx.clock.now() > job.lease.until;
  switch (execution.state) {
    case 'absent':
      await executor.start(ctx, await signedIn(ctx, task, executor));
      if (await isGivenUp(ctx, job)) await executor.cancel(ctx, task);
      return { wait: 'report' };
    case 'running':
      if (!expired) return { wait: 'report' };
      await executor.cancel(ctx, task);
      return { status: 'failed', reason: 'The training did not end in time and was cancelled.' };
    case 'lost': {
      const version = await registeredBy(ctx, job);
      if (version !== undefined) return challengerOf(ctx, job, version, expired);
      return job.attempt < attemptsMax
        ? attempt(ctx, job.attempt + 1)
        : { status: 'failed', reason: `The training was lost ${attemptsMax} times.` };
    }
    case 'failed':
      return { status: 'failed', reason: withLog(execution.reason, execution.log) };
    case 'succeeded': {
      const trained = trainedVersion(execution);
      if (trained === 'unseen') {
        const version = await registeredBy(ctx, job);
        return version === undefined
          ? { status: 'failed', reason: withLog(noVersion(job), execution.log) }
          : challengerOf(ctx, job, version, expired);
      }
      return 'failed' in trained
        ? { status: 'failed', reason: trained.failed }
        : challengerOf(ctx, job, trained.version, expired);
    }
  }
}

/** Where the run is to be seen, where that is news. */
function runOf(job: RetrainingJob & { status: 'training' }, execution: Execution): RetrainingJob['run'] {
  const page = 'page' in execution ? execution.page : undefined;
  const isNews = job.run?.page !== page || job.run?.attempt !== job.attempt;
  return page !== undefined && isNews ? { attempt: job.attempt, page } : undefined;
}

/** Whether the next state is the same attempt, with something noted. */
function isSameAttempt(job: RetrainingJob & { status: 'training' }, next: NextState): boolean {
  return next.status === 'training' && next.attempt === job.attempt;
}

/** Whether a job was cancelled while its training was being started. */
async function isGivenUp(ctx: Context, { jobId, attempt: number }: RetrainingJob & { status: 'training' }) {
  const now = (await readJob(ctx, jobId))?.doc;
  return !(now?.status === 'training' && now.attempt === number);
}

/** Tells what trains that it is to end. */
async function cancel(ctx: Context, job: RetrainingJob & { status: 'cancelling' }): Promise<Step> {
  const executor = executorNamed(ctx, job.executor);
  try {
    if (executor && job.attempt !== null) await executor.cancel(ctx, taskOf(ctx, job, job.attempt));
  } catch (error) {
    if (ctx.clock.now() - job.since < tellSecondsMax * 1000) throw error;
    ctx.log.warn('a training is left to itself', { jobId: job.jobId, reason: String(error) });
  }
  return { status: 'cancelled', reason: job.reason };
}

function noVersion({ model, jobId }: RetrainingJob): string {
  return `The training ended well, but registered no version of '${model}' with the tag ${retrainingTag}=${jobId}.`;
}

/** The version that a training registered before nobody was there to hear of it. */
async function registeredBy(ctx: Context, job: RetrainingJob): Promise<number | undefined> {
  const { nextVersion } = await modelById(ctx, job.modelId);
  for (let version = nextVersion - 1; version >= 1; version--) {
    const { tags, createdAt } = await getVersion(ctx, job.modelId, version);
    if (tags[retrainingTag] === job.jobId) return version;
    if (createdAt < job.createdAt) return undefined;
  }
  return undefined;
}

/** The version that the training names, if it is this job's own and ready to be judged. */
async function challengerOf(
  ctx: Context,
  job: RetrainingJob,
  version: number,
  expired: boolean,
): Promise<Step> {
  const failed = (reason: string): Step => ({ status: 'failed', reason });
  const found = await unlessCode(getVersion(ctx, job.modelId, version), 'not-found');
  if (!found) return failed(`The training named version ${version}, which '${job.model}' does not have.`);
  if (found.tags[retrainingTag] !== job.jobId)
    return failed(
      `Version ${version} does not carry the tag ${retrainingTag}=${job.jobId}, so this training did not make it.`,
    );
  switch (found.inspection.state) {
    case 'ready':
      return { status: 'gating', challenger: version };
    case 'refused':
      return failed(`Version ${version} cannot be served: ${found.inspection.reason}`);
    case 'pending':
      return expired
        ? failed(`Version ${version} did not become ready in time.`)
        : { wait: { seconds: pollSeconds } };
  }
}

/** Moves the alias, if the champion still holds it. Done again after a crash, it finds the alias moved and agrees. */
async function promote(ctx: Context, job: RetrainingJob & { status: 'promoting' }): Promise<Step> {
  const { modelId, alias, challenger, gate } = job;
  const root = await modelById(ctx, modelId);
  try {
    if (isGuarded(root, { alias })) return await promoteByPolicy(ctx, job, root.name);
    await moveAlias(ctx, { name: root.name, alias, version: challenger, expected: gate.champion.version });
    return { status: 'promoted', version: challenger, gate };
  } catch (error) {
    if (isCode(error, 'conflict')) return { status: 'rejected', challenger, reason: error.message, gate };
    throw error;
  }
}

/** Asks, in the platform's name, for a promotion by the policy's gates, and reports what becomes of it. */
async function promoteByPolicy(
  ctx: Context,
  { jobId, alias, challenger, gate }: RetrainingJob & { status: 'promoting' },
  name: string,
): Promise<Step> {
  const { promotion } = await requestPromotion(
    { ...ctx, principal: platform },
    {
      name,
      version: challenger,
      target: { alias },
      expected: gate.champion.version,
      comment: `Retraining ${jobId}`,
      key: jobId,
    },
  );
  if (promotion.status === 'evaluating') return { wait: { seconds: pollSeconds } };
  // For people, or for a freeze to end: the timer asks again each minute.
  if (isOpen(promotion)) return { wait: 'report' };
  const { number } = promotion;
  if (promotion.status === 'promoted')
    return { status: 'promoted', version: challenger, gate, promotion: number };
  return { status: 'rejected', challenger, reason: outcomeOf(promotion), gate, promotion: number };
}
