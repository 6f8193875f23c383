import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { fields, type Route } from '../../../shared/http/index.ts';
import {
  createModel,
  deleteModel,
  deleteModelTag,
  describeModel,
  latestOfModels,
  latestVersions,
  type ModelRoot,
  modelByName,
  renameModel,
  searchModels,
  setModelTag,
} from '../../../shared/registry/index.ts';
import { mlflow, nextPage, optional } from '../mlflow.ts';
import { amongModels, name, onModel, searchFields, searchOf, tag, tags } from './fields.ts';
import { modelJson } from './json.ts';
import { refuseServed } from './served.ts';

/** Registered models: `registered-models/…`. */
export const modelRoutes: readonly Route[] = [
  ...mlflow('POST', 'registered-models/create', 'contributor', {
    scope: 'workspace',
    input: z.object({ ...name, description: fields.text.optional(), tags }),
    handle: async (ctx, input) => answer(ctx, await createModel(ctx, input)),
  }),
  ...mlflow('GET', 'registered-models/get', 'viewer', {
    scope: onModel,
    input: z.object(name),
    handle: async (ctx, input) => answer(ctx, await modelByName(ctx, input.name)),
  }),
  ...mlflow('POST', 'registered-models/rename', 'contributor', {
    scope: onModel,
    input: z.object({ ...name, new_name: fields.requiredText }),
    handle: async (ctx, input) => answer(ctx, await renameModel(ctx, input.name, input.new_name)),
  }),
  ...mlflow('PATCH', 'registered-models/update', 'contributor', {
    scope: onModel,
    input: z.object({ ...name, description: fields.text.default('') }),
    handle: async (ctx, input) => answer(ctx, await describeModel(ctx, input.name, input.description)),
  }),
  ...mlflow('DELETE', 'registered-models/delete', 'contributor', {
    scope: onModel,
    input: z.object(name),
    async handle(ctx, input) {
      await refuseServed(ctx, await modelByName(ctx, input.name));
      await deleteModel(ctx, input.name);
    },
  }),
  ...mlflow('GET', 'registered-models/search', 'viewer', {
    scope: amongModels,
    input: z.object(searchFields(1000, 100)),
    async handle(ctx, input) {
      const found = await searchModels(ctx, searchOf(input));
      const latest = await latestOfModels(ctx, found.items);
      const models = found.items.map((root) => modelJson(root, latest.get(root.modelId) ?? []));
      return { ...optional('registered_models', models), ...nextPage(found) };
    },
  }),
  ...mlflow('POST', 'registered-models/set-tag', 'contributor', {
    scope: onModel,
    input: z.object({ ...name, ...tag }),
    handle: (ctx, input) => setModelTag(ctx, input.name, input),
  }),
  ...mlflow('DELETE', 'registered-models/delete-tag', 'contributor', {
    scope: onModel,
    input: z.object({ ...name, key: fields.requiredText }),
    handle: (ctx, input) => deleteModelTag(ctx, input.name, input.key),
  }),
];

async function answer(ctx: Context, root: ModelRoot) {
  return { registered_model: modelJson(root, await latestVersions(ctx, root)) };
}
