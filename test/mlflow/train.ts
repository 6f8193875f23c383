/**
 * Trains boosted trees by this project's own trainer, for the scenarios, which are Python.
 *
 * In: `{features, rows, labels}` as JSON, rows as lists of numbers. Out: `{onnx, classes, probabilities}`, the model
 * as base64 and what the trainer itself says of each row.
 */
import { json } from 'node:stream/consumers';
import { trainBoosting } from '../../examples/ml/index.ts';

const { features, rows, labels } = (await json(process.stdin)) as {
  features: string[];
  rows: number[][];
  labels: string[];
};
const table = Float32Array.from(rows.flat());
const model = trainBoosting({ features, rows: table, labels }, { rounds: 20, leafRowsMin: 5 });
process.stdout.write(
  JSON.stringify({
    onnx: Buffer.from(model.toOnnx()).toString('base64'),
    classes: model.classes,
    probabilities: Array.from(model.predictProbabilities(table, rows.length)),
  }),
);
