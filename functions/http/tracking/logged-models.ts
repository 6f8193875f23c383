import * as z from 'zod';
import { CairnError, decodedPath, fields, type Route, type Scope } from '../../../shared/http/index.ts';
import {
  createLoggedModel,
  deleteLoggedModel,
  deleteLoggedModelTag,
  finalizeLoggedModel,
  getLoggedModel,
  type LoggedModelStatus,
  loggedModelStatuses,
  logLoggedModelParams,
  searchLoggedModels,
  setLoggedModelTags,
} from '../../../shared/tracking/index.ts';
import { keyValue, mlflow, nextPage, optional } from '../mlflow.ts';
import { loggedModelJson, mlflowStatuses } from './logged-models-json.ts';

const byId = z.object({ model_id: fields.requiredText });
const onModel: Scope = { on: [{ field: 'model_id', names: 'logged-model' }] };
const pairs = z.array(keyValue, { error: 'must be a list of {key, value}' }).default([]);

/** Models of one page: as many as MLflow gives where nothing is asked, and at most. */
const searchedOtherwise = 50;
const searchedMax = 1000;

const datasetRef = z.object({
  dataset_name: fields.text.optional(),
  dataset_digest: fields.text.optional(),
});

/** A status by its name in MLflow's protocol, or by its number there. */
const status = z.union([z.string(), z.number()]).transform((given, issues): LoggedModelStatus => {
  const found =
    loggedModelStatuses[Number(given) - 1] ??
    loggedModelStatuses.find((name) => mlflowStatuses[name] === given);
  if (found) return found;
  issues.addIssue(`must be one of ${Object.values(mlflowStatuses).join(', ')}`);
  return z.NEVER;
});

/** Logged models of MLflow 3. */
export const loggedModels: readonly Route[] = [
  ...mlflow('POST', 'logged-models', 'contributor', {
    scope: {
      on: [
        { field: 'experiment_id', names: 'experiment' },
        { field: 'source_run_id', names: 'run', role: 'viewer' },
      ],
    },
    input: z.object({
      experiment_id: fields.requiredText,
      name: fields.text.optional(),
      model_type: fields.text.max(500, 'must have at most 500 characters').optional(),
      source_run_id: fields.text.max(500, 'must have at most 500 characters').optional(),
      params: pairs,
      tags: pairs,
    }),
    handle: async (ctx, input) => {
      const model = await createLoggedModel(ctx, {
        experimentId: input.experiment_id,
        name: input.name,
        modelType: input.model_type,
        sourceRunId: input.source_run_id,
        params: input.params,
        tags: input.tags,
      });
      return { model: loggedModelJson(model) };
    },
  }),
  ...mlflow('POST', 'logged-models/search', 'viewer', {
    scope: { among: ['experiment'] },
    input: z.object({
      experiment_ids: z.array(fields.text).min(1, 'must name at least one experiment'),
      filter: fields.text.optional(),
      datasets: z
        .array(datasetRef)
        .max(100, 'must hold at most 100 datasets')
        .default([])
        .refine(
          (datasets) => datasets.every(({ dataset_name }) => dataset_name),
          '`dataset_name` in the `datasets` clause must be specified.',
        ),
      max_results: fields.int64.refine((n) => n >= 0, 'must not be negative').default(0),
      order_by: z
        .array(
          datasetRef.extend({ field_name: fields.text.default(''), ascending: z.boolean().default(true) }),
        )
        .default([]),
      page_token: fields.text.optional(),
    }),
    handle: async (ctx, input) => {
      const found = await searchLoggedModels(ctx, {
        experimentIds: input.experiment_ids,
        filter: input.filter,
        datasets: input.datasets.flatMap(datasetOf),
        orderBy: input.order_by.map((order) => ({
          field: order.field_name,
          descending: !order.ascending,
          dataset: datasetOf(order)[0],
        })),
        limit: Math.min(input.max_results || searchedOtherwise, searchedMax),
        pageToken: input.page_token,
      });
      return { ...optional('models', found.items.map(loggedModelJson)), ...nextPage(found) };
    },
  }),
  ...mlflow('GET', 'logged-models/{model_id}', 'viewer', {
    scope: onModel,
    input: byId.extend({ allow_deleted: fields.text.optional() }),
    handle: async (ctx, { model_id, allow_deleted }) => {
      const deleted = allow_deleted?.toLowerCase() === 'true';
      return { model: loggedModelJson(await getLoggedModel(ctx, model_id, { deleted })) };
    },
  }),
  ...mlflow('PATCH', 'logged-models/{model_id}', 'contributor', {
    scope: onModel,
    input: byId.extend({ status }),
    handle: async (ctx, input) => ({
      model: loggedModelJson(await finalizeLoggedModel(ctx, input.model_id, input.status)),
    }),
  }),
  ...mlflow('DELETE', 'logged-models/{model_id}', 'contributor', {
    scope: onModel,
    input: byId,
    handle: (ctx, { model_id }) => deleteLoggedModel(ctx, model_id),
  }),
  ...mlflow('PATCH', 'logged-models/{model_id}/tags', 'contributor', {
    scope: onModel,
    input: byId.extend({ tags: pairs }),
    handle: (ctx, { model_id, tags }) => setLoggedModelTags(ctx, model_id, tags),
  }),
  ...mlflow('DELETE', 'logged-models/{model_id}/tags/{tag_key*}', 'contributor', {
    scope: onModel,
    // Clients put the key into the path as it is, slashes included.
    input: byId.extend({ tag_key: fields.requiredText.transform(decodedPath) }),
    handle: (ctx, { model_id, tag_key }) => deleteLoggedModelTag(ctx, model_id, tag_key),
  }),
  ...mlflow('POST', 'logged-models/{model_id}/params', 'contributor', {
    scope: onModel,
    input: byId.extend({ params: pairs }),
    handle: (ctx, { model_id, params }) => logLoggedModelParams(ctx, model_id, params),
  }),
];

function datasetOf({ dataset_name, dataset_digest }: z.output<typeof datasetRef>) {
  if (dataset_name) return [{ name: dataset_name, digest: dataset_digest || undefined }];
  if (!dataset_digest) return [];
  throw new CairnError('invalid', 'dataset_digest is of a dataset: name that by dataset_name.', {
    field: 'dataset_name',
  });
}
