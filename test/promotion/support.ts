import type { Context } from '../../shared/context.ts';
import { writeCsv } from '../../shared/datasets/index.ts';
import type { Document } from '../../shared/documents.ts';
import type { AgendaEntry } from '../../shared/events/index.ts';
import { CairnError } from '../../shared/http/index.ts';
import { linearClassifier } from '../../shared/onnx/index.ts';
import { advancePromotion, type GateSpec, type Promotion, putPolicy } from '../../shared/promotion/index.ts';
import { type AliasMove, createModel, createVersion, inspectVersion } from '../../shared/registry/index.ts';
import { xoshiro128 } from '../../shared/stats/index.ts';
import type { JsonObject, TestServer } from '../support/server.ts';

/** The context in another person's name. */
export const as = (ctx: Context, id: string): Context => ({ ...ctx, principal: { id, name: id } });
/** The context at a time of its own. */
export const at = (ctx: Context, now: number): Context => ({ ...ctx, clock: { now: () => now } });

/** The code that a call fails with, `done` where it does not. */
export const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof CairnError ? error.code : String(error)),
  );

const features = ['a', 'b'] as const;

/**
 * A classifier that says `yes` where the first feature is above 0, but for a share of the rows: there, where
 * the second feature is the judge, it says the opposite. So `errors` of 0.1 is an accuracy of about 0.9.
 */
export function classifier(errors: number, names: readonly string[] = features): Uint8Array {
  return linearClassifier({
    features: names,
    labels: ['no', 'yes'],
    coefficients: [0, 0, Math.cos(errors * Math.PI), Math.sin(errors * Math.PI)].map((weight) => 4 * weight),
    intercepts: [0, 0],
  });
}

/** Rows whose truth is the sign of `a`; both features are spread evenly over the circle. */
export function evaluationCsv(rows: number, seed = 1): string {
  const random = xoshiro128([seed, 2, 3, 4]);
  const lines = Array.from({ length: rows }, () => {
    const angle = (random() / 2 ** 32) * 2 * Math.PI;
    const [a, b] = [Math.cos(angle), Math.sin(angle)];
    return [String(a), String(b), a > 0 ? 'yes' : 'no'];
  });
  return writeCsv([[...features, 'label'], ...lines]);
}

/** Writes a set of rows among the artifacts and returns the tag by which a version names it. */
export async function evaluationSet(ctx: Context, rows = 400): Promise<{ key: string; value: string }> {
  const path = `sets/${ctx.ids.hex(8)}.csv`;
  await ctx.stores.blobs('artifacts').write(`${ctx.workspace}/${path}`, Buffer.from(evaluationCsv(rows)));
  const ref = { kind: 'artifact', uri: `mlflow-artifacts:/${path}`, labelColumn: 'label' };
  return { key: 'cairn.evaluation', value: JSON.stringify(ref) };
}

/** A model with `versions` versions of small documents, read and ready where they have `onnx`. */
export async function registered(
  ctx: Context,
  name: string,
  versions: readonly {
    readonly onnx?: Uint8Array;
    readonly tags?: readonly { key: string; value: string }[];
  }[],
): Promise<string> {
  const { modelId } = await createModel(ctx, { name });
  for (const each of versions) await addVersion(ctx, name, each);
  return modelId;
}

export async function addVersion(
  ctx: Context,
  name: string,
  {
    onnx,
    tags,
    runId,
  }: {
    readonly onnx?: Uint8Array;
    readonly tags?: readonly { key: string; value: string }[];
    readonly runId?: string;
  },
): Promise<number> {
  const path = `models/${ctx.ids.hex(8)}`;
  if (onnx)
    await ctx.stores.blobs('artifacts').write(`${ctx.workspace}/${path}/model.onnx`, Buffer.from(onnx));
  const source = runId === undefined ? `mlflow-artifacts:/${path}` : `runs:/${runId}/model`;
  const made = await createVersion(ctx, { name, source, tags, runId });
  if (onnx) await inspectNow(ctx, made.modelId, made.version);
  return made.version;
}

function inspectNow(ctx: Context, modelId: string, version: number): Promise<void> {
  return inspectVersion(ctx, {
    type: 'version.created',
    aggregate: `version/${modelId}/${version}`,
    seq: 1,
    actor: ctx.principal.id,
    requestId: ctx.requestId,
    traceparent: ctx.trace,
    at: ctx.clock.now(),
    subject: { modelId, version: String(version) },
  });
}

/** Puts gates before alias `champion`. */
export function guard(ctx: Context, name: string, ...gates: readonly GateSpec[]) {
  return putPolicy(ctx, name, { aliases: ['champion'], stages: ['Production'], gates });
}

export async function advanced(
  ctx: Context,
  { modelId, number }: Pick<Promotion, 'modelId' | 'number'>,
): Promise<Promotion> {
  const promotion = await advancePromotion(ctx, { modelId, number });
  if (!promotion) throw new Error(`Promotion ${number} is gone.`);
  return promotion;
}

/** When the timer comes back to a promotion; `undefined` where it does not. */
export async function dueAt(
  ctx: Context,
  { modelId, number }: Pick<Promotion, 'modelId' | 'number'>,
): Promise<number | undefined> {
  type Agenda = Document & { readonly entries: Readonly<Record<string, AgendaEntry>> };
  const agenda = await ctx.stores.documents('jobs').read<Agenda>(['agenda'], 'agenda');
  return agenda?.doc.entries[`promotion:default:${modelId}:${number}`]?.dueAt;
}

/** All moves of alias `champion`, oldest first, as they are and not as a list lags behind. */
export function movesOf(ctx: Context, modelId: string): Promise<AliasMove[]> {
  return ctx.stores.documents('models').query<AliasMove>(
    {
      text: "SELECT * FROM c WHERE c.type = 'alias-move' AND STARTSWITH(c.id, 'alias-move:champion:') ORDER BY c.id",
    },
    { key: [ctx.workspace, modelId], consistency: 'strong' },
  );
}

export type Answer = { readonly status: number; readonly body: JsonObject; readonly headers: Headers };

/** Requests in the name of a person, as Basic authentication gives it. */
export function callsOf(server: TestServer, person: string) {
  const authorization = `Basic ${Buffer.from(`${person}:`).toString('base64')}`;
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await server.fetch(path, {
      method,
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as JsonObject,
    };
  };
}
