import * as z from 'zod';
import { fields, json, problem, route, type Surface } from '../../shared/http/index.ts';
import {
  createEndpoint,
  type Endpoint,
  endpointName,
  getEndpoint,
  listEndpoints,
} from '../../shared/endpoints/index.ts';
import { checkLabelled, labelsMax, recordLabels } from '../../shared/predictions/index.ts';

const newEndpoint = z.strictObject({
  name: endpointName,
  model: z.string({ error: 'must be the name of a registered model' }).min(1),
  alias: z.string({ error: 'must be an alias of the model' }).min(1),
  labels: z.record(z.string().max(250), z.string().max(5000)).optional(),
});

const byName = z.object({ name: fields.requiredText });

const feedback = z.object({
  endpoint: z.string({ error: 'must be the name of an endpoint' }).min(1),
  labels: z
    .array(
      z.object({
        prediction_id: fields.text,
        label: z.union([z.string(), z.number()], { error: 'must be text or a number' }),
      }),
      { error: 'must be a list of {prediction_id, label}' },
    )
    .min(1, 'must hold at least one label')
    .max(labelsMax, `must hold at most ${labelsMax} labels`),
});

/** Endpoints as resources; asking them is in `inference.ts`. */
export const endpoints: Surface = {
  name: 'endpoints',
  part: 'control',
  errors: problem,
  routes: [
    route('POST', '/api/v1/endpoints', {
      operation: 'createEndpoint',
      role: 'operator',
      scope: 'workspace',
      input: newEndpoint,
      handle: async (ctx, input) => json(present(await createEndpoint(ctx, input)), 201),
    }),
    route('GET', '/api/v1/endpoints', {
      operation: 'listEndpoints',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.object({}),
      handle: async (ctx) => ({ endpoints: (await listEndpoints(ctx)).map(present) }),
    }),
    route('GET', '/api/v1/endpoints/{name}', {
      operation: 'getEndpoint',
      role: 'viewer',
      scope: { on: [{ field: 'name', names: 'endpoint' }] },
      input: byName,
      handle: async (ctx, { name }) => present(await getEndpoint(ctx, name)),
    }),
  ],
};

/** What turned out to be true of predictions, sent back by those who asked for them. */
export const feedbacks: Surface = {
  name: 'feedback',
  part: 'inference',
  errors: problem,
  routes: [
    route('POST', '/api/v1/feedback', {
      operation: 'recordFeedback',
      role: 'contributor',
      scope: { on: [{ field: 'endpoint', names: 'endpoint' }] },
      input: feedback,
      async handle(ctx, { endpoint, labels }) {
        await checkLabelled(ctx, await getEndpoint(ctx, endpoint));
        await recordLabels(
          ctx,
          endpoint,
          labels.map(({ prediction_id, label }) => ({ predictionId: prediction_id, label })),
        );
        return { recorded: labels.length };
      },
    }),
  ],
};

function present({ name, model, modelId, alias, stable, labels, createdAt, updatedAt }: Endpoint) {
  return {
    name,
    model,
    model_id: modelId,
    alias,
    status: stable ? 'ready' : 'waiting',
    stable: stable ?? null,
    labels: labels ?? {},
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
