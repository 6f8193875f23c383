import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import * as z from 'zod';
import type { Context } from '../../shared/context.ts';
import {
  type Call,
  CairnError,
  inferenceError,
  type Input,
  isCode,
  json,
  type Method,
  mlflowError,
  readBody,
  type Reference,
  type Route,
  route,
  type Surface,
  utf8,
} from '../../shared/http/index.ts';
import {
  inferResponse,
  invocationResponse,
  modelMetadata,
  parseInferRequest,
  parseInvocation,
  predict,
  type Target,
  targetOf,
} from '../../shared/serving/index.ts';

/** Bytes of the largest scoring body, unpacked. */
const bodyBytesMax = 16 * 1024 * 1024;

/** MLflow's scoring protocol, an endpoint below each path: what `mlflow models serve` answers. */
export const invocations: Surface = {
  name: 'invocations',
  part: 'inference',
  errors: mlflowError,
  routes: [
    raw('POST', '/endpoints/{name}/invocations', 'invoke', async (ctx, call) => {
      const target = await targetOf(ctx, call.params['name'] ?? '');
      const { model } = target;
      const type = scoringType(call.request);
      if (type instanceof Response) return type;
      const invocation = await parseInvocation(type, await bodyText(call.request), model);
      return json(invocationResponse(model, invocation, await predict(ctx, target, invocation.inputs)));
    }),
    raw('GET', '/endpoints/{name}/ping', 'pingEndpoint', alive),
    raw('GET', '/endpoints/{name}/health', 'endpointHealth', alive),
  ],
};

const server = { name: 'cairn', version: '0.1.0', extensions: [] };
const live = () => Promise.resolve({ live: true });
const nothing = z.object({});

/** Open Inference Protocol v2: an endpoint is a model, its pinned version the only one. */
export const openInference: Surface = {
  name: 'open-inference',
  part: 'inference',
  errors: inferenceError,
  routes: [
    route('GET', '/v2', {
      operation: 'inferenceServer',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: nothing,
      handle: () => Promise.resolve(server),
    }),
    route('GET', '/v2/', {
      operation: 'inferenceServer',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: nothing,
      handle: () => Promise.resolve(server),
    }),
    route('GET', '/v2/health/live', {
      operation: 'inferenceLive',
      role: 'public',
      input: nothing,
      handle: live,
    }),
    route('GET', '/v2/health/ready', {
      operation: 'inferenceReady',
      role: 'public',
      input: nothing,
      handle: () => Promise.resolve({ ready: true, live: true }),
    }),
    ...['/v2/models/{name}', '/v2/models/{name}/versions/{version}'].flatMap((model) => [
      raw(
        'GET',
        model,
        'modelMetadata',
        async (ctx, call) => json(modelMetadata(await modelOf(ctx, call))),
        unknownModel,
      ),
      raw('GET', `${model}/ready`, 'modelReady', modelReady, unknownModel),
      raw('POST', `${model}/infer`, 'infer', infer, unknownModel),
    ]),
  ],
};

async function infer(ctx: Context, call: Call): Promise<Response> {
  const target = await modelOf(ctx, call);
  requireJson(call.request);
  const request = parseInferRequest(await bodyText(call.request), target.model);
  return json(inferResponse(target, request, await predict(ctx, target, request.inputs)));
}

async function modelReady(ctx: Context, call: Call): Promise<Response> {
  const name = call.params['name'] ?? '';
  try {
    await modelOf(ctx, call);
    return json({ name, ready: true });
  } catch (error) {
    if (!isCode(error, 'unavailable')) throw error;
    return json({ name, ready: false }, 503, { 'retry-after': String(error.retryAfterSeconds ?? 1) });
  }
}

/** The endpoint a v2 path names; a version in the path must be the one that answers. */
async function modelOf(ctx: Context, { params }: Call): Promise<Target> {
  const { name = '', version } = params;
  const target = await targetOf(ctx, name).catch((error: unknown) => {
    throw isCode(error, 'not-found') ? unknownModel(params) : error;
  });
  if (version !== undefined && version !== String(target.model.ready.version)) throw unknownModel(params);
  return target;
}

function unknownModel({ name, version }: Input): CairnError {
  const which = version === undefined ? '' : ` with version ${String(version).slice(0, 20)}`;
  return new CairnError('not-found', `Model ${String(name).slice(0, 100)}${which} not found`);
}

async function alive(ctx: Context, call: Call): Promise<Response> {
  await targetOf(ctx, call.params['name'] ?? '');
  return new Response('\n', { headers: { 'content-type': 'application/json' } });
}

/** What the scoring server takes, or its 415, which is plain text. */
function scoringType(request: Request): 'json' | 'csv' | Response {
  const { type, charset, others } = contentType(request);
  const refuse = (message: string) =>
    new Response(message, { status: 415, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  if (type !== 'application/json' && type !== 'text/csv')
    return refuse(
      `This predictor only supports the following content types: Types: ['text/csv', 'application/json']. Got '${type.slice(0, 100)}'.`,
    );
  if (charset !== 'utf-8') return refuse('The scoring server only supports UTF-8');
  if (others.length > 0)
    return refuse(
      `Unrecognized content type parameters: ${others.join(', ').slice(0, 100)}. Only charset=utf-8 is taken.`,
    );
  return type === 'text/csv' ? 'csv' : 'json';
}

function requireJson(request: Request): void {
  const { type, charset } = contentType(request);
  if (request.headers.has('inference-header-content-length'))
    throw new CairnError(
      'unsupported-media',
      'Binary tensor data is not taken here; send all tensors as JSON.',
    );
  if (type !== 'application/json' || charset !== 'utf-8')
    throw new CairnError(
      'unsupported-media',
      `Send JSON (content-type application/json), not '${type.slice(0, 100)}'.`,
    );
}

function contentType(request: Request): { type: string; charset: string; others: string[] } {
  const [type = '', ...parameters] = (request.headers.get('content-type') ?? '')
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter));
  return {
    type: type.toLowerCase(),
    charset: charset?.slice('charset='.length).replaceAll('"', '').toLowerCase() ?? 'utf-8',
    others: parameters.filter((parameter) => parameter !== charset && parameter !== ''),
  };
}

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** The body as text, unpacked when it was sent compressed; the limit holds for both. */
async function bodyText(request: Request): Promise<string> {
  const bytes = await readBody(request, bodyBytesMax);
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return utf8(bytes);
  if (encoding !== 'gzip' && encoding !== 'deflate')
    throw new CairnError(
      'unsupported-media',
      `Content-Encoding '${encoding.slice(0, 40)}' is not taken; use gzip or deflate.`,
    );
  try {
    return utf8(await unpackers[encoding](bytes, { maxOutputLength: bodyBytesMax }));
  } catch (error) {
    if (error instanceof CairnError) throw error;
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw new CairnError(
        'too-large',
        `The body is over ${bodyBytesMax} bytes when unpacked, the limit of this path.`,
      );
    throw new CairnError('bad-request', `The body is not valid ${encoding}.`, { cause: error });
  }
}

/** A route to the endpoint `{name}` whose body only its protocol can read. */
function raw(
  method: Method,
  path: string,
  operation: string,
  handle: Route['handle'],
  unknown?: Reference['unknown'],
): Route {
  const endpoint: Reference = { field: 'name', names: 'endpoint', ...(unknown ? { unknown } : {}) };
  return { method, path, operation, role: 'viewer', scope: { on: [endpoint] }, handle };
}
