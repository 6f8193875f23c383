import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import {
  type Call,
  CairnError,
  json,
  parse,
  parseJson,
  readBody,
  type Reference,
  type Route,
  utf8,
} from '../../../shared/http/index.ts';
import { liveOf, loadNow, repositoryIndex, whyNotUnloaded } from '../../../shared/serving/index.ts';
import { endpointRoute } from './routing.ts';

const bodyBytesMax = 64 * 1024;
const indexRequest = z.looseObject({ ready: z.boolean({ error: 'must be true or false' }).optional() });
const noParameters = z.looseObject({
  parameters: z
    .record(z.string(), z.unknown())
    .refine((parameters) => Object.keys(parameters).every((name) => name === 'unload_dependents'), {
      error: 'of a load are not taken: what is loaded is the version that the endpoint answers with',
    })
    .optional(),
});

/** The model repository extension, as far as it fits a server that loads a model when it is asked. */
export function repository(unknown: NonNullable<Reference['unknown']>): Route[] {
  return [
    {
      method: 'POST',
      path: '/v2/repository/index',
      operation: 'repositoryIndex',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      async handle(ctx, { request }) {
        const { ready = false } = parse(indexRequest, await bodyOf(request));
        return json(await repositoryIndex(ctx, ready));
      },
    },
    endpointRoute('POST', '/v2/repository/models/{name}/load', 'loadModel', load, unknown),
    endpointRoute('POST', '/v2/repository/models/{name}/unload', 'unloadModel', unload, unknown),
  ];
}

/** Says how far it goes: other instances are not told. */
async function load(ctx: Context, { request, params: { name = '' } }: Call): Promise<Response> {
  parse(noParameters, await bodyOf(request));
  await loadNow(ctx, name);
  return json({
    name,
    state: 'READY',
    reason: 'Loaded by the instance that was asked; every other one loads it with its first call.',
  });
}

async function unload(ctx: Context, { request, params: { name = '' } }: Call): Promise<Response> {
  parse(noParameters, await bodyOf(request));
  await liveOf(ctx, name);
  throw whyNotUnloaded(name);
}

/** The object of a body that may be left out. */
async function bodyOf(request: Request): Promise<object> {
  const text = utf8(await readBody(request, bodyBytesMax));
  const body = text.trim() === '' ? {} : parseJson(text);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new CairnError('invalid', 'The body must be a JSON object, or empty.');
}
