import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Classifier } from './examples.ts';
import { predictedLabels } from './metrics.ts';

/**
 * Runs the exported model on n rows in the real runtime.
 * @returns the largest difference between its probabilities and the classifier's own; infinite where the
 * shape or a label is wrong.
 */
export async function onnxGap(model: Classifier, rows: Float32Array, n: number): Promise<number> {
  const session = await InferenceSession.create(model.toOnnx(), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
  const input = new Tensor('float32', rows, [n, model.features.length]);
  const { label, probabilities } = await session.run({ input });
  await session.release();
  if (probabilities.dims.join() !== [n, model.classes.length].join()) return Infinity;
  const theirs = Float64Array.from(probabilities.data as Float32Array);
  if (predictedLabels(theirs, model.classes).join('\n') !== (label.data as string[]).join('\n'))
    return Infinity;
  const own = model.predictProbabilities(rows, n);
  return own.reduce((gap, p, at) => Math.max(gap, Math.abs(p - theirs[at])), 0);
}
