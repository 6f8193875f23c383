import { describe, expect, test } from 'vitest';
import {
  type ElementType,
  inspect,
  linearClassifier,
  linearRegressor,
  type Tree,
  treeEnsembleClassifier,
  treeEnsembleRegressor,
  writeModel,
} from './index.ts';
import { matrix, run } from './testing.ts';

const sigmoid = (score: number) => 1 / (1 + Math.exp(-score));

function softmax(scores: readonly number[]): number[] {
  const powers = scores.map(Math.exp);
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function expectClose(actual: readonly unknown[], expected: readonly number[], digits = 6): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, at) => {
    expect(actual[at]).toBeCloseTo(value, digits);
  });
}

const stump = (
  feature: number,
  threshold: number,
  missing: 'below' | 'above',
  below: number[],
  above: number[],
): Tree => [
  { feature, threshold, below: 1, above: 2, missing },
  { weights: below.map((weight, target) => ({ target, weight })) },
  { weights: above.map((weight, target) => ({ target, weight })) },
];

const constant = (value: bigint) => ({
  inputs: [],
  outputs: [{ name: 'c', kind: 'tensor' as const, elementType: 'int64' as const, shape: [1] }],
  nodes: [{ op: 'Constant', inputs: [], outputs: ['c'], attributes: { value_ints: { ints: [value] } } }],
});

describe('linear models', () => {
  test('a classifier imputes, scales and gives the softmax of W x + b with the winning label', async () => {
    const model = linearClassifier({
      features: ['a', 'b'],
      labels: ['cat', 'dog', 'åsna'],
      missing: [10, 20],
      scaler: { offset: [10, 20], scale: [0.5, 2] },
      coefficients: [1, 0, 0, 1, -1, -1],
      intercepts: [0, 0.5, -0.25],
    });
    const { label, probabilities } = await run(model, {
      input: matrix([
        [12, 21],
        [6, Number.NaN],
      ]),
    });
    expect(label).toEqual({ type: 'string', dims: [2], data: ['dog', 'åsna'] });
    expect(probabilities?.dims).toEqual([2, 3]);
    expectClose(probabilities?.data ?? [], [...softmax([1, 2.5, -3.25]), ...softmax([-2, 0.5, 1.75])]);
  });

  test('two rows, one of them zero, are a logistic regression, and integer labels come out as int64', async () => {
    const model = linearClassifier({
      features: ['a'],
      labels: [0, 7],
      coefficients: [0, 2],
      intercepts: [0, -1],
    });
    const { label, probabilities } = await run(model, { input: matrix([[0], [1]]) });
    expect(label).toEqual({ type: 'int64', dims: [2], data: [0n, 7n] });
    expectClose(probabilities?.data ?? [], [sigmoid(1), sigmoid(-1), sigmoid(-1), sigmoid(1)]);
  });

  test('a regressor gives W x + b', async () => {
    const model = linearRegressor({ features: ['a', 'b'], coefficients: [2, -3], intercept: 0.5 });
    const { prediction } = await run(model, {
      input: matrix([
        [1, 2],
        [4, 0],
      ]),
    });
    expect(prediction).toEqual({ type: 'float32', dims: [2, 1], data: [-3.5, 8.5] });
  });

  test('coefficients that do not fit the features and labels are refused', () => {
    expect(() =>
      linearClassifier({ features: ['a'], labels: ['x', 'y'], coefficients: [1], intercepts: [0, 0] }),
    ).toThrow(expect.objectContaining({ code: 'invalid-spec' }));
  });
});

describe('tree ensembles', () => {
  test('a classifier adds its trees and base scores, takes ≤ below and sends NaN where the split says', async () => {
    const model = treeEnsembleClassifier({
      features: ['a', 'b'],
      labels: ['x', 'y', 'z'],
      trees: [stump(0, 1.5, 'below', [1, 0, 0], [0, 1, 0]), stump(1, -2, 'above', [0, 0, 2], [0.5, 0, 0])],
      baseScores: [0.1, 0.2, 0.3],
    });
    const rows = [
      [1.5, -2],
      [1.6, 0],
      [Number.NaN, Number.NaN],
    ];
    const { label, probabilities } = await run(model, { input: matrix(rows) });
    expect(label?.data).toEqual(['z', 'y', 'x']);
    expectClose(probabilities?.data ?? [], [
      ...softmax([1.1, 0.2, 2.3]),
      ...softmax([0.6, 1.2, 0.3]),
      ...softmax([1.6, 0.2, 0.3]),
    ]);
  });

  test.each([
    ['mixed', [-1, 2]],
    ['all positive', [0.5, 2]],
    ['all negative', [-0.5, -2]],
  ])(
    'a binary ensemble is the sigmoid of its score when its leaves are %s',
    async (_, [low = 0, high = 0]) => {
      const base = -1;
      const model = treeEnsembleClassifier({
        features: ['a'],
        labels: ['no', 'yes'],
        trees: [stump(0, 0, 'below', [-low / 2, low / 2], [-high / 2, high / 2])],
        baseScores: [-base / 2, base / 2],
      });
      const { label, probabilities } = await run(model, { input: matrix([[-1], [1]]) });
      const yes = [sigmoid(low + base), sigmoid(high + base)];
      expectClose(
        probabilities?.data ?? [],
        yes.flatMap((each) => [1 - each, each]),
      );
      expect(label?.data).toEqual(yes.map((each) => (each > 0.5 ? 'yes' : 'no')));
    },
  );

  test('a classifier of integer labels gives them as int64', async () => {
    const model = treeEnsembleClassifier({
      features: ['a'],
      labels: [-1, 7],
      baseScores: [0, 0],
      trees: [stump(0, 0.5, 'below', [1, -1], [-1, 1])],
    });
    const { label } = await run(model, { input: matrix([[0], [1]]) });
    expect(label).toEqual({ type: 'int64', dims: [2], data: [-1n, 7n] });
  });

  test('a regressor adds its trees to the base score', async () => {
    const model = treeEnsembleRegressor({
      features: ['a'],
      trees: [stump(0, 0, 'above', [-1], [2]), stump(0, 5, 'below', [10], [20])],
      baseScore: 0.5,
    });
    const { prediction } = await run(model, { input: matrix([[-1], [6], [Number.NaN]]) });
    expect(prediction?.data).toEqual([9.5, 22.5, 12.5]);
  });

  test('a feature is on the same side of a threshold as in double precision', async () => {
    for (const threshold of [0.1 + 0.2, -0.1, 1e-46, -1e-46, 3e38, 16_777_217]) {
      const near = Math.fround(threshold);
      const rows = [near, near * (1 - 2 ** -23), near * (1 + 2 ** -23), 0].map((x) => [Math.fround(x)]);
      const model = treeEnsembleRegressor({
        features: ['a'],
        trees: [stump(0, threshold, 'below', [-1], [1])],
        baseScore: 0,
      });
      const { prediction } = await run(model, { input: matrix(rows) });
      expect(prediction?.data).toEqual(rows.map(([x = 0]) => (x <= threshold ? -1 : 1)));
    }
  });

  test('an ensemble of half a million nodes is written and runs', async () => {
    const leaf = (weight: number) => ({ weights: [{ target: 0, weight }] });
    const depth = 8;
    const inner = 2 ** depth - 1;
    const tree: Tree = Array.from({ length: 2 * inner + 1 }, (_, at) =>
      at < inner
        ? { feature: 0, threshold: at, below: 2 * at + 1, above: 2 * at + 2, missing: 'below' }
        : leaf(at === inner ? 1 : 0),
    );
    const trees = Array.from({ length: 1000 }, () => tree);
    const model = treeEnsembleRegressor({ features: ['a'], trees, baseScore: 0 });
    expect(inspect(model).operators).toEqual({ 'ai.onnx.ml.TreeEnsembleRegressor': 1 });
    expect((await run(model, { input: matrix([[-1], [500]]) })).prediction?.data).toEqual([1000, 0]);
  });

  test('a child that does not come after its parent inside the tree is refused', () => {
    const loop: Tree = [{ feature: 0, threshold: 0, below: 0, above: 1, missing: 'below' }, { weights: [] }];
    const build = () => treeEnsembleRegressor({ features: ['a'], trees: [loop], baseScore: 0 });
    expect(build).toThrow(expect.objectContaining({ code: 'invalid-spec' }));
  });
});

describe('any model', () => {
  test.each<[ElementType, ArrayBufferView | string[], unknown[]]>([
    ['float32', Float32Array.of(1.5, -2), [1.5, -2]],
    ['float64', Float64Array.of(1e300, -2), [1e300, -2]],
    ['int8', Int8Array.of(-128, 127), [-128, 127]],
    ['uint8', Uint8Array.of(0, 255), [0, 255]],
    ['int16', Int16Array.of(-32768, 1), [-32768, 1]],
    ['uint16', Uint16Array.of(0, 65535), [0, 65535]],
    ['int32', Int32Array.of(-1, 2 ** 31 - 1), [-1, 2 ** 31 - 1]],
    ['uint32', Uint32Array.of(0, 2 ** 32 - 1), [0, 2 ** 32 - 1]],
    ['int64', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n), [-(2n ** 63n), 2n ** 63n - 1n]],
    ['uint64', BigUint64Array.of(0n, 2n ** 64n - 1n), [0n, 2n ** 64n - 1n]],
    ['bool', Uint8Array.of(0, 1), [0, 1]],
    ['string', ['', 'naïve ☃'], ['', 'naïve ☃']],
  ])('a %s tensor reaches the runtime unchanged', async (type, data, expected) => {
    const model = writeModel({
      graph: {
        inputs: [],
        outputs: [{ name: 'out', kind: 'tensor', elementType: type, shape: [2] }],
        nodes: [
          {
            op: 'Constant',
            inputs: [],
            outputs: ['out'],
            attributes: { value: { tensor: { type, shape: [2], data } } },
          },
        ],
      },
    });
    expect((await run(model, {})).out).toEqual({ type, dims: [2], data: expected });
  });

  test('subgraphs, negative and large integers travel as attributes', async () => {
    const model = writeModel({
      graph: {
        inputs: [],
        outputs: [{ name: 'out', kind: 'tensor', elementType: 'int64', shape: [1] }],
        initializers: [{ name: 'condition', type: 'bool', shape: [], data: Uint8Array.of(0) }],
        nodes: [
          {
            op: 'If',
            inputs: ['condition'],
            outputs: ['out'],
            attributes: {
              then_branch: { graph: constant(2n ** 62n) },
              else_branch: { graph: constant(-(2n ** 62n)) },
            },
          },
        ],
      },
    });
    expect((await run(model, {})).out?.data).toEqual([-(2n ** 62n)]);
  });

  test('a tensor whose data does not fill its shape is refused', () => {
    expect(() =>
      writeModel({
        graph: {
          inputs: [],
          outputs: [],
          nodes: [],
          initializers: [{ name: 'w', type: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3) }],
        },
      }),
    ).toThrow(expect.objectContaining({ code: 'invalid-spec' }));
  });

  test('features and labels are kept as metadata beside what the caller adds', () => {
    const model = linearClassifier({
      features: ['a'],
      labels: ['x', 'y'],
      coefficients: [0, 1],
      intercepts: [0, 0],
      metadata: { note: 'kept' },
    });
    expect(inspect(model).metadata).toEqual({
      'cairn.features': '["a"]',
      'cairn.labels': '["x","y"]',
      note: 'kept',
    });
  });
});
