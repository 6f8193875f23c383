import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { fields, mlflowError, type Surface } from '../../../shared/http/index.ts';
import {
  createModel,
  createVersion,
  deleteAlias,
  getVersion,
  modelById,
  type ModelRoot,
  type ModelVersion,
  modelByName,
  moveAlias,
  type RegistrySearch,
  resolveAlias,
  searchModels,
  searchVersions,
  versionByName,
} from '../../../shared/registry/index.ts';
import { inTurns } from '../../../shared/turns.ts';
import { keyValue, mlflow, nextPage, optional, pairs, search } from '../mlflow.ts';

const tags = z.array(keyValue).optional();
const name = { name: fields.requiredText };
const aliasRef = { ...name, alias: fields.requiredText };
const version = z
  .union([z.string(), z.number()])
  .refine((v) => /^\d+$/.test(String(v)) && Number(v) >= 1, "Parameter 'version' must be an integer.")
  .transform(Number);

const readsAtOnceMax = 16;

/** MLflow's model registry API. */
export const registry: Surface = {
  name: 'registry',
  part: 'control',
  errors: mlflowError,
  routes: [
    ...mlflow('POST', 'registered-models/create', 'contributor', {
      input: z.object({ ...name, description: fields.text.optional(), tags }),
      handle: async (ctx, input) => ({
        registered_model: await modelJson(ctx, await createModel(ctx, input)),
      }),
    }),
    ...mlflow('GET', 'registered-models/get', 'viewer', {
      input: z.object(name),
      handle: async (ctx, input) => ({
        registered_model: await modelJson(ctx, await modelByName(ctx, input.name)),
      }),
    }),
    ...mlflow('GET', 'registered-models/search', 'viewer', {
      input: z.object({ ...search, max_results: fields.limit(1000, 100) }),
      handle: async (ctx, input) => {
        const found = await searchModels(ctx, searchOf(input));
        const models = await inTurns(found.items, readsAtOnceMax, (root) => modelJson(ctx, root));
        return { ...optional('registered_models', models), ...nextPage(found) };
      },
    }),
    ...mlflow('GET', 'model-versions/search', 'viewer', {
      input: z.object({ ...search, max_results: fields.limit(200_000, 10_000) }),
      handle: async (ctx, input) => {
        const found = await searchVersions(ctx, searchOf(input));
        const ids = [...new Set(found.items.map(({ modelId }) => modelId))];
        const roots = new Map(
          await inTurns(ids, readsAtOnceMax, async (id) => [id, await modelById(ctx, id)] as const),
        );
        const versions = found.items.map((each) => {
          const root = roots.get(each.modelId);
          return versionJson(each, root ? aliasesOf(root, each.version) : []);
        });
        return { ...optional('model_versions', versions), ...nextPage(found) };
      },
    }),
    ...mlflow('POST', 'model-versions/create', 'contributor', {
      input: z.object({
        ...name,
        source: fields.requiredText,
        run_id: fields.text.optional(),
        model_id: fields.text.optional(),
        run_link: fields.text.optional(),
        description: fields.text.optional(),
        tags,
      }),
      handle: async (ctx, input) => {
        const created = await createVersion(ctx, {
          ...input,
          runId: input.run_id,
          loggedModelId: input.model_id,
          runLink: input.run_link,
        });
        return { model_version: versionJson(created, []) };
      },
    }),
    ...mlflow('GET', 'model-versions/get', 'viewer', {
      input: z.object({ ...name, version }),
      handle: async (ctx, input) => {
        const [root, found] = await Promise.all([
          modelByName(ctx, input.name),
          versionByName(ctx, input.name, input.version),
        ]);
        return { model_version: versionJson(found, aliasesOf(root, found.version)) };
      },
    }),
    ...mlflow('GET', 'model-versions/get-download-uri', 'viewer', {
      input: z.object({ ...name, version }),
      handle: async (ctx, input) => {
        const found = await versionByName(ctx, input.name, input.version);
        return { artifact_uri: found.storageLocation ?? found.source };
      },
    }),
    ...mlflow('POST', 'registered-models/alias', 'contributor', {
      input: z.object({ ...aliasRef, version }),
      handle: (ctx, input) => moveAlias(ctx, input),
    }),
    ...mlflow('GET', 'registered-models/alias', 'viewer', {
      input: z.object(aliasRef),
      handle: async (ctx, input) => {
        const held = await resolveAlias(ctx, input.name, input.alias);
        const [root, found] = await Promise.all([
          modelByName(ctx, input.name),
          getVersion(ctx, held.modelId, held.version),
        ]);
        return { model_version: versionJson(found, aliasesOf(root, found.version)) };
      },
    }),
    ...mlflow('DELETE', 'registered-models/alias', 'contributor', {
      input: z.object(aliasRef),
      handle: (ctx, input) => deleteAlias(ctx, input.name, input.alias),
    }),
  ],
};

function searchOf(input: {
  filter?: string | undefined;
  order_by: readonly string[];
  max_results: number;
  page_token?: string | undefined;
}): RegistrySearch {
  return {
    filter: input.filter,
    orderBy: input.order_by,
    limit: input.max_results,
    pageToken: input.page_token,
  };
}

async function modelJson(ctx: Context, root: ModelRoot) {
  const newest = root.nextVersion - 1;
  const latest = newest > 0 ? await getVersion(ctx, root.modelId, newest) : undefined;
  const aliases = Object.entries(root.aliases).map(([alias, held]) => ({ alias, version: String(held) }));
  return {
    name: root.name,
    creation_timestamp: root.createdAt,
    last_updated_timestamp: root.updatedAt,
    description: root.description,
    ...(latest ? { latest_versions: [versionJson(latest, aliasesOf(root, newest))] } : {}),
    ...optional('tags', pairs(root.tags)),
    ...optional('aliases', aliases),
  };
}

function aliasesOf(root: ModelRoot, number: number): string[] {
  return Object.entries(root.aliases).flatMap(([alias, held]) => (held === number ? [alias] : []));
}

/** MLflow's fields; why a version cannot be served stands in `status_message`, since to MLflow every version is READY. */
function versionJson(v: ModelVersion, aliases: readonly string[]) {
  return {
    name: v.name,
    version: String(v.version),
    creation_timestamp: v.createdAt,
    last_updated_timestamp: v.updatedAt,
    user_id: v.userId,
    current_stage: 'None',
    description: v.description,
    source: v.source,
    run_id: v.runId ?? '',
    status: 'READY',
    ...(v.inspection.state === 'refused' ? { status_message: `Not servable: ${v.inspection.reason}` } : {}),
    run_link: v.runLink ?? '',
    ...(v.loggedModelId ? { model_id: v.loggedModelId } : {}),
    ...optional('tags', pairs(v.tags)),
    ...optional('aliases', aliases),
  };
}
