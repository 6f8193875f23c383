import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { spend } from '../ledger.ts';
import { logPredictions, type Scores, scoresOf } from '../predictions/index.ts';
import { rowsOf, type Tensors } from '../sessions/index.ts';
import { countRun } from '../summaries/index.ts';
import { inSpan } from '../telemetry/index.ts';
import { answeredBy, countAnswer, countFailure, microsSince } from './count.ts';
import { mirrorCall } from './mirror.ts';
import { checkAnswer } from './rows.ts';
import type { Target } from './target.ts';

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
  const millisecondsMax = endpoint.limits.timeoutSeconds * 1000;
  try {
    const onRun = (rows: number) => countRun(ctx, endpoint.name, answeredBy(target), rows);
    const run = () => model.run(ctx, inputs, { millisecondsMax, onRun });
    const outputs = await inSpan('run model', 'internal', run, { 'cairn.endpoint': endpoint.name });
    checkAnswer(endpoint, outputs);
    const latencyMicros = microsSince(started);
    const millisecondsLeft = millisecondsMax - latencyMicros / 1000;
    return await answered(ctx, target, { inputs, outputs, at, latencyMicros, millisecondsLeft });
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
  /** Of what the caller waits. */
  readonly millisecondsLeft: number;
};

async function answered(
  ctx: Context,
  target: Target,
  { inputs, outputs, at, latencyMicros, millisecondsLeft }: Run,
): Promise<Prediction> {
  const { endpoint, deployment, variant, model } = target;
  // Where inputs and outputs have not as many rows each, the request is one row as a whole.
  const shared = rowsOf({ ...inputs, ...outputs });
  const rows = shared ?? 1;
  spend('predictions', rows);
  const scores = model.roles && shared !== null ? scoresOf(model.roles, outputs, rows) : null;
  const { modelId, version, digest, features, labels } = model.ready;
  const { rules } = model;
  const logged = logPredictions(
    ctx,
    {
      endpoint: endpoint.name,
      deployment: deployment.rollout?.to.version === version ? `${deployment.name}:canary` : deployment.name,
      source: variant === 'mirror' ? 'mirror' : 'realtime',
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
  // Only a queue is waited for.
  const ids = await (endpoint.logging.durability === 'queue' ? inTime(logged, millisecondsLeft) : logged);
  countAnswer(ctx, target, { rows, outputs, scores, latencyMicros });
  return { rows, outputs, scores, ids };
}

/** Throws `timeout` where the rows are not in the log when the caller's time is over; they may get there yet. */
async function inTime<T>(logged: Promise<T>, millisecondsLeft: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new CairnError('timeout', 'The call could not be logged in time.'));
    timer = setTimeout(fail, Math.max(0, millisecondsLeft));
  });
  return Promise.race([logged, late]).finally(() => clearTimeout(timer));
}
