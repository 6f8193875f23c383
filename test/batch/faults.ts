import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect } from 'vitest';
import type { AskedOptions } from '../../shared/batch/index.ts';
import { inLedger, type Ledger, newLedger } from '../../shared/ledger.ts';
import { drawer, drive, type Fleet, isAtRest, jobsOf, Messages } from './driver.ts';
import { type Fault, faults, Instance } from './instance.ts';
import { endings, irisServer, pace } from './support.ts';

/**
 * Jobs of some shapes, done by processes of which one has an operation on storage struck, and what they must come to.
 * Tests of them are in several files, since each takes minutes where it strikes all operations.
 */
export const { server, ctx, clock } = await irisServer();
export const long = process.env['CAIRN_TEST'] === 'long';
export const small = pace({ chunkBytes: 200, rowsAtOnce: 2, partBytes: 60, checkpointSeconds: 0 });

export const badRows = [4, 5, 11];
const height = (i: number) => (i * 0.37) % 2;
const length = (i: number) => Math.sin(i) * 3;
const line = (i: number) => `${i},${height(i)},${length(i)},${badRows.includes(i) ? 'broken' : -i / 7}`;
export const numbers = (rows: number) => Array.from({ length: rows }, (_, i) => i + 1);
export const fileOf = (rows: readonly number[]) => ['id,höhe,length,width', ...rows.map(line), ''].join('\n');
const text = fileOf(numbers(12));

/** A job of one kind. */
type Shape = {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly asked: AskedOptions;
  /** Asked for through the API, of all files; else the one file is dropped, with its options beside it. */
  readonly isPrefix?: true;
  readonly totals: { readonly rows: number; readonly bad: number };
};

const skip = { bad_rows: { policy: 'skip' } } as const;
const table = parquetWriteBuffer({
  columnData: [
    { name: 'id', data: numbers(12), type: 'INT32' },
    { name: 'höhe', data: numbers(12).map(height), type: 'DOUBLE' },
    { name: 'length', data: numbers(12).map(length), type: 'DOUBLE' },
    { name: 'width', data: numbers(12).map((i) => -i / 7), type: 'FLOAT' },
  ],
  rowGroupSize: 5,
});
export const shapes = {
  csv: { files: { 'data.csv': text }, asked: skip, totals: { rows: 9, bad: 3 } },
  parquet: { files: { 'data.parquet': new Uint8Array(table) }, asked: {}, totals: { rows: 12, bad: 0 } },
  'gzip in one chunk': {
    files: { 'data.csv.gz': gzipSync(text) },
    asked: skip,
    totals: { rows: 9, bad: 3 },
  },
  'several files': {
    files: { 'a.csv': text, 'b.csv': fileOf([7, 8]), 'sub/c.csv': fileOf([5, 6]) },
    asked: skip,
    isPrefix: true,
    totals: { rows: 12, bad: 4 },
  },
  'csv to jsonl': {
    files: { 'data.csv': text },
    asked: { output: { format: 'jsonl' }, bad_rows: { policy: 'null' } },
    totals: { rows: 12, bad: 3 },
  },
  'csv to parquet': {
    files: { 'data.csv': text },
    asked: { ...skip, output: { format: 'parquet' } },
    totals: { rows: 9, bad: 3 },
  },
} as const satisfies Record<string, Shape>;
export type ShapeName = keyof typeof shapes;

/** What an undisturbed process makes of each: the blobs, by what they are called. */
type Whole = { readonly outputs: ReadonlyMap<string, Buffer>; readonly operations: number };
const whole = new Map<ShapeName, Promise<Whole>>();

export function wholeOf(shape: ShapeName): Promise<Whole> {
  const known = whole.get(shape) ?? scoreWhole(shape);
  whole.set(shape, known);
  return known;
}

async function scoreWhole(shape: ShapeName): Promise<Whole> {
  const { name, instance } = await run(shape, 'undisturbed');
  return { outputs: await outputsOf(name), operations: instance.count };
}

/** All that is visible of an input's last job. */
async function outputsOf(name: string): Promise<Map<string, Buffer>> {
  const container = ctx.stores.blobs('batch-output');
  const jobId = (await jobsOf(ctx, name)).at(-1)?.jobId;
  const outputs = new Map<string, Buffer>();
  for await (const blob of container.walk(`iris/${jobId}/`))
    outputs.set(blob.name.split(`/${jobId}/`)[1] ?? '', (await container.read(blob.name)) ?? Buffer.alloc(0));
  return outputs;
}

let drops = 0;
/** Puts the input in the container and tells of it; returns what it is called. */
export async function begin(shape: ShapeName, messages: Messages): Promise<string> {
  const { files, asked, isPrefix }: Shape = shapes[shape];
  const folder = `iris/faults-${++drops}/`;
  const container = ctx.stores.blobs('batch-input');
  for (const [file, bytes] of Object.entries(files))
    await container.write(`${folder}${file}`, Buffer.from(bytes));
  if (isPrefix) {
    const input = { container: 'batch-input', name: folder, isPrefix };
    messages.send('requests', { endpoint: 'iris', input, options: asked });
    return folder;
  }
  const name = `${folder}${Object.keys(files)[0]}`;
  await container.write(`${name}.job.json`, Buffer.from(JSON.stringify(asked)));
  messages.send('blob-events', { name });
  return name;
}

type Ran = { readonly name: string; readonly ledger: Ledger };

/** Has a job done by processes of which the first has one operation struck; what came late has come when it is over. */
export async function run(
  shape: ShapeName,
  fault: Fault | 'undisturbed',
  at = 0,
): Promise<Ran & { readonly instance: Instance }> {
  const messages = new Messages();
  const name = await begin(shape, messages);
  const ledger = newLedger();
  const next = () => new Instance(ctx, messages.send);
  const strike = (count: number) => (fault !== 'undisturbed' && count === at ? fault : undefined);
  const instance = new Instance(ctx, messages.send, { strike });
  const fleet: Fleet = { messages, pace: small, clock, observer: ctx, next };
  await inLedger(ledger, async () => {
    await drive(fleet, name, instance);
    instance.released.resolve(undefined);
    await settled();
    await drive(fleet, name, next());
  });
  return { name, instance, ledger };
}

/** Lets what was released come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** There is one output, the whole one, told of once. */
export async function expectExact(shape: ShapeName, { name, ledger }: Ran): Promise<void> {
  const { totals } = shapes[shape];
  const jobs = await jobsOf(ctx, name);
  expect(jobs).toMatchObject([{ status: 'succeeded', totals }]);
  expect(await outputsOf(name)).toEqual((await wholeOf(shape)).outputs);
  const [job] = jobs;
  expect(job && (await endings(ctx, job))).toBe(1);
  expect(await isAtRest(ctx, name)).toBe(true);
  expect(ledger.spent.batchRows).toBeLessThanOrEqual(totals.rows);
}

/** Strikes operations of a job one after the other, each in a job of its own; tells how many have done no harm. */
export async function harmless(
  shape: ShapeName,
  fault: Fault,
  { count, draw }: { count: number; draw: () => number },
): Promise<number> {
  const operations = await someOf(shape, count, draw);
  for (const at of operations)
    try {
      await expectExact(shape, await run(shape, fault, at));
    } catch (error) {
      throw new Error(`Operation ${at} of '${shape}' ${fault}`, { cause: error });
    }
  return operations.length;
}

/** Some operations of a job, each in a part of its own; all of them where there are no more. */
async function someOf(shape: ShapeName, count: number, draw: () => number): Promise<number[]> {
  const { operations } = await wholeOf(shape);
  const parts = Math.min(count, operations);
  return Array.from({ length: parts }, (_, i) => 1 + Math.floor(((i + draw()) * operations) / parts));
}

/** Strikes the operations of a job with one fault: all of them in the long form. Tells how many have done no harm. */
export function strikeAll(fault: Fault): Promise<number> {
  const draw = drawer(faults.indexOf(fault) + 1);
  return harmless('csv', fault, { count: long ? Number.POSITIVE_INFINITY : 3, draw });
}
