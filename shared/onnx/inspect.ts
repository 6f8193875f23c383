import { bytesTag, FieldCursor, varintTag } from './decode.ts';
import { OnnxError } from './errors.ts';
import { type ExternalTensor, readEntry, readTensor, type TensorHeader } from './tensor.ts';
import { type Dimension, elementTypeOf, type Value, type ValueType } from './types.ts';

export type Inspection = {
  irVersion: number;
  /** Domain → version; `''` is ai.onnx. */
  opsets: Record<string, number>;
  producer: { name: string; version: string };
  /** What a caller must feed: graph inputs that no initializer supplies. */
  inputs: Value[];
  outputs: Value[];
  metadata: Record<string, string>;
  /** Every tensor whose data lies outside the file, however deeply nested. */
  external: ExternalTensor[];
  /** How often each operator occurs, subgraphs and functions included; `domain.Op` outside ai.onnx. */
  operators: Record<string, number>;
  /** Weights of all graphs; `bytes` is what this file holds of them, `elements` what their shapes say. */
  initializers: { count: number; bytes: number; elements: number };
};

const valuesMax = 10_000;
const entriesMax = 10_000;
const externalMax = 100_000;
const dimensionsMax = 256;
const initializersMax = 1_000_000;

/**
 * Reads what a model says about itself. Tensor bytes are skipped, so the time is that of walking the graph,
 * and memory is bounded by the limits above. Where a message is repeated its parts add up, as protobuf
 * merges them: nothing a runtime would see stays hidden. Whether the graph runs is the runtime's to say.
 *
 * @throws {OnnxError} and nothing else, whatever the bytes.
 */
export function inspect(bytes: Uint8Array): Inspection {
  if (bytes.length === 0) throw new OnnxError('not-onnx', 'The file is empty.');
  refuseOrtFormat(bytes);
  const found = new Findings();
  found.model(new FieldCursor(bytes));
  return found.result();
}

/** ORT format is a FlatBuffer with this file identifier; the runtime loads it, but it is not ONNX. */
function refuseOrtFormat(bytes: Uint8Array): void {
  if (String.fromCharCode(...bytes.subarray(4, 8)) !== 'ORTM') return;
  throw new OnnxError('unsupported', 'This is an ONNX Runtime (.ort) file; export the model as .onnx.');
}

class Findings {
  #irVersion = 0;
  #hasGraph = false;
  readonly #opsets = new Map<string, number>();
  readonly #producer = { name: '', version: '' };
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #metadata = new Map<string, string>();
  readonly #external: ExternalTensor[] = [];
  readonly #operators = new Map<string, number>();
  readonly #initializerNames = new Set<string>();
  readonly #initializers = { count: 0, bytes: 0, elements: 0 };

  result(): Inspection {
    if (this.#irVersion < 1 || !this.#hasGraph || this.#opsets.size === 0) {
      throw new OnnxError(
        'not-onnx',
        'The file lacks an IR version, an opset or a graph: no complete ONNX model.',
      );
    }
    return {
      irVersion: this.#irVersion,
      opsets: Object.fromEntries(this.#opsets),
      producer: this.#producer,
      inputs: this.#inputs.filter(({ name }) => !this.#initializerNames.has(name)),
      outputs: this.#outputs,
      metadata: Object.fromEntries(this.#metadata),
      external: this.#external,
      operators: Object.fromEntries(this.#operators),
      initializers: this.#initializers,
    };
  }

  /** ModelProto */
  model(field: FieldCursor): void {
    while (field.next()) {
      switch (field.tag) {
        case varintTag(1):
          this.#irVersion = field.integer();
          break;
        case bytesTag(2):
          this.#producer.name = field.text();
          break;
        case bytesTag(3):
          this.#producer.version = field.text();
          break;
        case bytesTag(7):
          this.#hasGraph = true;
          this.#graph(field.message(), true);
          break;
        case bytesTag(8):
          this.#opset(field.message());
          break;
        case bytesTag(14):
          this.#metadataEntry(field.message());
          break;
        case bytesTag(20):
          this.#trainingInfo(field.message());
          break;
        case bytesTag(25):
          this.#modelFunction(field.message());
          break;
        default:
      }
    }
  }

  /** OperatorSetIdProto */
  #opset(field: FieldCursor): void {
    let domain = '';
    let version = 0;
    while (field.next()) {
      if (field.tag === bytesTag(1)) domain = field.text();
      else if (field.tag === varintTag(2)) version = field.integer();
    }
    put(this.#opsets, domain === 'ai.onnx' ? '' : domain, version, 'opsets');
  }

  #metadataEntry(field: FieldCursor): void {
    const { key, text } = readEntry(field);
    put(this.#metadata, key, text, 'metadata entries');
  }

  /** TrainingInfoProto: two graphs no one runs for inference, read for the files they refer to. */
  #trainingInfo(field: FieldCursor): void {
    while (field.next()) {
      if (field.tag === bytesTag(1) || field.tag === bytesTag(2)) this.#graph(field.message(), false);
    }
  }

  /** FunctionProto */
  #modelFunction(field: FieldCursor): void {
    while (field.next()) {
      if (field.tag === bytesTag(7)) this.#node(field.message());
      else if (field.tag === bytesTag(11)) this.#attribute(field.message());
    }
  }

  /** GraphProto; only the outermost graph's inputs and outputs are the model's. */
  #graph(field: FieldCursor, isMain: boolean): void {
    while (field.next()) {
      switch (field.tag) {
        case bytesTag(1):
          this.#node(field.message());
          break;
        case bytesTag(5):
          this.#initializer(field.message(), isMain);
          break;
        case bytesTag(15):
          this.#sparseInitializer(field.message());
          break;
        case bytesTag(11):
          if (isMain) push(this.#inputs, value(field.message()), valuesMax, 'inputs');
          break;
        case bytesTag(12):
          if (isMain) push(this.#outputs, value(field.message()), valuesMax, 'outputs');
          break;
        default:
      }
    }
  }

  /** NodeProto */
  #node(field: FieldCursor): void {
    let op = '';
    let domain = '';
    while (field.next()) {
      if (field.tag === bytesTag(4)) op = field.text();
      else if (field.tag === bytesTag(7)) domain = field.text();
      else if (field.tag === bytesTag(5)) this.#attribute(field.message());
    }
    const name = domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`;
    put(this.#operators, name, (this.#operators.get(name) ?? 0) + 1, 'operators');
  }

  /** AttributeProto: only what can hold tensors or graphs. */
  #attribute(field: FieldCursor): void {
    while (field.next()) {
      switch (field.tag) {
        case bytesTag(5):
        case bytesTag(10):
          this.#tensor(field.message());
          break;
        case bytesTag(6):
        case bytesTag(11):
          this.#graph(field.message(), false);
          break;
        case bytesTag(22):
        case bytesTag(23):
          this.#sparseTensor(field.message());
          break;
        default:
      }
    }
  }

  #initializer(field: FieldCursor, isMain: boolean): void {
    const header = this.#tensor(field, isMain);
    this.#countInitializer(header);
    if (isMain) this.#initializerNames.add(header.name);
  }

  #sparseInitializer(field: FieldCursor): void {
    this.#countInitializer(this.#sparseTensor(field));
  }

  #countInitializer({ bytes, elements }: { bytes: number; elements: number }): void {
    this.#initializers.count += 1;
    this.#initializers.bytes += bytes;
    this.#initializers.elements += elements;
    if (this.#initializers.count > initializersMax) throw tooMany('initializers', initializersMax);
  }

  /** SparseTensorProto: values and indices are tensors; the values are what counts. */
  #sparseTensor(field: FieldCursor): { bytes: number; elements: number } {
    const found = { bytes: 0, elements: 0 };
    while (field.next()) {
      const isValues = field.tag === bytesTag(1);
      if (!isValues && field.tag !== bytesTag(2)) continue;
      const { bytes, elements } = this.#tensor(field.message());
      found.bytes += bytes;
      if (isValues) found.elements += elements;
    }
    return found;
  }

  #tensor(field: FieldCursor, isInitializer = false): TensorHeader {
    const header = readTensor(field, isInitializer);
    if (header.external) push(this.#external, header.external, externalMax, 'tensors outside its file');
    return header;
  }
}

/** ValueInfoProto */
function value(field: FieldCursor): Value {
  let name = '';
  let type: ValueType = { kind: 'unknown' };
  while (field.next()) {
    if (field.tag === bytesTag(1)) name = field.text();
    else if (field.tag === bytesTag(2)) type = valueType(field.message());
  }
  return { name, ...type };
}

/** TypeProto: a oneof, so the last one counts. */
function valueType(field: FieldCursor): ValueType {
  let type: ValueType = { kind: 'unknown' };
  while (field.next()) {
    switch (field.tag) {
      case bytesTag(1):
        type = { kind: 'tensor', ...tensorType(field.message()) };
        break;
      case bytesTag(8):
        type = { kind: 'sparse-tensor', ...tensorType(field.message()) };
        break;
      case bytesTag(4):
        type = { kind: 'sequence', element: elementOf(field.message()) };
        break;
      case bytesTag(9):
        type = { kind: 'optional', element: elementOf(field.message()) };
        break;
      case bytesTag(5):
        type = mapType(field.message());
        break;
      default:
    }
  }
  return type;
}

/** TypeProto.Tensor and TypeProto.SparseTensor */
function tensorType(
  field: FieldCursor,
): Pick<Extract<ValueType, { kind: 'tensor' }>, 'elementType' | 'shape'> {
  let elementType = elementTypeOf(0);
  let shape: Dimension[] | null = null;
  while (field.next()) {
    if (field.tag === varintTag(1)) elementType = elementTypeOf(field.integer());
    else if (field.tag === bytesTag(2)) shape = dimensions(field.message());
  }
  return { elementType, shape };
}

/** TensorShapeProto */
function dimensions(field: FieldCursor): Dimension[] {
  const sizes: Dimension[] = [];
  while (field.next()) {
    if (field.tag === bytesTag(1)) push(sizes, dimension(field.message()), dimensionsMax, 'dimensions');
  }
  return sizes;
}

/** TensorShapeProto.Dimension; exporters write an unknown size as nothing, an empty name or -1. */
function dimension(field: FieldCursor): Dimension {
  let size: Dimension = null;
  while (field.next()) {
    if (field.tag === varintTag(1)) size = field.integer() < 0 ? null : field.integer();
    else if (field.tag === bytesTag(2)) size = field.text() || null;
  }
  return size;
}

/** TypeProto.Sequence and TypeProto.Optional */
function elementOf(field: FieldCursor): ValueType {
  let element: ValueType = { kind: 'unknown' };
  while (field.next()) if (field.tag === bytesTag(1)) element = valueType(field.message());
  return element;
}

/** TypeProto.Map */
function mapType(field: FieldCursor): ValueType {
  let key = elementTypeOf(0);
  let held: ValueType = { kind: 'unknown' };
  while (field.next()) {
    if (field.tag === varintTag(1)) key = elementTypeOf(field.integer());
    else if (field.tag === bytesTag(2)) held = valueType(field.message());
  }
  return { kind: 'map', key, value: held };
}

function put<V>(entries: Map<string, V>, key: string, held: V, what: string): void {
  entries.set(key, held);
  if (entries.size > entriesMax) throw tooMany(what, entriesMax);
}

function push<T>(list: T[], item: T, max: number, what: string): void {
  list.push(item);
  if (list.length > max) throw tooMany(what, max);
}

const tooMany = (what: string, max: number): OnnxError =>
  new OnnxError('too-many', `The model has more than ${max} ${what}.`);
