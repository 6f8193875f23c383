import * as z from 'zod';
import { fields, problem, route, type Surface } from '../../../shared/http/index.ts';
import {
  createEndpoint,
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  updateEndpoint,
} from '../../../shared/endpoints/index.ts';
import { endpointChange, newEndpoint } from './input.ts';
import { present } from './present.ts';
import { shown } from './shown.ts';

const byName = z.strictObject({ name: fields.requiredText });
const onEndpoint = { on: [{ field: 'name', names: 'endpoint' }] } as const;

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
        return shown(ctx, await createEndpoint(ctx, input), 201);
      },
    }),
    route('GET', '/api/v1/endpoints', {
      operation: 'listEndpoints',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: z.strictObject({}),
      handle: async (ctx) => ({ endpoints: (await listEndpoints(ctx)).map(present) }),
    }),
    route('GET', '/api/v1/endpoints/{name}', {
      operation: 'getEndpoint',
      role: 'viewer',
      scope: onEndpoint,
      input: byName,
      async handle(ctx, { name }) {
        return shown(ctx, await getEndpoint(ctx, name));
      },
    }),
    route('PATCH', '/api/v1/endpoints/{name}', {
      operation: 'updateEndpoint',
      role: 'operator',
      scope: onEndpoint,
      input: endpointChange,
      handle: async (ctx, { name, change }, { request }) =>
        shown(ctx, await updateEndpoint(ctx, name, change, ifMatchOf(request))),
    }),
    route('DELETE', '/api/v1/endpoints/{name}', {
      operation: 'deleteEndpoint',
      role: 'operator',
      scope: onEndpoint,
      input: byName,
      async handle(ctx, { name }, { request }) {
        await deleteEndpoint(ctx, name, ifMatchOf(request));
        return new Response(null, { status: 204 });
      },
    }),
  ],
};

/** The etag that the caller has read, as the header `ETag` gave it. */
function ifMatchOf(request: Request): string | undefined {
  return request.headers.get('if-match')?.trim().replace(/^W\//, '');
}
