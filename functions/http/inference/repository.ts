import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import {
  type Call,
  CairnError,
  json,
  parse,
  parseJson,
  readBody,
  type Route,
  utf8,
} from '../../../shared/http/index.ts';
import { repositoryIndex, requireLoaded, whyNotUnloaded } from '../../../shared/serving/index.ts';
import { liveModel, unknownModel } from './model.ts';
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
export const repository: readonly Route[] = [
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
  endpointRoute('POST', '/v2/repository/models/{name}/load', 'loadModel', load, unknownModel),
  endpointRoute('POST', '/v2/repository/models/{name}/unload', 'unloadModel', unload, unknownModel),
];

/** Says how far it goes: other instances are not told. */
async function load(ctx: Context, call: Call): Promise<Response> {
  parse(noParameters, await bodyOf(call.request));
  requireLoaded(await liveModel(ctx, call));
  return json({
    name: call.params['name'],
    state: 'READY',
    reason: 'Loaded by the instance that was asked; every other one loads it with its first call.',
  });
}

async function unload(ctx: Context, call: Call): Promise<Response> {
  parse(noParameters, await bodyOf(call.request));
  const { endpoint } = await liveModel(ctx, call);
  throw whyNotUnloaded(endpoint.name);
}

/** The object of a body that may be left out. */
async function bodyOf(request: Request): Promise<object> {
  const text = utf8(await readBody(request, bodyBytesMax));
  const body = text.trim() === '' ? {} : parseJson(text);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new CairnError('invalid', 'The body must be a JSON object, or empty.');
}
