/**
 * Open Inference Protocol v2 over REST,
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * Where its text, schema and examples disagree, the stricter reading holds: an element count that does
 * not match the shape is refused though an example has one, and null is no element.
 */
import { checkSharedSizes, type Filling, fitsPort, quoteOf, shapeOf, shown, tensorOf } from './fill.ts';
import type { ServedModel } from './models.ts';
import { tensorOfBytes } from './open-inference-binary.ts';
import { type InferBody, invalid, object } from './open-inference-body.ts';
import { refuseBeyond } from './rows.ts';
import { datatypeOf, type Port, type Tensor, type Tensors } from '../sessions/index.ts';

/** Of one part of a request; they are repeated in the answer. */
const parametersMax = 100;

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
  const count = Object.keys(parameters).length;
  if (count > parametersMax)
    throw invalid(`${what} are ${count}; at most ${parametersMax} are taken.`, 'parameters');
  for (const [key, parameter] of Object.entries(parameters))
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof parameter))
      throw invalid(
        `Parameter '${key.slice(0, 60)}' of ${what} must be text, a number or a boolean.`,
        'parameters',
      );
  return parameters;
}
