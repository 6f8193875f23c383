import type { Context } from '../../../shared/context.ts';
import {
  type Call,
  CairnError,
  isCode,
  json,
  mlflowError,
  readBody,
  type Surface,
  utf8,
} from '../../../shared/http/index.ts';
import {
  askElsewhere,
  checkRows,
  counted,
  countedElsewhere,
  invocationResponse,
  keyInScoring,
  liveOf,
  modelsOf,
  parseInvocation,
  parseScoringCsv,
  parseScoringJson,
  predict,
  readingOf,
  type Scoring,
} from '../../../shared/serving/index.ts';
import { mlflowVersion } from '../platform.ts';
import { contentTypeOf, unpacked } from './body.ts';
import { answererOf, endpointRoute, isModel, requireAnswer } from './routing.ts';

/** MLflow's scoring protocol, an endpoint below each path: what `mlflow models serve` answers. */
export const invocations: Surface = {
  name: 'invocations',
  part: 'inference',
  errors: mlflowError,
  routes: [
    endpointRoute('POST', '/endpoints/{name}/invocations', 'invoke', invoke),
    endpointRoute('GET', '/endpoints/{name}/ping', 'pingEndpoint', alive),
    endpointRoute('GET', '/endpoints/{name}/health', 'endpointHealth', alive),
    endpointRoute('GET', '/endpoints/{name}/version', 'endpointVersion', version),
  ],
};

async function invoke(ctx: Context, call: Call): Promise<Response> {
  const { request } = call;
  const live = await liveOf(ctx, call.params['name'] ?? '');
  const { bodyBytesMax } = live.endpoint.limits;
  const bytes = await readBody(request, bodyBytesMax);
  const reading = readingOf(modelsOf(live), live.endpoint.limits.rowsMax);
  let scoring: Promise<Scoring> | undefined;
  const read = () => (scoring ??= readScoring());
  async function readScoring(): Promise<Scoring> {
    const type = scoringType(request);
    const text = utf8(await unpacked(request, bytes, bodyBytesMax));
    return type === 'csv' ? parseScoringCsv(text, reading) : parseScoringJson(text, reading);
  }
  const target = await answererOf(ctx, live, call, async (name) => keyInScoring(await read(), name));
  try {
    if (!isModel(target)) {
      const passed = {
        bytes,
        contentType: request.headers.get('content-type'),
        contentEncoding: request.headers.get('content-encoding'),
      };
      return await countedElsewhere(ctx, target, () => askElsewhere(ctx, target, passed));
    }
    const { endpoint, model } = target;
    const invocation = await counted(ctx, target, async () => {
      const parsed = parseInvocation(await read(), model);
      checkRows(endpoint, model.inputs, parsed.inputs);
      return parsed;
    });
    const prediction = await predict(ctx, target, invocation.inputs);
    return json(invocationResponse(target, invocation, prediction));
  } catch (error) {
    if (isCode(error, 'timeout')) throw new CairnError('timeout', timedOut, { cause: error });
    if (!(error instanceof NoScoringType)) throw error;
    return new Response(error.message, {
      status: error.status,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
  }
}

/** What MLflow's scoring server says. */
const timedOut = 'Request processing time exceeded limit';

async function alive(ctx: Context, call: Call): Promise<Response> {
  await requireAnswer(ctx, call.params['name'] ?? '');
  return new Response('\n', { headers: { 'content-type': 'application/json' } });
}

/** The release of MLflow whose scoring protocol this is. */
async function version(ctx: Context, call: Call): Promise<Response> {
  await liveOf(ctx, call.params['name'] ?? '');
  return new Response(mlflowVersion, { headers: { 'content-type': 'application/json' } });
}

/** MLflow's scoring server answers it in plain text. */
class NoScoringType extends CairnError {
  constructor(message: string) {
    super('unsupported-media', message);
  }
}

/** What the scoring server takes. Throws {@link NoScoringType} in its words. */
function scoringType(request: Request): 'json' | 'csv' {
  const { type, charset, others } = contentTypeOf(request);
  if (type !== 'application/json' && type !== 'text/csv')
    throw new NoScoringType(
      `This predictor only supports the following content types: Types: ['text/csv', 'application/json']. Got '${type.slice(0, 100)}'.`,
    );
  if (charset !== 'utf-8') throw new NoScoringType('The scoring server only supports UTF-8');
  if (others.length > 0)
    throw new NoScoringType(
      `Unrecognized content type parameters: ${others.join(', ').slice(0, 100)}. Only charset=utf-8 is taken.`,
    );
  return type === 'text/csv' ? 'csv' : 'json';
}
