import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { fields, type Route } from '../../../shared/http/index.ts';
import {
  createVersion,
  deleteVersion,
  deleteVersionTag,
  describeVersion,
  latestVersions,
  modelById,
  modelByName,
  searchVersions,
  setVersionTag,
  stageNamed,
  stageNames,
  versionByName,
  versionOf,
} from '../../../shared/registry/index.ts';
import { mlflow, nextPage, optional } from '../mlflow.ts';
import { amongModels, name, onModel, searchFields, searchOf, tag, tags, version } from './fields.ts';
import { versionJson } from './json.ts';
import { refuseServed } from './served.ts';

const ref = { ...name, ...version };
const stages = z
  .union([fields.text.transform((stage) => [stage]), z.array(fields.text)], {
    error: 'must be a list of texts',
  })
  .optional();

/** Versions of models: `model-versions/…`, and the newest of each stage. */
export const versionRoutes: readonly Route[] = [
  ...mlflow('POST', 'model-versions/create', 'contributor', {
    scope: onModel,
    input: z.object({
      ...name,
      source: fields.requiredText,
      run_id: fields.text.optional(),
      model_id: fields.text.optional(),
      run_link: fields.text.optional(),
      description: fields.text.optional(),
      tags,
    }),
    async handle(ctx, input) {
      const created = await createVersion(ctx, {
        ...input,
        runId: input.run_id,
        loggedModelId: input.model_id,
        runLink: input.run_link,
      });
      return { model_version: versionJson({ name: created.name, stages: {}, aliases: {} }, created) };
    },
  }),
  ...mlflow('GET', 'model-versions/get', 'viewer', {
    scope: onModel,
    input: z.object(ref),
    handle: (ctx, input) => answer(ctx, input),
  }),
  ...mlflow('PATCH', 'model-versions/update', 'contributor', {
    scope: onModel,
    input: z.object({ ...ref, description: fields.text.default('') }),
    async handle(ctx, input) {
      const changed = await describeVersion(ctx, input, input.description);
      return { model_version: versionJson(await modelById(ctx, changed.modelId), changed) };
    },
  }),
  ...mlflow('DELETE', 'model-versions/delete', 'contributor', {
    scope: onModel,
    input: z.object(ref),
    async handle(ctx, input) {
      await refuseServed(ctx, await modelByName(ctx, input.name), input.version);
      await deleteVersion(ctx, input);
    },
  }),
  ...mlflow('GET', 'model-versions/search', 'viewer', {
    scope: amongModels,
    input: z.object(searchFields(200_000, 10_000)),
    async handle(ctx, input) {
      const found = await searchVersions(ctx, searchOf(input));
      const versions = found.items.map(({ root, version: each }) => versionJson(root, each));
      return { ...optional('model_versions', versions), ...nextPage(found) };
    },
  }),
  ...mlflow('GET', 'model-versions/get-download-uri', 'viewer', {
    scope: onModel,
    input: z.object(ref),
    async handle(ctx, input) {
      const found = await versionByName(ctx, input.name, input.version);
      return { artifact_uri: found.storageLocation ?? found.source };
    },
  }),
  ...mlflow('POST', 'model-versions/set-tag', 'contributor', {
    scope: onModel,
    input: z.object({ ...ref, ...tag }),
    handle: (ctx, input) => setVersionTag(ctx, input, input),
  }),
  ...mlflow('DELETE', 'model-versions/delete-tag', 'contributor', {
    scope: onModel,
    input: z.object({ ...ref, key: fields.requiredText }),
    handle: (ctx, input) => deleteVersionTag(ctx, input, input.key),
  }),
  ...(['GET', 'POST'] as const).flatMap((method) =>
    mlflow(method, 'registered-models/get-latest-versions', 'viewer', {
      scope: onModel,
      input: z.object({ ...name, stages }),
      async handle(ctx, input) {
        const asked = (input.stages ?? []).map((stage) => stageNamed(stage, 'stages'));
        const root = await modelByName(ctx, input.name);
        const latest = await latestVersions(ctx, root, asked.length > 0 ? asked : stageNames);
        return optional(
          'model_versions',
          latest.map((each) => versionJson(root, each)),
        );
      },
    }),
  ),
];

async function answer(ctx: Context, asked: { name: string; version: number }) {
  const root = await modelByName(ctx, asked.name);
  return { model_version: versionJson(root, await versionOf(ctx, root, asked.version)) };
}
