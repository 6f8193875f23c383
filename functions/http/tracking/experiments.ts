import * as z from 'zod';
import { fields, type Route, type Scope } from '../../../shared/http/index.ts';
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
const onExperiment: Scope = { on: [{ field: 'experiment_id', names: 'experiment' }] };

/** Experiments: made, found by id and by name, changed. */
export const experiments: readonly Route[] = [
  ...mlflow('POST', 'experiments/create', 'contributor', {
    // Whoever keeps artifacts among those of another experiment changes what that one shows.
    scope: { on: [{ field: 'artifact_location', names: 'artifact-uri' }], inWorkspace: true },
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
    scope: onExperiment,
    input: byId,
    handle: async (ctx, input) => ({
      experiment: experimentJson(await getExperiment(ctx, input.experiment_id)),
    }),
  }),
  ...mlflow('GET', 'experiments/get-by-name', 'viewer', {
    scope: { among: ['experiment'] },
    input: z.object({ experiment_name: fields.requiredText }),
    handle: async (ctx, input) => ({
      experiment: experimentJson(await getExperimentByName(ctx, input.experiment_name)),
    }),
  }),
  ...mlflow('POST', 'experiments/delete', 'contributor', {
    scope: onExperiment,
    input: byId,
    handle: (ctx, input) => deleteExperiment(ctx, input.experiment_id),
  }),
  ...mlflow('POST', 'experiments/restore', 'contributor', {
    scope: onExperiment,
    input: byId,
    handle: (ctx, input) => restoreExperiment(ctx, input.experiment_id),
  }),
  ...mlflow('POST', 'experiments/update', 'contributor', {
    scope: onExperiment,
    input: byId.extend({ new_name: fields.requiredText }),
    handle: (ctx, input) => renameExperiment(ctx, input.experiment_id, input.new_name),
  }),
  ...mlflow('POST', 'experiments/set-experiment-tag', 'contributor', {
    scope: onExperiment,
    input: byId.extend(keyValue.shape),
    handle: (ctx, { experiment_id, key, value }) => setExperimentTag(ctx, experiment_id, { key, value }),
  }),
  ...mlflow('POST', 'experiments/delete-experiment-tag', 'contributor', {
    scope: onExperiment,
    input: byId.extend({ key: fields.requiredText }),
    handle: (ctx, input) => deleteExperimentTag(ctx, input.experiment_id, input.key),
  }),
];
