import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linearClassifier, type Value, writeModel } from '../../shared/onnx/index.ts';
import type { Context } from '../../shared/context.ts';
import { blobContainers, type ContainerName, containers } from '../../shared/resources.ts';
import { readPart } from '../../shared/predictions/part.ts';
import { flushPredictions } from '../../shared/predictions/index.ts';
import { predict, targetOf, type Tensors } from '../../shared/serving/index.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';

export const hour = 3_600_000;

/** A server with keys of its own; `close` takes them away. */
export async function keyedServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-privacy-'));
  process.env['CAIRN_KEYS_FOLDER'] = folder;
  const server = await testServer();
  delete process.env['CAIRN_KEYS_FOLDER'];
  return {
    ...server,
    async close() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The context at a time of its own; everything else is shared. */
export const at = (ctx: Context, now: number): Context => ({ ...ctx, clock: { now: () => now } });

/** A model that is asked about people: who they are, how old, and what they spent, of which it gives the double. */
export function peopleModel(): Uint8Array {
  const one = (name: string, elementType: 'string' | 'int64' | 'float32'): Value => ({
    name,
    kind: 'tensor',
    elementType,
    shape: ['rows', 1],
  });
  return writeModel({
    graph: {
      inputs: [one('person', 'string'), one('age', 'int64'), one('amount', 'float32')],
      outputs: [one('value', 'float32')],
      nodes: [{ op: 'Add', inputs: ['amount', 'amount'], outputs: ['value'] }],
    },
  });
}

/** A model that says `yes` where a + b > 0. */
export const classifier = (): Uint8Array =>
  linearClassifier({
    features: ['a', 'b', 'member'],
    labels: ['no', 'yes'],
    coefficients: [0, 0, 0, 4, 4, 0],
    intercepts: [0, 0],
  });

export type Person = { readonly person: string; readonly age: bigint; readonly amount: number };

/** Asks an endpoint of {@link peopleModel} about people, at the time of the context; the rows are in the log then. */
export async function askAbout(ctx: Context, endpoint: string, people: readonly Person[]): Promise<string[]> {
  const ids = await askTensors(ctx, endpoint, {
    person: { type: 'string', dims: [people.length, 1], data: people.map(({ person }) => person) },
    age: { type: 'int64', dims: [people.length, 1], data: BigInt64Array.from(people, ({ age }) => age) },
    amount: {
      type: 'float32',
      dims: [people.length, 1],
      data: Float32Array.from(people, ({ amount }) => amount),
    },
  });
  await flushPredictions(ctx.stores);
  return ids;
}

/** Asks an endpoint of {@link classifier}. */
export async function askRows(
  ctx: Context,
  endpoint: string,
  rows: readonly (readonly number[])[],
): Promise<string[]> {
  const ids = await askTensors(ctx, endpoint, {
    input: { type: 'float32', dims: [rows.length, 3], data: Float32Array.from(rows.flat()) },
  });
  await flushPredictions(ctx.stores);
  return ids;
}

async function askTensors(ctx: Context, endpoint: string, inputs: Tensors): Promise<string[]> {
  return [...(await predict(ctx, await targetOf(ctx, endpoint), inputs)).ids];
}

export async function putPolicy(
  server: TestServer,
  endpoint: string,
  policy: Record<string, unknown>,
): Promise<JsonObject> {
  const { status, body } = await server.call('PUT', `/api/v1/endpoints/${endpoint}/data-policy`, {
    purpose: 'tests',
    ...policy,
  });
  if (status !== 200) throw new Error(`The policy was refused: ${JSON.stringify(body)}`);
  return body;
}

/** A context that sees what changed a moment ago: instances look again after some seconds. */
export const fresh = (ctx: Context): Context => at(ctx, ctx.clock.now() + 11_000);

/** Everything that is stored, as text by its place: documents, blobs, and the cells of Parquet files. */
export async function everything(
  ctx: Context,
  without: readonly string[] = ['batch-input', 'batch-output', 'artifacts', 'models'],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of Object.keys(containers) as ContainerName[])
    for (const doc of await ctx.stores
      .documents(name)
      .query<{ id: string }>({ text: 'SELECT * FROM c' }, { consistency: 'strong' }))
      found.set(`${name}/${doc.id}`, JSON.stringify(doc));
  for (const name of blobContainers)
    if (!without.includes(name))
      for await (const blob of ctx.stores.blobs(name).walk('')) {
        const bytes = (await ctx.stores.blobs(name).read(blob.name)) ?? Buffer.alloc(0);
        found.set(`${name}/${blob.name}`, await textOf(blob.name, bytes));
      }
  return found;
}

async function textOf(name: string, bytes: Buffer): Promise<string> {
  if (!name.endsWith('.parquet')) return bytes.toString('utf8');
  const table = await readPart(bytes);
  const cells = table.columns.map((column) => JSON.stringify(table.column(column)));
  return [...cells, bytes.toString('latin1'), bytes.toString('utf8')].join('\n');
}

/** Where a text is stored. */
export async function placesOf(ctx: Context, text: string, without?: readonly string[]): Promise<string[]> {
  return [...(await everything(ctx, without))]
    .filter(([, content]) => content.includes(text))
    .map(([place]) => place);
}

/** A context whose blobs refuse every write and removal after the first `writes`. */
export function blobsDyingAfter(on: Context, writes: number): { dying: Context; died: () => boolean } {
  let left = writes;
  let dead = false;
  const blobs: Context['stores']['blobs'] = (name) =>
    new Proxy(on.stores.blobs(name), {
      get(target, property) {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        const method = member.bind(target) as (...given: unknown[]) => unknown;
        if (!['write', 'remove', 'removeBelow'].includes(String(property))) return method;
        return (...given: unknown[]) => {
          if (left-- > 0) return method(...given);
          dead = true;
          return Promise.reject(new Error('The process has died.'));
        };
      },
    });
  return { dying: { ...on, stores: { ...on.stores, blobs } }, died: () => dead };
}
