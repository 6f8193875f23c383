import type { Value } from './types.ts';
import { type AttributeSpec, type NodeSpec, type TensorSpec, writeModel } from './write.ts';

/** Class labels, in the order of the probabilities' columns. */
export type Labels = readonly string[] | readonly number[];

type Tabular = {
  features: readonly string[];
  nodes: readonly NodeSpec[];
  initializers?: readonly TensorSpec[];
  metadata?: Readonly<Record<string, string>>;
};

/**
 * Wraps nodes that read `input` and write `label` and `probabilities`. No ZipMap: its maps cannot leave
 * onnxruntime-node, so the class labels are kept as metadata instead.
 */
export function writeClassifier(model: Tabular & { labels: Labels }): Uint8Array {
  const { labels } = model;
  const labelType = typeof labels[0] === 'number' ? 'int64' : 'string';
  return write(
    model,
    [
      { name: 'label', kind: 'tensor', elementType: labelType, shape: ['batch'] },
      { name: 'probabilities', kind: 'tensor', elementType: 'float32', shape: ['batch', labels.length] },
    ],
    { 'cairn.labels': JSON.stringify(labels) },
  );
}

/** Wraps nodes that read `input` and write `prediction`. */
export function writeRegressor(model: Tabular): Uint8Array {
  return write(
    model,
    [{ name: 'prediction', kind: 'tensor', elementType: 'float32', shape: ['batch', 1] }],
    {},
  );
}

/** The class-label attribute of the ai.onnx.ml classifiers; linear ones and trees spell that of integers differently. */
export function labelsOf(
  labels: Labels,
  integers: 'classlabels_ints' | 'classlabels_int64s',
): Record<string, AttributeSpec> {
  return typeof labels[0] === 'number'
    ? { [integers]: { ints: labels.map(Number) } }
    : { classlabels_strings: { strings: labels.map(String) } };
}

function write(
  model: Tabular,
  outputs: readonly Value[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const { features, nodes, initializers = [] } = model;
  return writeModel({
    metadata: { 'cairn.features': JSON.stringify(features), ...metadata, ...model.metadata },
    graph: {
      inputs: [{ name: 'input', kind: 'tensor', elementType: 'float32', shape: ['batch', features.length] }],
      outputs,
      nodes,
      initializers,
    },
  });
}
