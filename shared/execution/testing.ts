import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import {
  type NodeSpec,
  type TensorSpec,
  type Tree,
  treeEnsembleClassifier,
  type Value,
  writeModel,
} from '../onnx/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { allocate, type Tensor, type TensorData, type Tensors } from '../sessions/index.ts';

/** A model whose files are stored, as the registry says that it is ready. */
export async function stored(
  ctx: Context,
  bytes: Uint8Array,
  change: Partial<VersionReady> = {},
): Promise<VersionReady> {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const blob = `default/served/${digest.slice(7)}`;
  await ctx.stores.blobs('models').write(blob, bytes);
  return {
    modelId: 'm',
    version: 1,
    digest,
    bytes: bytes.byteLength,
    signature: { inputs: [], outputs: [] },
    features: null,
    labels: null,
    served: { path: 'model.onnx', blob, digest, bytes: bytes.byteLength, external: [], changes: [] },
    timings: { loadMilliseconds: 1, runMillisecondsP50: 1, runMillisecondsMax: 1, memoryBytes: 1 },
    ...change,
  };
}

/** A model whose nodes pick `y` from `w`, which is 1 and 2, by index `i`, and may use whole numbers by their names. */
export function picking(nodes: NodeSpec[], whole: Readonly<Record<string, bigint>> = {}): Uint8Array {
  return writeModel({
    graph: {
      inputs: [{ name: 'i', kind: 'tensor', elementType: 'int64', shape: ['n'] }],
      outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['n'] }],
      nodes,
      initializers: [
        { name: 'w', type: 'float32', shape: [2], data: Float32Array.of(1, 2) },
        ...Object.entries(whole).map(([name, value]) => ({
          name,
          type: 'int64' as const,
          shape: [1],
          data: BigInt64Array.of(value),
        })),
      ],
    },
  });
}

export const port = (
  name: string,
  elementType: 'float32' | 'int64' | 'bool' | 'string',
  shape: (number | string)[],
): Value => ({
  name,
  kind: 'tensor',
  elementType,
  shape,
});

/** `y` is what the nodes make of `x`, float [n, columns]. */
export function graph(
  nodes: NodeSpec[],
  {
    columns = 2,
    inputs = [],
    initializers = [],
  }: { columns?: number | string; inputs?: Value[]; initializers?: TensorSpec[] } = {},
): Uint8Array {
  return writeModel({
    graph: {
      inputs: [port('x', 'float32', ['n', columns]), ...inputs],
      outputs: [port('y', 'float32', ['n', columns])],
      nodes,
      initializers,
    },
  });
}

/** Hands `x` on after as many turns of a loop as `times` says, which nobody can interrupt. */
export function loop(): Uint8Array {
  return graph(
    [
      {
        op: 'Loop',
        inputs: ['times', '', 'x'],
        outputs: ['y'],
        attributes: {
          body: {
            graph: {
              inputs: [port('i', 'int64', []), port('go', 'bool', []), port('in', 'float32', ['n', 2])],
              outputs: [port('on', 'bool', []), port('out', 'float32', ['n', 2])],
              nodes: [
                { op: 'Identity', inputs: ['go'], outputs: ['on'] },
                { op: 'Relu', inputs: ['in'], outputs: ['out'] },
              ],
            },
          },
        },
      },
    ],
    { inputs: [port('times', 'int64', [])] },
  );
}

export function looped(times: bigint, x = [1, 2]): Tensors {
  return {
    times: { type: 'int64', dims: [], data: BigInt64Array.of(times) },
    x: { type: 'float32', dims: [1, 2], data: Float32Array.from(x) },
  };
}

/** Two float columns. */
export function rows(...given: readonly (readonly [number, number])[]): Tensors {
  return { x: { type: 'float32', dims: [given.length, 2], data: Float32Array.from(given.flat()) } };
}

/** `layers` layers of `width` weights each way. */
export function dense(width: number, layers: number, random: () => number): Uint8Array {
  const names = (layer: number) => (layer === 0 ? 'x' : layer === layers ? 'y' : `h${layer}`);
  return graph(
    Array.from({ length: layers }, (_, layer): NodeSpec[] => [
      { op: 'MatMul', inputs: [names(layer), `w${layer}`], outputs: [`z${layer}`] },
      { op: 'Tanh', inputs: [`z${layer}`], outputs: [names(layer + 1)] },
    ]).flat(),
    {
      columns: width,
      initializers: Array.from({ length: layers }, (_, layer) => ({
        name: `w${layer}`,
        type: 'float32' as const,
        shape: [width, width],
        data: Float32Array.from({ length: width * width }, () => (random() - 0.5) / Math.sqrt(width)),
      })),
    },
  );
}

/** A classifier of `count` trees on columns of -100 to 100. */
export function trees(
  count: number,
  depth: number,
  random: () => number,
  features: readonly string[] = ['a', 'b'],
): Uint8Array {
  const tree = (): Tree => {
    const splits = 2 ** depth - 1;
    const nodes = Array.from({ length: splits }, (_, i) => ({
      feature: Math.floor(random() * features.length),
      threshold: random() * 160 - 80,
      below: 2 * i + 1,
      above: 2 * i + 2,
      missing: 'below' as const,
    }));
    const leaves = Array.from({ length: splits + 1 }, () => {
      const score = random() - 0.5;
      return {
        weights: [
          { target: 0, weight: -score / 2 },
          { target: 1, weight: score / 2 },
        ],
      };
    });
    return [...nodes, ...leaves];
  };
  return treeEnsembleClassifier({
    features,
    labels: ['no', 'yes'],
    trees: Array.from({ length: count }, tree),
    baseScores: [0, 0],
  });
}

const types = [
  'bool',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'string',
] as const;

/** Hands a tensor of every type on: `i:<type>` comes out as `o:<type>`, [n, 2, columns]. */
export function everyType(): Uint8Array {
  const values = (side: string): Value[] =>
    types.map((type) => ({
      name: `${side}:${type}`,
      kind: 'tensor',
      elementType: type,
      shape: ['n', 2, 'columns'],
    }));
  return writeModel({
    graph: {
      inputs: values('i'),
      outputs: values('o'),
      nodes: types.map((type) => ({ op: 'Identity', inputs: [`i:${type}`], outputs: [`o:${type}`] })),
    },
  });
}

/** Tensors for {@link everyType}, and by another `side` what it gives for them. `from` tells rows apart. */
export function everyTensor(side: 'i' | 'o', rowCount: number, columns: number, from = 0): Tensors {
  return Object.fromEntries(
    types.map((type): [string, Tensor] => {
      const data = allocate(type, rowCount * 2 * columns) as unknown[];
      for (let at = 0; at < data.length; at++) data[at] = element(type, from + at);
      return [`${side}:${type}`, { type, dims: [rowCount, 2, columns], data: data as unknown as TensorData }];
    }),
  );
}

function element(type: (typeof types)[number], at: number): unknown {
  if (type === 'string') return `text ${at} é`;
  if (type === 'bool') return at % 2;
  if (type === 'int64') return -(2n ** 60n) + BigInt(at);
  if (type === 'uint64') return 2n ** 63n + BigInt(at);
  return type.startsWith('float') ? at / 3 : at % 100;
}
