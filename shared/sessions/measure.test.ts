import { expect, test } from 'vitest';
import { graph, port } from '../execution/testing.ts';
import { linearClassifier, type NodeSpec, type Value, writeModel } from '../onnx/index.ts';
import { measure } from './measure.ts';
import { load } from './runtime.ts';

async function measured(bytes: Uint8Array, widths: number[] = []) {
  const session = await load(bytes, []);
  try {
    return await measure(session, { rows: 64, widths });
  } finally {
    await session.release();
  }
}

const ofX = (op: string, attributes: NodeSpec['attributes'] = {}, more: string[] = []) =>
  graph([{ op, inputs: ['x', ...more], outputs: ['y'], attributes }], {
    initializers: [{ name: 'first', type: 'int64', shape: [], data: BigInt64Array.of(0n) }],
  });

const onPorts = (inputs: Value[], outputs: Value[], nodes: NodeSpec[], weights = 0) =>
  writeModel({
    graph: {
      inputs,
      outputs,
      nodes,
      initializers:
        weights === 0
          ? []
          : [{ name: 'w', type: 'float32', shape: [weights, 1], data: new Float32Array(weights).fill(0.5) }],
    },
  });

const matMul: NodeSpec[] = [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }];

test.each([
  ['row by row', ofX('Relu'), true],
  [
    'a class for each row that is said to be one',
    onPorts(
      [port('x', 'float32', ['n', 2])],
      [port('y', 'int64', [1])],
      [
        {
          op: 'ArgMax',
          inputs: ['x'],
          outputs: ['most'],
          attributes: { axis: { int: 1 }, keepdims: { int: 0 } },
        },
        { op: 'Identity', inputs: ['most'], outputs: ['y'] },
      ],
    ),
    true,
  ],
  [
    'one answer for all rows',
    onPorts(
      [port('x', 'float32', ['n', 2])],
      [port('y', 'float32', [1, 1])],
      [{ op: 'ReduceSum', inputs: ['x'], outputs: ['y'] }],
    ),
    false,
  ],
  [
    'a classifier with texts',
    linearClassifier({
      features: ['a', 'b'],
      labels: ['p', 'q'],
      coefficients: [1, 2, -1, 3],
      intercepts: [0, 0],
    }),
    true,
  ],
  [
    'positions in a small table',
    onPorts(
      [port('i', 'int64', ['n'])],
      [port('y', 'float32', ['n', 1])],
      [{ op: 'Gather', inputs: ['w', 'i'], outputs: ['y'] }],
      2,
    ),
    true,
  ],
  [
    'a width that only the runtime knows',
    onPorts([port('x', 'float32', ['n', 'f'])], [port('y', 'float32', ['n', 1])], matMul, 30),
    true,
  ],
  ['a share of all rows', ofX('Softmax', { axis: { int: 0 } }), false],
  ['a sum over the rows so far', ofX('CumSum', {}, ['first']), false],
  ['chance', ofX('RandomNormalLike'), false],
  [
    'the largest of all rows',
    graph([
      {
        op: 'ReduceMax',
        inputs: ['x'],
        outputs: ['m'],
        attributes: { axes: { ints: [0] }, keepdims: { int: 1 } },
      },
      { op: 'Sub', inputs: ['x', 'm'], outputs: ['y'] },
    ]),
    false,
  ],
  [
    'one row and no other',
    onPorts(
      [port('x', 'float32', [1, 2])],
      [port('y', 'float32', [1, 2])],
      [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    ),
    false,
  ],
  [
    'a number for all',
    onPorts(
      [port('x', 'float32', ['n', 2])],
      [port('y', 'float32', [])],
      [{ op: 'ReduceSum', inputs: ['x'], outputs: ['y'], attributes: { keepdims: { int: 0 } } }],
    ),
    false,
  ],
  [
    'rows that come out in other numbers',
    onPorts(
      [port('x', 'float32', ['n', 2])],
      [port('y', 'float32', ['m', 2])],
      [{ op: 'Concat', inputs: ['x', 'x'], outputs: ['y'], attributes: { axis: { int: 0 } } }],
    ),
    false,
  ],
  [
    'as many columns as rows',
    onPorts(
      [port('x', 'float32', ['n', 'n'])],
      [port('y', 'float32', ['n', 'n'])],
      [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    ),
    false,
  ],
] as const)('rows are free or not: %s', async (_, bytes, isFree) => {
  const { rowsFree, p99Milliseconds, oneRowMilliseconds } = await measured(bytes);
  expect(rowsFree).toBe(isFree);
  expect(p99Milliseconds).toBeGreaterThan(0);
  expect(oneRowMilliseconds).toBeLessThanOrEqual(p99Milliseconds ?? 0);
});

test('a model that takes none of the sizes tried is neither timed nor shared', async () => {
  const wide = onPorts([port('x', 'float32', ['n', 'f'])], [port('y', 'float32', ['n', 1])], matMul, 5_000);
  expect(await measured(wide)).toEqual({
    rowsFree: false,
    oneRowMilliseconds: null,
    perRowMilliseconds: 0,
    p99Milliseconds: null,
  });
  expect(await measured(wide, [5_000])).toMatchObject({ rowsFree: true });
});
