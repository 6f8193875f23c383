import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { readiness } from '../../../shared/health/index.ts';
import {
  type Call,
  CairnError,
  inferenceError,
  isCode,
  json,
  readBody,
  route,
  type Surface,
} from '../../../shared/http/index.ts';
import {
  counted,
  type InferAnswer,
  inferResponse,
  keyInInfer,
  modelMetadata,
  modelNames,
  modelsOf,
  parseInferRequest,
  predict,
  readInfer,
  readingOf,
} from '../../../shared/serving/index.ts';
import { contentTypeOf, unpacked } from './body.ts';
import { liveModel, unknownModel } from './model.ts';
import { repository } from './repository.ts';
import { answererOf, endpointRoute, modelOnly, tellerOf } from './routing.ts';

const server = { name: 'cairn', version: '0.1.0', extensions: ['binary_tensor_data', 'model_repository'] };
const nothing = z.object({});
const among = { role: 'viewer', scope: { among: ['endpoint'] }, input: nothing } as const;
const open = { role: 'public', input: nothing } as const;

/** Open Inference Protocol v2: an endpoint is a model, what it may answer with now are its versions. */
export const openInference: Surface = {
  name: 'open-inference',
  part: 'inference',
  errors: inferenceError,
  routes: [
    ...['/v2', '/v2/'].map((path) =>
      route('GET', path, { operation: 'inferenceServer', ...among, handle: () => Promise.resolve(server) }),
    ),
    route('GET', '/v2/health/live', {
      operation: 'inferenceLive',
      ...open,
      handle: () => Promise.resolve({ live: true }),
    }),
    route('GET', '/v2/health/ready', {
      operation: 'inferenceReady',
      ...open,
      handle: async (ctx) => {
        const { ready } = await readiness(ctx);
        return json({ ready, live: true }, ready ? 200 : 503);
      },
    }),
    route('GET', '/v2/models', {
      operation: 'listServedModels',
      ...among,
      handle: async (ctx) => ({ models: await modelNames(ctx) }),
    }),
    ...repository,
    ...['/v2/models/{name}', '/v2/models/{name}/versions/{version}'].flatMap((model) => [
      endpointRoute('GET', model, 'modelMetadata', metadata, unknownModel),
      endpointRoute('GET', `${model}/ready`, 'modelReady', modelReady, unknownModel),
      endpointRoute('POST', `${model}/infer`, 'infer', infer, unknownModel),
    ]),
  ],
};

async function metadata(ctx: Context, call: Call): Promise<Response> {
  const live = await liveModel(ctx, call);
  const target = versioned(call, () => tellerOf(ctx, live, call));
  return json(modelMetadata(live, target.model));
}

async function modelReady(ctx: Context, call: Call): Promise<Response> {
  const name = call.params['name'] ?? '';
  try {
    const live = await liveModel(ctx, call);
    versioned(call, () => tellerOf(ctx, live, call));
    return json({ name, ready: true });
  } catch (error) {
    if (!isCode(error, 'unavailable')) throw error;
    return json({ name, ready: false }, 503, { 'retry-after': String(error.retryAfterSeconds ?? 1) });
  }
}

async function infer(ctx: Context, call: Call): Promise<Response> {
  const { request } = call;
  const live = await liveModel(ctx, call);
  const models = modelsOf(live);
  const { bodyBytesMax, rowsMax } = live.endpoint.limits;
  const packed = await readBody(request, bodyBytesMax);
  let body: Promise<ReturnType<typeof readInfer>> | undefined;
  const read = () => (body ??= readOnce());
  async function readOnce() {
    const jsonBytes = jsonBytesOf(request);
    return readInfer(await unpacked(request, packed, bodyBytesMax), jsonBytes, readingOf(models, rowsMax));
  }
  const keyInBody = async (name: string) => keyInInfer(await read(), name, models);
  const chosen = await answererOf(ctx, live, call, keyInBody).catch((error: unknown) => {
    throw asUnknown(call, error);
  });
  const target = await counted(ctx, chosen, () => modelOnly(chosen));
  const { model } = target;
  const asked = await counted(ctx, target, async () => parseInferRequest(await read(), model));
  const prediction = await predict(ctx, target, asked.inputs);
  return response(inferResponse(target, asked, prediction));
}

function response({ json: body, binary }: InferAnswer): Response {
  if (binary.length === 0) return json(body);
  const head = Buffer.from(JSON.stringify(body));
  const bytes = Buffer.concat([head, ...binary]);
  return new Response(bytes, {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.byteLength),
      'inference-header-content-length': String(head.byteLength),
    },
  });
}

/**
 * Length of the JSON before binary data; `undefined` where the body is all JSON. A client of tensors says no content
 * type at all. Throws `unsupported-media` for any other.
 */
function jsonBytesOf(request: Request): number | undefined {
  const { type, charset } = contentTypeOf(request);
  const given = request.headers.get('inference-header-content-length');
  const types =
    given === null ? ['', 'application/json'] : ['', 'application/json', 'application/octet-stream'];
  if (!types.includes(type) || charset !== 'utf-8')
    throw new CairnError(
      'unsupported-media',
      `Send JSON (content-type application/json), or JSON and binary data (application/octet-stream) with the header Inference-Header-Content-Length, not '${type.slice(0, 100)}'.`,
    );
  if (given === null) return undefined;
  if (!/^\d{1,15}$/.test(given))
    throw new CairnError(
      'invalid',
      'Inference-Header-Content-Length must be the length of the JSON in bytes.',
    );
  return Number(given);
}

function versioned<T>(call: Call, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asUnknown(call, error);
  }
}

/** A version that does not answer is an unknown model; a deployment keeps the words that say which there are. */
function asUnknown({ params }: Call, error: unknown): unknown {
  return isCode(error, 'not-found') && error.field === 'version' ? unknownModel(params) : error;
}
