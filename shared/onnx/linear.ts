import { OnnxError } from './errors.ts';
import type { NodeSpec, TensorSpec } from './write.ts';
import { mlDomain } from './write.ts';
import { type Labels, labelsOf, writeClassifier, writeRegressor } from './tabular.ts';

/** x ↦ (x − offset) × scale per feature, with NaN first replaced where `missing` is given. */
export type Preprocessing = {
  missing?: ArrayLike<number>;
  scaler?: { offset: ArrayLike<number>; scale: ArrayLike<number> };
};

/**
 * Softmax regression: probabilities = softmax(W x + b). A binary model is two rows of which one is zero,
 * which makes the softmax a sigmoid.
 *
 * Input `input` float [N, F]; outputs `label` [N], `probabilities` float [N, C].
 * @throws {OnnxError} `invalid-spec` when the sizes disagree.
 */
export function linearClassifier(
  spec: Preprocessing & {
    features: readonly string[];
    labels: Labels;
    /** [C, F] row-major. */
    coefficients: ArrayLike<number>;
    /** [C] */
    intercepts: ArrayLike<number>;
    metadata?: Readonly<Record<string, string>>;
  },
): Uint8Array {
  const { features, labels, coefficients, intercepts } = spec;
  expectLength('coefficients', coefficients, labels.length * features.length);
  expectLength('intercepts', intercepts, labels.length);
  const { nodes, output } = preprocess(spec, features.length);
  nodes.push({
    op: 'LinearClassifier',
    domain: mlDomain,
    inputs: [output],
    outputs: ['label', 'probabilities'],
    attributes: {
      coefficients: { floats: coefficients },
      intercepts: { floats: intercepts },
      multi_class: { int: 0 },
      post_transform: { string: 'SOFTMAX' },
      ...labelsOf(labels, 'classlabels_ints'),
    },
  });
  return writeClassifier({ ...spec, nodes });
}

/**
 * Linear regression y = W x + b with one target.
 * Input `input` float [N, F]; output `prediction` float [N, 1].
 * @throws {OnnxError} `invalid-spec` when the sizes disagree.
 */
export function linearRegressor(
  spec: Preprocessing & {
    features: readonly string[];
    /** [F] */
    coefficients: ArrayLike<number>;
    intercept: number;
    metadata?: Readonly<Record<string, string>>;
  },
): Uint8Array {
  const { features, coefficients, intercept } = spec;
  expectLength('coefficients', coefficients, features.length);
  const { nodes, output } = preprocess(spec, features.length);
  nodes.push({ op: 'Gemm', inputs: [output, 'weights', 'bias'], outputs: ['prediction'] });
  const initializers: TensorSpec[] = [
    { name: 'weights', type: 'float32', shape: [features.length, 1], data: Float32Array.from(coefficients) },
    { name: 'bias', type: 'float32', shape: [1], data: Float32Array.of(intercept) },
  ];
  return writeRegressor({ ...spec, nodes, initializers });
}

function preprocess(
  { missing, scaler }: Preprocessing,
  features: number,
): { nodes: NodeSpec[]; output: string } {
  const nodes: NodeSpec[] = [];
  let output = 'input';
  if (missing) {
    expectLength('missing', missing, features);
    nodes.push({
      op: 'Imputer',
      domain: mlDomain,
      inputs: [output],
      outputs: ['imputed'],
      attributes: { imputed_value_floats: { floats: missing }, replaced_value_float: { float: Number.NaN } },
    });
    output = 'imputed';
  }
  if (scaler) {
    expectLength('scaler.offset', scaler.offset, features);
    expectLength('scaler.scale', scaler.scale, features);
    nodes.push({
      op: 'Scaler',
      domain: mlDomain,
      inputs: [output],
      outputs: ['scaled'],
      attributes: { offset: { floats: scaler.offset }, scale: { floats: scaler.scale } },
    });
    output = 'scaled';
  }
  return { nodes, output };
}

function expectLength(what: string, values: ArrayLike<number>, expected: number): void {
  if (values.length === expected) return;
  throw new OnnxError('invalid-spec', `${what} has ${values.length} numbers, expected ${expected}.`);
}
