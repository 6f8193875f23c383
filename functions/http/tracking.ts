import * as z from 'zod';
import { CairnError, fields, mlflowError, type Surface } from '../../shared/http/index.ts';
import {
  createExperiment,
  createRun,
  type Experiment,
  getExperiment,
  getExperimentByName,
  getRun,
  type LifecycleStage,
  logToRun,
  type MetricPoint,
  metricHistory,
  type Run,
  runStatuses,
  searchExperiments,
  searchRuns,
  updateRun,
} from '../../shared/tracking/index.ts';
import { keyValue, mlflow, nextPage, optional, pairs, search } from './mlflow.ts';

const metric = z.object({
  key: fields.requiredText,
  value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)], {
    error: "must be a number, 'NaN', 'Infinity' or '-Infinity'",
  }),
  timestamp: fields.int64,
  step: fields.int64.default(0),
});
/** Old clients send `run_uuid`. */
const runRef = z.object({ run_id: fields.text.optional(), run_uuid: fields.text.optional() });
const viewType = z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY');
const noOrder = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((order) => (order === undefined ? [] : [order].flat()))
  .refine(
    (order) =>
      order.length === 0 ||
      (order.length === 1 && /^(attributes?\.)?(start_time|creation_time)\s+DESC$/i.test(order[0] ?? '')),
    'only newest first is supported by this version of Cairn; leave it out',
  );

/** MLflow's tracking API. */
export const tracking: Surface = {
  name: 'tracking',
  part: 'control',
  errors: mlflowError,
  routes: [
    ...mlflow('POST', 'experiments/create', 'contributor', {
      input: z.object({
        name: fields.requiredText,
        artifact_location: fields.text.optional(),
        tags: z.array(keyValue).optional(),
      }),
      handle: async (ctx, input) => {
        const { experimentId } = await createExperiment(ctx, {
          name: input.name,
          artifactLocation: input.artifact_location,
          tags: input.tags,
        });
        return { experiment_id: experimentId };
      },
    }),
    ...mlflow('GET', 'experiments/get', 'viewer', {
      input: z.object({ experiment_id: fields.requiredText }),
      handle: async (ctx, input) => ({
        experiment: experimentJson(await getExperiment(ctx, input.experiment_id)),
      }),
    }),
    ...mlflow('GET', 'experiments/get-by-name', 'viewer', {
      input: z.object({ experiment_name: fields.requiredText }),
      handle: async (ctx, input) => ({
        experiment: experimentJson(await getExperimentByName(ctx, input.experiment_name)),
      }),
    }),
    ...(['GET', 'POST'] as const).flatMap((method) =>
      mlflow(method, 'experiments/search', 'viewer', {
        input: z.object({
          ...search,
          max_results: fields.limit(50_000, 1000),
          view_type: viewType,
          order_by: noOrder,
        }),
        handle: async (ctx, input) => {
          const found = await searchExperiments(ctx, {
            stages: stagesOf(input.view_type),
            limit: input.max_results,
            pageToken: input.page_token,
          });
          return { experiments: found.items.map(experimentJson), ...nextPage(found) };
        },
      }),
    ),
    ...mlflow('POST', 'runs/create', 'contributor', {
      input: z.object({
        experiment_id: fields.text.optional(),
        user_id: fields.text.optional(),
        run_name: fields.text.optional(),
        start_time: fields.int64.optional(),
        tags: z.array(keyValue).optional(),
      }),
      handle: async (ctx, input) => {
        const run = await createRun(ctx, {
          experimentId: input.experiment_id,
          userId: input.user_id,
          name: input.run_name,
          startTime: input.start_time,
          tags: input.tags,
        });
        return { run: runJson(run) };
      },
    }),
    ...mlflow('GET', 'runs/get', 'viewer', {
      input: runRef,
      handle: async (ctx, input) => ({ run: runJson(await getRun(ctx, runId(input))) }),
    }),
    ...mlflow('POST', 'runs/update', 'contributor', {
      input: runRef.extend({
        status: z.enum(runStatuses).optional(),
        end_time: fields.int64.optional(),
        run_name: fields.text.optional(),
      }),
      handle: async (ctx, input) => {
        const run = await updateRun(ctx, runId(input), {
          status: input.status,
          endTime: input.end_time,
          name: input.run_name,
        });
        return { run_info: infoJson(run) };
      },
    }),
    ...mlflow('POST', 'runs/search', 'viewer', {
      input: z.object({
        ...search,
        experiment_ids: z.array(fields.text).default([]),
        run_view_type: viewType,
        max_results: fields.limit(50_000, 1000),
        order_by: noOrder,
      }),
      handle: async (ctx, input) => {
        const found = await searchRuns(ctx, {
          experimentIds: input.experiment_ids,
          stages: stagesOf(input.run_view_type),
          limit: input.max_results,
          pageToken: input.page_token,
        });
        return { ...optional('runs', found.items.map(runJson)), ...nextPage(found) };
      },
    }),
    ...mlflow('POST', 'runs/log-metric', 'contributor', {
      input: metric.extend(runRef.shape),
      handle: async (ctx, input) => {
        await logToRun(ctx, runId(input), { metrics: [pointOf(input)] });
        return {};
      },
    }),
    ...mlflow('POST', 'runs/log-parameter', 'contributor', {
      input: keyValue.extend(runRef.shape),
      handle: async (ctx, { key, value, ...input }) => {
        await logToRun(ctx, runId(input), { params: [{ key, value }] });
        return {};
      },
    }),
    ...mlflow('POST', 'runs/set-tag', 'contributor', {
      input: keyValue.extend(runRef.shape),
      handle: async (ctx, { key, value, ...input }) => {
        await logToRun(ctx, runId(input), { tags: [{ key, value }] });
        return {};
      },
    }),
    ...mlflow('POST', 'runs/log-batch', 'contributor', {
      input: runRef.extend({
        metrics: z.array(metric).default([]),
        params: z.array(keyValue).default([]),
        tags: z.array(keyValue).default([]),
      }),
      handle: async (ctx, { metrics, params, tags, ...input }) => {
        await logToRun(ctx, runId(input), { metrics: metrics.map(pointOf), params, tags });
        return {};
      },
    }),
    // MLflow 3 asks for these before it reads any artifact of a run. None can be logged yet, so none is found.
    ...mlflow('POST', 'logged-models/search', 'viewer', {
      input: z.object({ experiment_ids: z.array(fields.text).min(1, 'must name at least one experiment') }),
      handle: () => Promise.resolve({}),
    }),
    ...mlflow('GET', 'metrics/get-history', 'viewer', {
      input: runRef.extend({ metric_key: fields.requiredText }),
      handle: async (ctx, input) => {
        const points = await metricHistory(ctx, runId(input), input.metric_key);
        return optional('metrics', points.map(metricJson));
      },
    }),
  ],
};

function runId(input: { run_id?: string | undefined; run_uuid?: string | undefined }): string {
  const id = input.run_id || input.run_uuid;
  if (id) return id;
  throw new CairnError(
    'invalid',
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
    { field: 'run_id' },
  );
}

function stagesOf(view: z.output<typeof viewType>): LifecycleStage[] {
  switch (view) {
    case 'ACTIVE_ONLY':
      return ['active'];
    case 'DELETED_ONLY':
      return ['deleted'];
    case 'ALL':
      return ['active', 'deleted'];
  }
}

function pointOf({ key, value, timestamp, step }: z.output<typeof metric>): MetricPoint {
  return { key, value, timestamp, step };
}

function experimentJson(e: Experiment) {
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

function infoJson(run: Run) {
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

function runJson(run: Run) {
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

function metricJson({ key, value, timestamp, step }: MetricPoint) {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp, step };
}
