import {
  bytesField,
  floatField,
  floatsField,
  intField,
  intsField,
  littleEndian,
  message,
  optionalText,
  textField,
} from './encode.ts';
import { OnnxError } from './errors.ts';
import { type Dimension, type ElementType, elementTypeCode, type Value, type ValueType } from './types.ts';

export const mlDomain = 'ai.onnx.ml';

export type TensorSpec = {
  name?: string;
  type: ElementType;
  shape: readonly number[];
} & (
  | { data: ArrayBufferView | readonly string[] }
  | { external: { location: string; offset?: number; length?: number } }
);

/** The key says which kind of attribute it is, since a number alone could be an int or a float. */
export type AttributeSpec =
  | { int: number | bigint }
  | { float: number }
  | { string: string }
  | { ints: ArrayLike<number | bigint> }
  | { floats: ArrayLike<number> }
  | { strings: readonly string[] }
  | { tensor: TensorSpec }
  | { graph: GraphSpec };

export type NodeSpec = {
  op: string;
  domain?: string;
  name?: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, AttributeSpec>>;
};

export type GraphSpec = {
  name?: string;
  inputs: readonly Value[];
  outputs: readonly Value[];
  nodes: readonly NodeSpec[];
  initializers?: readonly TensorSpec[];
};

export type ModelSpec = {
  graph: GraphSpec;
  irVersion?: number;
  /** Domain → version; `''` is ai.onnx. */
  opsets?: Readonly<Record<string, number>>;
  producer?: { name: string; version?: string };
  metadata?: Readonly<Record<string, string>>;
};

/**
 * Writes a model as ONNX bytes (field numbers from onnx.proto). Unless told otherwise: IR 8, ai.onnx 17,
 * ai.onnx.ml 3. The graph comes last, so that no proper prefix of the file is a model.
 *
 * @throws {OnnxError} `invalid-spec` when a tensor's data does not fill its shape.
 * @example
 * writeModel({ graph: {
 *   inputs: [{ name: 'x', kind: 'tensor', elementType: 'float32', shape: ['batch', 4] }],
 *   outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['batch', 4] }],
 *   nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
 * } });
 */
export function writeModel(spec: ModelSpec): Uint8Array {
  const opsets = spec.opsets ?? { '': 17, [mlDomain]: 3 };
  const producer = spec.producer ?? { name: 'cairn' };
  return message(
    intField(1, spec.irVersion ?? 8),
    textField(2, producer.name),
    optionalText(3, producer.version),
    Object.entries(opsets).map(([domain, version]) =>
      bytesField(8, message(optionalText(1, domain), intField(2, version))),
    ),
    Object.entries(spec.metadata ?? {}).map(([key, text]) => bytesField(14, entry(key, text))),
    bytesField(7, graph(spec.graph)),
  );
}

function graph(spec: GraphSpec): Uint8Array {
  return message(
    spec.nodes.map((each) => bytesField(1, node(each))),
    textField(2, spec.name ?? 'graph'),
    (spec.initializers ?? []).map((each) => bytesField(5, tensor(each))),
    spec.inputs.map((each) => bytesField(11, valueInfo(each))),
    spec.outputs.map((each) => bytesField(12, valueInfo(each))),
  );
}

function node(spec: NodeSpec): Uint8Array {
  return message(
    spec.inputs.map((name) => textField(1, name)),
    spec.outputs.map((name) => textField(2, name)),
    optionalText(3, spec.name),
    textField(4, spec.op),
    Object.entries(spec.attributes ?? {}).map(([name, each]) =>
      bytesField(5, message(textField(1, name), attribute(each))),
    ),
    optionalText(7, spec.domain),
  );
}

/** The value and the AttributeType that names its field. */
function attribute(spec: AttributeSpec): Uint8Array {
  if ('float' in spec) return message(floatField(2, spec.float), intField(20, 1));
  if ('int' in spec) return message(intField(3, spec.int), intField(20, 2));
  if ('string' in spec) return message(textField(4, spec.string), intField(20, 3));
  if ('tensor' in spec) return message(bytesField(5, tensor(spec.tensor)), intField(20, 4));
  if ('graph' in spec) return message(bytesField(6, graph(spec.graph)), intField(20, 5));
  if ('floats' in spec) return message(floatsField(7, spec.floats), intField(20, 6));
  if ('ints' in spec) return message(intsField(8, spec.ints), intField(20, 7));
  return message(
    spec.strings.map((text) => textField(9, text)),
    intField(20, 8),
  );
}

function tensor(spec: TensorSpec): Uint8Array {
  return message(
    intsField(1, spec.shape),
    intField(2, elementTypeCode(spec.type)),
    optionalText(8, spec.name),
    'external' in spec ? externalData(spec.external) : tensorData(spec, spec.data),
  );
}

function tensorData(spec: TensorSpec, data: ArrayBufferView | readonly string[]): Uint8Array {
  const isText = !ArrayBuffer.isView(data);
  const elements = spec.shape.reduce((product, size) => product * size, 1);
  const given = isText ? data.length : data.byteLength / elementBytes(spec.type);
  if (isText !== (spec.type === 'string') || given !== elements) {
    const name = spec.name ?? '(unnamed)';
    throw new OnnxError(
      'invalid-spec',
      `Tensor ${name}: ${given} ${isText ? 'strings' : 'elements'} for ${spec.type} [${spec.shape.join(', ')}].`,
    );
  }
  return isText ? message(data.map((text) => textField(6, text))) : bytesField(9, littleEndian(data));
}

function externalData({ location, offset, length }: { location: string; offset?: number; length?: number }) {
  const entries = [entry('location', location)];
  if (offset !== undefined) entries.push(entry('offset', String(offset)));
  if (length !== undefined) entries.push(entry('length', String(length)));
  return message(
    entries.map((each) => bytesField(13, each)),
    intField(14, 1),
  );
}

function elementBytes(type: ElementType): number {
  switch (type) {
    case 'uint8':
    case 'int8':
    case 'bool':
      return 1;
    case 'uint16':
    case 'int16':
    case 'float16':
    case 'bfloat16':
      return 2;
    case 'float32':
    case 'int32':
    case 'uint32':
      return 4;
    case 'float64':
    case 'int64':
    case 'uint64':
      return 8;
    case 'string':
      return 1;
    default:
      throw new OnnxError('invalid-spec', `Tensors of ${type} cannot be written.`);
  }
}

/** ValueInfoProto */
export function valueInfo(spec: Value): Uint8Array {
  return message(textField(1, spec.name), bytesField(2, typeOf(spec)));
}

function typeOf(spec: ValueType): Uint8Array {
  switch (spec.kind) {
    case 'tensor':
      return bytesField(1, message(intField(1, elementTypeCode(spec.elementType)), shape(spec.shape)));
    case 'sparse-tensor':
      return bytesField(8, message(intField(1, elementTypeCode(spec.elementType)), shape(spec.shape)));
    case 'sequence':
      return bytesField(4, bytesField(1, typeOf(spec.element)));
    case 'optional':
      return bytesField(9, bytesField(1, typeOf(spec.element)));
    case 'map':
      return bytesField(
        5,
        message(intField(1, elementTypeCode(spec.key)), bytesField(2, typeOf(spec.value))),
      );
    default: // unknown
      return message();
  }
}

function shape(dimensions: readonly Dimension[] | null): Uint8Array {
  return dimensions === null ? message() : bytesField(2, message(dimensions.map(dimension)));
}

function dimension(size: Dimension): Uint8Array {
  if (size === null) return bytesField(1, message());
  return bytesField(1, typeof size === 'number' ? intField(1, size) : textField(2, size));
}

const entry = (key: string, text: string): Uint8Array => message(textField(1, key), textField(2, text));
