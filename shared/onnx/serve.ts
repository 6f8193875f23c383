import { type Classifiers, readClassifiers, type ZipMap } from './classifiers.ts';
import { bytesTag, FieldCursor, varintTag } from './decode.ts';
import { bytesField, intField, message, textField } from './encode.ts';
import { OnnxError } from './errors.ts';
import { isHandedOver, sliceOf } from './external.ts';
import type { Inspection } from './inspect.ts';
import { bytesIn, fieldOf, type Piece, rewritten } from './rope.ts';
import { readTensor } from './tensor.ts';
import { elementTypeCode, type Value } from './types.ts';
import { valueInfo } from './write.ts';

export type Change =
  | 'zipmap-stripped'
  | 'float16-inputs-cast'
  | 'float16-outputs-cast'
  | 'external-data-inlined'
  | 'inputs-renamed';

/** A model as it is loaded for serving. */
export type ServedCopy = {
  /** Its bytes in order; slices of the files beside the model where weights came into it. */
  readonly pieces: readonly Piece[];
  readonly bytes: number;
  readonly changes: readonly Change[];
  /** Files whose bytes go to the runtime beside the copy, in order of name. */
  readonly external: readonly string[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Class labels in the order of the probabilities, where the operators tell them without doubt. */
  readonly labels: readonly string[] | null;
};

/**
 * The same model in a form that can be served: a ZipMap gives its probabilities as a table [N, C] under the
 * name its maps had, float16 inputs and outputs are float32 with a Cast behind or before them, and weights
 * in other files that a runtime would look for by itself (those in branches, functions and constants)
 * come into the file. Inputs get the names that `names` has for theirs. `model` is what {@link inspect} said of `bytes`.
 *
 * @throws {OnnxError} `unsupported` where the file has several graphs to be merged; `external-data` as {@link sliceOf}.
 */
export function servedCopy(
  bytes: Uint8Array,
  model: Inspection,
  names: ReadonlyMap<string, string> = new Map(),
): ServedCopy {
  const classifiers = readClassifiers(bytes);
  const zipMaps = model.outputs.flatMap(({ name, kind }) => {
    const zipMap = kind === 'sequence' ? classifiers.zipMaps.get(name) : undefined;
    return zipMap ? [zipMap] : [];
  });
  const copy = new Copy(bytes, model, { zipMaps, names });
  const pieces = copy.pieces();
  const external = new Set(model.external.filter(isHandedOver).map((tensor) => sliceOf(tensor).path));
  return {
    pieces,
    bytes: bytesIn(pieces),
    changes: [...copy.changes].toSorted(),
    external: [...external].toSorted(),
    inputs: model.inputs.map((value) => ({ ...asFloat32(value), name: names.get(value.name) ?? value.name })),
    outputs: model.outputs.map((value) => {
      const zipMap = zipMaps.find(({ output }) => output === value.name);
      return zipMap ? tableOf(zipMap) : asFloat32(value);
    }),
    labels: labelsOf(model.outputs, classifiers, zipMaps),
  };
}

class Copy {
  readonly changes = new Set<Change>();
  readonly #source: Uint8Array;
  readonly #zipMaps: ReadonlyMap<string, ZipMap>;
  /** Names that inputs have outside, by those they have in the graph. */
  readonly #names: ReadonlyMap<string, string>;
  /** Names within the graph of values that are float32 outside, by the names they keep outside. */
  readonly #inner = new Map<string, string>();
  readonly #around: { readonly first: Piece[]; readonly last: Piece[] } = { first: [], last: [] };

  constructor(
    source: Uint8Array,
    model: Inspection,
    { zipMaps, names }: { zipMaps: readonly ZipMap[]; names: ReadonlyMap<string, string> },
  ) {
    this.#source = source;
    this.#zipMaps = new Map(zipMaps.map((zipMap) => [zipMap.output, zipMap]));
    this.#names = names;
    if (names.size > 0) this.changes.add('inputs-renamed');
    const inputs = new Set(model.inputs.filter(isHalf).map(({ name }) => name));
    for (const [name, outside] of names)
      if (!inputs.has(name)) this.#around.first.push(identityNode(outside, name));
    for (const name of inputs) {
      this.#inner.set(name, `${name}:float16`);
      this.#around.first.push(castNode(names.get(name) ?? name, `${name}:float16`, 'float16'));
    }
    if (inputs.size > 0) this.changes.add('float16-inputs-cast');
    for (const { name } of model.outputs.filter(isHalf)) {
      this.changes.add('float16-outputs-cast');
      // An input that is handed through is float32 on both sides.
      if (inputs.has(name) && !names.has(name)) continue;
      this.#inner.set(name, `${name}:float16`);
      this.#around.last.push(castNode(`${name}:float16`, name, 'float32'));
    }
  }

  pieces(): Piece[] {
    let graphs = 0;
    const model = rewritten(this.#source, new FieldCursor(this.#source), (field) => {
      switch (field.tag) {
        case bytesTag(7):
          graphs++;
          return this.#mainGraph(field);
        case bytesTag(20): // TrainingInfoProto: two graphs
          return this.#within(field, (part) =>
            part.tag === bytesTag(1) || part.tag === bytesTag(2) ? this.#graph(part) : undefined,
          );
        case bytesTag(25): // FunctionProto; its names are its own
          return this.#within(field, (part) => {
            if (part.tag === bytesTag(7)) return this.#node(part, false);
            return part.tag === bytesTag(11) ? this.#attribute(part, false) : undefined;
          });
        default:
          return undefined;
      }
    });
    if (graphs > 1)
      throw new OnnxError('unsupported', 'The file holds several graphs; save the model again.');
    return model ?? [this.#source];
  }

  /** A field with parts of its message changed. */
  #within(
    field: FieldCursor,
    change: (part: FieldCursor) => readonly Piece[] | undefined,
  ): Piece[] | undefined {
    const pieces = rewritten(this.#source, field.message(), change);
    return pieces && fieldOf(Math.floor(field.tag / 8), pieces);
  }

  #mainGraph(field: FieldCursor): Piece[] | undefined {
    const { first, last } = this.#around;
    const graph = field.message();
    const start = graph.end;
    const pieces = rewritten(this.#source, graph, (part) => {
      switch (part.tag) {
        case bytesTag(1):
          return this.#zipMapNode(part) ?? this.#node(part, true);
        case bytesTag(5):
          return this.#initializer(part, true);
        case bytesTag(15):
          return this.#sparse(part);
        case bytesTag(11):
        case bytesTag(12):
          return this.#port(part);
        case bytesTag(13):
          return this.#renamed(part, 1);
        default:
          return undefined;
      }
    });
    if (!pieces && first.length + last.length === 0) return undefined;
    return fieldOf(7, [...first, ...(pieces ?? [this.#source.subarray(start, graph.end)]), ...last]);
  }

  /** GraphProto within a node: it sees the names around it, so all of its own are renamed with them. */
  #graph(field: FieldCursor, renames = false): Piece[] | undefined {
    return this.#within(field, (part) => {
      switch (part.tag) {
        case bytesTag(1):
          return this.#node(part, renames);
        case bytesTag(5):
          return this.#initializer(part, false, renames);
        case bytesTag(15):
          return this.#sparse(part);
        case bytesTag(11):
        case bytesTag(12):
        case bytesTag(13):
          return renames ? this.#renamed(part, 1) : undefined;
        default:
          return undefined;
      }
    });
  }

  /** NodeProto */
  #node(field: FieldCursor, renames: boolean): Piece[] | undefined {
    return this.#within(field, (part) => {
      switch (part.tag) {
        case bytesTag(1):
        case bytesTag(2):
          return renames ? this.#name(part) : undefined;
        case bytesTag(5):
          return this.#attribute(part, renames);
        default:
          return undefined;
      }
    });
  }

  /** AttributeProto: what can hold tensors or graphs. */
  #attribute(field: FieldCursor, renames: boolean): Piece[] | undefined {
    return this.#within(field, (part) => {
      switch (part.tag) {
        case bytesTag(5):
        case bytesTag(10):
          return this.#tensor(part);
        case bytesTag(6):
        case bytesTag(11):
          return this.#graph(part, renames);
        case bytesTag(22):
        case bytesTag(23):
          return this.#sparse(part);
        default:
          return undefined;
      }
    });
  }

  /** A node that gives the probabilities as they are, where maps were made of them. */
  #zipMapNode(field: FieldCursor): Piece[] | undefined {
    if (this.#zipMaps.size === 0) return undefined;
    const node = field.message();
    let isStripped = false;
    while (node.next()) if (node.tag === bytesTag(2) && this.#zipMaps.has(node.text())) isStripped = true;
    if (!isStripped) return undefined;
    this.changes.add('zipmap-stripped');
    return this.#within(field, (part) => {
      switch (part.tag) {
        case bytesTag(1):
          return this.#name(part);
        case bytesTag(4):
          return [textField(4, 'Identity')];
        case bytesTag(5):
        case bytesTag(7):
          return [];
        default:
          return undefined;
      }
    });
  }

  /** ValueInfoProto of the model's inputs and outputs, which keep their names within the graph. */
  #port(field: FieldCursor): Piece[] | undefined {
    const name = nameOf(field.message());
    const zipMap = this.#zipMaps.get(name);
    if (zipMap) return [bytesField(12, valueInfo(tableOf(zipMap)))];
    const outside = field.tag === bytesTag(11) ? this.#names.get(name) : undefined;
    const isFloat16 = this.#inner.has(name);
    return this.#within(field, (part) => {
      if (part.tag === bytesTag(1)) return outside === undefined ? undefined : [textField(1, outside)];
      return part.tag === bytesTag(2) && isFloat16 ? this.#asFloat32(part) : undefined;
    });
  }

  /** ValueInfoProto.type, in it TypeProto.tensor_type, in it TypeProto.Tensor.elem_type */
  #asFloat32(field: FieldCursor): Piece[] | undefined {
    const float32 = [intField(1, elementTypeCode('float32'))];
    return this.#within(field, (tensor) =>
      tensor.tag === bytesTag(1)
        ? this.#within(tensor, (part) => (part.tag === varintTag(1) ? float32 : undefined))
        : undefined,
    );
  }

  #initializer(field: FieldCursor, isMain: boolean, renames = isMain): Piece[] | undefined {
    return this.#tensor(field, isMain) ?? (renames ? this.#renamed(field, 8) : undefined);
  }

  #sparse(field: FieldCursor): Piece[] | undefined {
    return this.#within(field, (part) =>
      part.tag === bytesTag(1) || part.tag === bytesTag(2) ? this.#tensor(part) : undefined,
    );
  }

  /** TensorProto: data outside the file comes into it, unless the runtime is handed the file. */
  #tensor(field: FieldCursor, isInitializer = false): Piece[] | undefined {
    const { external } = readTensor(field.message(), isInitializer);
    if (!external || isHandedOver(external)) return undefined;
    this.changes.add('external-data-inlined');
    const rest = rewritten(this.#source, field.message(), (part) => {
      if (part.tag === bytesTag(8) && isInitializer) return this.#name(part);
      return part.tag === bytesTag(13) || part.tag === varintTag(14) ? [] : undefined;
    });
    const data = fieldOf(9, [sliceOf(external)]);
    return fieldOf(Math.floor(field.tag / 8), [...(rest ?? []), ...data]);
  }

  /** A message whose name is the text in field `at`. */
  #renamed(field: FieldCursor, at: number): Piece[] | undefined {
    if (this.#inner.size === 0) return undefined;
    return this.#within(field, (part) => (part.tag === bytesTag(at) ? this.#name(part) : undefined));
  }

  #name(field: FieldCursor): Piece[] | undefined {
    const inner = this.#inner.get(field.text());
    return inner === undefined ? undefined : [textField(Math.floor(field.tag / 8), inner)];
  }
}

/** What a ZipMap says, else the operators behind the outputs; nothing where several do not agree. */
function labelsOf(
  outputs: readonly Value[],
  { labels }: Classifiers,
  zipMaps: readonly ZipMap[],
): readonly string[] | null {
  const told =
    zipMaps.length > 0
      ? zipMaps.map((zipMap) => zipMap.labels)
      : outputs.filter(isClass).flatMap(({ name }) => (labels.has(name) ? [labels.get(name)] : []));
  const [first] = told;
  return first && told.every((other) => JSON.stringify(other) === JSON.stringify(first)) ? first : null;
}

function isClass(value: Value): boolean {
  return value.kind === 'tensor' && ['string', 'int64', 'int32'].includes(value.elementType);
}

function isHalf(value: Value): boolean {
  return value.kind === 'tensor' && value.elementType === 'float16';
}

function asFloat32(value: Value): Value {
  return value.kind === 'tensor' && value.elementType === 'float16'
    ? { ...value, elementType: 'float32' }
    : value;
}

function tableOf({ output, labels }: ZipMap): Value {
  return { name: output, kind: 'tensor', elementType: 'float32', shape: [null, labels.length] };
}

function castNode(from: string, to: string, type: 'float16' | 'float32'): Uint8Array {
  return bytesField(
    1,
    message(
      textField(1, from),
      textField(2, to),
      textField(4, 'Cast'),
      bytesField(5, message(textField(1, 'to'), intField(3, elementTypeCode(type)), intField(20, 2))),
    ),
  );
}

function identityNode(from: string, to: string): Uint8Array {
  return bytesField(1, message(textField(1, from), textField(2, to), textField(4, 'Identity')));
}

function nameOf(field: FieldCursor): string {
  let name = '';
  while (field.next()) if (field.tag === bytesTag(1)) name = field.text();
  return name;
}
