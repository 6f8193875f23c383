import { type BatchJob, type FileProgress, filesOf, findJob } from '../batch/index.ts';
import type { Context } from '../context.ts';
import type { DatasetRef } from '../datasets/index.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { getEndpoint, pinnedOf } from '../endpoints/index.ts';
import { getRetraining, type RetrainingJob } from '../pipelines/index.ts';
import { getVersion } from '../registry/index.ts';
import { getLoggedModel } from '../tracking/index.ts';
import type { Edge } from './edge.ts';
import {
  datasetNode,
  fileNode,
  type NodeId,
  nodeId,
  parseNodeId,
  partsOf,
  versionIn,
  versionNode,
} from './node.ts';
import { copiedVersion, describeDataset, recordRun, unlessMissing } from './record-run.ts';
import { resolvedNode } from './resolve.ts';
import { ownerIn } from './sight.ts';
import { connect, type NodeDescription } from './store.ts';

/** The edges of a run. Subscriber of `run.inputs-logged` and `run.finished`. */
export async function traceRun(ctx: Context, event: CairnEvent): Promise<void> {
  await recordRun(ctx, event.subject['runId'] ?? '');
}

/** The edge from the run that logged a model. Subscriber of `logged-model.created`. */
export async function traceLoggedModel(ctx: Context, event: CairnEvent): Promise<void> {
  const modelId = event.subject['modelId'] ?? '';
  const model = await unlessMissing(getLoggedModel(ctx, modelId, { deleted: true }));
  if (!model?.sourceRunId) return;
  const hub = nodeId('logged-model', modelId);
  const run = await recordRun(ctx, model.sourceRunId);
  if (run) await connect(ctx, hub, [{ from: run, to: hub, kind: 'generated', at: model.createdAt }]);
}

/** Where a version comes from. Subscriber of `version.created`. */
export async function traceVersion(ctx: Context, event: CairnEvent): Promise<void> {
  await recordOrigin(ctx, event.subject['modelId'] ?? '', Number(event.subject['version']));
}

/** The datasets that a version names. Subscriber of `version.ready`. */
export async function traceDatasets(ctx: Context, event: CairnEvent): Promise<void> {
  await recordDatasets(ctx, event.subject['modelId'] ?? '', Number(event.subject['version']));
}

/** The ONNX file that was made of a version. Subscriber of `version.converted`. */
export async function traceConversion(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { modelId = '', version: number } = subject;
  const version = await unlessMissing(getVersion(ctx, modelId, Number(number)));
  if (!version?.converted) return;
  const { path, at } = version.converted;
  const hub = versionNode(modelId, version.version);
  await connect(ctx, hub, [{ from: hub, to: fileNode('artifacts', path), kind: 'converted-to', at }]);
}

/** Asks for the edges of a run or a version to be written again. */
export type RecordMessage = { readonly kind: 'record-lineage'; readonly node: string };

/**
 * Has the edges of a run, or of a version and its run, written again from what is stored of them: for what
 * is older than its lineage. What the caller may not see is taken for what is not there, of which nothing will be
 * written. Throws `invalid` for any other node, `forbidden` where the caller may not change what it belongs to.
 */
export async function requestRecording(ctx: Context, text: string): Promise<NodeId> {
  const node = await resolvedNode(ctx, text);
  const { kind } = partsOf(node);
  if (kind !== 'run' && kind !== 'version')
    throw new CairnError('invalid', `The edges of a ${kind} cannot be asked for; name a run or a version.`, {
      field: 'node',
    });
  const owner = ownerIn(node);
  const over = typeof owner === 'object' && ctx.access.may('viewer', owner) ? owner : undefined;
  if (!ctx.access.may('contributor', over))
    throw new CairnError('forbidden', 'This needs the role contributor on what the node belongs to.', {
      field: 'node',
    });
  if (typeof owner === 'object' && !over) return parseNodeId(text);
  await ctx.stores.queues.send(ctx, 'work', { kind: 'record-lineage', node } satisfies RecordMessage);
  return node;
}

/** Work of kind `record-lineage`. */
export async function recordLineage(ctx: Context, message: RecordMessage): Promise<void> {
  const { kind, name } = partsOf(await resolvedNode(ctx, message.node));
  if (kind === 'run') await recordRun(ctx, name);
  const of = kind === 'version' ? versionIn(name) : undefined;
  if (!of) return;
  await recordOrigin(ctx, of.model, of.version);
  await recordDatasets(ctx, of.model, of.version);
}

/**
 * The versions that an endpoint answers by, in all of its deployments and rollouts: the one that the event tells of,
 * and those of now. Subscriber of what makes, changes and moves endpoints.
 */
export async function traceEndpoint(ctx: Context, { subject, at }: CairnEvent): Promise<void> {
  const { endpoint: name = '', modelId = '', to } = subject;
  const endpoint = await unlessMissing(getEndpoint(ctx, name));
  const hub = nodeId('endpoint', name);
  const versions = [
    ...(to === undefined ? [] : [versionNode(modelId, Number(to))]),
    ...(endpoint ? pinnedOf(endpoint) : []).map((each) => versionNode(each.modelId, each.pinned.version)),
  ];
  await connect(
    ctx,
    hub,
    [...new Set(versions)].map((from) => ({ from, to: hub, kind: 'deployed-to', at })),
  );
}

/** The files of a batch job and what scored it. Subscriber of `batch.finished`. */
export async function traceBatchJob(ctx: Context, event: CairnEvent): Promise<void> {
  const job = await unlessMissing(findJob(ctx, event.subject['jobId'] ?? ''));
  if (!job) return;
  const files = job.input.isPrefix ? await filesOf(ctx, job, { from: 0, limit: jobFilesMax }) : [];
  await connect(ctx, nodeId('batch-job', job.jobId), edgesOfJob(job, files, event.at));
}

/** What a retraining was of and what it made. Subscriber of `retraining.finished`. */
export async function traceRetraining(ctx: Context, event: CairnEvent): Promise<void> {
  const job = await unlessMissing(getRetraining(ctx, event.subject['jobId'] ?? ''));
  if (job) await connect(ctx, nodeId('retraining', job.jobId), edgesOfRetraining(job, event.at));
}

async function recordOrigin(ctx: Context, modelId: string, number: number): Promise<void> {
  const version = await unlessMissing(getVersion(ctx, modelId, number));
  if (!version) return;
  const { loggedModelId, runId, createdAt: at } = version;
  const hub = versionNode(modelId, number);
  const [run, logged, copied] = await Promise.all([
    runId && recordRun(ctx, runId),
    loggedModelId && unlessMissing(getLoggedModel(ctx, loggedModelId, { deleted: true })),
    copiedVersion(ctx, version),
  ]);
  await connect(ctx, hub, [
    ...(run ? [{ from: run, to: hub, kind: 'generated', at } as const] : []),
    ...(logged
      ? [{ from: nodeId('logged-model', logged.modelId), to: hub, kind: 'registered-as', at } as const]
      : []),
    ...(copied ? [{ from: copied, to: hub, kind: 'copied-to', at } as const] : []),
  ]);
}

async function recordDatasets(ctx: Context, modelId: string, number: number): Promise<void> {
  const version = await unlessMissing(getVersion(ctx, modelId, number));
  if (version?.inspection.state !== 'ready') return;
  const { ready, at } = version.inspection;
  const hub = versionNode(modelId, number);
  const named = [
    ...(ready.reference ? [{ ref: ready.reference, kind: 'reference-of' } as const] : []),
    ...(ready.evaluation ? [{ ref: ready.evaluation, kind: 'evaluation-of' } as const] : []),
  ];
  await connect(
    ctx,
    hub,
    named.map(({ ref, kind }) => ({ from: datasetNode(ref), to: hub, kind, at })),
    async (id) => {
      for (const { ref } of named)
        if (datasetNode(ref) === id) await describeDataset(ctx, id, descriptionOf(ref), ref.uri, at);
    },
  );
}

function descriptionOf({ kind, uri, digest, rows }: DatasetRef): NodeDescription {
  return {
    label: uri.slice(uri.lastIndexOf('/') + 1) || uri,
    facts: {
      source_type: kind,
      source: uri.slice(0, 1000),
      ...(digest === undefined ? {} : { digest }),
      ...(rows === undefined ? {} : { rows }),
    },
  };
}

/** Files of a job of many that are nodes of their own; the folder stands for all of them. */
const jobFilesMax = 100;

function edgesOfJob(job: BatchJob, files: readonly FileProgress[], at: number): Edge[] {
  const { input, output, owner, model } = job;
  const hub = nodeId('batch-job', job.jobId);
  const isDone = job.status === 'succeeded';
  const wrote = isDone
    ? [
        output.name,
        ...files.map(({ file }) => file.output),
        ...(job.report === undefined ? [] : [job.report]),
      ]
    : [];
  return [
    ...[input.name, ...files.map(({ file }) => file.input.name)].map(
      (name) => ({ from: fileNode(input.container, name), to: hub, kind: 'read', at }) as const,
    ),
    ...(owner.type === 'endpoint'
      ? [{ from: nodeId('endpoint', owner.id), to: hub, kind: 'scored-by', at } as const]
      : []),
    ...(model
      ? [{ from: versionNode(model.modelId, model.version), to: hub, kind: 'scored-by', at } as const]
      : []),
    ...wrote.map((name) => ({ from: hub, to: fileNode(output.container, name), kind: 'wrote', at }) as const),
  ];
}

function edgesOfRetraining(job: RetrainingJob, at: number): Edge[] {
  const hub = nodeId('retraining', job.jobId);
  const made = challengerOf(job);
  return [
    { from: nodeId('endpoint', job.endpoint), to: hub, kind: 'used', at },
    ...(job.champion === null
      ? []
      : [{ from: versionNode(job.modelId, job.champion), to: hub, kind: 'used', at } as const]),
    ...(made === undefined
      ? []
      : [{ from: hub, to: versionNode(job.modelId, made), kind: 'generated', at } as const]),
  ];
}

/** The version that a retraining made, as far as it came. */
export function challengerOf(job: RetrainingJob): number | undefined {
  switch (job.status) {
    case 'gating':
    case 'promoting':
    case 'rejected':
      return job.challenger;
    case 'promoted':
      return job.version;
    case 'requested':
    case 'training':
    case 'failed':
    case 'refused':
    case 'cancelling':
    case 'cancelled':
      return undefined;
  }
}
