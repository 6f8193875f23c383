import { trees } from '../shared/execution/testing.ts';
import { linearClassifier } from '../shared/onnx/index.ts';
import { features, randomNumbers } from './batch-inputs.ts';

/** Classifiers of two classes over the features of the inputs, and one over two columns of the flights. */
export const models = {
  trees: () => trees(100, 6, randomNumbers(11), features),
  linear: () => linear(features),
  flights: () => linear(['delay', 'distance']),
} satisfies Readonly<Record<string, () => Uint8Array>>;

export type ModelName = keyof typeof models;

function linear(columns: readonly string[]): Uint8Array {
  const random = randomNumbers(13);
  return linearClassifier({
    features: columns,
    labels: ['no', 'yes'],
    coefficients: Array.from({ length: 2 * columns.length }, () => (random() - 0.5) / 50),
    intercepts: [0, 0.1],
  });
}
