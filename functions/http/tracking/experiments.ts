import * as z from 'zod';
import { fields, type Route } from '../../../shared/http/index.ts';
import { createExperiment, getExperiment, getExperimentByName } from '../../../shared/tracking/index.ts';
import { keyValue, mlflow } from '../mlflow.ts';
import { experimentJson } from './json.ts';

/** Experiments: made, found by id and by name. */
export const experiments: readonly Route[] = [
  ...mlflow('POST', 'experiments/create', 'contributor', {
    input: z.object({
      name: fields.requiredText,
      artifact_location: fields.text.optional(),
      tags: z.array(keyValue).optional(),
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
    input: z.object({ experiment_id: fields.requiredText }),
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
];
