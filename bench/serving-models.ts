/** The models that are asked: made by rule, so that each run has the same. */
import { linearClassifier, type Tree, treeEnsembleClassifier, writeModel } from '../shared/onnx/index.ts';
import { random } from '../examples/ml/index.ts';

const featureCount = 30;
const features = Array.from({ length: featureCount }, (_, i) => `feature_${i}`);
const labels = ['no', 'yes'];

export const models: Readonly<Record<string, () => Uint8Array>> = {
  'tiny linear': linear,
  '100 trees': () => forest(100, 6),
  '1000 trees': () => forest(1000, 8),
  MLP: () => network([featureCount, 1024, 1024, 2]),
};

/** A name as that of an endpoint. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^(?=\d)/, 'm-');
}

/**
 * The same model without names of its columns, which takes tensors by their places. In the protobuf of a model the
 * metadata are field 14; all its other fields are numbers or lengths with as many bytes.
 */
export function withoutNames(model: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  for (let at = 0; at < model.length; ) {
    const start = at;
    const tag = varint();
    const number = varint();
    if ((tag & 7) === 2) at += number;
    if (tag >> 3 !== 14) kept.push(model.subarray(start, at));

    function varint(): number {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = model[at++] ?? 0;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
      }
    }
  }
  return Buffer.concat(kept);
}

/** Features of some rows, by rows. */
export function rowsOf(count: number): number[][] {
  const draw = random(7);
  return Array.from({ length: count }, () =>
    Array.from({ length: featureCount }, () => Math.fround(draw() * 4 - 2)),
  );
}

function linear(): Uint8Array {
  const draw = random(1);
  return linearClassifier({
    features,
    labels,
    coefficients: Array.from({ length: 2 * featureCount }, (_, i) => (i < featureCount ? 0 : draw() - 0.5)),
    intercepts: [0, 0.1],
    scaler: { offset: features.map(() => draw()), scale: features.map(() => 1 + draw()) },
  });
}

/** Whole trees: every path is `depth` questions long. */
function forest(trees: number, depth: number): Uint8Array {
  const draw = random(2);
  const grown = Array.from({ length: trees }, () => {
    const inner = 2 ** depth - 1;
    const tree: Tree[number][] = [];
    for (let node = 0; node < inner; node++)
      tree.push({
        feature: Math.floor(draw() * featureCount),
        threshold: draw() * 4 - 2,
        below: 2 * node + 1,
        above: 2 * node + 2,
        missing: 'below',
      });
    for (let leaf = 0; leaf <= inner; leaf++) {
      const weight = (draw() - 0.5) / trees;
      tree.push({
        weights: [
          { target: 0, weight: -weight },
          { target: 1, weight },
        ],
      });
    }
    return tree;
  });
  return treeEnsembleClassifier({ features, labels, trees: grown, baseScores: [0, 0] });
}

/** Dense layers with ReLU between, and a softmax. */
function network(widths: readonly number[]): Uint8Array {
  const draw = random(3);
  const last = widths.length - 2;
  const layers = widths.slice(1).map((width, layer) => {
    const before = widths[layer] ?? 0;
    const weights = Float32Array.from({ length: before * width }, () => (draw() - 0.5) / Math.sqrt(before));
    return { layer, width, before, weights };
  });
  return writeModel({
    metadata: { 'cairn.features': JSON.stringify(features) },
    graph: {
      inputs: [{ name: 'input', kind: 'tensor', elementType: 'float32', shape: ['batch', featureCount] }],
      outputs: [{ name: 'probabilities', kind: 'tensor', elementType: 'float32', shape: ['batch', 2] }],
      initializers: layers.flatMap(({ layer, before, width, weights }) => [
        { name: `w${layer}`, type: 'float32', shape: [before, width], data: weights },
        { name: `b${layer}`, type: 'float32', shape: [width], data: new Float32Array(width) },
      ]),
      nodes: layers.flatMap(({ layer }) => [
        {
          op: 'Gemm',
          inputs: [layer === 0 ? 'input' : `h${layer - 1}`, `w${layer}`, `b${layer}`],
          outputs: [`g${layer}`],
        },
        layer === last
          ? { op: 'Softmax', inputs: [`g${layer}`], outputs: ['probabilities'] }
          : { op: 'Relu', inputs: [`g${layer}`], outputs: [`h${layer}`] },
      ]),
    },
  });
}
