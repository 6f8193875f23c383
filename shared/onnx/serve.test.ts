import * as fc from 'fast-check';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { bytesField, message, textField } from './encode.ts';
import { externalFiles, type FileSlice } from './external.ts';
import {
  type ElementType,
  type GraphSpec,
  inspect,
  mlDomain,
  type NodeSpec,
  OnnxError,
  servedCopy,
  type Value,
  writeModel,
} from './index.ts';
import { newest, whyTooNew } from './limits.ts';
import { load, matrix, run } from './testing.ts';

const value = (
  name: string,
  shape: (number | string | null)[],
  elementType: ElementType = 'float32',
): Value => ({
  name,
  kind: 'tensor',
  elementType,
  shape,
});

const maps = (name: string, key: 'string' | 'int64'): Value => ({
  name,
  kind: 'sequence',
  element: { kind: 'map', key, value: { kind: 'tensor', elementType: 'float32', shape: null } },
});

const zipMap = (input: string, output: string, labels: readonly string[] | readonly number[]): NodeSpec => ({
  op: 'ZipMap',
  domain: mlDomain,
  inputs: [input],
  outputs: [output],
  attributes:
    typeof labels[0] === 'string'
      ? { classlabels_strings: { strings: labels.map(String) } }
      : { classlabels_int64s: { ints: labels.map(Number) } },
});

const classify = (labels: readonly string[] | readonly number[]): NodeSpec => ({
  op: 'LinearClassifier',
  domain: mlDomain,
  inputs: ['x'],
  outputs: ['label', 'scores'],
  attributes: {
    coefficients: { floats: [1, 0, 0, 1] },
    intercepts: { floats: [0, 0] },
    post_transform: { string: 'SOFTMAX' },
    ...(typeof labels[0] === 'string'
      ? { classlabels_strings: { strings: labels.map(String) } }
      : { classlabels_ints: { ints: labels.map(Number) } }),
  },
});

const graph = (spec: GraphSpec, more: { opsets?: Record<string, number> } = {}) =>
  writeModel({ graph: spec, ...more });

/** The bytes of a served copy, weights read from `files`. */
function joined(model: Uint8Array, files: Record<string, Uint8Array> = {}) {
  const copy = servedCopy(model, inspect(model));
  const read = ({ path, offset, length }: FileSlice) =>
    files[path]?.subarray(offset, offset + length) ?? message();
  const bytes = message(copy.pieces.map((piece) => (piece instanceof Uint8Array ? piece : read(piece))));
  expect(bytes).toHaveLength(copy.bytes);
  return { ...copy, bytes };
}

const half = (numbers: readonly number[]) => {
  // onnxruntime-node of this version takes no float16 on Node 23 and later; these are exact powers of two.
  const codes = new Map([
    [0, 0],
    [1, 0x3c00],
    [2, 0x4000],
    [4, 0x4400],
  ]);
  return Uint16Array.from(numbers.map((number) => codes.get(number) ?? Number.NaN));
};

describe('a ZipMap', () => {
  const withZipMap = (labels: readonly string[] | readonly number[]) =>
    graph({
      inputs: [value('x', ['n', 2])],
      outputs: [
        value('label', ['n'], typeof labels[0] === 'string' ? 'string' : 'int64'),
        maps('output_probability', typeof labels[0] === 'string' ? 'string' : 'int64'),
      ],
      nodes: [classify(labels), zipMap('scores', 'output_probability', labels)],
    });

  test('gives its probabilities as a table under the same name, and its labels', async () => {
    for (const labels of [
      ['no', 'yes'],
      [-1, 7],
    ]) {
      const copy = joined(withZipMap(labels));
      expect(copy).toMatchObject({ changes: ['zipmap-stripped'], labels: labels.map(String), external: [] });
      expect(copy.outputs[1]).toEqual(value('output_probability', [null, 2]));
      expect(inspect(copy.bytes).outputs).toEqual(copy.outputs);
      expect(inspect(copy.bytes).operators).toEqual({ 'ai.onnx.ml.LinearClassifier': 1, Identity: 1 });
      const { label, output_probability: table } = await run(copy.bytes, { x: matrix([[0, 1]]) });
      expect(label?.data.map(String)).toEqual([String(labels[1])]);
      expect(table).toMatchObject({ type: 'float32', dims: [1, 2] });
      expect(table?.data[1]).toBeCloseTo(Math.E / (1 + Math.E), 6);
    }
  });

  test('stays where another node reads its maps', () => {
    const model = graph({
      inputs: [value('x', ['n', 2])],
      outputs: [maps('maps', 'string'), maps('same', 'string')],
      nodes: [
        classify(['no', 'yes']),
        zipMap('scores', 'maps', ['no', 'yes']),
        { op: 'SequenceInsert', inputs: ['maps', 'maps'], outputs: ['same'] },
      ],
    });
    expect(joined(model)).toMatchObject({ changes: [], bytes: model });
  });

  test('that reads an output, or what another one reads, leaves that as it is', async () => {
    const model = graph({
      inputs: [value('x', ['n', 2])],
      outputs: [value('scores', ['n', 2]), maps('a', 'string'), maps('b', 'string')],
      nodes: [
        classify(['no', 'yes']),
        zipMap('scores', 'a', ['no', 'yes']),
        zipMap('scores', 'b', ['no', 'yes']),
      ],
    });
    const outputs = await run(joined(model).bytes, { x: matrix([[0, 1]]) });
    expect(outputs['a']).toEqual(outputs['scores']);
    expect(outputs['b']).toEqual(outputs['scores']);
  });
});

describe('inputs by other names', () => {
  const added = (type: 'float32' | 'float16') =>
    graph({
      inputs: [value('a_b', ['n', 1], type), value('c', ['n', 1], type)],
      outputs: [value('sum', ['n', 1], type), value('a_b', ['n', 1], type)],
      nodes: [{ op: 'Add', inputs: ['a_b', 'c'], outputs: ['sum'] }],
    });

  test('are taken by these, and the graph stays as it is', async () => {
    for (const type of ['float32', 'float16'] as const) {
      const model = added(type);
      const copy = servedCopy(model, inspect(model), new Map([['a_b', 'a b']]));
      expect(copy.changes).toContain('inputs-renamed');
      const bytes = message(copy.pieces as Uint8Array[]);
      expect(inspect(bytes).inputs).toEqual(copy.inputs);
      expect(copy.inputs).toEqual([value('a b', ['n', 1]), value('c', ['n', 1])]);
      const outputs = await run(bytes, { 'a b': matrix([[1]]), c: matrix([[2]]) });
      expect(Array.from(outputs['sum']?.data ?? [])).toEqual([3]);
      expect(Array.from(outputs['a_b']?.data ?? [])).toEqual([1]);
    }
  });
});

describe('class labels', () => {
  const labelsOf = (nodes: NodeSpec[], output: Value) =>
    joined(graph({ inputs: [value('x', ['n', 2])], outputs: [output], nodes })).labels;
  const cast: NodeSpec = {
    op: 'Cast',
    inputs: ['label'],
    outputs: ['class'],
    attributes: { to: { int: 7 } },
  };

  test('are those of the operator that gives the class, also through a Cast', () => {
    expect(labelsOf([classify(['no', 'yes'])], value('label', ['n'], 'string'))).toEqual(['no', 'yes']);
    expect(labelsOf([classify([-1, 1]), cast], value('class', ['n'], 'int64'))).toEqual(['-1', '1']);
  });

  test('are not guessed where the class is made of something else', () => {
    const encoder: NodeSpec = { ...cast, op: 'LabelEncoder', domain: mlDomain, attributes: {} };
    expect(labelsOf([classify([0, 1]), encoder], value('class', ['n'], 'int64'))).toBeNull();
    expect(labelsOf([classify([0, 1])], value('scores', ['n', 2]))).toBeNull();
  });
});

describe('float16', () => {
  test('inputs and outputs are float32 outside, branches that read them included', async () => {
    const branch = (output: string, node: NodeSpec): GraphSpec => ({
      inputs: [],
      outputs: [value(output, ['n', 2], 'float16')],
      nodes: [node],
    });
    const model = graph({
      inputs: [value('x', ['n', 2], 'float16'), value('c', [], 'bool')],
      outputs: [value('y', ['n', 2], 'float16'), value('z', ['n', 2], 'float16')],
      nodes: [
        { op: 'Add', inputs: ['x', 'w'], outputs: ['y'] },
        {
          op: 'If',
          inputs: ['c'],
          outputs: ['z'],
          attributes: {
            then_branch: { graph: branch('t', { op: 'Add', inputs: ['x', 'y'], outputs: ['t'] }) },
            else_branch: { graph: branch('e', { op: 'Identity', inputs: ['x'], outputs: ['e'] }) },
          },
        },
      ],
      initializers: [{ name: 'w', type: 'float16', shape: [2], data: half([1, 2]) }],
    });
    const copy = joined(model);
    expect(copy.changes).toEqual(['float16-inputs-cast', 'float16-outputs-cast']);
    expect(copy.inputs[0]).toEqual(value('x', ['n', 2]));
    expect(inspect(copy.bytes)).toMatchObject({ inputs: copy.inputs, outputs: copy.outputs });
    const outputs = await run(copy.bytes, {
      x: matrix([[1, 2]]),
      c: new Tensor('bool', Uint8Array.of(1), []),
    });
    expect(outputs).toEqual({
      y: { type: 'float32', dims: [1, 2], data: [2, 4] },
      z: { type: 'float32', dims: [1, 2], data: [3, 6] },
    });
  });

  test('handed through, or out of an initializer, is float32 as well', async () => {
    const model = graph({
      inputs: [value('x', ['n'], 'float16')],
      outputs: [value('x', ['n'], 'float16'), value('w', [2], 'float16')],
      nodes: [],
      initializers: [{ name: 'w', type: 'float16', shape: [2], data: half([1, 4]) }],
    });
    const { w } = await run(joined(model).bytes, { x: new Tensor('float32', [1], [1]) });
    expect(w).toEqual({ type: 'float32', dims: [2], data: [1, 4] });
  });
});

describe('weights outside the file', () => {
  const numbers = (start: number) =>
    new Uint8Array(Float32Array.from({ length: 8 }, (_, i) => start + i).buffer);
  const files = { 'weights.bin': numbers(100), 'deep/more.bin': numbers(200) };
  const sizeOf = (path: string) => (path in files ? 32 : undefined);
  const tensor = (location: string, offset = 0, length: number | undefined = 8) => ({
    type: 'float32' as const,
    shape: [2],
    external: { location, offset, ...(length === undefined ? {} : { length }) },
  });
  const withInitializer = (location: string, offset?: number, length?: number) =>
    graph({
      inputs: [value('x', [2])],
      outputs: [value('y', [2])],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
      initializers: [{ name: 'w', ...tensor(location, offset, length) }],
    });
  const feeds = { x: new Tensor('float32', [0, 0], [2]) };

  test('stay in their file where the runtime is handed it', () => {
    const model = withInitializer('deep/more.bin', 8);
    expect(joined(model)).toMatchObject({ bytes: model, changes: [], external: ['deep/more.bin'] });
    expect(externalFiles(inspect(model).external, sizeOf)).toEqual(['deep/more.bin']);
  });

  test('come into the file where a runtime would look for them by itself', async () => {
    const branch: GraphSpec = {
      inputs: [],
      outputs: [value('b', [2])],
      nodes: [
        {
          op: 'Constant',
          inputs: [],
          outputs: ['k'],
          attributes: { value: { tensor: tensor('deep/more.bin', 24) } },
        },
        { op: 'Add', inputs: ['v', 'k'], outputs: ['s'] },
        { op: 'Add', inputs: ['s', 'x'], outputs: ['b'] },
      ],
      initializers: [{ name: 'v', ...tensor('weights.bin', 8) }],
    };
    const model = graph({
      inputs: [value('x', [2]), value('c', [], 'bool')],
      outputs: [value('y', [2])],
      nodes: [
        {
          op: 'If',
          inputs: ['c'],
          outputs: ['y'],
          attributes: { then_branch: { graph: branch }, else_branch: { graph: branch } },
        },
      ],
    });
    const copy = joined(model, files);
    expect(copy).toMatchObject({ changes: ['external-data-inlined'], external: [] });
    expect(inspect(copy.bytes).external).toEqual([]);
    const { y } = await run(copy.bytes, { ...feeds, c: new Tensor('bool', Uint8Array.of(1), []) });
    expect(y?.data).toEqual([102 + 206, 103 + 207]);
    expect(externalFiles(inspect(model).external, sizeOf)).toEqual(['deep/more.bin', 'weights.bin']);
  });

  test('come into the file where their location is spelled in another way than their path', async () => {
    const copy = joined(withInitializer('./weights.bin', 4), files);
    expect(copy).toMatchObject({ changes: ['external-data-inlined'], external: [] });
    expect((await run(copy.bytes, feeds))['y']?.data).toEqual([101, 102]);
  });

  test('are refused where they could be anything but a file of the folder, or not all of it is there', () => {
    const refusal = (model: Uint8Array): string | undefined => {
      try {
        externalFiles(inspect(model).external, (path) => (/^(weights|w\*).bin$/.test(path) ? 32 : undefined));
        servedCopy(model, inspect(model));
        return undefined;
      } catch (error) {
        if (error instanceof OnnxError) return error.code;
        throw error;
      }
    };
    for (const location of [
      '../weights.bin',
      'a/../../weights.bin',
      '/weights.bin',
      'a//weights.bin',
      'C:\\weights.bin',
      '..\\weights.bin',
      'weights.bin/',
      'missing.bin',
      'w*.bin',
      '*/_ORT_MEM_ADDR_/*',
      'weights.bin\0',
      '.',
      '',
    ])
      expect({ location, code: refusal(withInitializer(location)) }).toEqual({
        location,
        code: 'external-data',
      });
    expect(refusal(withInitializer('weights.bin', 25))).toBe('external-data');
    expect(refusal(withInitializer('weights.bin', 0, 4))).toBe('external-data');
    expect(refusal(withInitializer('weights.bin', -1))).toBe('external-data');
    expect(refusal(withInitializer('weights.bin', 24))).toBeUndefined();
  });
});

describe('the copy', () => {
  test('keeps what it does not know, byte for byte', () => {
    const unknown = message(textField(99, 'vendor'), bytesField(98, Uint8Array.of(1, 2, 3)));
    const model = message(
      graph({
        inputs: [value('x', ['n', 2])],
        outputs: [maps('p', 'string')],
        nodes: [classify(['a', 'b']), zipMap('scores', 'p', ['a', 'b'])],
      }),
      unknown,
    );
    const { bytes } = joined(model);
    expect(Buffer.from(bytes).includes(Buffer.from(unknown))).toBe(true);
    expect(inspect(bytes)).toMatchObject({
      producer: inspect(model).producer,
      opsets: inspect(model).opsets,
    });
  });

  test('is not made of a file with several graphs', () => {
    const model = graph({ inputs: [], outputs: [], nodes: [] });
    const twice = message(model, bytesField(7, message()));
    expect(() => servedCopy(twice, inspect(twice))).toThrow(OnnxError);
  });

  test('is made, or refused with OnnxError, whatever the bytes', () => {
    const model = graph({
      inputs: [value('x', ['n', 2], 'float16')],
      outputs: [value('label', ['n'], 'string'), maps('p', 'string')],
      nodes: [
        classify(['a', 'b']),
        zipMap('scores', 'p', ['a', 'b']),
        {
          op: 'Constant',
          inputs: [],
          outputs: ['k'],
          attributes: { value: { tensor: { type: 'float32', shape: [2], external: { location: 'w' } } } },
        },
      ],
      initializers: [
        { name: 'v', type: 'int64', shape: [2], external: { location: './v', offset: 8, length: 16 } },
      ],
    });
    const numRuns = process.env['CAIRN_TEST'] === 'long' ? 200_000 : 5_000;
    const change = fc.record({ at: fc.nat(model.length - 1), byte: fc.nat(255) });
    const attempt = (bytes: Uint8Array) => {
      try {
        const found = inspect(bytes);
        externalFiles(found.external, () => 1000);
        expect(servedCopy(bytes, found).bytes).toBeLessThan(bytes.length + 1_000_000);
      } catch (error) {
        if (!(error instanceof OnnxError)) throw error;
      }
    };
    for (let length = 0; length <= model.length; length++) attempt(model.subarray(0, length));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = model.slice();
        for (const { at, byte } of changes) bytes[at] = byte;
        attempt(bytes);
      }),
      { numRuns },
    );
  });
});

describe('versions', () => {
  const model = (irVersion: number, opset: number, ml: number) =>
    writeModel({
      irVersion,
      opsets: { '': opset, [mlDomain]: ml },
      graph: {
        inputs: [value('x', ['n'])],
        outputs: [value('y', ['n'])],
        nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
      },
    });
  const { irVersion, opsets } = newest;

  test('up to the newest are loaded by the runtime, and newer ones are refused before', async () => {
    const latest = model(irVersion, opsets[''], opsets['ai.onnx.ml']);
    expect(whyTooNew(inspect(latest))).toBeUndefined();
    await (await load(latest)).release();
    for (const [newer, named] of [
      [model(irVersion + 1, 17, 3), `IR version is ${irVersion + 1}`],
      [model(8, opsets[''] + 1, 3), `opset ${opsets[''] + 1} of ai.onnx;`],
      [model(8, 17, opsets['ai.onnx.ml'] + 1), 'of ai.onnx.ml'],
    ] as const) {
      expect(whyTooNew(inspect(newer))).toContain(named);
      await expect(load(newer)).rejects.toThrow(/version|opset/);
    }
  });
});
