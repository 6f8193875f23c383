import { bytesTag, FieldCursor } from './decode.ts';
import { OnnxError } from './errors.ts';
import { mlDomain } from './write.ts';

/** A node that turns probabilities [N, C] into a list of maps from class to probability. */
export type ZipMap = { readonly input: string; readonly output: string; readonly labels: readonly string[] };

/** What the main graph says of classes. */
export type Classifiers = {
  /** Those whose maps no other node reads, by the name of the output. */
  readonly zipMaps: ReadonlyMap<string, ZipMap>;
  /** Class labels by the name of the value that holds the predicted class. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
};

/** Operators of ai.onnx.ml whose first output is the predicted class; they spell the attribute in two ways. */
const classifiers = new Set(['TreeEnsembleClassifier', 'LinearClassifier', 'SVMClassifier']);
const labelAttributes = new Set(['classlabels_strings', 'classlabels_int64s', 'classlabels_ints']);
/** They hand a class on as it is, but for its shape or the width of its integers. */
const transparent = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

const nodesMax = 10_000;
const valuesMax = 100_000;
const labelsMax = 10_000;

/**
 * Class labels as the operators of a model know them. Nodes come in the order in which they run, so one
 * pass follows a predicted class to the output it reaches.
 *
 * @throws {OnnxError} and nothing else, whatever the bytes.
 */
export function readClassifiers(bytes: Uint8Array): Classifiers {
  const zipMaps = new Map<string, ZipMap>();
  const labels = new Map<string, readonly string[]>();
  for (const node of relevantNodes(bytes)) {
    for (const input of node.inputs) zipMaps.delete(input);
    const [input] = node.inputs;
    const [output] = node.outputs;
    if (input === undefined || output === undefined) continue;
    const isMl = node.domain === mlDomain;
    if (isMl && node.op === 'ZipMap' && node.labels)
      zipMaps.set(output, { input, output, labels: node.labels });
    else if (isMl && classifiers.has(node.op) && node.labels) labels.set(output, node.labels);
    else if (!isMl && transparent.has(node.op)) {
      const held = labels.get(input);
      if (held) labels.set(output, held);
    }
    if (zipMaps.size + labels.size > nodesMax)
      throw new OnnxError('too-many', `The model has more than ${nodesMax} classifiers.`);
  }
  return { zipMaps, labels };
}

type Node = {
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  labels: readonly string[] | undefined;
};

function* relevantNodes(bytes: Uint8Array): Generator<Node> {
  const model = new FieldCursor(bytes);
  while (model.next()) {
    if (model.tag !== bytesTag(7)) continue;
    const graph = model.message();
    while (graph.next()) if (graph.tag === bytesTag(1)) yield readNode(graph.message());
  }
}

/** NodeProto; attributes only where they can be labels. */
function readNode(field: FieldCursor): Node {
  const node: Node = { op: '', domain: '', inputs: [], outputs: [], labels: undefined };
  while (field.next()) {
    if (field.tag === bytesTag(1)) add(node.inputs, field.text());
    else if (field.tag === bytesTag(2)) add(node.outputs, field.text());
    else if (field.tag === bytesTag(4)) node.op = field.text();
    else if (field.tag === bytesTag(7)) node.domain = field.text();
    else if (field.tag === bytesTag(5)) node.labels = readLabels(field.message()) ?? node.labels;
  }
  return node;
}

function add(names: string[], name: string): void {
  names.push(name);
  if (names.length > valuesMax)
    throw new OnnxError('too-many', `A node of the model has more than ${valuesMax} inputs or outputs.`);
}

/** AttributeProto, where it holds class labels: texts or integers that a double holds. */
function readLabels(field: FieldCursor): string[] | undefined {
  let name = '';
  const labels: (string | number)[] = [];
  while (field.next()) {
    if (field.tag === bytesTag(1)) name = field.text();
    if (!labelAttributes.has(name)) continue;
    if (field.tag === bytesTag(9)) labels.push(field.text());
    else if (field.tag === bytesTag(8) || field.tag === bytesTag(8) - 2)
      for (const label of field.integers(labelsMax, 'class labels')) labels.push(label);
    if (labels.length > labelsMax) return undefined;
  }
  const isExact = labels.every((label) => typeof label === 'string' || Number.isSafeInteger(label));
  return labels.length > 0 && isExact ? labels.map(String) : undefined;
}
