import { QueueServiceClient } from '@azure/storage-queue';
import { random } from '../../examples/ml/index.ts';
import type { Context } from '../../shared/context.ts';
import { writeCsv } from '../../shared/datasets/index.ts';
import { linearClassifier } from '../../shared/onnx/index.ts';
import { createModel, createVersion, moveAlias } from '../../shared/registry/index.ts';
import { atOnce, createEndpoint, following } from '../../shared/endpoints/index.ts';
import { flushPredictions, recordLabels } from '../../shared/predictions/index.ts';
import { predict, type Target, targetOf } from '../../shared/serving/index.ts';
import type { MonitorResult, SignalName, SignalResult } from '../../shared/monitoring/index.ts';
import type { TestServer } from '../support/server.ts';

export const hour = 3_600_000;
/** Lists are read at the weaker consistency: what must come may come a moment later. */
export const lagging = { timeout: 5000 };
const features = ['a', 'b', 'c'];

/** The context at a time of its own; everything else is shared. */
export const at = (ctx: Context, now: number): Context => ({ ...ctx, clock: { now: () => now } });

/** A classifier that says `yes` where weights · x + intercept > 0. */
export const classifier = (weights: readonly number[], intercept = 0, names: readonly string[] = features) =>
  linearClassifier({
    features: names,
    labels: ['no', 'yes'],
    coefficients: [...weights.map(() => 0), ...weights.map((w) => 4 * w)],
    intercepts: [0, 4 * intercept],
  });

/** Rows of standard normal features, shifted by `means`. */
export function rowsOf(seed: number, count: number, means: readonly number[] = [0, 0, 0]): number[][] {
  const uniform = random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: count }, () => means.map((mean) => mean + normal()));
}

export type Truth = (row: readonly number[]) => boolean;
const word = (yes: boolean) => (yes ? 'yes' : 'no');

/** Uploads rows as a CSV artifact and returns its URI; with `truth` the last column is `label`. */
export async function uploadRows(
  ctx: Context,
  name: string,
  rows: readonly number[][],
  truth?: Truth,
): Promise<string> {
  const lines = rows.map((row) => [...row.map(String), ...(truth ? [word(truth(row))] : [])]);
  const text = writeCsv([[...features, ...(truth ? ['label'] : [])], ...lines]);
  await ctx.stores.blobs('artifacts').write(`${ctx.workspace}/sets/${name}.csv`, Buffer.from(text));
  return `mlflow-artifacts:/sets/${name}.csv`;
}

export async function registerVersion(
  server: TestServer,
  ctx: Context,
  model: string,
  onnx: Uint8Array,
  tags: Readonly<Record<string, string>> = {},
): Promise<number> {
  const path = `models/${ctx.ids.hex(8)}`;
  await ctx.stores.blobs('artifacts').write(`${ctx.workspace}/${path}/model.onnx`, onnx);
  const { version } = await createVersion(ctx, {
    name: model,
    source: `mlflow-artifacts:/${path}`,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  await server.drain();
  return version;
}

/** A model with one version under alias `champion`, and an endpoint of the same name that follows it. */
export async function deploy(
  server: TestServer,
  ctx: Context,
  name: string,
  onnx: Uint8Array,
  tags: Readonly<Record<string, string>> = {},
): Promise<void> {
  await createModel(ctx, { name });
  const version = await registerVersion(server, ctx, name, onnx, tags);
  await moveAlias(ctx, { name, alias: 'champion', version });
  await createEndpoint(ctx, { name, deployments: [following(name, 'champion')], rollout: atOnce });
  await server.drain();
}

/** Asks the endpoint about rows at the time of the context, and waits until they are in the log. */
export async function ask(
  ctx: Context,
  endpoint: string,
  rows: readonly number[][],
): Promise<readonly string[]> {
  return askThat(ctx, await targetOf(ctx, endpoint), rows);
}

/** The same of what answers for an endpoint, or gets a copy. */
export async function askThat(
  ctx: Context,
  target: Target,
  rows: readonly number[][],
): Promise<readonly string[]> {
  const { ids } = await predict(ctx, target, {
    input: { type: 'float32', dims: [rows.length, features.length], data: Float32Array.from(rows.flat()) },
  });
  await flushPredictions(ctx.stores);
  return ids;
}

/** Tells what was true of rows that were asked. */
export async function label(
  ctx: Context,
  endpoint: string,
  ids: readonly string[],
  rows: readonly number[][],
  truth: Truth,
): Promise<void> {
  const labels = ids.map((predictionId, i) => ({ predictionId, label: word(truth(rows[i] ?? [])) }));
  await recordLabels(ctx, endpoint, labels);
}

/** What a result says of a signal. */
export function signalIn(result: MonitorResult, signal: SignalName, segment = ''): SignalResult {
  const found = result.signals.find((each) => each.signal === signal && each.segment === segment);
  if (!found) throw new Error(`The result says nothing of ${signal} ${segment}.`);
  return found;
}

/** Signals that a result says are breached. */
export const breachedIn = ({ signals }: MonitorResult): string[] =>
  signals.flatMap(({ signal, verdict }) => (verdict === 'breached' ? [signal] : []));

/** Messages that wait on the work queue, by kind; they stay there. */
export async function waiting(ctx: Context, kind: string): Promise<Record<string, unknown>[]> {
  const { storage } = ctx.settings;
  if (storage.by !== 'connection-string') throw new Error('Tests run on Azurite.');
  const queue = QueueServiceClient.fromConnectionString(storage.connectionString).getQueueClient('work');
  const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 });
  return peekedMessageItems
    .map(
      ({ messageText }) =>
        JSON.parse(Buffer.from(messageText, 'base64').toString()) as Record<string, unknown>,
    )
    .filter((message) => message['kind'] === kind);
}
