import type { Context } from '../../shared/context.ts';
import { writeCsv } from '../../shared/datasets/index.ts';
import { eraseHour } from '../../shared/predictions/erase-rows.ts';
import { flushPredictions, logPredictions } from '../../shared/predictions/index.ts';
import { createModel, createVersion, moveAlias } from '../../shared/registry/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import { classifier, features } from '../serving/support.ts';
import type { TestServer } from '../support/server.ts';

export const hour = 3_600_000;
export const day = 24 * hour;

/** A context whose time stands still until it is told. */
export function movable(
  ctx: Context,
  now: number,
): { readonly ctx: Context; readonly setTime: (now: number) => void } {
  let time = now;
  return { ctx: { ...ctx, clock: { now: () => time } }, setTime: (next) => (time = next) };
}

/** A model with a reference set, under alias `champion`; `width` is one of 0 to 4. */
export async function registerCounted(
  server: TestServer,
  name = 'm',
  more: readonly { key: string; value: string }[] = [],
): Promise<void> {
  const { ctx } = server;
  const reference = Array.from({ length: 400 }, (_, i) => [Math.sin(i) * 3, i % 5, i / 100].map(String));
  const artifacts = ctx.stores.blobs('artifacts');
  await artifacts.write('default/sets/reference.csv', Buffer.from(writeCsv([features, ...reference])));
  await artifacts.write('default/sets/m.onnx', classifier());
  await createModel(ctx, { name });
  const tags = [{ key: 'cairn.reference', value: 'mlflow-artifacts:/sets/reference.csv' }, ...more];
  await createVersion(ctx, { name, source: 'mlflow-artifacts:/sets/m.onnx', tags });
  await server.drain();
  await moveAlias(ctx, { name, alias: 'champion', version: 1 });
  await server.drain();
}

export async function deployCounted(
  server: TestServer,
  name: string,
  change: object = { model: 'm', alias: 'champion' },
): Promise<void> {
  const { status, body } = await server.call('POST', '/api/v1/endpoints', { name, ...change });
  if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
}

/** Logs rows as the endpoint would at a time, as a part of their own. */
export async function logAt(
  ctx: Context,
  name: string,
  at: number,
  rows: readonly (readonly number[])[],
  source: 'realtime' | 'mirror' = 'realtime',
): Promise<readonly string[]> {
  const { endpoint, model } = await targetOf(ctx, name);
  const input = { type: 'float32', dims: [rows.length, 3], data: Float32Array.from(rows.flat()) } as const;
  const { modelId, version, digest, labels } = model.ready;
  const head = { endpoint: name, deployment: 'main', source, modelId, version, digest } as const;
  const outputs = await model.run(ctx, { input });
  const scores = await model.score(input.data, rows.length);
  const ids = await logPredictions(
    ctx,
    { ...head, features: model.ready.features, labels, ...(model.rules ? { rules: model.rules } : {}) },
    { at, rows: rows.length, inputs: { input }, outputs, scores, latencyMicros: 1, status: 200 },
    endpoint.logging,
  );
  await flushPredictions(ctx.stores);
  return ids;
}

/** `[length, width, höhe]` of rows that differ; `width` goes through 0 to 4. */
export const rowsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => [Math.cos(first + i) * 3, (first + i) % 5, (first + i) / 50]);

/** Erases the rows whose `length` is a value. */
export async function eraseLength(ctx: Context, name: string, of: string, length: number): Promise<void> {
  await eraseHour(ctx, {
    endpoint: name,
    hour: of,
    erasure: 'e1',
    columns: ['in.length'],
    choose: (part) =>
      Promise.resolve(part.column('in.length').flatMap((value, row) => (value === length ? [row] : []))),
    dryRun: false,
  });
}

/** Names and etags of what is counted of an endpoint below a folder. */
export async function countedFiles(ctx: Context, name: string, folder = ''): Promise<Map<string, string>> {
  const root = `default/${name}/`;
  const files = new Map<string, string>();
  for await (const blob of ctx.stores.blobs('profiles').walk(`${root}${folder}`))
    files.set(blob.name.slice(root.length), blob.etag);
  return files;
}
