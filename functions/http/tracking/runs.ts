import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { fields, type Route } from '../../../shared/http/index.ts';
import {
  createRun,
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
import { datasetInput, metric, modelRef, pointOf, runId, runRef, runStatus } from './fields.ts';
import { infoJson, runJson } from './json.ts';

/** A dataset's profile may have 16 million characters, and JSON inside JSON escapes its quotes. */
const inputsBytesMax = 40 * 1024 * 1024;

const list = <S extends z.ZodType>(item: S) => z.array(item, { error: 'must be a list' });

/** Runs, and what is logged to them. */
export const runs: readonly Route[] = [
  ...mlflow('POST', 'runs/create', 'contributor', {
    input: z.object({
      experiment_id: fields.text.optional(),
      user_id: fields.text.optional(),
      run_name: fields.text.optional(),
      start_time: fields.int64.optional(),
      tags: list(keyValue).optional(),
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
    input: runRef,
    handle: async (ctx, input) => ({ run: runJson(await getRun(ctx, runId(input))) }),
  }),
  ...mlflow('POST', 'runs/update', 'contributor', {
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
  ...change('delete', runRef, (ctx, input) => deleteRun(ctx, runId(input))),
  ...change('restore', runRef, (ctx, input) => restoreRun(ctx, runId(input))),
  ...change('log-metric', metric.extend(runRef.shape), (ctx, input) =>
    logToRun(ctx, runId(input), { metrics: [pointOf(input)], single: true }),
  ),
  ...change('log-parameter', keyValue.extend(runRef.shape), (ctx, { key, value, ...input }) =>
    logToRun(ctx, runId(input), { params: [{ key, value }], single: true }),
  ),
  ...change('set-tag', keyValue.extend(runRef.shape), (ctx, { key, value, ...input }) =>
    logToRun(ctx, runId(input), { tags: [{ key, value }], single: true }),
  ),
  ...change('delete-tag', runRef.extend({ key: fields.requiredText }), (ctx, input) =>
    deleteRunTag(ctx, runId(input), input.key),
  ),
  ...change(
    'log-batch',
    runRef.extend({
      metrics: list(metric).default([]),
      params: list(keyValue).default([]),
      tags: list(keyValue).default([]),
    }),
    (ctx, { metrics, params, tags, ...input }) =>
      logToRun(ctx, runId(input), { metrics: metrics.map(pointOf), params, tags }),
  ),
  ...change('log-model', runRef.extend({ model_json: fields.requiredText }), (ctx, input) =>
    recordModel(ctx, runId(input), input.model_json),
  ),
  ...change(
    'log-inputs',
    runRef.extend({ datasets: list(datasetInput).default([]), models: list(modelRef).default([]) }),
    (ctx, { datasets, models, ...input }) =>
      logInputs(ctx, runId(input), {
        datasets: datasets.map(({ tags, dataset: { source_type: sourceType, ...dataset } }) => ({
          ...dataset,
          sourceType,
          tags,
        })),
        modelIds: models.map(({ model_id }) => model_id),
      }),
    inputsBytesMax,
  ),
  ...change(
    'outputs',
    runRef.extend({
      models: list(modelRef.extend({ step: fields.int64.default(0) })),
    }),
    (ctx, { models, ...input }) =>
      logOutputs(
        ctx,
        runId(input),
        models.map(({ model_id: modelId, step }) => ({ modelId, step })),
      ),
  ),
];

/** An endpoint that answers nothing but that it is done. */
function change<S extends z.ZodType>(
  path: string,
  input: S,
  verb: (ctx: Context, input: z.output<S>) => Promise<void>,
  bodyBytesMax?: number,
): Route[] {
  return mlflow('POST', `runs/${path}`, 'contributor', {
    input,
    ...(bodyBytesMax === undefined ? {} : { bodyBytesMax }),
    handle: async (ctx, given) => {
      await verb(ctx, given);
      return {};
    },
  });
}
