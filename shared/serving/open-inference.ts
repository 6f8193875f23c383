/**
 * Open Inference Protocol v2 over REST,
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * Where its text, schema and examples disagree, the stricter reading holds: an element count that does
 * not match the shape is refused though an example has one, and null is no element.
 */
import { CairnError } from '../http/index.ts';
import {
  type Body,
  checkSharedSizes,
  type Filling,
  fitsPort,
  parseBody,
  quoteOf,
  type Reading,
  shapeOf,
  shown,
  tensorOf,
} from './fill.ts';
import type { ServedModel } from './models.ts';
import { tensorOfBytes } from './open-inference-binary.ts';
import { refuseBeyond } from './rows.ts';
import { datatypeOf, type Port, type Tensor, type Tensors } from '../sessions/index.ts';

/** Of one part of a request; they are repeated in the answer. */
const parametersMax = 100;

/** A body of an infer request, before it meets the model. */
export type InferBody = {
  readonly json: Readonly<Record<string, unknown>>;
  /** Whether it says NaN, as Python writes it; then a null of a float is one. */
  readonly hasNaN: boolean;
  /** As many rows as are taken. */
  readonly rowsMax: number;
  /** The bytes of the inputs that were sent so, by their place in `inputs`. */
  readonly binary: ReadonlyMap<number, Uint8Array>;
};

export type Parameters = Readonly<Record<string, unknown>>;

export type InferRequest = {
  readonly id: string | undefined;
  readonly inputs: Tensors;
  /** The outputs to return, in this order. */
  readonly outputs: readonly RequestedOutput[];
  /** Those of the request, which the answer repeats. */
  readonly parameters: Parameters;
};

export type RequestedOutput = {
  readonly name: string;
  /** Whether it comes as bytes behind the JSON. */
  readonly isBinary: boolean;
  readonly parameters: Parameters;
};

/**
 * Reads a body: JSON, and behind its first `jsonBytes` the bytes of the inputs that say `binary_data_size`, in their
 * order. Throws `invalid` where these are not as many as there are.
 */
export function readInfer(bytes: Uint8Array, jsonBytes: number | undefined, reading: Reading): InferBody {
  if (jsonBytes !== undefined && (jsonBytes < 2 || jsonBytes > bytes.byteLength))
    throw invalid(
      `Inference-Header-Content-Length is ${jsonBytes}, but must be the length of the JSON in the body, which has ${bytes.byteLength} bytes.`,
    );
  const { value, hasNaN } = parsed(bytes.subarray(0, jsonBytes), reading);
  const json = object(value, 'The body');
  const inputs = Array.isArray(json['inputs']) ? (json['inputs'] as unknown[]) : [];
  const binary = new Map<number, Uint8Array>();
  let at = jsonBytes ?? bytes.byteLength;
  inputs.forEach((input, index) => {
    const size = binarySizeOf(input, `inputs[${index}]`);
    if (size === undefined) return;
    if (jsonBytes === undefined)
      throw invalid(
        `inputs[${index}] comes as binary data, which needs the header Inference-Header-Content-Length.`,
        `inputs[${index}].parameters.binary_data_size`,
      );
    if (at + size > bytes.byteLength)
      throw invalid(
        `inputs[${index}] has a binary_data_size of ${size}, but only ${bytes.byteLength - at} bytes are left of the body.`,
        `inputs[${index}].parameters.binary_data_size`,
      );
    binary.set(index, bytes.subarray(at, at + size));
    at += size;
  });
  if (at < bytes.byteLength)
    throw invalid(
      `The body has ${bytes.byteLength - at} bytes more than its JSON and the binary_data_size of its inputs say.`,
    );
  return { json, hasNaN, binary, rowsMax: reading.rowsMax };
}

/**
 * Checks an infer request against the model, all of it before a tensor is made: names, datatypes, shapes, counts,
 * ranges. Throws `invalid`, naming the input and the fix.
 */
export function parseInferRequest(body: InferBody, model: ServedModel): InferRequest {
  const { json } = body;
  const { id } = json;
  if (id !== undefined && typeof id !== 'string') throw invalid(`'id' must be text, not ${shown(id)}.`, 'id');
  const { binary_data_output: isBinary = false, ...parameters } = parametersOf(
    json['parameters'],
    "'parameters'",
  );
  if (typeof isBinary !== 'boolean')
    throw invalid("Parameter 'binary_data_output' must be true or false.", 'parameters');
  const inputs = parseInputs(body, model);
  return { id, inputs, outputs: parseOutputs(json['outputs'], model, isBinary), parameters };
}

function parsed(bytes: Uint8Array, reading: Reading): Body {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('The JSON of the body is not valid UTF-8.');
  }
  try {
    return parseBody(text, reading);
  } catch (error) {
    const why = reading.quote === shown ? `: ${(error as Error).message}` : '';
    throw invalid(`The body is not valid JSON${why}.`);
  }
}

function binarySizeOf(input: unknown, what: string): number | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const { parameters, data } = input as Record<string, unknown>;
  if (typeof parameters !== 'object' || parameters === null) return undefined;
  const { binary_data_size: size } = parameters as Record<string, unknown>;
  if (size === undefined) return undefined;
  const field = `${what}.parameters.binary_data_size`;
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw invalid(`${field} must be a number of bytes, not ${shown(size)}.`, field);
  if (data !== undefined)
    throw invalid(`${what} has both 'data' and a binary_data_size; send one of the two.`, field);
  return size as number;
}

function parseInputs({ json, hasNaN, binary, rowsMax }: InferBody, model: ServedModel): Tensors {
  const { inputs: value } = json;
  if (!Array.isArray(value)) throw invalid("'inputs' must be a list of input tensors.", 'inputs');
  const tensors = new Map<string, Tensor>();
  value.forEach((item: unknown, index) => {
    const tensor = object(item, `inputs[${index}]`);
    const port = portOf(tensor['name'], model.inputs, `inputs[${index}].name`);
    if (tensors.has(port.name))
      throw invalid(`Input '${port.name}' is given twice.`, `inputs[${index}].name`);
    tensors.set(
      port.name,
      parseInput(
        tensor,
        binary.get(index),
        port,
        `inputs[${index}]`,
        {
          quote: quoteOf(model),
          missing: hasNaN ? 'nan' : 'refused',
        },
        rowsMax,
      ),
    );
  });
  const absent = model.inputs.filter(({ name }) => !tensors.has(name)).map(({ name }) => `'${name}'`);
  if (absent.length > 0) throw invalid(`Missing inputs: ${absent.join(', ')}.`, 'inputs');
  const feeds = Object.fromEntries(tensors);
  checkSharedSizes(model.inputs, feeds);
  return feeds;
}

function parseInput(
  tensor: Record<string, unknown>,
  bytes: Uint8Array | undefined,
  port: Port,
  field: string,
  filling: Filling,
  rowsMax: number,
): Tensor {
  const { datatype, shape, data, parameters } = tensor;
  const { shared_memory_region: region } = parametersOf(parameters, `${field}.parameters`);
  if (region !== undefined)
    throw invalid(
      `Input '${port.name}' refers to shared memory, which a server elsewhere has none of; send its data.`,
      `${field}.parameters`,
    );
  const wanted = datatypeOf(port.type);
  // Every float16 is a float32, but JSON has no way to say that a number is meant as one.
  const isHalf = datatype === 'FP16' && port.type === 'float32' && bytes !== undefined;
  if (datatype !== wanted && !isHalf)
    throw invalid(
      `Input '${port.name}' must have datatype ${wanted}${port.type === 'float32' && datatype === 'FP16' ? ' (FP16 is taken as binary data only)' : ''}, not ${shown(datatype)}.`,
      `${field}.datatype`,
    );
  if (!Array.isArray(shape) || !shape.every((size) => typeof size === 'number') || !fitsPort(port, shape))
    throw invalid(
      `Input '${port.name}' must have shape [${shapeOf(port).join(', ')}] (-1 is any size), not ${
        Array.isArray(shape) ? `[${shape.slice(0, 16).map(shown).join(', ')}]` : shown(shape)
      }.`,
      `${field}.shape`,
    );
  if (typeof port.shape[0] === 'string') refuseBeyond(shape[0] ?? 0, rowsMax);
  if (bytes !== undefined) return tensorOfBytes(port, shape, bytes, isHalf);
  if (!Array.isArray(data))
    throw invalid(
      `Input '${port.name}' needs its elements as a list in 'data', or as binary data with a binary_data_size.`,
      `${field}.data`,
    );
  return tensorOf(port, shape, data, filling);
}

function parseOutputs(value: unknown, model: ServedModel, isBinary: boolean): RequestedOutput[] {
  const all = () => model.outputs.map(({ name }) => ({ name, isBinary, parameters: {} }));
  if (value === undefined) return all();
  if (!Array.isArray(value)) throw invalid("'outputs' must be a list of requested outputs.", 'outputs');
  const requested = new Map<string, RequestedOutput>();
  value.forEach((item: unknown, index) => {
    const field = `outputs[${index}]`;
    const output = object(item, field);
    const { binary_data: own = isBinary, ...parameters } = parametersOf(
      output['parameters'],
      `${field}.parameters`,
    );
    if (typeof own !== 'boolean')
      throw invalid(`Parameter 'binary_data' of ${field} must be true or false.`, `${field}.parameters`);
    for (const extension of ['classification', 'shared_memory_region'])
      if (Object.hasOwn(parameters, extension))
        throw invalid(
          `This server has no extension for '${extension}'; leave it out.`,
          `${field}.parameters`,
        );
    const port = portOf(output['name'], model.outputs, `${field}.name`);
    if (requested.has(port.name)) throw invalid(`Output '${port.name}' is requested twice.`, `${field}.name`);
    requested.set(port.name, { name: port.name, isBinary: own, parameters });
  });
  return requested.size === 0 ? all() : [...requested.values()];
}

function portOf(name: unknown, ports: readonly Port[], field: string): Port {
  const port = ports.find((each) => each.name === name);
  if (port) return port;
  const side = field.startsWith('in') ? 'input' : 'output';
  const there = ports.map((each) => `'${each.name}'`).join(', ');
  if (typeof name !== 'string') throw invalid(`${field} must name an ${side} of the model: ${there}.`, field);
  throw invalid(`The model has no ${side} ${shown(name)}; it has ${there}.`, field);
}

/** The parameters of a part of the request; none where it has none. */
function parametersOf(value: unknown, what: string): Parameters {
  const parameters = value === undefined ? {} : object(value, what);
  const entries = Object.entries(parameters);
  if (entries.length > parametersMax)
    throw invalid(`${what} are ${entries.length}; at most ${parametersMax} are taken.`, 'parameters');
  for (const [key, parameter] of entries)
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof parameter))
      throw invalid(
        `Parameter '${key.slice(0, 60)}' of ${what} must be text, a number or a boolean.`,
        'parameters',
      );
  return parameters;
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid(`${what} must be a JSON object, not ${shown(value)}.`);
}

function invalid(message: string, field?: string): CairnError {
  return new CairnError('invalid', message, field === undefined ? {} : { field });
}
