import * as z from 'zod';
import { fields, type Route } from '../../../shared/http/index.ts';
import {
  createRun,
  getRun,
  logToRun,
  type MetricPoint,
  runStatuses,
  updateRun,
} from '../../../shared/tracking/index.ts';
import { keyValue, mlflow } from '../mlflow.ts';
import { runId, runRef } from './fields.ts';
import { infoJson, runJson } from './json.ts';

const metric = z.object({
  key: fields.requiredText,
  value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)], {
    error: "must be a number, 'NaN', 'Infinity' or '-Infinity'",
  }),
  timestamp: fields.int64,
  step: fields.int64.default(0),
});

/** Runs, and what is logged to them. */
export const runs: readonly Route[] = [
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
];

function pointOf({ key, value, timestamp, step }: z.output<typeof metric>): MetricPoint {
  return { key, value, timestamp, step };
}
