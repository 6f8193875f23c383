import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { Scores } from '../predictions/index.ts';
import { isFloat, type Tensors } from '../sessions/index.ts';
import { type Answered, classBin, countCall, valueBin } from '../summaries/index.ts';
import type { ExternalTarget, Target } from './target.ts';

/**
 * What `read` makes of a call before a model is asked. A call that it refuses is counted for what would have
 * answered it; what `predict` is asked counts by itself.
 * @example
 * const request = await counted(ctx, target, () => parseInferRequest(text, target.model));
 */
export async function counted<T>(
  ctx: Context,
  target: Target | ExternalTarget,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    countFailure(ctx, target, error);
    throw error;
  }
}

/** What a server elsewhere answers; the call is counted by the status of that, or by how it failed. */
export async function countedElsewhere(
  ctx: Context,
  target: ExternalTarget,
  ask: () => Promise<Response>,
): Promise<Response> {
  const started = performance.now();
  const response = await counted(ctx, target, ask);
  const { status } = response;
  const latency = status < 400 || status === 504 ? { latencyMicros: microsSince(started) } : {};
  countCall(ctx, target.endpoint.name, answeredBy(target), { status, rows: 1, ...latency });
  return response;
}

/** Counts a call that failed; one that took too long among the latencies as well. */
export function countFailure(
  ctx: Context,
  target: Target | ExternalTarget,
  error: unknown,
  latencyMicros?: number,
): void {
  const status = error instanceof CairnError ? error.status : 500;
  const latency = status === 504 && latencyMicros !== undefined ? { latencyMicros } : {};
  countCall(ctx, target.endpoint.name, answeredBy(target), { status, rows: 0, ...latency });
}

/** Counts a call that a model answered. */
export function countAnswer(
  ctx: Context,
  target: Target,
  answer: { rows: number; outputs: Tensors; scores: Scores | null; latencyMicros: number },
): void {
  const { rows, outputs, scores, latencyMicros } = answer;
  countCall(ctx, target.endpoint.name, answeredBy(target), {
    status: 200,
    rows,
    latencyMicros,
    nonFinite: Object.values(outputs).some(holdsNonFinite),
    ...(scores && rows > 0 ? { score: scoreBin(scores) } : {}),
  });
}

export function answeredBy(target: Target | ExternalTarget): Answered {
  const { name } = target.deployment;
  if (!('model' in target)) return { deployment: name, variant: 'stable', version: null, digest: null };
  const { version, digest } = target.model.ready;
  return { deployment: name, variant: target.variant, version, digest };
}

export function microsSince(started: number): number {
  return Math.round((performance.now() - started) * 1000);
}

function scoreBin({ classes, scores }: Scores): number {
  return classes ? classBin(classes[0] ?? '') : valueBin(scores[0] ?? Number.NaN);
}

function holdsNonFinite({ type, data }: Tensors[string]): boolean {
  if (!isFloat(type)) return false;
  for (const value of data as Float32Array | Float64Array) if (!Number.isFinite(value)) return true;
  return false;
}
