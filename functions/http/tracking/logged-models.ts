import * as z from 'zod';
import { decodedPath, fields, type Route } from '../../../shared/http/index.ts';
import {
  createLoggedModel,
  deleteLoggedModel,
  deleteLoggedModelTag,
  finalizeLoggedModel,
  getLoggedModel,
  type LoggedModelStatus,
  loggedModelStatuses,
  logLoggedModelParams,
  setLoggedModelTags,
} from '../../../shared/tracking/index.ts';
import { keyValue, mlflow } from '../mlflow.ts';
import { loggedModelJson, mlflowStatuses } from './logged-models-json.ts';

const byId = z.object({ model_id: fields.requiredText });
const pairs = z.array(keyValue, { error: 'must be a list of {key, value}' }).default([]);

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
  // MLflow 3 asks for these before it reads any artifact of a run. None can be logged yet, so none is found.
  ...mlflow('POST', 'logged-models/search', 'viewer', {
    input: z.object({ experiment_ids: z.array(fields.text).min(1, 'must name at least one experiment') }),
    handle: () => Promise.resolve({}),
  }),
  ...mlflow('GET', 'logged-models/{model_id}', 'viewer', {
    input: byId.extend({ allow_deleted: fields.text.optional() }),
    handle: async (ctx, { model_id, allow_deleted }) => {
      const deleted = allow_deleted?.toLowerCase() === 'true';
      return { model: loggedModelJson(await getLoggedModel(ctx, model_id, { deleted })) };
    },
  }),
  ...mlflow('PATCH', 'logged-models/{model_id}', 'contributor', {
    input: byId.extend({ status }),
    handle: async (ctx, input) => ({
      model: loggedModelJson(await finalizeLoggedModel(ctx, input.model_id, input.status)),
    }),
  }),
  ...mlflow('DELETE', 'logged-models/{model_id}', 'contributor', {
    input: byId,
    handle: async (ctx, { model_id }) => {
      await deleteLoggedModel(ctx, model_id);
      return {};
    },
  }),
  ...mlflow('PATCH', 'logged-models/{model_id}/tags', 'contributor', {
    input: byId.extend({ tags: pairs }),
    handle: async (ctx, { model_id, tags }) => {
      await setLoggedModelTags(ctx, model_id, tags);
      return {};
    },
  }),
  ...mlflow('DELETE', 'logged-models/{model_id}/tags/{tag_key*}', 'contributor', {
    // Clients put the key into the path as it is, slashes included.
    input: byId.extend({ tag_key: fields.requiredText.transform(decodedPath) }),
    handle: async (ctx, { model_id, tag_key }) => {
      await deleteLoggedModelTag(ctx, model_id, tag_key);
      return {};
    },
  }),
  ...mlflow('POST', 'logged-models/{model_id}/params', 'contributor', {
    input: byId.extend({ params: pairs }),
    handle: async (ctx, { model_id, params }) => {
      await logLoggedModelParams(ctx, model_id, params);
      return {};
    },
  }),
];
