import { findJob, qualityOf } from '../../batch/index.ts';
import { conversionOf } from '../../conversion/index.ts';
import type { Context } from '../../context.ts';
import type { CairnEvent } from '../../events/index.ts';
import { isCode } from '../../http/index.ts';
import { getRetraining } from '../../pipelines/index.ts';
import { getVersion, modelById } from '../../registry/index.ts';
import { getExperiment, getRun, glanceAtRuns } from '../../tracking/index.ts';
import { versionIn } from '../node.ts';
import { parentTag, unlessMissing } from '../record-run.ts';
import { ofBatchJob, ofConversion, ofRetraining, ofRun, type OutgoingEvent } from './outgoing.ts';

/** Asks for the OpenLineage events of something that has ended. */
export type EmitMessage = {
  readonly kind: 'emit-lineage';
  readonly of: 'run' | 'batch-job' | 'retraining' | 'version';
  /** Of a version `<model id>/<number>`: its conversion. */
  readonly id: string;
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  /** Tries that failed so far. */
  readonly failures: number;
};

const failuresMax = 12;
const firstDelaySeconds = 30;
const delaySecondsMax = 3600;
const answerSecondsMax = 10;

/**
 * Has the operator's OpenLineage backend told of what has ended: a subscriber, which does nothing where none
 * is set. The telling is work of its own, so that a backend that is away holds nothing up here.
 */
export async function announceEnded(ctx: Context, event: CairnEvent): Promise<void> {
  if (!ctx.settings.openLineage) return;
  const ended = endedBy(event);
  if (!ended) return;
  const message: EmitMessage = { kind: 'emit-lineage', ...ended, at: event.at, failures: 0 };
  await ctx.stores.queues.send(ctx, 'work', message);
}

function endedBy({ type, subject }: CairnEvent): Pick<EmitMessage, 'of' | 'id'> | undefined {
  const { runId = '', jobId = '', modelId = '', version = '' } = subject;
  switch (type) {
    case 'run.finished':
      return { of: 'run', id: runId };
    case 'batch.finished':
      return { of: 'batch-job', id: jobId };
    case 'retraining.finished':
      return { of: 'retraining', id: jobId };
    case 'version.converted':
      return { of: 'version', id: `${modelId}/${version}` };
    default:
      return undefined;
  }
}

/**
 * Work of kind `emit-lineage`: sends the events, or comes back later, up to some hours. Sent twice they are
 * the same events, which a backend knows by run and time.
 */
export async function emitLineage(ctx: Context, message: EmitMessage): Promise<void> {
  const target = ctx.settings.openLineage;
  if (!target) return;
  for (const event of await eventsOf(ctx, message)) {
    const failure = await post(ctx, target, event);
    if (failure === undefined) continue;
    const failures = message.failures + 1;
    const fields = { of: message.of, id: message.id, failures, reason: failure.reason };
    if (failure.isFinal || failures >= failuresMax) {
      ctx.log.error('OpenLineage event given up', fields);
      return;
    }
    ctx.log.warn('OpenLineage event not taken', fields);
    const delaySeconds = Math.min(firstDelaySeconds * 2 ** message.failures, delaySecondsMax);
    await ctx.stores.queues.send(ctx, 'work', { ...message, failures }, { delaySeconds });
    return;
  }
}

/** Nothing where it is gone by now. */
async function eventsOf(ctx: Context, { of, id, at }: EmitMessage): Promise<OutgoingEvent[]> {
  switch (of) {
    case 'run':
      return eventsOfRun(ctx, id, at);
    case 'batch-job': {
      const job = await unlessMissing(findJob(ctx, id));
      const model = job?.model && (await unlessMissing(modelById(ctx, job.model.modelId)));
      const quality = job && (await qualityOf(ctx, job));
      return job ? ofBatchJob(ctx, job, { model: model?.name, quality }, at) : [];
    }
    case 'retraining': {
      const job = await unlessMissing(getRetraining(ctx, id));
      return job ? ofRetraining(ctx, job, at) : [];
    }
    case 'version': {
      const { model = '', version: number = 0 } = versionIn(id) ?? {};
      const version = await unlessMissing(getVersion(ctx, model, number));
      const job = version && (await conversionOf(ctx, version));
      return version && job ? ofConversion(ctx, version, job, at) : [];
    }
  }
}

async function eventsOfRun(ctx: Context, runId: string, at: number): Promise<OutgoingEvent[]> {
  const run = await unlessMissing(getRun(ctx, runId));
  const experiment = run && (await unlessMissing(getExperiment(ctx, run.experimentId)));
  // One that runs again will end again.
  if (!run || !experiment || run.status === 'RUNNING' || run.status === 'SCHEDULED') return [];
  const parentId = run.tags[parentTag];
  const parent = parentId ? (await glanceAtRuns(ctx, [parentId])).get(parentId) : undefined;
  const above = parent && (await unlessMissing(getExperiment(ctx, parent.experimentId)));
  return ofRun(
    ctx,
    run,
    experiment.name,
    at,
    parent && above && { runId: parent.runId, experiment: above.name },
  );
}

type Failure = { readonly reason: string; readonly isFinal: boolean };

/** Sends one event to the path that OpenLineage's own clients use; `undefined` where it was taken. */
async function post(
  { stores: { secrets } }: Context,
  { url, key: given, keySecret }: NonNullable<Context['settings']['openLineage']>,
  event: OutgoingEvent,
): Promise<Failure | undefined> {
  try {
    const key = keySecret === undefined ? given : await secrets?.read(keySecret);
    const response = await fetch(`${url.replace(/\/+$/, '')}/api/v1/lineage`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(event),
      redirect: 'manual',
      signal: AbortSignal.timeout(answerSecondsMax * 1000),
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    if (response.status === 401 && keySecret !== undefined) secrets?.wasRefused(keySecret);
    // What is wrong with an event stays wrong; all else may be mended.
    return { reason: `status ${response.status}`, isFinal: [400, 413, 422].includes(response.status) };
  } catch (error) {
    const reason = isCode(error, 'unavailable')
      ? error.message
      : error instanceof Error
        ? error.name
        : 'unknown';
    return { reason, isFinal: false };
  }
}
