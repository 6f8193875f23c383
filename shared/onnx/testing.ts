import { InferenceSession, Tensor } from 'onnxruntime-node';

type Table = Record<string, { type: string; dims: readonly number[]; data: readonly unknown[] }>;

/** Runs a model in the real runtime, on one thread and without its log lines. */
export async function run(model: Uint8Array, feeds: Record<string, Tensor>): Promise<Table> {
  const session = await load(model);
  try {
    const outputs = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { type, dims, data }]) => [
        name,
        { type, dims, data: Array.from(data as ArrayLike<unknown>) },
      ]),
    );
  } finally {
    await session.release();
  }
}

export const load = (model: Uint8Array): Promise<InferenceSession> =>
  InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });

/** A float [rows, columns] tensor. */
export const matrix = (rows: readonly (readonly number[])[]): Tensor =>
  new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0]);
