import { type Context, systemClock } from '../context.ts';
import { spend } from '../ledger.ts';
import { logPredictions } from '../predictions/index.ts';
import { type Scores, scoresOf } from '../predictions/index.ts';
import { countAnswer, countFailure, microsSince } from './count.ts';
import { mirrorCall } from './mirror.ts';
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

/**
 * Runs checked tensors through what answers for the endpoint. The call is counted, whatever becomes of it, and its rows
 * are logged, unless the endpoint logs a sample and this call is not of it. Its mirrors get a copy.
 */
export async function predict(ctx: Context, target: Target, inputs: Tensors): Promise<Prediction> {
  const at = ctx.clock.now();
  const started = performance.now();
  const { endpoint, model, mirrors = [] } = target;
  // Of the clock that ticks: the model may have been loaded in another context.
  const deadlineAt = systemClock.now() + endpoint.limits.timeoutSeconds * 1000;
  try {
    const outputs = await model.run(inputs, { deadlineAt });
    return await answered(ctx, target, { inputs, outputs, at, latencyMicros: microsSince(started) });
  } catch (error) {
    countFailure(ctx, target, error, microsSince(started));
    throw error;
  } finally {
    for (const mirror of mirrors) mirrorCall(ctx, mirror, inputs, predict);
  }
}

type Run = {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly at: number;
  readonly latencyMicros: number;
};

async function answered(
  ctx: Context,
  target: Target,
  { inputs, outputs, at, latencyMicros }: Run,
): Promise<Prediction> {
  const { endpoint, deployment, variant, model } = target;
  const shared = rowsOf(inputs, outputs);
  const rows = shared ?? 1;
  spend('predictions', rows);
  const scores = model.roles && shared !== null ? scoresOf(model.roles, outputs, rows) : null;
  const { modelId, version, digest, features, labels } = model.ready;
  const { rules } = model;
  const ids = await logPredictions(
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
    { at, rows, inputs, outputs, scores, latencyMicros, status: 200 },
    endpoint.logging,
  );
  countAnswer(ctx, target, { rows, outputs, scores, latencyMicros });
  return { rows, outputs, scores, ids };
}

/** The first size, when all inputs and outputs that have one agree on it; else the request is one row as a whole. */
function rowsOf(inputs: Tensors, outputs: Tensors): number | null {
  const sizes = new Set([...Object.values(inputs), ...Object.values(outputs)].map(({ dims }) => dims[0]));
  const [rows] = sizes;
  return sizes.size === 1 && rows !== undefined ? rows : null;
}
