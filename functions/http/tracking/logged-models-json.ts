import type { LoggedModel, LoggedModelStatus, ModelMetric } from '../../../shared/tracking/index.ts';
import { optional, pairs } from '../mlflow.ts';
import { metricJson } from './json.ts';

/** Statuses as MLflow's protocol names them. */
export const mlflowStatuses = {
  PENDING: 'LOGGED_MODEL_PENDING',
  READY: 'LOGGED_MODEL_READY',
  FAILED: 'LOGGED_MODEL_UPLOAD_FAILED',
} as const satisfies Record<LoggedModelStatus, string>;

/** The tag in which the versions that were registered of a model are kept, as JSON. */
const versionsTag = 'mlflow.modelVersions';

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
      ...optional('registrations', registrations(model.tags[versionsTag])),
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
  const { key, timestamp, step, runId, dataset } = metric;
  return {
    ...metricJson({ key, value: measuredValue(metric), timestamp, step }),
    ...(dataset ? { dataset_name: dataset.name, dataset_digest: dataset.digest } : {}),
    model_id: modelId,
    run_id: runId,
  };
}

function measuredValue({ value, nan }: ModelMetric): number {
  if (nan) return Number.NaN;
  return Math.abs(value) === Number.MAX_VALUE ? value * 2 : value;
}

/** Anybody may write a tag: what is no list of versions is none. */
function registrations(tag: string | undefined): { name: string; version: string }[] {
  if (!tag) return [];
  try {
    const parsed: unknown = JSON.parse(tag);
    return Array.isArray(parsed) ? parsed.flatMap(registration) : [];
  } catch {
    return [];
  }
}

function registration(entry: unknown): { name: string; version: string }[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { name, version } = entry as { name?: unknown; version?: unknown };
  const given = typeof version === 'number' ? String(version) : version;
  return typeof name === 'string' && typeof given === 'string' ? [{ name, version: given }] : [];
}
