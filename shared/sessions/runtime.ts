import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { untold } from './untold.ts';
import { isElementType, type Port, type Tensor, type Tensors } from './tensor.ts';

/** A model in the runtime: what it takes, what it gives, and how to run it. */
export type Session = {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Runs all outputs. The feeds must have been checked: what fails here is not explained to callers. */
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
};

/** Weights in a file of their own, under the path by which the model knows it. */
export type ExternalData = { readonly path: string; readonly data: Uint8Array };

/** Why a model cannot be loaded, as a sentence for people; `cause` has the runtime's own words. */
export class LoadError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'LoadError';
  }
}

/**
 * Loads a model with the files it refers to, which must have been checked to be all of them. The runtime is
 * imported here, on first use: it takes longer to load than all the rest of the app.
 * @throws {LoadError} for a model that cannot be served.
 */
export async function load(model: Uint8Array, externalData: readonly ExternalData[]): Promise<Session> {
  Object.assign(process.env, untold);
  const ort = await import('onnxruntime-node');
  const session = await create(ort.InferenceSession, model, externalData);
  try {
    const inputs = session.inputMetadata.map((value) => portOf('input', value));
    const outputs = session.outputMetadata.map((value) => portOf('output', value));
    const run = async (feeds: Tensors) => tensorsOf(await session.run(ortTensors(ort.Tensor, feeds)));
    return { inputs, outputs, run, release: () => session.release() };
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function create(
  sessions: typeof InferenceSession,
  model: Uint8Array,
  externalData: readonly ExternalData[],
): Promise<InferenceSession> {
  try {
    return await sessions.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 4,
      ...(externalData.length > 0 ? { externalData: [...externalData] } : {}),
    });
  } catch (cause) {
    throw new LoadError(`The ONNX runtime cannot load this model: ${whyNotLoaded(cause)}`, { cause });
  }
}

/** What the runtime lacks, in words of our own: its own name files and internals. */
function whyNotLoaded(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : '';
  const [, domain = '', unknown] =
    /([\w.]{0,100}):(\w{1,100})\(-?\d+\) is not a registered function/.exec(text) ??
    /No Op registered for ()(\w{1,100}) with domain_version/.exec(text) ??
    [];
  if (unknown !== undefined) return `it has no operator ${domain ? `${domain}.` : ''}${unknown}.`;
  const [, operator, version] = /Could not find an implementation for (\w{1,100})\((\d+)\)/.exec(text) ?? [];
  if (operator !== undefined)
    return `it has no implementation of ${operator}, version ${version}, for the types the model uses.`;
  const [, mistyped] = /of operator \((\w{1,100})\) in node .* is invalid/s.exec(text) ?? [];
  if (mistyped !== undefined) return `${mistyped} does not take a type that the model gives it.`;
  return 'its graph is not valid, or it uses an operator or type that is not supported.';
}

function portOf(side: 'input' | 'output', value: InferenceSession.ValueMetadata): Port {
  const refuse = (why: string) => new LoadError(`The model's ${side} '${value.name}' ${why}`);
  if (!value.isTensor) throw refuse('is not a tensor.');
  if (!isElementType(value.type)) throw refuse(`is of type ${value.type}, which cannot be served.`);
  return { name: value.name, type: value.type, shape: value.shape };
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
