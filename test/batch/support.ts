import { Readable } from 'node:stream';
import { expect } from 'vitest';
import { run, matrix } from '../../shared/onnx/testing.ts';
import {
  type BatchJob,
  type Pace,
  usualPace,
  getJob,
  planJob,
  scoreChunk,
  submitBlob,
} from '../../shared/batch/index.ts';
import type { BlobContainer, Stores } from '../../shared/azure/index.ts';
import type { Clock, Context } from '../../shared/context.ts';
import { numberOf, readCsv } from '../../shared/datasets/index.ts';
import type { EventDocument } from '../../shared/events/event.ts';
import { classifier, deploy, features as irisFeatures } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';

/** A clock that a test moves. */
export function movableClock(): Clock & { advance(seconds: number): void } {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance(seconds) {
      ahead += seconds * 1000;
    },
  };
}

/** A server whose endpoint `iris` scores by {@link classifier}, and its context with a clock that a test moves. */
export async function irisServer(): Promise<{
  server: TestServer;
  ctx: Context;
  clock: ReturnType<typeof movableClock>;
}> {
  const server = await testServer();
  await deploy(server, 'iris', classifier());
  const clock = movableClock();
  return { server, ctx: { ...server.ctx, clock }, clock };
}

/** A file for {@link classifier}. */
export const rowsFile = (rows: number, shift = 0) =>
  `id,höhe,length,width\n${Array.from({ length: rows }, (_, i) => `${i},${i / 7 + shift},${(i * 3) % 5},${-i}\n`).join('')}`;

let uploads = 0;

/** Drops a file for an endpoint and starts its job, as the event of the blob does. */
export async function drop(ctx: Context, endpoint: string, text: string | Buffer): Promise<BatchJob> {
  const name = `${endpoint}/${++uploads}/data.csv`;
  await ctx.stores.blobs('batch-input').write(name, Buffer.from(text));
  const job = await submitBlob(ctx, name);
  if (!job) throw new Error('No job was made.');
  return job;
}

/** Event Grid's notice of a blob, as it comes out of the queue. */
export function announce(
  ctx: Context,
  name: string,
  { container = 'batch-input', eventType = 'Microsoft.Storage.BlobCreated' } = {},
): Promise<void> {
  return ctx.stores.queues.send(ctx, 'blob-events', {
    id: crypto.randomUUID(),
    topic: '/subscriptions/0/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a',
    subject: `/blobServices/default/containers/${container}/blobs/${name}`,
    eventType,
    eventTime: new Date().toISOString(),
    data: {
      api: 'PutBlob',
      eTag: '0x0',
      contentLength: 1,
      url: `https://a.blob.core.windows.net/${container}/${encodeURI(name)}`,
    },
    dataVersion: '',
    metadataVersion: '1',
  });
}

export const pace = (overrides: Partial<Pace> = {}): Pace => ({
  ...usualPace,
  ...overrides,
});

/** Plans a job and scores its chunks, the last first. */
export async function runJob(ctx: Context, { jobId }: BatchJob, use: Pace = usualPace): Promise<BatchJob> {
  await planJob(ctx, { jobId }, use);
  const { job } = await getJob(ctx, jobId);
  for (let chunk = job.plan.chunks - 1; chunk >= 0; chunk--) await scoreChunk(ctx, { jobId, chunk }, use);
  return (await getJob(ctx, jobId)).job;
}

/** The output of a job; `undefined` while nothing of it is visible. */
export async function outputOf(ctx: Context, job: BatchJob): Promise<string | undefined> {
  return (await ctx.stores.blobs('batch-output').read(job.output.name))?.toString();
}

/** The job has succeeded, and its output is all that {@link classifier} makes of the text. */
export async function expectOutput(ctx: Context, { jobId }: BatchJob, text: string): Promise<void> {
  const { job } = await getJob(ctx, jobId);
  expect(job).toMatchObject({ status: 'succeeded' });
  const output = (await outputOf(ctx, job)) ?? '';
  const expected = await scoredAtOnce(classifier(), irisFeatures, text);
  expect(await parsedOutput(output)).toEqual(expected);
  expect(job).toMatchObject({ totals: { bytes: Buffer.byteLength(output), rows: expected.length - 1 } });
}

/** How many events say that the job has ended. */
export async function endings(ctx: Context, { jobId }: BatchJob): Promise<number> {
  const events = await ctx.stores
    .documents('jobs')
    .query<EventDocument>(
      { text: "SELECT * FROM c WHERE c.type = 'event'" },
      { key: [jobId], consistency: 'strong' },
    );
  return events.filter(({ event }) => event.type === 'batch.finished').length;
}

/** What one process says that reads the file as text and scores it in one go: the cells, then label and probability. */
export async function scoredAtOnce(
  model: Uint8Array,
  features: readonly string[],
  text: string,
): Promise<string[][]> {
  const [header = [], ...rows] = (await Readable.from(
    readCsv(Readable.from([Buffer.from(text)])),
  ).toArray()) as string[][];
  const inputs = rows.map((row) =>
    features.map((name) => numberOf(row[header.indexOf(name)] ?? '') ?? Number.NaN),
  );
  const { label, probabilities } = await run(model, { input: matrix(inputs) });
  const classes = probabilities?.dims[1] ?? 0;
  const best = rows.map((_, i) =>
    Math.max(...(probabilities?.data.slice(i * classes, (i + 1) * classes) as number[])),
  );
  return [
    [...header, 'prediction', 'score'],
    ...rows.map((row, i) => [...row, String(label?.data[i]), String(best[i])]),
  ];
}

/** The rows of an output with the scores as the float32 they stand for. */
export async function parsedOutput(text: string): Promise<string[][]> {
  const rows = (await Readable.from(readCsv(Readable.from([Buffer.from(text)]))).toArray()) as string[][];
  return rows.map((row, i) =>
    i === 0 ? row : [...row.slice(0, -1), String(Math.fround(Number(row.at(-1))))],
  );
}

/** The same stores, of which none lets a job read its input. */
export function withoutInput(ctx: Context, error: Error): Context {
  const blobs: Stores['blobs'] = (container) => {
    if (container === 'batch-input') throw error;
    return ctx.stores.blobs(container);
  };
  return { ...ctx, stores: { ...ctx.stores, blobs } };
}

/**
 * The same stores, and `nextLook()`: waits until somebody on them who begins to from now on has read a job, as a worker
 * does at each beat to learn whether the job still runs.
 */
export function withLooks(ctx: Context): { ctx: Context; nextLook: () => Promise<void> } {
  const { documents } = ctx.stores;
  const waiting: (() => void)[] = [];
  const jobs = new Proxy(documents('jobs'), {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      if (name !== 'read') return own.bind(target);
      return async (...given: Parameters<typeof target.read>) => {
        const told = given[1] === 'job' ? waiting.splice(0) : [];
        try {
          return await target.read(...given);
        } finally {
          // Whoever has read it comes first.
          setImmediate(() => told.forEach((tell) => tell()));
        }
      };
    },
  });
  const stores: Stores = {
    ...ctx.stores,
    documents: Object.assign(
      (name: Parameters<typeof documents>[0]) => (name === 'jobs' ? jobs : documents(name)),
      documents,
    ),
  };
  return {
    ctx: { ...ctx, stores },
    nextLook: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/** The same stores, with some calls on container `batch-output` taken over, to let a worker die or stall there. */
export function withOutput(
  ctx: Context,
  take: Partial<Pick<BlobContainer, 'stageBlock' | 'commitBlocks' | 'remove'>>,
): Context {
  const real = ctx.stores.blobs('batch-output');
  const wrapped = new Proxy(real, {
    get: (target, name) => {
      const own: unknown = Reflect.get(take, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
  const stores: Stores = {
    ...ctx.stores,
    blobs: (container) => (container === 'batch-output' ? wrapped : ctx.stores.blobs(container)),
  };
  return { ...ctx, stores };
}
