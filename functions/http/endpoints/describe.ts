import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { fields, problem, route, type Surface } from '../../../shared/http/index.ts';
import { endpointOpenApi, exampleOf, type SignIn, snippetsOf } from '../../../shared/serving/index.ts';
import { securityComponents, signInWays } from '../description/security.ts';

const onEndpoint = { on: [{ field: 'name', names: 'endpoint' }] } as const;
const described = z.strictObject({
  name: fields.requiredText,
  deployment: z.string().min(1, 'must be the name of a deployment').max(100).optional(),
});

/** What an endpoint tells of itself: how it is called, in forms that can be used as they are. */
export const descriptions: Surface = {
  name: 'endpoint-descriptions',
  part: 'both',
  errors: problem,
  routes: [
    route('GET', '/api/v1/endpoints/{name}/example', {
      operation: 'getEndpointExample',
      role: 'viewer',
      scope: onEndpoint,
      input: described,
      async handle(ctx, { name, deployment }) {
        const { described: of, example } = await exampleOf(ctx, name, deployment);
        return { deployment: of.deployment.name, version: of.model.ready.version, ...example };
      },
    }),
    route('GET', '/api/v1/endpoints/{name}/openapi.json', {
      operation: 'getEndpointOpenApi',
      role: 'viewer',
      scope: onEndpoint,
      input: described,
      handle: (ctx, { name, deployment }) => endpointOpenApi(ctx, name, deployment, signInOf(ctx)),
    }),
    route('GET', '/api/v1/endpoints/{name}/snippets', {
      operation: 'getEndpointSnippets',
      role: 'viewer',
      scope: onEndpoint,
      input: described,
      handle: (ctx, { name, deployment }) => snippetsOf(ctx, name, deployment),
    }),
  ],
};

function signInOf({ settings }: Context): SignIn {
  if (settings.auth === 'off') return { security: [], securitySchemes: {} };
  return { security: signInWays, securitySchemes: securityComponents.securitySchemes };
}
