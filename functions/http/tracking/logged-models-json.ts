import {
  type LoggedModel,
  type LoggedModelStatus,
  loggedValue,
  type ModelMetric,
  registrationsOf,
} from '../../../shared/tracking/index.ts';
import { optional, pairs } from '../mlflow.ts';
import { metricJson } from './json.ts';

/** Statuses as MLflow's protocol names them. */
export const mlflowStatuses = {
  PENDING: 'LOGGED_MODEL_PENDING',
  READY: 'LOGGED_MODEL_READY',
  FAILED: 'LOGGED_MODEL_UPLOAD_FAILED',
} as const satisfies Record<LoggedModelStatus, string>;

export function loggedModelJson(model: LoggedModel) {
  return {
    info: {
      model_id: model.modelId,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAt,
      last_updated_timestamp_ms: model.updatedAt,
      artifact_uri: model.artifactUri,
      status: mlflowStatuses[model.status],
      model_type: model.modelType,
      source_run_id: model.sourceRunId,
      ...optional('tags', pairs(model.tags)),
      ...optional('registrations', registrationsOf(model)),
    },
    data: {
      ...optional('params', pairs(model.params)),
      ...optional(
        'metrics',
        model.metrics.map((metric) => modelMetricJson(model.modelId, metric)),
      ),
    },
  };
}

function modelMetricJson(modelId: string, metric: ModelMetric) {
  const { key, value, nan = false, timestamp, step, runId, dataset } = metric;
  return {
    ...metricJson({ key, value: loggedValue(value, nan), timestamp, step }),
    ...(dataset ? { dataset_name: dataset.name, dataset_digest: dataset.digest } : {}),
    model_id: modelId,
    run_id: runId,
  };
}
