import {
  type Experiment,
  loggedValue,
  type MetricPoint,
  type Run,
  type WholeRun,
} from '../../../shared/tracking/index.ts';
import { optional, pairs } from '../mlflow.ts';

export function experimentJson(e: Experiment) {
  return {
    experiment_id: e.experimentId,
    name: e.name,
    artifact_location: e.artifactLocation,
    lifecycle_stage: e.lifecycle.stage,
    last_update_time: e.updatedAt,
    creation_time: e.createdAt,
    workspace: e.workspace,
    ...optional('tags', pairs(e.tags)),
  };
}

export function infoJson(run: Omit<Run, 'datasets'>) {
  return {
    run_uuid: run.runId,
    run_id: run.runId,
    experiment_id: run.experimentId,
    run_name: run.name,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    ...(run.endTime === undefined ? {} : { end_time: run.endTime }),
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.lifecycle.stage,
  };
}

/** A run by itself. */
export function runJson(run: WholeRun) {
  const modelInputs = (run.modelInputs ?? []).map(({ modelId }) => ({ model_id: modelId }));
  const found = foundRunJson(run);
  return { ...found, inputs: { ...found.inputs, ...optional('model_inputs', modelInputs) } };
}

/** A run in the answer of a search, which leaves out the models it used. */
export function foundRunJson(run: WholeRun) {
  const modelOutputs = (run.modelOutputs ?? []).map(({ modelId, step }) => ({ model_id: modelId, step }));
  return {
    info: infoJson(run),
    data: {
      ...optional('metrics', latestOf(run).map(metricJson)),
      ...optional('params', pairs(run.params)),
      ...optional('tags', pairs(run.tags)),
    },
    inputs: optional('dataset_inputs', (run.datasets ?? []).map(datasetJson)),
    outputs: optional('model_outputs', modelOutputs),
  };
}

export function metricJson({ key, value, timestamp, step }: MetricPoint) {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp, step };
}

function latestOf(run: WholeRun): MetricPoint[] {
  return Object.entries(run.m).map(([key, value]) => {
    const [step, timestamp] = run.mm[key] ?? [0, 0];
    return { key, value: loggedValue(value, Object.hasOwn(run.mn, key)), step, timestamp };
  });
}

function datasetJson(input: NonNullable<WholeRun['datasets']>[number]) {
  const { name, digest, sourceType, source, schema, profile } = input;
  return {
    ...optional('tags', pairs(input.tags)),
    dataset: {
      name,
      digest,
      source_type: sourceType,
      source,
      ...(schema === undefined ? {} : { schema }),
      ...(profile === undefined ? {} : { profile }),
    },
  };
}
