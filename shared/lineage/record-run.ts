import type { Context } from '../context.ts';
import { unlessCode } from '../http/index.ts';
import { type ModelVersion, versionByName } from '../registry/index.ts';
import {
  type DatasetDetail,
  type DatasetInput,
  datasetLocation,
  getLoggedModel,
  getRun,
  gitSourceOf,
  glanceAtRuns,
  type WholeRun,
} from '../tracking/index.ts';
import { inTurns } from '../turns.ts';
import type { Edge } from './edge.ts';
import { describeOnce, digestKey } from './identity.ts';
import { codeNode, datasetNode, type NodeId, nodeId, versionNode } from './node.ts';
import { locationKey, nameOfLocation } from './openlineage/names.ts';
import { connect, type NodeDescription } from './store.ts';

/** The tag in which MLflow's clients name the run that a run is part of. */
export const parentTag = 'mlflow.parentRunId';
const readsAtOnceMax = 8;
const sourceCharsMax = 1000;

/**
 * Writes what leads to a run and what it made: its code, parent, datasets and logged models. Returns the
 * run's node, `undefined` for a run that there is not (any more).
 */
export async function recordRun(ctx: Context, runId: string): Promise<NodeId | undefined> {
  const run = await unlessMissing(getRun(ctx, runId));
  if (!run) return undefined;
  const hub = nodeId('run', run.runId);
  const at = run.startTime;
  const source = gitSourceOf(run.tags);
  const code = source && codeNode(source);
  const [parent, inputs, outputs] = await Promise.all([
    parentOf(ctx, run),
    existingModels(ctx, run.modelInputs ?? []),
    existingModels(ctx, run.modelOutputs ?? []),
  ]);
  const edges: Edge[] = [
    ...(code ? [{ from: code, to: hub, kind: 'built-from', at } as const] : []),
    ...(parent ? [{ from: parent, to: hub, kind: 'parent-of', at } as const] : []),
    ...(run.datasets ?? []).map(
      (dataset) => ({ from: nodeOfLogged(dataset), to: hub, kind: 'used', at }) as const,
    ),
    ...inputs.map((from) => ({ from, to: hub, kind: 'used', at }) as const),
    ...outputs.map((to) => ({ from: hub, to, kind: 'generated', at }) as const),
  ];
  const datasets = Map.groupBy(run.datasets ?? [], nodeOfLogged);
  await connect(ctx, hub, edges, async (id) => {
    for (const dataset of datasets.get(id) ?? [])
      await describeDataset(ctx, id, descriptionOf(dataset), datasetLocation(dataset.source), at);
  });
  return hub;
}

/** Describes a dataset, and joins it with what OpenLineage events told of the same content or the same place. */
export async function describeDataset(
  ctx: Context,
  id: NodeId,
  description: NodeDescription,
  uri: string | undefined,
  at: number,
): Promise<void> {
  const { digest } = description.facts;
  const name = uri === undefined ? undefined : nameOfLocation(uri);
  const keys = [
    ...(typeof digest === 'string' ? [digestKey(digest)] : []),
    ...(name ? [locationKey(name)] : []),
  ];
  await describeOnce(ctx, id, description, keys, at);
}

/** The version that another one is a copy of, if what its source names still lies at the same place. */
export async function copiedVersion(ctx: Context, copy: ModelVersion): Promise<NodeId | undefined> {
  const [, name, number] = /^models:\/([^/]+)\/(\d{1,15})$/.exec(copy.source) ?? [];
  const found =
    name === undefined ? undefined : await unlessMissing(versionByName(ctx, name, Number(number)));
  // The name may stand for another model by now.
  return found && (found.storageLocation ?? found.source) === copy.storageLocation
    ? versionNode(found.modelId, found.version)
    : undefined;
}

type LoggedDataset = DatasetInput & DatasetDetail;

/** The node of a dataset as a run logged it. */
export function nodeOfLogged({ digest, name, source }: LoggedDataset): NodeId {
  return datasetNode({ digest, uri: datasetLocation(source) ?? name });
}

function descriptionOf({ name, digest, sourceType, source }: LoggedDataset): NodeDescription {
  return {
    label: name,
    facts: {
      ...(digest ? { digest } : {}),
      source_type: sourceType,
      source: (datasetLocation(source) ?? source).slice(0, sourceCharsMax),
    },
  };
}

async function parentOf(ctx: Context, { tags }: WholeRun): Promise<NodeId | undefined> {
  const parentId = tags[parentTag];
  if (!parentId) return undefined;
  return (await glanceAtRuns(ctx, [parentId])).has(parentId) ? nodeId('run', parentId) : undefined;
}

/** Anybody may name a model as input: those that there are, deleted ones included. */
async function existingModels(ctx: Context, models: readonly { modelId: string }[]): Promise<NodeId[]> {
  const found = await inTurns(models, readsAtOnceMax, ({ modelId }) =>
    unlessMissing(getLoggedModel(ctx, modelId, { deleted: true })),
  );
  return found.flatMap((model) => (model ? [nodeId('logged-model', model.modelId)] : []));
}

/** What is read for the graph may be gone by then, or never have been: names come from clients. */
export function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  return unlessCode(reading, 'not-found', 'invalid');
}
