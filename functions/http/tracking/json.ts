import type { Experiment, MetricPoint, Run } from '../../../shared/tracking/index.ts';
import { optional, pairs } from '../mlflow.ts';

export function experimentJson(e: Experiment) {
  return {
    experiment_id: e.experimentId,
    name: e.name,
    artifact_location: e.artifactLocation,
    lifecycle_stage: e.lifecycle.stage,
    last_update_time: e.updatedAt,
    creation_time: e.createdAt,
    ...optional('tags', pairs(e.tags)),
  };
}

export function infoJson(run: Run) {
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

export function runJson(run: Run) {
  const metrics = Object.entries(run.m).map(([key, value]) => {
    const [step, timestamp] = run.mm[key] ?? [0, 0];
    return metricJson({
      key,
      value: Object.hasOwn(run.mn, key) ? Number.NaN : faithful(value),
      step,
      timestamp,
    });
  });
  return {
    info: infoJson(run),
    data: {
      ...optional('metrics', metrics),
      ...optional('params', pairs(run.params)),
      ...optional('tags', pairs(run.tags)),
    },
    inputs: {},
    outputs: {},
  };
}

/** The index keeps an infinity as the largest double. */
function faithful(value: number): number {
  return Math.abs(value) === Number.MAX_VALUE ? value * 2 : value;
}

export function metricJson({ key, value, timestamp, step }: MetricPoint) {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp, step };
}
