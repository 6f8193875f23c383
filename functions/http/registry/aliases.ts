import * as z from 'zod';
import { fields, type Route } from '../../../shared/http/index.ts';
import { setAlias } from '../../../shared/promotion/index.ts';
import { deleteAlias, versionByAlias } from '../../../shared/registry/index.ts';
import { mlflow } from '../mlflow.ts';
import { name, onModel, version } from './fields.ts';
import { versionJson } from './json.ts';

const ref = { ...name, alias: fields.requiredText };

/**
 * MLflow's aliases. One that a policy guards moves by a promotion only. `expected`, which MLflow does not know, is
 * the version that holds it as far as the caller knows: where another one does, the call fails with a conflict.
 */
export const aliasRoutes: readonly Route[] = [
  ...mlflow('POST', 'registered-models/alias', 'contributor', {
    scope: onModel,
    input: z.object({ ...ref, ...version, expected: fields.int64.optional() }),
    handle: (ctx, input) => setAlias(ctx, input),
  }),
  ...mlflow('GET', 'registered-models/alias', 'viewer', {
    scope: onModel,
    input: z.object(ref),
    async handle(ctx, input) {
      const held = await versionByAlias(ctx, input.name, input.alias);
      return { model_version: versionJson(held.root, held.version) };
    },
  }),
  ...mlflow('DELETE', 'registered-models/alias', 'contributor', {
    scope: onModel,
    input: z.object(ref),
    handle: (ctx, input) => deleteAlias(ctx, input.name, input.alias),
  }),
];
