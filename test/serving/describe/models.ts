import {
  type ElementType,
  linearClassifier,
  linearRegressor,
  type NodeSpec,
  type TensorSpec,
  treeEnsembleClassifier,
  treeEnsembleRegressor,
  type Value,
  writeModel,
} from '../../../shared/onnx/index.ts';

type Shape = (number | string | null)[];

export const tensor = (name: string, elementType: ElementType, shape: Shape): Value => ({
  name,
  kind: 'tensor',
  elementType,
  shape,
});

const graph = (
  inputs: readonly Value[],
  outputs: readonly Value[],
  nodes: readonly NodeSpec[],
  initializers: readonly TensorSpec[] = [],
) => writeModel({ graph: { inputs, outputs, nodes, initializers } });

const features = ['length', 'höhe, in "cm"', 'width'];
const stump = (weights: readonly { target: number; weight: number }[]) => [
  { feature: 1, threshold: 0.25, below: 1, above: 2, missing: 'below' as const },
  { weights: [] },
  { weights },
];

/** y = x for a table of one element type. */
export const identity = (type: ElementType, shape: Shape = ['batch', 2]): Uint8Array =>
  graph(
    [tensor('x::in', type, shape)],
    [tensor('39', type, shape)],
    [{ op: 'Identity', inputs: ['x::in'], outputs: ['39'] }],
  );

const floats = (name: string, shape: readonly number[]): TensorSpec => ({
  name,
  type: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => i / 8),
});

/** Enough for all of them to be tried in their processes, on a machine that is busy. */
export const deployMilliseconds = 240_000;

/** A model of every kind that can be made here, by the name of its endpoint. */
export const models: Readonly<Record<string, Uint8Array>> = {
  'linear-text': linearClassifier({
    features,
    labels: ['a', 'b', 'c'],
    coefficients: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    intercepts: [0, 0, 0],
  }),
  'linear-integers': linearClassifier({
    features,
    labels: [10, 20],
    coefficients: [1, 0, 0, 0, 1, 0],
    intercepts: [0, 0],
  }),
  'linear-number': linearRegressor({ features, coefficients: [1, 2, 3], intercept: 4 }),
  'trees-text': treeEnsembleClassifier({
    features,
    labels: ['no', 'yes'],
    baseScores: [0, 0.5],
    trees: [stump([{ target: 1, weight: 2 }])],
  }),
  'trees-number': treeEnsembleRegressor({
    features,
    baseScore: 1,
    trees: [stump([{ target: 0, weight: 2 }])],
  }),
  perceptron: graph(
    [tensor('x', 'float32', ['n', 4])],
    [tensor('y', 'float32', ['n', 2])],
    [
      { op: 'Gemm', inputs: ['x', 'w1', 'b1'], outputs: ['h'] },
      { op: 'Relu', inputs: ['h'], outputs: ['r'] },
      { op: 'Gemm', inputs: ['r', 'w2', 'b2'], outputs: ['y'] },
    ],
    [floats('w1', [4, 8]), floats('b1', [8]), floats('w2', [8, 2]), floats('b2', [2])],
  ),
  strings: identity('string'),
  integers: identity('int64'),
  bytes: identity('uint8'),
  truths: identity('bool'),
  doubles: identity('float64'),
  'unsigned-wide': identity('uint64'),
  'several-columns': graph(
    [tensor('count', 'int64', ['n', 1]), tensor('text', 'string', ['n', 1]), tensor('age', 'float32', ['n'])],
    [tensor('same', 'int64', ['n', 1]), tensor('echo', 'string', ['n', 1]), tensor('old', 'float32', ['n'])],
    [
      { op: 'Identity', inputs: ['count'], outputs: ['same'] },
      { op: 'Identity', inputs: ['text'], outputs: ['echo'] },
      { op: 'Identity', inputs: ['age'], outputs: ['old'] },
    ],
  ),
  'several-tables': graph(
    [tensor('a', 'float32', ['n', 2]), tensor('b', 'float32', ['n', 2])],
    [tensor('sum', 'float32', ['n', 2])],
    [{ op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] }],
  ),
  scalar: graph(
    [tensor('x', 'float32', ['n', 2]), tensor('factor', 'float32', [])],
    [tensor('y', 'float32', ['n', 2]), tensor('same', 'float32', [])],
    [
      { op: 'Mul', inputs: ['x', 'factor'], outputs: ['y'] },
      { op: 'Identity', inputs: ['factor'], outputs: ['same'] },
    ],
  ),
  state: graph(
    [
      tensor('input', 'float32', [null, null]),
      tensor('state', 'float32', [2, null, 3]),
      tensor('rate', 'int64', []),
    ],
    [tensor('output', 'float32', [null, null]), tensor('next', 'float32', [2, null, 3])],
    [
      { op: 'Cast', inputs: ['rate'], outputs: ['r'], attributes: { to: { int: 1 } } },
      { op: 'Mul', inputs: ['input', 'r'], outputs: ['output'] },
      { op: 'Identity', inputs: ['state'], outputs: ['next'] },
    ],
  ),
  'fixed-batch': identity('float32', [4, 2]),
  'free-width': graph(
    [tensor('x', 'float32', ['n', 'm'])],
    [tensor('y', 'float32', ['n', 1])],
    [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    [floats('w', [5, 1])],
  ),
  picture: graph(
    [tensor('pixels', 'float32', ['n', 3, 'height', 'width'])],
    [tensor('flat', 'float32', ['n', 12])],
    [{ op: 'Reshape', inputs: ['pixels', 'to'], outputs: ['flat'] }],
    [{ name: 'to', type: 'int64', shape: [2], data: BigInt64Array.of(-1n, 12n) }],
  ),
  // Only 0 is a place in a table of one.
  places: graph(
    [tensor('at', 'int64', ['n'])],
    [tensor('found', 'float32', ['n'])],
    [{ op: 'Gather', inputs: ['table', 'at'], outputs: ['found'] }],
    [floats('table', [1])],
  ),
};
