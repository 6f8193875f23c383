import * as z from 'zod';
import { type ErrorShape, problem, type Route, route, type Surface } from '../../shared/http/index.ts';
import { securityComponents, securityOf } from './description/security.ts';

type Schema = {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
};

/** The surface that says what the others offer. */
export function description(surfaces: readonly Surface[]): Surface {
  const all: Surface = {
    name: 'description',
    part: 'both',
    errors: problem,
    routes: [
      route('GET', '/openapi.json', {
        operation: 'description',
        role: 'public',
        input: z.object({}),
        handle: () => Promise.resolve(openApi([...surfaces, all])),
      }),
    ],
  };
  return all;
}

/** The OpenAPI 3.1 description of every route, from the table that routes them. */
export function openApi(surfaces: readonly Surface[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const uses = new Map<string, number>();
  for (const { name, routes, errors } of surfaces)
    for (const each of routes) {
      // MLflow's own pages use a second prefix for the same operations.
      if (each.path.startsWith('/ajax-api/')) continue;
      const path = each.path.replace(/\{(\w+)\*\}/, '{$1}');
      // One operation at several paths is several to OpenAPI, whose ids are unique.
      const use = (uses.get(each.operation) ?? 0) + 1;
      uses.set(each.operation, use);
      const operationId = use === 1 ? each.operation : `${each.operation}-${use}`;
      paths[path] = {
        ...paths[path],
        [each.method.toLowerCase()]: operation(name, operationId, each, errors),
      };
    }
  return {
    openapi: '3.1.0',
    info: { title: 'Cairn', version: '0.1.0' },
    paths,
    components: securityComponents,
  };
}

function operation(
  surface: string,
  operationId: string,
  each: Route,
  errors: ErrorShape,
): Record<string, unknown> {
  const { method, path, input, readsBody } = each;
  const security = securityOf(each, errors);
  const schema = (input ? z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) : {}) as Schema;
  const inPath = [...path.matchAll(/\{(\w+)\*?\}/g)].map((match) => match[1] ?? '');
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => !inPath.includes(name));
  const required = (schema.required ?? []).filter((name) => !inPath.includes(name));
  const parameters = inPath.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' } as unknown,
  }));
  const isQuery = method === 'GET' || readsBody;
  if (isQuery)
    parameters.push(
      ...properties.map(([name, type]) => ({
        name,
        in: 'query',
        required: required.includes(name),
        schema: type,
      })),
    );
  const body = { type: 'object', properties: Object.fromEntries(properties), required };
  return {
    operationId,
    tags: [surface],
    parameters,
    ...(isQuery || !input
      ? {}
      : {
          requestBody: { required: required.length > 0, content: { 'application/json': { schema: body } } },
        }),
    responses: { 200: { description: 'Success' }, ...security.responses },
    ...security.operation,
  };
}
