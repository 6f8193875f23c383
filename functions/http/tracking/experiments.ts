import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { fields, type Route } from '../../../shared/http/index.ts';
import {
  createExperiment,
  deleteExperiment,
  deleteExperimentTag,
  getExperiment,
  getExperimentByName,
  renameExperiment,
  restoreExperiment,
  setExperimentTag,
} from '../../../shared/tracking/index.ts';
import { keyValue, mlflow } from '../mlflow.ts';
import { experimentJson } from './json.ts';

const byId = z.object({ experiment_id: fields.requiredText });

/** Experiments: made, found by id and by name, changed. */
export const experiments: readonly Route[] = [
  ...mlflow('POST', 'experiments/create', 'contributor', {
    input: z.object({
      name: fields.requiredText,
      artifact_location: fields.text.optional(),
      tags: z.array(keyValue, { error: 'must be a list' }).optional(),
    }),
    handle: async (ctx, input) => {
      const { experimentId } = await createExperiment(ctx, {
        name: input.name,
        artifactLocation: input.artifact_location,
        tags: input.tags,
      });
      return { experiment_id: experimentId };
    },
  }),
  ...mlflow('GET', 'experiments/get', 'viewer', {
    input: byId,
    handle: async (ctx, input) => ({
      experiment: experimentJson(await getExperiment(ctx, input.experiment_id)),
    }),
  }),
  ...mlflow('GET', 'experiments/get-by-name', 'viewer', {
    input: z.object({ experiment_name: fields.requiredText }),
    handle: async (ctx, input) => ({
      experiment: experimentJson(await getExperimentByName(ctx, input.experiment_name)),
    }),
  }),
  ...change('delete', byId, (ctx, input) => deleteExperiment(ctx, input.experiment_id)),
  ...change('restore', byId, (ctx, input) => restoreExperiment(ctx, input.experiment_id)),
  ...change('update', byId.extend({ new_name: fields.requiredText }), (ctx, input) =>
    renameExperiment(ctx, input.experiment_id, input.new_name),
  ),
  ...change('set-experiment-tag', byId.extend(keyValue.shape), (ctx, { experiment_id, key, value }) =>
    setExperimentTag(ctx, experiment_id, { key, value }),
  ),
  ...change('delete-experiment-tag', byId.extend({ key: fields.requiredText }), (ctx, input) =>
    deleteExperimentTag(ctx, input.experiment_id, input.key),
  ),
];

/** An endpoint that answers nothing but that it is done. */
function change<S extends z.ZodType>(
  path: string,
  input: S,
  verb: (ctx: Context, input: z.output<S>) => Promise<void>,
): Route[] {
  return mlflow('POST', `experiments/${path}`, 'contributor', {
    input,
    handle: async (ctx, given) => {
      await verb(ctx, given);
      return {};
    },
  });
}
