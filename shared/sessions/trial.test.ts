import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NodeSpec, type TensorSpec, type Value, writeModel } from '../onnx/index.ts';
import type { Tensors } from './tensor.ts';
import { askAside, type Trial, type TrialLimits, type TrialModel, tryModel } from './trial.ts';

type Ran = Extract<Trial, { outcome: 'ran' }>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-trial-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const float = (name: string, shape: (number | string)[]): Value => ({
  name,
  kind: 'tensor',
  elementType: 'float32',
  shape,
});

const graph = (
  nodes: NodeSpec[],
  more: { inputs?: Value[]; outputs?: Value[]; initializers?: TensorSpec[] } = {},
) =>
  writeModel({
    graph: { inputs: [float('x', ['n', 2])], outputs: [float('y', ['n', 2])], nodes, ...more },
  });

const relu = graph([{ op: 'Relu', inputs: ['x'], outputs: ['y'] }]);

async function trial(model: Uint8Array, more: Partial<TrialModel> = {}, limits: Partial<TrialLimits> = {}) {
  const file = join(folder, `${Math.random()}.onnx`);
  await writeFile(file, model);
  return tryModel({ folder, model: file, external: [], example: null, ...more }, limits);
}

/** Counts to 2^40 in a loop of the graph, which no one can interrupt. */
const endless = () => {
  const int = (name: string): Value => ({ name, kind: 'tensor', elementType: 'int64', shape: [] });
  const bool = (name: string): Value => ({ name, kind: 'tensor', elementType: 'bool', shape: [] });
  return graph(
    [
      {
        op: 'Loop',
        inputs: ['times', '', 'x'],
        outputs: ['y'],
        attributes: {
          body: {
            graph: {
              inputs: [int('i'), bool('go'), float('in', ['n', 2])],
              outputs: [bool('on'), float('out', ['n', 2])],
              nodes: [
                { op: 'Identity', inputs: ['go'], outputs: ['on'] },
                { op: 'Relu', inputs: ['in'], outputs: ['out'] },
              ],
            },
          },
        },
      },
    ],
    { initializers: [{ name: 'times', type: 'int64', shape: [], data: BigInt64Array.of(2n ** 40n) }] },
  );
};

describe('a model that runs', () => {
  test('is timed, and tells the types and sizes of its outputs', async () => {
    const result = await trial(relu);
    expect(result).toMatchObject({
      outcome: 'ran',
      outputs: [{ name: 'y', type: 'float32', dims: [1, 2] }],
    });
    const { loadMilliseconds, runMillisecondsP50, runMillisecondsMax, memoryBytes } = result as Ran;
    expect(loadMilliseconds).toBeGreaterThan(0);
    expect(runMillisecondsMax).toBeGreaterThanOrEqual(runMillisecondsP50);
    expect(memoryBytes).toBeLessThan(100 * 1024 * 1024);
  });

  test('is handed its weights, and what it takes in memory is measured', async () => {
    const rows = 4_000_000;
    const weights = join(folder, '0');
    await writeFile(weights, new Uint8Array(rows * 4).fill(1));
    const model = graph([{ op: 'Gather', inputs: ['w', 'i'], outputs: ['y'] }], {
      inputs: [{ name: 'i', kind: 'tensor', elementType: 'int64', shape: ['n'] }],
      outputs: [float('y', ['n'])],
      initializers: [{ name: 'w', type: 'float32', shape: [rows], external: { location: 'w.bin' } }],
    });
    const result = await trial(model, { external: [{ path: 'w.bin', file: weights }] });
    expect(result).toMatchObject({ outcome: 'ran', outputs: [{ dims: [1] }] });
    expect((result as Ran).memoryBytes).toBeGreaterThan(8_000_000);
  });

  test('runs on the example, or on zeros where the example fails', async () => {
    const onlyFour = graph([{ op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] }], {
      initializers: [{ name: 'shape', type: 'int64', shape: [2], data: BigInt64Array.of(2n, 2n) }],
      outputs: [float('y', [2, 2])],
    });
    const rows = (count: number): Tensors => ({
      x: { type: 'float32', dims: [count, 2], data: new Float32Array(count * 2) },
    });
    expect(await trial(onlyFour)).toMatchObject({ outcome: 'failed', step: 'run' });
    expect(await trial(onlyFour, { example: rows(2) })).toMatchObject({ outcome: 'ran' });
    expect(
      await trial(relu, { example: { z: { type: 'bool', dims: [], data: Uint8Array.of(1) } } }),
    ).toMatchObject({ outcome: 'ran' });
  });

  test('is found a size that it runs, where its graph leaves that open', async () => {
    const wide = graph([{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }], {
      inputs: [float('x', ['n', 'features'])],
      outputs: [float('y', ['n', 1])],
      initializers: [{ name: 'w', type: 'float32', shape: [30, 1], data: new Float32Array(30) }],
    });
    expect(await trial(wide)).toMatchObject({ outcome: 'ran', outputs: [{ dims: [1, 1] }] });
  });

  test('is found a size that it runs beside a state, whose rows it counts inside and names nowhere', async () => {
    const stateful = graph(
      [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['wide'] },
        // Fails unless the state is of one row.
        { op: 'Reshape', inputs: ['state', 'one row'], outputs: ['before'] },
        { op: 'Add', inputs: ['wide', 'before'], outputs: ['y'] },
      ],
      {
        inputs: [float('x', ['', '']), float('state', [2, '', 4])],
        outputs: [float('y', ['', 8])],
        initializers: [
          { name: 'w', type: 'float32', shape: [30, 8], data: new Float32Array(240) },
          { name: 'one row', type: 'int64', shape: [2], data: BigInt64Array.of(1n, 8n) },
        ],
      },
    );
    expect(await trial(stateful)).toMatchObject({ outcome: 'ran', outputs: [{ dims: [1, 8] }] });
  });
});

describe('a model that is asked aside', () => {
  const batch = (...rows: number[][]): Tensors => ({
    x: { type: 'float32', dims: [rows.length, 2], data: Float32Array.from(rows.flat()) },
  });
  const ask = async (model: Uint8Array, batches: readonly Tensors[], limits: Partial<TrialLimits> = {}) => {
    const own = await mkdtemp(join(folder, 'ask-'));
    const file = join(own, 'model');
    await writeFile(file, model);
    return askAside({ folder: own, model: file, external: [] }, batches, limits);
  };

  test('answers to batch after batch, and tells its outputs', async () => {
    expect(await ask(relu, [batch([1, -1], [-2, 2]), batch([3, -3])])).toMatchObject({
      outcome: 'answered',
      outputs: [{ name: 'y', type: 'float32', shape: ['n', 2] }],
      answers: [
        { y: { dims: [2, 2], data: Float32Array.of(1, 0, 0, 2) } },
        { y: { dims: [1, 2], data: Float32Array.of(3, 0) } },
      ],
    });
  });

  test('is ended when it does not finish, and fails alone where it cannot run', async () => {
    expect(await ask(endless(), [batch([1, 1])], { millisecondsMax: 2_000 })).toMatchObject({
      outcome: 'failed',
      reason: 'it did not finish within 2 s.',
    });
    expect(await ask(relu, [batch([1, 1]), {}])).toMatchObject({
      outcome: 'failed',
      step: 'run',
      reason: 'the runtime fails when it runs it on these rows.',
    });
  });
});

describe('a model that does not run', () => {
  test('is told by what the runtime lacks, without its own words', async () => {
    const odd = writeModel({
      opsets: { '': 17, 'com.example': 1 },
      graph: {
        inputs: [float('x', ['n', 2])],
        outputs: [float('y', ['n', 2])],
        nodes: [{ op: 'Odd', domain: 'com.example', inputs: ['x'], outputs: ['y'] }],
      },
    });
    const result = await trial(odd);
    expect(result).toMatchObject({
      outcome: 'failed',
      step: 'load',
      reason: 'The ONNX runtime cannot load this model: it has no operator com.example.Odd.',
      detail: expect.stringContaining('not a registered function'),
    });
    const gone = await trial(graph([{ op: 'Concat', inputs: ['x'], outputs: ['y'] }]));
    expect(gone).toMatchObject({ outcome: 'failed', reason: expect.not.stringContaining('/') });
  });

  test('is ended when it does not finish, and does not hold the next one up', async () => {
    const [late, next] = await Promise.all([
      trial(endless(), {}, { millisecondsMax: 2_000 }),
      trial(relu, {}, { millisecondsMax: 20_000 }),
    ]);
    expect(late).toMatchObject({ outcome: 'failed', reason: 'it did not finish within 2 s.' });
    expect(next.outcome).toBe('ran');
  });

  test('is ended when it takes too much memory', async () => {
    const hungry = graph(
      [
        { op: 'ConstantOfShape', inputs: ['shape'], outputs: ['big'] },
        { op: 'ReduceSum', inputs: ['big'], outputs: ['sum'], attributes: { keepdims: { int: 0 } } },
        { op: 'Add', inputs: ['x', 'sum'], outputs: ['y'] },
      ],
      { initializers: [{ name: 'shape', type: 'int64', shape: [1], data: BigInt64Array.of(300_000_000n) }] },
    );
    const result = await trial(hungry, {}, { memoryBytesMax: 400 * 1024 * 1024 });
    expect(result).toMatchObject({
      outcome: 'failed',
      reason: 'it takes more than 400 MB of memory to load and run.',
    });
  });

  test('where its process does not come as far as the model the trial throws, to be made again', async () => {
    await expect(trial(relu, { model: join(folder, 'absent') })).rejects.toThrow('exit code 1 at its start');
  });

  test('where no process can be started the trial throws, to be made again', async () => {
    await expect(trial(relu, { folder: join(folder, 'absent') })).rejects.toThrow(
      'No process can be started',
    );
  });
});
