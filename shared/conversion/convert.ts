import { endJobTokens } from '../access/index.ts';
import type { Context } from '../context.ts';
import { unschedule } from '../events/index.ts';
import type { Execution } from '../executors/index.ts';
import { isCode } from '../http/index.ts';
import { changeVersion } from '../registry/index.ts';
import type { ConversionJob, ConversionState } from './job.ts';
import { readReport, whyNotAsReported } from './report.ts';
import { isFinished, readJob, replaceState } from './store.ts';
import { converterOf, signedIn, taskOf } from './task.ts';

const attemptsMax = 3;
/** The executor stops what takes too long; this much later the job gives up on the executor itself. */
const leaseMarginSeconds = 120;

type Running = ConversionJob & { readonly status: 'running' };
type Recording = ConversionJob & { readonly status: 'recording' };

/**
 * Work of kind `convert`: takes a conversion as far as it goes without waiting. Each step reads the
 * state, acts in a way that may be repeated, and swaps the state; whoever loses the swap reads again and
 * carries on from there. So any number of messages, processes and crashes lead through the same states once.
 */
export async function convert(ctx: Context, { jobId }: { jobId: string }): Promise<void> {
  for (;;) {
    const stored = await readJob(ctx, jobId);
    if (!stored || isFinished(stored.doc)) return unschedule(ctx, agendaName(jobId));
    const next = await step(ctx, stored.doc).catch((error: unknown) => ended(ctx, stored.doc, error));
    if (next === 'wait') return;
    if (stored.doc.status === 'running') await endJobTokens(ctx, jobId);
    await replaceState(ctx, stored, next);
  }
}

export function agendaName(jobId: string): string {
  return `conversion:${jobId}`;
}

/** Which conversion of its version a job is, from 1. */
export function orderOf(jobId: string): number {
  return Number(jobId.slice(jobId.lastIndexOf('-') + 1));
}

/** Names the job at its version, unless a later one stands there. */
export async function linkJob(ctx: Context, { jobId, modelId, version }: ConversionJob): Promise<void> {
  await changeVersion(ctx, modelId, version, (doc) =>
    doc.conversion && orderOf(doc.conversion.jobId) >= orderOf(jobId)
      ? undefined
      : { type: 'version.updated', version: { ...doc, conversion: { jobId } } },
  );
}

/** The next state, or `wait` for the executor to end, or the next minute. */
async function step(ctx: Context, job: ConversionJob): Promise<ConversionState | 'wait'> {
  switch (job.status) {
    case 'requested':
      await linkJob(ctx, job);
      return attempt(ctx, 1);
    case 'running':
      return run(ctx, job);
    case 'recording':
      return record(ctx, job);
    case 'succeeded':
    case 'failed':
      return 'wait';
  }
}

/** What will fail again however often it is tried ends the job; anything else brings the message back. */
function ended(ctx: Context, job: ConversionJob, error: unknown): ConversionState {
  if (isCode(error, 'not-found', 'invalid', 'conflict')) return failed(ctx, job, error.message);
  throw error;
}

function attempt(ctx: Context, number: number): ConversionState {
  const now = ctx.clock.now();
  const seconds = ctx.settings.executorSecondsMax + leaseMarginSeconds;
  return { status: 'running', attempt: number, startedAt: now, lease: { until: now + seconds * 1000 } };
}

async function run(ctx: Context, job: Running): Promise<ConversionState | 'wait'> {
  const executor = converterOf(ctx);
  if (!executor) return failed(ctx, job, 'Nothing that converts is set up any more.');
  const task = taskOf(ctx, job, job.attempt);
  const execution = await executor.poll(ctx, task);
  switch (execution.state) {
    case 'absent':
      await executor.start(ctx, await signedIn(ctx, task, job));
      return 'wait';
    case 'running':
      if (ctx.clock.now() <= job.lease.until) return 'wait';
      await executor.cancel(ctx, task);
      return failed(ctx, job, 'The conversion did not end in time and was cancelled.');
    case 'lost':
    case 'failed':
    case 'succeeded':
      return afterwards(ctx, job, execution);
  }
}

/** However an attempt ended, its report counts: it is written when all is done. */
async function afterwards(
  ctx: Context,
  job: Running,
  execution: Extract<Execution, { state: 'lost' | 'failed' | 'succeeded' }>,
): Promise<ConversionState> {
  const report = await readReport(ctx, job, job.attempt);
  const log = execution.state === 'lost' ? '' : execution.log;
  if (report && 'converted' in report)
    return {
      status: 'recording',
      attempt: job.attempt,
      startedAt: job.startedAt,
      converted: report.converted,
    };
  if (report) return failed(ctx, job, report.failed, log);
  switch (execution.state) {
    case 'lost':
      return job.attempt < attemptsMax
        ? attempt(ctx, job.attempt + 1)
        : failed(ctx, job, `The converter was lost ${attemptsMax} times.`);
    case 'failed':
      return failed(ctx, job, execution.reason, log);
    case 'succeeded':
      return failed(ctx, job, 'The converter ended without a report.', log);
  }
}

/** Looks at what was stored and makes it the version's ONNX, to be inspected: by a subscriber of `version.converted`. */
async function record(ctx: Context, job: Recording): Promise<ConversionState> {
  const { converted, modelId, version, startedAt } = job;
  const wrong = await whyNotAsReported(ctx, converted);
  if (wrong !== undefined) return failed(ctx, job, wrong);
  const { path, digest } = converted;
  await changeVersion(ctx, modelId, version, (doc) =>
    doc.converted?.path === path && doc.converted.digest === digest
      ? undefined
      : {
          type: 'version.converted',
          version: {
            ...doc,
            converted: { path, digest, at: ctx.clock.now() },
            // Until the ONNX has been read, nobody knows whether it can be served.
            inspection: { state: 'pending' },
          },
          subject: { jobId: job.jobId },
        },
  );
  return {
    status: 'succeeded',
    attempt: job.attempt,
    startedAt,
    finishedAt: ctx.clock.now(),
    converted,
  };
}

function failed(ctx: Context, job: ConversionJob, reason: string, log = ''): ConversionState {
  return {
    status: 'failed',
    attempt: 'attempt' in job ? job.attempt : 0,
    ...('startedAt' in job && job.startedAt !== undefined ? { startedAt: job.startedAt } : {}),
    finishedAt: ctx.clock.now(),
    reason,
    ...(log === '' ? {} : { logTail: log }),
  };
}
