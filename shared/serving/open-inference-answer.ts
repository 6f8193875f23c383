import type { Endpoint } from '../endpoints/index.ts';
import { jsonElements } from './non-finite.ts';
import type { InferRequest, Parameters, RequestedOutput } from './open-inference.ts';
import { bytesOfTensor } from './open-inference-binary.ts';
import type { Prediction } from './predict.ts';
import type { Target } from './target.ts';
import { datatypeOf, rawJson } from '../sessions/index.ts';

/** An answer to an infer request: its JSON, and behind it the bytes of the outputs that were asked for so. */
export type InferAnswer = {
  readonly json: Record<string, unknown>;
  readonly binary: readonly Uint8Array[];
};

/**
 * The answer to an infer request. Prediction ids come as response parameter `prediction_ids`, joined by commas, since
 * the protocol's parameters hold no lists, and not where the call is not logged. Throws `invalid` when a value of JSON
 * is NaN or infinite, unless the endpoint wants these otherwise; bytes carry them as they are.
 */
export function inferResponse(
  { endpoint, model }: Pick<Target, 'endpoint' | 'model'>,
  { id, outputs, parameters }: InferRequest,
  prediction: Prediction,
): InferAnswer {
  const ids = prediction.ids.length < prediction.rows ? {} : { prediction_ids: prediction.ids.join(',') };
  const answered = outputs.map((output) => answeredOutput(endpoint, output, prediction));
  return {
    json: {
      model_name: endpoint.name,
      model_version: String(model.ready.version),
      ...(id === undefined ? {} : { id }),
      ...presentParameters({ ...parameters, ...ids }),
      outputs: answered.map(({ json }) => json),
    },
    binary: answered.flatMap(({ bytes }) => (bytes ? [bytes] : [])),
  };
}

function answeredOutput(
  endpoint: Endpoint,
  { name, isBinary, parameters }: RequestedOutput,
  { outputs }: Prediction,
): { readonly json: Record<string, unknown>; readonly bytes?: Uint8Array } {
  const tensor = outputs[name];
  if (!tensor) throw new Error(`The model gave no output '${name}'.`);
  const common = { name, shape: tensor.dims, datatype: datatypeOf(tensor.type) };
  if (isBinary) {
    const bytes = bytesOfTensor(tensor);
    const size = { binary_data_size: bytes.byteLength };
    return { json: { ...common, ...presentParameters({ ...parameters, ...size }) }, bytes };
  }
  const element = jsonElements(endpoint, 'refuse');
  const data = new Array<unknown>(tensor.data.length);
  for (let at = 0; at < data.length; at++) data[at] = element(name, tensor, at);
  return { json: { ...common, ...presentParameters(parameters), data } };
}

function presentParameters(parameters: Parameters): { parameters?: Parameters } {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return {};
  return {
    parameters: Object.fromEntries(
      entries.map(([key, value]) => [key, typeof value === 'bigint' ? rawJson(String(value)) : value]),
    ),
  };
}
