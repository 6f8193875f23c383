import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { CairnError } from '../http/index.ts';
import { inspect } from '../onnx/index.ts';
import { allocate, elementsOf, isElementType, type Port, type Tensor, type Tensors } from './tensor.ts';

/** A model in the runtime: what it takes, what it gives, and how to run it. */
export type Session = {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** What it is taken to hold in memory; see {@link estimateBytes}. */
  readonly bytes: number;
  /** Runs all outputs. The feeds must have been checked: what fails here is not explained to callers. */
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
};

/**
 * Memory of a loaded model, estimated from its file: 1 MB, and 18 times the file for tree ensembles,
 * which the runtime unfolds (17 times were measured), 3 times for all others (weights, their packed
 * copies, the arena).
 */
export function estimateBytes(model: Uint8Array): number {
  const hasTrees = Object.keys(inspect(model).operators).some((name) => name.includes('TreeEnsemble'));
  return 1024 * 1024 + model.byteLength * (hasTrees ? 18 : 3);
}

/**
 * Loads a model and runs it once on zeros, so that no caller pays for the first run. The runtime is
 * imported here, on first use: it takes longer to load than all the rest of the app.
 * Throws `conflict` with the reason for a model that cannot be served.
 */
export async function openSession(model: Uint8Array): Promise<Session> {
  const bytes = estimateBytes(model);
  const ort = await import('onnxruntime-node');
  const session = await create(ort.InferenceSession, model);
  try {
    const inputs = session.inputMetadata.map((value) => portOf('input', value));
    const outputs = session.outputMetadata.map((value) => portOf('output', value));
    const run = async (feeds: Tensors) => tensorsOf(await session.run(ortTensors(ort.Tensor, feeds)));
    // A model may refuse zeros or single rows; what it then says about real input is for the caller to see.
    await run(zeros(inputs)).catch(() => undefined);
    return { inputs, outputs, bytes, run, release: () => session.release() };
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function create(sessions: typeof InferenceSession, model: Uint8Array): Promise<InferenceSession> {
  try {
    return await sessions.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new CairnError(
      'conflict',
      'The ONNX runtime cannot load this model: an operator, opset or type it uses is not supported.',
      { cause },
    );
  }
}

function portOf(side: 'input' | 'output', value: InferenceSession.ValueMetadata): Port {
  const refuse = (why: string) => new CairnError('conflict', `The model's ${side} '${value.name}' ${why}`);
  if (!value.isTensor)
    throw refuse(
      'is a list of maps, not a tensor. Export the classifier without ZipMap (options {"zipmap": False}).',
    );
  if (!isElementType(value.type))
    throw refuse(`is of type ${value.type}, which cannot be served. Put a Cast to float32 in the model.`);
  return { name: value.name, type: value.type, shape: value.shape };
}

/** One row of zeros for every input; free dimensions are 1. */
function zeros(inputs: readonly Port[]): Tensors {
  return Object.fromEntries(
    inputs.map(({ name, type, shape }) => {
      const dims = shape.map((size) => (typeof size === 'number' ? size : 1));
      return [name, { type, dims, data: allocate(type, elementsOf(dims)) }];
    }),
  );
}

function ortTensors(constructor: typeof OrtTensor, feeds: Tensors): Record<string, OrtTensor> {
  // The constructor's overloads tie each type to its array; the union of both is what has been checked.
  const build = constructor as unknown as new (
    type: string,
    data: Tensor['data'],
    dims: readonly number[],
  ) => OrtTensor;
  return mapValues(feeds, ({ type, data, dims }) => new build(type, data, dims));
}

function tensorsOf(results: InferenceSession.ReturnType): Tensors {
  return mapValues(
    results as Record<string, OrtTensor>,
    ({ type, dims, data }) => ({ type, dims, data }) as Tensor,
  );
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
