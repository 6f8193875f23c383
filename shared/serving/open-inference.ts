/**
 * Open Inference Protocol v2 over REST,
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * Where its text, schema and examples disagree, the stricter reading holds: an element count that does
 * not match the shape is refused though an example has one, and null is no element.
 */
import { CairnError } from '../http/index.ts';
import {
  checkSharedSizes,
  fitsPort,
  parseBody,
  type Quote,
  quoteOf,
  shapeOf,
  shown,
  tensorOf,
} from './fill.ts';
import type { ServedModel } from './models.ts';
import type { Prediction } from './predict.ts';
import type { Target } from './target.ts';
import { datatypeOf, isFloat, jsonElement, type Port, type Tensor, type Tensors } from '../sessions/index.ts';

export type InferRequest = {
  readonly id: string | undefined;
  readonly inputs: Tensors;
  /** Names of the outputs to return, in this order. */
  readonly outputs: readonly string[];
};

/** Metadata of a model: `GET v2/models/{name}`. */
export function modelMetadata({ endpoint, model }: Target): Record<string, unknown> {
  const tensor = (port: Port) => ({ name: port.name, datatype: datatypeOf(port.type), shape: shapeOf(port) });
  return {
    name: endpoint.name,
    versions: [String(model.ready.version)],
    platform: 'onnx_onnxv1',
    inputs: model.inputs.map(tensor),
    outputs: model.outputs.map(tensor),
  };
}

/**
 * Reads the body of an infer request and checks all of it before a tensor is made: names, datatypes,
 * shapes, counts, ranges. Throws `invalid`, naming the input and the fix.
 */
export function parseInferRequest(text: string, model: ServedModel): InferRequest {
  const body = object(parsed(text, model), 'The body');
  const { id, parameters } = body;
  if (id !== undefined && typeof id !== 'string') throw invalid(`'id' must be text, not ${shown(id)}.`, 'id');
  checkParameters(parameters, "'parameters'");
  const inputs = parseInputs(body['inputs'], model);
  return { id, inputs, outputs: parseOutputs(body['outputs'], model) };
}

/**
 * The body of an infer response. Prediction ids come as response parameter `prediction_ids`, joined by
 * commas, since the protocol's parameters hold no lists, and not where the call is not logged. Throws `invalid` when a value is NaN or
 * infinite, which JSON cannot carry: other inputs, or other outputs, can be asked for.
 */
export function inferResponse(
  { endpoint, model }: Target,
  request: InferRequest,
  prediction: Prediction,
): Record<string, unknown> {
  return {
    model_name: endpoint.name,
    model_version: String(model.ready.version),
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(prediction.ids.length < prediction.rows
      ? {}
      : { parameters: { prediction_ids: prediction.ids.join(',') } }),
    outputs: request.outputs.map((name) => {
      const tensor = prediction.outputs[name];
      return { name, shape: tensor.dims, datatype: datatypeOf(tensor.type), data: flatData(name, tensor) };
    }),
  };
}

function parsed(text: string, model: ServedModel): unknown {
  try {
    return parseBody(text, model.inputs);
  } catch (error) {
    const why = quoteOf(model) === shown ? `: ${(error as Error).message}` : '';
    throw invalid(`The body is not valid JSON${why}.`);
  }
}

function parseInputs(value: unknown, model: ServedModel): Tensors {
  if (!Array.isArray(value)) throw invalid("'inputs' must be a list of input tensors.", 'inputs');
  const tensors = new Map<string, Tensor>();
  value.forEach((item: unknown, index) => {
    const tensor = object(item, `inputs[${index}]`);
    const port = portOf(tensor['name'], model.inputs, `inputs[${index}].name`);
    if (tensors.has(port.name))
      throw invalid(`Input '${port.name}' is given twice.`, `inputs[${index}].name`);
    tensors.set(port.name, parseInput(tensor, port, `inputs[${index}]`, quoteOf(model)));
  });
  const absent = model.inputs.filter(({ name }) => !tensors.has(name)).map(({ name }) => `'${name}'`);
  if (absent.length > 0) throw invalid(`Missing inputs: ${absent.join(', ')}.`, 'inputs');
  const feeds = Object.fromEntries(tensors);
  checkSharedSizes(model.inputs, feeds);
  return feeds;
}

function parseInput(tensor: Record<string, unknown>, port: Port, field: string, quote: Quote): Tensor {
  const { datatype, shape, data, parameters } = tensor;
  checkParameters(parameters, `${field}.parameters`);
  const wanted = datatypeOf(port.type);
  if (datatype !== wanted)
    throw invalid(
      `Input '${port.name}' must have datatype ${wanted}, not ${shown(datatype)}.`,
      `${field}.datatype`,
    );
  if (!Array.isArray(shape) || !shape.every((size) => typeof size === 'number') || !fitsPort(port, shape))
    throw invalid(
      `Input '${port.name}' must have shape [${shapeOf(port).join(', ')}] (-1 is any size), not ${
        Array.isArray(shape) ? `[${shape.slice(0, 16).map(shown).join(', ')}]` : shown(shape)
      }.`,
      `${field}.shape`,
    );
  if (!Array.isArray(data))
    throw invalid(
      `Input '${port.name}' needs its elements as a list in 'data'; binary data is not taken.`,
      `${field}.data`,
    );
  return tensorOf(port, shape, data, { quote });
}

function parseOutputs(value: unknown, model: ServedModel): string[] {
  if (value === undefined) return model.outputs.map(({ name }) => name);
  if (!Array.isArray(value)) throw invalid("'outputs' must be a list of requested outputs.", 'outputs');
  const names = new Set<string>();
  value.forEach((item: unknown, index) => {
    const { name, parameters } = object(item, `outputs[${index}]`);
    checkParameters(parameters, `outputs[${index}].parameters`);
    const port = portOf(name, model.outputs, `outputs[${index}].name`);
    if (names.has(port.name))
      throw invalid(`Output '${port.name}' is requested twice.`, `outputs[${index}].name`);
    names.add(port.name);
  });
  return names.size === 0 ? model.outputs.map(({ name }) => name) : [...names];
}

function portOf(name: unknown, ports: readonly Port[], field: string): Port {
  const port = ports.find((each) => each.name === name);
  if (port) return port;
  throw invalid(
    `The model has no ${field.startsWith('in') ? 'input' : 'output'} ${shown(name)}; it has ${ports
      .map((each) => `'${each.name}'`)
      .join(', ')}.`,
    field,
  );
}

function checkParameters(value: unknown, what: string): void {
  if (value === undefined) return;
  for (const [key, parameter] of Object.entries(object(value, what)))
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof parameter))
      throw invalid(
        `Parameter '${key.slice(0, 60)}' of ${what} must be text, a number or a boolean.`,
        'parameters',
      );
}

function flatData(name: string, tensor: Tensor): unknown[] {
  const values = new Array<unknown>(tensor.data.length);
  const isChecked = isFloat(tensor.type);
  for (let i = 0; i < values.length; i++) {
    values[i] = jsonElement(tensor, i);
    if (isChecked && !Number.isFinite(values[i]))
      throw new CairnError(
        'invalid',
        `Element ${i} of output '${name}' is ${String(values[i])} for these inputs, which JSON cannot carry; ask for other outputs, or send other inputs.`,
      );
  }
  return values;
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid(`${what} must be a JSON object, not ${shown(value)}.`);
}

function invalid(message: string, field?: string): CairnError {
  return new CairnError('invalid', message, field === undefined ? {} : { field });
}
