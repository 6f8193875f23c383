import * as z from 'zod';
import { fields, type Route } from '../../../shared/http/index.ts';
import { setStage } from '../../../shared/promotion/index.ts';
import { versionOf } from '../../../shared/registry/index.ts';
import { mlflow } from '../mlflow.ts';
import { name, onModel, version } from './fields.ts';
import { versionJson } from './json.ts';

/** MLflow's stages. Into a stage that a policy guards a version comes by a promotion only. */
export const stageRoutes: readonly Route[] = [
  ...mlflow('POST', 'model-versions/transition-stage', 'contributor', {
    scope: onModel,
    input: z.object({
      ...name,
      ...version,
      stage: fields.requiredText,
      archive_existing_versions: z.boolean({ error: 'must be true or false' }).default(false),
    }),
    async handle(ctx, input) {
      const root = await setStage(ctx, {
        ...input,
        archiveExisting: input.archive_existing_versions,
      });
      return { model_version: versionJson(root, await versionOf(ctx, root, input.version)) };
    },
  }),
];
