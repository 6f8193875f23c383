import * as z from 'zod';
import { fields, type Reference, type Route } from '../../../shared/http/index.ts';
import {
  createRun,
  defaultExperimentId,
  deleteRun,
  deleteRunTag,
  getRun,
  logInputs,
  logOutputs,
  logToRun,
  recordModel,
  restoreRun,
  updateRun,
} from '../../../shared/tracking/index.ts';
import { keyValue, mlflow } from '../mlflow.ts';
import { datasetInput, metric, modelRef, onRun, pointOf, runId, runRef, runStatus } from './fields.ts';
import { infoJson, runJson } from './json.ts';

/** A dataset's profile may have 16 million characters, and JSON inside JSON escapes its quotes. */
const inputsBytesMax = 40 * 1024 * 1024;

const seenModels: Reference = { field: 'models.model_id', names: 'logged-model', role: 'viewer' };

/** Runs, and what is logged to them. */
export const runs: readonly Route[] = [
  ...mlflow('POST', 'runs/create', 'contributor', {
    scope: { on: [{ field: 'experiment_id', names: 'experiment' }] },
    input: z.object({
      experiment_id: fields.text.default('').transform((id) => id || defaultExperimentId),
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
      const { outputs: _, ...created } = runJson(run);
      return { run: created };
    },
  }),
  ...mlflow('GET', 'runs/get', 'viewer', {
    scope: onRun,
    input: runRef,
    handle: async (ctx, input) => ({ run: runJson(await getRun(ctx, runId(input))) }),
  }),
  ...mlflow('POST', 'runs/update', 'contributor', {
    scope: onRun,
    input: runRef.extend({
      status: runStatus.optional(),
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
  ...mlflow('POST', 'runs/delete', 'contributor', {
    scope: onRun,
    input: runRef,
    handle: (ctx, input) => deleteRun(ctx, runId(input)),
  }),
  ...mlflow('POST', 'runs/restore', 'contributor', {
    scope: onRun,
    input: runRef,
    handle: (ctx, input) => restoreRun(ctx, runId(input)),
  }),
  ...mlflow('POST', 'runs/log-metric', 'contributor', {
    scope: { on: [...onRun.on, { field: 'model_id', names: 'logged-model' }] },
    input: metric.extend(runRef.shape),
    handle: (ctx, input) => logToRun(ctx, runId(input), { metrics: [pointOf(input)], single: true }),
  }),
  ...mlflow('POST', 'runs/log-parameter', 'contributor', {
    scope: onRun,
    input: keyValue.extend(runRef.shape),
    handle: (ctx, { key, value, ...input }) =>
      logToRun(ctx, runId(input), { params: [{ key, value }], single: true }),
  }),
  ...mlflow('POST', 'runs/set-tag', 'contributor', {
    scope: onRun,
    input: keyValue.extend(runRef.shape),
    handle: (ctx, { key, value, ...input }) =>
      logToRun(ctx, runId(input), { tags: [{ key, value }], single: true }),
  }),
  ...mlflow('POST', 'runs/delete-tag', 'contributor', {
    scope: onRun,
    input: runRef.extend({ key: fields.requiredText }),
    handle: (ctx, input) => deleteRunTag(ctx, runId(input), input.key),
  }),
  ...mlflow('POST', 'runs/log-batch', 'contributor', {
    // A metric that was measured of a logged model is written to that, too.
    scope: { on: [...onRun.on, { field: 'metrics.model_id', names: 'logged-model' }] },
    input: runRef.extend({
      metrics: z.array(metric).default([]),
      params: z.array(keyValue).default([]),
      tags: z.array(keyValue).default([]),
    }),
    handle: (ctx, { metrics, params, tags, ...input }) =>
      logToRun(ctx, runId(input), { metrics: metrics.map(pointOf), params, tags }),
  }),
  ...mlflow('POST', 'runs/log-model', 'contributor', {
    scope: onRun,
    input: runRef.extend({ model_json: fields.requiredText }),
    handle: (ctx, input) => recordModel(ctx, runId(input), input.model_json),
  }),
  ...mlflow('POST', 'runs/log-inputs', 'contributor', {
    scope: { on: [...onRun.on, seenModels] },
    input: runRef.extend({
      datasets: z.array(datasetInput).default([]),
      models: z.array(modelRef).default([]),
    }),
    bodyBytesMax: inputsBytesMax,
    handle: (ctx, { datasets, models, ...input }) =>
      logInputs(ctx, runId(input), {
        datasets: datasets.map(({ tags, dataset: { source_type: sourceType, ...dataset } }) => ({
          ...dataset,
          sourceType,
          tags,
        })),
        modelIds: models.map(({ model_id }) => model_id),
      }),
  }),
  ...mlflow('POST', 'runs/outputs', 'contributor', {
    scope: { on: [...onRun.on, seenModels] },
    input: runRef.extend({ models: z.array(modelRef.extend({ step: fields.int64.default(0) })) }),
    handle: (ctx, { models, ...input }) =>
      logOutputs(
        ctx,
        runId(input),
        models.map(({ model_id: modelId, step }) => ({ modelId, step })),
      ),
  }),
];
