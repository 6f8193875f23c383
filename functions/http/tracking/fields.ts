import * as z from 'zod';
import { CairnError, fields, type Scope } from '../../../shared/http/index.ts';
import { type LifecycleStage, type MetricPoint, runStatuses } from '../../../shared/tracking/index.ts';
import { keyValue } from '../mlflow.ts';

/** Old clients send `run_uuid`. */
export const runRef = z.object({ run_id: fields.text.optional(), run_uuid: fields.text.optional() });

/** The run that is named, by whichever of the two. */
export const onRun = {
  on: [
    { field: 'run_id', names: 'run' },
    { field: 'run_uuid', names: 'run' },
  ],
} as const satisfies Scope;

/** A double of protobuf's JSON: a number, as text or not, or the name of what JSON has no number for. */
const double = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^(NaN|-?Infinity|[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?)$/)
      .transform(Number),
  ],
  { error: "must be a number, 'NaN', 'Infinity' or '-Infinity'" },
);

export const metric = z.object({
  key: fields.requiredText,
  value: double,
  timestamp: fields.int64,
  step: fields.int64.default(0),
  model_id: fields.text.optional(),
  dataset_name: fields.text.optional(),
  dataset_digest: fields.text.optional(),
});

export function pointOf(input: z.output<typeof metric>): MetricPoint {
  const { key, value, timestamp, step } = input;
  const { model_id: modelId, dataset_name: datasetName, dataset_digest: datasetDigest } = input;
  return {
    key,
    value,
    timestamp,
    step,
    ...(modelId ? { modelId } : {}),
    ...(datasetName ? { datasetName } : {}),
    ...(datasetDigest ? { datasetDigest } : {}),
  };
}

/** A status by its name in MLflow's protocol or by its number there, which begins at 1. */
export const runStatus = z
  .union([z.enum(runStatuses), z.int().transform((number) => runStatuses[number - 1])], {
    error: `must be one of ${runStatuses.join(', ')}`,
  })
  .refine((status) => status !== undefined, `must be one of ${runStatuses.join(', ')}`);

export const modelRef = z.object({ model_id: fields.requiredText });

export const datasetInput = z.object({
  tags: z.array(keyValue, { error: 'must be a list' }).default([]),
  dataset: z.object(
    {
      name: fields.requiredText,
      digest: fields.requiredText,
      source_type: fields.text.default(''),
      source: fields.text.default(''),
      schema: fields.text.optional(),
      profile: fields.text.optional(),
    },
    { error: 'must be an object' },
  ),
});

export const viewType = z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY');
export function runId(input: { run_id?: string | undefined; run_uuid?: string | undefined }): string {
  const id = input.run_id || input.run_uuid;
  if (id) return id;
  throw new CairnError(
    'invalid',
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
    { field: 'run_id' },
  );
}

export function stagesOf(view: z.output<typeof viewType>): LifecycleStage[] {
  switch (view) {
    case 'ACTIVE_ONLY':
      return ['active'];
    case 'DELETED_ONLY':
      return ['deleted'];
    case 'ALL':
      return ['active', 'deleted'];
  }
}
