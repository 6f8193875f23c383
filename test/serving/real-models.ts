/**
 * Models as people publish them: a voice detector with a state and a branch, a detector of words with names of an
 * exporter and a fixed batch, a reader of pictures with free sizes. They are written here in the same form, since the
 * published ones are many megabytes; `CAIRN_REAL_MODELS` names a folder of published files that are tried besides.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NodeSpec, type TensorSpec, type Value, writeModel } from '../../shared/onnx/index.ts';

type Shape = (number | string | null)[];

const port = (name: string, shape: Shape, elementType: 'float32' | 'int64' = 'float32'): Value => ({
  name,
  kind: 'tensor',
  elementType,
  shape,
});
const weights = (name: string, shape: readonly number[]): TensorSpec => ({
  name,
  type: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i) / 4),
});
const scaled = (
  factor: string,
  output: string,
): { name: string; inputs: []; outputs: Value[]; nodes: NodeSpec[] } => ({
  name: output,
  inputs: [],
  outputs: [port(output, [null, null])],
  nodes: [{ op: 'Mul', inputs: ['input', factor], outputs: [output] }],
});

/** As silero-vad: `sr` decides by an If what is done to `input`, and `state` goes on from call to call. */
const voice = writeModel({
  graph: {
    inputs: [port('input', [null, null]), port('state', [2, null, 128]), port('sr', [], 'int64')],
    outputs: [port('output', [null, 1]), port('stateN', [null, null, null])],
    initializers: [
      { name: 'rate', type: 'int64', shape: [], data: BigInt64Array.of(16_000n) },
      { name: 'one', type: 'float32', shape: [], data: Float32Array.of(1) },
      { name: 'half', type: 'float32', shape: [], data: Float32Array.of(0.5) },
      { name: 'axis', type: 'int64', shape: [1], data: BigInt64Array.of(1n) },
    ],
    nodes: [
      { op: 'Equal', inputs: ['sr', 'rate'], outputs: ['is16k'] },
      {
        op: 'If',
        inputs: ['is16k'],
        outputs: ['heard'],
        attributes: {
          then_branch: { graph: scaled('one', 'then') },
          else_branch: { graph: scaled('half', 'else') },
        },
      },
      { op: 'ReduceMean', inputs: ['heard'], outputs: ['loud'], attributes: { axes: { ints: [1] } } },
      {
        op: 'ReduceMean',
        inputs: ['state'],
        outputs: ['past'],
        attributes: { axes: { ints: [0, 2] }, keepdims: { int: 0 } },
      },
      { op: 'Unsqueeze', inputs: ['past', 'axis'], outputs: ['before'] },
      { op: 'Add', inputs: ['loud', 'before'], outputs: ['sum'] },
      { op: 'Sigmoid', inputs: ['sum'], outputs: ['output'] },
      { op: 'Add', inputs: ['state', 'sum'], outputs: ['stateN'] },
    ],
  },
});

/** As openWakeWord: names of an exporter, and always one row. */
const word = writeModel({
  graph: {
    inputs: [port('onnx::Flatten_0', [1, 25, 96])],
    outputs: [port('39', [1, 1])],
    initializers: [weights('w', [2400, 1])],
    nodes: [
      { op: 'Flatten', inputs: ['onnx::Flatten_0'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['dense'] },
      { op: 'Sigmoid', inputs: ['dense'], outputs: ['39'] },
    ],
  },
});

/** As PP-OCR: pictures of any size, and sizes with names that say nothing. */
const picture = writeModel({
  graph: {
    inputs: [port('x', ['p2o.DynamicDimension.0', 3, 'p2o.DynamicDimension.1', 'p2o.DynamicDimension.2'])],
    outputs: [port('softmax_0.tmp_0', ['p2o.DynamicDimension.3', 2])],
    initializers: [weights('kernel', [8, 3, 3, 3]), weights('dense', [8, 2])],
    nodes: [
      { op: 'Conv', inputs: ['x', 'kernel'], outputs: ['c'] },
      { op: 'Relu', inputs: ['c'], outputs: ['r'] },
      { op: 'GlobalAveragePool', inputs: ['r'], outputs: ['p'] },
      { op: 'Flatten', inputs: ['p'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'dense'], outputs: ['d'] },
      { op: 'Softmax', inputs: ['d'], outputs: ['softmax_0.tmp_0'] },
    ],
  },
});

/** By a name that an endpoint may have. */
export function realModels(): Record<string, Uint8Array> {
  const folder = process.env['CAIRN_REAL_MODELS'];
  const published = (folder === undefined ? [] : readdirSync(folder))
    .filter((file) => file.endsWith('.onnx'))
    .map((file, i): [string, Uint8Array] => [
      `published-${i}-${file.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 30).replace(/-+$/, ''),
      readFileSync(join(folder ?? '', file)),
    ]);
  return { voice, word, picture, ...Object.fromEntries(published) };
}
