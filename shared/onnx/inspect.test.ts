import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesField, intField, message, textField } from './encode.ts';
import { inspect, linearClassifier, OnnxError, type OnnxErrorCode, type Value, writeModel } from './index.ts';
import { load } from './testing.ts';

const classifier = linearClassifier({
  features: ['a', 'b'],
  labels: ['x', 'y'],
  scaler: { offset: [1, 2], scale: [3, 4] },
  coefficients: [0, 0, 1, 2],
  intercepts: [0, 1],
});

const float = (name: string, shape: (number | string | null)[] | null): Value => ({
  name,
  kind: 'tensor',
  elementType: 'float32',
  shape,
});

const external = (location: string) => ({
  type: 'float32' as const,
  shape: [1],
  external: { location, offset: 0, length: 4 },
});

/** A graph whose field is repeated two million times, each time empty. */
const flood = (field: number) =>
  bytesField(
    7,
    new Uint8Array(4_000_000).map((_, at) => (at % 2 ? 0 : field * 8 + 2)),
  );

function refusal(bytes: Uint8Array): OnnxErrorCode | undefined {
  try {
    inspect(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof OnnxError) return error.code;
    throw error;
  }
}

describe('a model', () => {
  test('tells its versions, producer, operators, weights, inputs and outputs', () => {
    const model = writeModel({
      irVersion: 9,
      opsets: { '': 19, 'ai.onnx.ml': 3, 'com.example': 1 },
      producer: { name: 'trainer', version: '1.2' },
      metadata: { ['__proto__']: 'odd', signature: '{"inputs":[]}' },
      graph: {
        inputs: [float('x', ['batch', 4, null])],
        outputs: [float('y', null), float('scalar', [])],
        nodes: [
          { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
          { op: 'Relu', inputs: ['m'], outputs: ['y'] },
          { op: 'Relu', domain: 'ai.onnx', inputs: ['m'], outputs: ['z'] },
          { op: 'Odd', domain: 'com.example', inputs: [], outputs: ['scalar'] },
        ],
        initializers: [
          { name: 'w', type: 'float32', shape: [4, 2], data: new Float32Array(8) },
          { name: 's', type: 'string', shape: [2], data: ['ab', 'c'] },
        ],
      },
    });
    expect(inspect(model)).toEqual({
      irVersion: 9,
      opsets: { '': 19, 'ai.onnx.ml': 3, 'com.example': 1 },
      producer: { name: 'trainer', version: '1.2' },
      inputs: [float('x', ['batch', 4, null])],
      outputs: [float('y', null), float('scalar', [])],
      metadata: { ['__proto__']: 'odd', signature: '{"inputs":[]}' },
      external: [],
      operators: { MatMul: 1, Relu: 2, 'com.example.Odd': 1 },
      initializers: { count: 2, bytes: 35, elements: 10 },
    });
  });

  test('tells outputs that are no tensors', () => {
    const zipMap: Value = {
      name: 'output_probability',
      kind: 'sequence',
      element: { kind: 'map', key: 'string', value: { kind: 'tensor', elementType: 'float32', shape: [] } },
    };
    const outputs: Value[] = [
      zipMap,
      { name: 'maybe', kind: 'optional', element: { kind: 'tensor', elementType: 'int64', shape: null } },
      { name: 'sparse', kind: 'sparse-tensor', elementType: 'float64', shape: [3, 'n'] },
      { name: 'mystery', kind: 'unknown' },
    ];
    expect(inspect(writeModel({ graph: { inputs: [], outputs, nodes: [] } })).outputs).toEqual(outputs);
  });

  test('names an input as the runtime does, initializers left out', async () => {
    const model = writeModel({
      graph: {
        inputs: [float('x', ['batch', 2]), float('w', [2, 1])],
        outputs: [float('y', ['batch', 1])],
        nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
        initializers: [{ name: 'w', type: 'float32', shape: [2, 1], data: Float32Array.of(1, 2) }],
      },
    });
    const session = await load(model);
    const found = inspect(model);
    expect(found.inputs.map(({ name }) => name)).toEqual([...session.inputNames]);
    expect(found.inputs).toEqual([float('x', ['batch', 2])]);
    await session.release();
  });

  test('names every tensor that lies outside it, also inside subgraphs and where the location is left out', () => {
    const inner = {
      inputs: [],
      outputs: [],
      nodes: [],
      initializers: [{ name: 'v', ...external('../../secrets') }],
    };
    const model = writeModel({
      graph: {
        inputs: [],
        outputs: [],
        initializers: [{ name: 'w', ...external('weights.bin') }],
        nodes: [
          { op: 'If', inputs: ['c'], outputs: [], attributes: { then_branch: { graph: inner } } },
          {
            op: 'Constant',
            inputs: [],
            outputs: ['k'],
            attributes: { value: { tensor: external('/etc/k') } },
          },
        ],
      },
    });
    const rest = { type: 1, dims: [1] };
    const at = (location: string) => [
      ['location', location],
      ['offset', '0'],
      ['length', '4'],
    ];
    expect(inspect(model).external).toEqual([
      { ...rest, name: 'v', entries: at('../../secrets'), isInitializer: false },
      { ...rest, name: '', entries: at('/etc/k'), isInitializer: false },
      { ...rest, name: 'w', entries: at('weights.bin'), isInitializer: true },
    ]);

    const unnamed = bytesField(7, bytesField(5, intField(14, 1)));
    expect(inspect(message(classifier, unnamed)).external).toEqual([
      { name: '', type: 0, dims: [], entries: [], isInitializer: true },
    ]);
  });

  test('hides nothing in a second graph, since a runtime merges both', () => {
    const second = bytesField(7, bytesField(1, textField(4, 'Hidden')));
    expect(inspect(message(classifier, second)).operators).toMatchObject({
      Hidden: 1,
      'ai.onnx.ml.Scaler': 1,
    });
  });
});

describe('what is no model', () => {
  test('is refused with a code that says why', () => {
    expect(refusal(new Uint8Array())).toBe('not-onnx');
    expect(refusal(new TextEncoder().encode('{"format": "json"}'))).toBe('not-onnx');
    expect(refusal(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0))).toBe('not-onnx');
    expect(refusal(new TextEncoder().encode('\x20\0\0\0ORTM rest'))).toBe('unsupported');
    expect(refusal(intField(1, 8))).toBe('not-onnx');
    expect(
      refusal(
        message(classifier, bytesField(7, bytesField(11, bytesField(2, bytesField(1, intField(1, 99)))))),
      ),
    ).toBe('unsupported');
  });

  test('is refused at every truncation of a valid model', () => {
    for (let length = 0; length < classifier.length; length++) {
      expect(['not-onnx', 'truncated']).toContain(refusal(classifier.subarray(0, length)));
    }
    expect(refusal(classifier)).toBeUndefined();
  });

  test('is refused when a length is absurd, whatever its size', () => {
    for (const length of [10, 2 ** 31, 2 ** 32, 2n ** 63n, 2n ** 64n - 1n]) {
      const varint = intField(0, length).subarray(1);
      expect(refusal(message(Uint8Array.of(0x3a), varint))).toBe('truncated');
      expect(refusal(bytesField(7, message(Uint8Array.of(0x0a), varint)))).toBe('not-onnx');
    }
    expect(refusal(new Uint8Array(64).fill(0xff))).toBe('not-onnx');
  });

  test('is refused when it nests deeper than protobuf does', () => {
    let graph = message();
    for (let depth = 0; depth < 5_000; depth++) graph = bytesField(1, bytesField(5, bytesField(6, graph)));
    expect(refusal(bytesField(7, graph))).toBe('too-deep');
    let type = message();
    for (let depth = 0; depth < 5_000; depth++) type = bytesField(4, bytesField(1, type));
    expect(refusal(bytesField(7, bytesField(11, bytesField(2, type))))).toBe('too-deep');
  });

  test('is refused when it repeats without end, before memory goes', () => {
    expect(refusal(flood(11))).toBe('too-many');
    expect(refusal(flood(12))).toBe('too-many');
    expect(refusal(flood(5))).toBe('too-many');
  });

  test('never throws anything but OnnxError, for random bytes and for models with bytes changed', () => {
    const numRuns = process.env['CAIRN_TEST'] === 'long' ? 200_000 : 5_000;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusal(bytes)).not.toBeUndefined();
      }),
      { numRuns },
    );
    const change = fc.record({ at: fc.nat(classifier.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = classifier.slice();
        for (const { at, byte } of changes) bytes[at] = byte;
        refusal(bytes);
      }),
      { numRuns },
    );
  });
});
