import type { Cairn } from '../client.ts';
import {
  type Classifier,
  type Evaluation,
  evaluate,
  type Examples,
  trainBoosting,
  trainLogistic,
} from '../ml/index.ts';
import { toCsv } from './table.ts';

export const labelColumn = 'outcome';

/** The trainers of the example, with the parameters that are logged. */
const trainers = {
  logistic: { params: { l2: 1, iterationsMax: 60 }, train: trainLogistic },
  boosting: { params: { rounds: 80, depthMax: 4, learningRate: 0.1, seed: 1 }, train: trainBoosting },
} as const;

export type Trained = {
  readonly runId: string;
  readonly artifactUri: string;
  readonly model: Classifier;
  readonly evaluation: Evaluation;
};

/**
 * Trains one model as a run: parameters, loss per iteration, figures on the held-out rows, and as
 * artifacts the ONNX model and the data it saw, which monitoring and retraining read later.
 */
export async function trainAsRun(
  cairn: Cairn,
  experimentId: string,
  trainer: keyof typeof trainers,
  data: { readonly train: Examples; readonly held: Examples },
): Promise<Trained> {
  const { params, train } = trainers[trainer];
  const created = await cairn.mlflow('POST', 'runs/create', {
    experiment_id: experimentId,
    run_name: trainer,
    start_time: Date.now(),
  });
  const info = created['run']?.['info'];
  const runId = String(info?.['run_id']);
  const artifactUri = String(info?.['artifact_uri']);
  const losses: { key: string; value: number; timestamp: number; step: number }[] = [];
  const model = train(data.train, {
    ...params,
    validation: data.held,
    onIteration: ({ iteration, loss, validationLoss = Number.NaN }) => {
      const point = { timestamp: Date.now(), step: iteration };
      losses.push(
        { key: 'train_loss', value: loss, ...point },
        { key: 'held_loss', value: validationLoss, ...point },
      );
    },
  });
  const evaluation = evaluate(model, data.held);
  const { accuracy, logLoss, rocAuc } = evaluation;
  const figures = Object.entries({ accuracy, log_loss: logLoss, roc_auc: rocAuc });
  await cairn.mlflow('POST', 'runs/log-batch', {
    run_id: runId,
    params: [
      { key: 'trainer', value: trainer },
      { key: 'rows', value: String(data.train.labels.length) },
      ...Object.entries(params).map(([key, value]) => ({ key, value: String(value) })),
    ],
    metrics: [...losses, ...figures.map(([key, value]) => ({ key, value, timestamp: Date.now(), step: 0 }))],
  });
  await Promise.all([
    cairn.putArtifact(artifactUri, 'model/model.onnx', model.toOnnx()),
    cairn.putArtifact(artifactUri, 'data/train.csv', toCsv(data.train, labelColumn)),
    cairn.putArtifact(artifactUri, 'data/held.csv', toCsv(data.held, labelColumn)),
  ]);
  await cairn.mlflow('POST', 'runs/update', { run_id: runId, status: 'FINISHED', end_time: Date.now() });
  return { runId, artifactUri, model, evaluation };
}

/** Registers the model of a run with the sets that monitoring compares with. Returns the version. */
export async function register(
  cairn: Cairn,
  model: string,
  runId: string,
  tags: Readonly<Record<string, string>> = {},
): Promise<number> {
  const dataset = (file: string) =>
    JSON.stringify({ kind: 'artifact', uri: `runs:/${runId}/data/${file}`, labelColumn });
  const all = { ...tags, 'cairn.reference': dataset('train.csv'), 'cairn.evaluation': dataset('held.csv') };
  const created = await cairn.mlflow('POST', 'model-versions/create', {
    name: model,
    source: `runs:/${runId}/model`,
    run_id: runId,
    tags: Object.entries(all).map(([key, value]) => ({ key, value })),
  });
  return Number(created['model_version']?.['version']);
}
