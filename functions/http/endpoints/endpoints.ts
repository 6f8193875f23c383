import * as z from 'zod';
import { fields, json, problem, route, type Surface } from '../../../shared/http/index.ts';
import { createEndpoint, getStored, listEndpoints } from '../../../shared/endpoints/index.ts';
import { newEndpoint } from './input.ts';
import { present } from './present.ts';

const byName = z.object({ name: fields.requiredText });

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
      async handle(ctx, input) {
        const { name } = await createEndpoint(ctx, input);
        const stored = await getStored(ctx, name);
        return json(present(stored), 201, { etag: stored.etag });
      },
    }),
    route('GET', '/api/v1/endpoints', {
      operation: 'listEndpoints',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.object({}),
      handle: async (ctx) => ({ endpoints: (await listEndpoints(ctx)).map((doc) => present({ doc })) }),
    }),
    route('GET', '/api/v1/endpoints/{name}', {
      operation: 'getEndpoint',
      role: 'viewer',
      scope: { on: [{ field: 'name', names: 'endpoint' }] },
      input: byName,
      async handle(ctx, { name }) {
        const stored = await getStored(ctx, name);
        return json(present(stored), 200, { etag: stored.etag });
      },
    }),
  ],
};
