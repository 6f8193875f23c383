import type { Context } from '../context.ts';
import { spend } from '../ledger.ts';
import { logPredictions } from '../predictions/index.ts';
import { type Scores, scoresOf } from '../predictions/index.ts';
import type { Target } from './target.ts';
import type { Tensors } from '../sessions/index.ts';

export type Prediction = {
  readonly rows: number;
  readonly outputs: Tensors;
  /** What the outputs mean, for a classifier or regressor. */
  readonly scores: Scores | null;
  /** One id a row, by which labels are attached later; none where the call is not logged. */
  readonly ids: readonly string[];
};

/** Runs checked tensors through what answers for the endpoint, and logs the rows, unless the endpoint logs a sample and this call is not of it. */
export async function predict(
  ctx: Context,
  { endpoint, deployment, variant, model }: Target,
  inputs: Tensors,
): Promise<Prediction> {
  const at = ctx.clock.now();
  const started = performance.now();
  const outputs = await model.run(inputs);
  const rows = rowsOf(inputs, outputs);
  spend('predictions', rows ?? 1);
  const scores = model.roles && rows !== null ? scoresOf(model.roles, outputs, rows) : null;
  const { modelId, version, digest, features, labels } = model.ready;
  const { rules } = model;
  const ids = logPredictions(
    ctx,
    {
      endpoint: endpoint.name,
      deployment: variant === 'canary' ? `${deployment.name}:canary` : deployment.name,
      source: 'realtime',
      modelId,
      version,
      digest,
      features,
      labels,
      ...(rules ? { rules } : {}),
    },
    {
      at,
      rows: rows ?? 1,
      inputs,
      outputs,
      scores,
      latencyMicros: Math.round((performance.now() - started) * 1000),
      status: 200,
    },
    endpoint.logging,
  );
  return { rows: rows ?? 1, outputs, scores, ids };
}

/** The first size, when all inputs and outputs that have one agree on it; else the request is one row as a whole. */
function rowsOf(inputs: Tensors, outputs: Tensors): number | null {
  const sizes = new Set([...Object.values(inputs), ...Object.values(outputs)].map(({ dims }) => dims[0]));
  const [rows] = sizes;
  return sizes.size === 1 && rows !== undefined ? rows : null;
}
