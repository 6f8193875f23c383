import { describe, expect, test } from 'vitest';
import type { ArtifactFacts, TensorSpec, VersionReady } from '../../registry/index.ts';
import { schema } from './schema.ts';

type Side = Parameters<typeof schema>[0];
const table: TensorSpec = { name: 'input', elementType: 'float32', shape: ['N', 2] };
const outputs: TensorSpec[] = [{ name: 'label', elementType: 'string', shape: ['N'] }];

function version(
  number: number,
  change: Partial<Pick<VersionReady, 'features' | 'labels' | 'signature'>> = {},
  logged?: ArtifactFacts['schema'],
): Side {
  const ready: VersionReady = {
    modelId: 'm',
    version: number,
    digest: `sha256:${number}`,
    bytes: 1,
    signature: { inputs: [table], outputs },
    features: ['a', 'b'],
    labels: ['no', 'yes'],
    served: { path: '', blob: '', digest: '', bytes: 1, external: [], changes: [] },
    timings: { loadMilliseconds: 0, runMillisecondsP50: 0, runMillisecondsMax: 0, memoryBytes: 0 },
    ...change,
  };
  const artifact: ArtifactFacts = {
    manifest: { digest: '', files: 1, bytes: 1 },
    flavours: ['onnx'],
    ...(logged ? { schema: logged } : {}),
  };
  return { version: number, inspection: { state: 'ready', ready, at: 1 }, artifact };
}

const differences = (challenger: Side, champion: Side) =>
  schema(challenger, champion).inputs['differences'] as string[];
const champion = version(1);

describe('schema compatibility', () => {
  test('passes the same, and a first version', () => {
    expect(schema(version(2), champion).status).toBe('passed');
    expect(schema(version(1), undefined).status).toBe('passed');
  });

  test('names what is gone, new, of another type, or of another shape', () => {
    const input = (change: Partial<TensorSpec>) => ({
      signature: { inputs: [{ ...table, ...change }], outputs },
    });
    expect(differences(version(2, input({ name: 'x' })), champion)).toEqual([
      "input 'input' is gone",
      "input 'x' is new",
    ]);
    expect(differences(version(2, input({ elementType: 'float64' })), champion)).toEqual([
      "input 'input' is float64 and was float32",
    ]);
    expect(differences(version(2, input({ shape: ['N', 3] })), champion)).toEqual([
      "input 'input' has shape [N, 3] and had [N, 2]",
    ]);
    const wider = { signature: { inputs: [table], outputs: [...outputs, { ...table, name: 'more' }] } };
    expect(differences(version(2, wider), champion)).toEqual(["output 'more' is new"]);
  });

  test('an input may take more sizes than before, and an output may not give more', () => {
    const free = [{ ...table, shape: ['N', 'F'] }];
    expect(schema(version(2, { signature: { inputs: free, outputs } }), champion).status).toBe('passed');
    const fixed = version(1, { signature: { inputs: [table], outputs: [table] } });
    const loose = version(2, { signature: { inputs: [table], outputs: free } });
    expect(schema(loose, fixed).status).toBe('failed');
  });

  test('columns and classes keep their names and their order', () => {
    expect(differences(version(2, { features: ['b', 'a'] }), champion)).toEqual([
      'its columns come in another order',
    ]);
    expect(differences(version(2, { features: ['a', 'c'] }), champion)).toEqual([
      'its columns lack b',
      'its columns have c in addition',
    ]);
    expect(differences(version(2, { labels: null }), champion)).toEqual([
      'its class labels have no names, and had no, yes',
    ]);
  });

  test("MLflow's signature: widened types pass; a new required input and a lost output do not", () => {
    const before = {
      inputs: [{ name: 'n', type: 'integer', required: true }],
      outputs: [{ type: 'tensor', 'tensor-spec': { dtype: 'int64', shape: [-1] } }],
      params: [{ name: 'top', type: 'long', default: 1 }],
    };
    const logged = (after: ArtifactFacts['schema']) =>
      differences(version(2, {}, after), version(1, {}, before));
    expect(logged({ ...before, inputs: [{ name: 'n', type: 'double', required: true }] })).toEqual([]);
    expect(
      logged({ ...before, inputs: [...before.inputs, { name: 'm', type: 'long', required: false }] }),
    ).toEqual([]);
    expect(logged({ ...before, inputs: [...before.inputs, { name: 'm', type: 'long' }] })).toEqual([
      "the signature asks for input 'm' in addition",
    ]);
    expect(logged({ ...before, inputs: [{ name: 'n', type: 'string', required: true }] })).toEqual([
      "the signature has input 'n' as string, before as integer",
    ]);
    expect(logged({ inputs: before.inputs, params: before.params })).toEqual([
      "the signature has no output '#0' any more",
    ]);
    expect(logged({ ...before, params: [] })).toEqual([
      "the signature has no parameter 'top' of type long any more",
    ]);
  });

  test('waits for a version that is being read, and is no verdict where nothing can be compared', () => {
    const pending: Side = { version: 2, inspection: { state: 'pending' } };
    expect(schema(pending, champion).status).toBe('waiting');
    const refused: Side = { version: 2, inspection: { state: 'refused', reason: 'pickle', at: 1 } };
    expect(schema(refused, champion).status).toBe('error');
  });
});
