import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AskedOptions } from '../../shared/batch/index.ts';
import type { Context } from '../../shared/context.ts';
import { inLedger, type Ledger, newLedger } from '../../shared/ledger.ts';
import { classifier, deploy, features } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { attempt, drawer, drive, type Fleet, handle, isAtRest, jobsOf, Messages } from './driver.ts';
import { type Fault, faults, Instance } from './instance.ts';
import { endings, movableClock, options, parsedOutput, scoredAtOnce } from './support.ts';

let server: TestServer;
let ctx: Context;
const clock = movableClock();
const long = process.env['CAIRN_TEST'] === 'long';
const small = options({ chunkBytes: 200, rowsAtOnce: 2, partBytes: 60, checkpointSeconds: 0 });

const badRows = [4, 5, 11];
const height = (i: number) => (i * 0.37) % 2;
const length = (i: number) => Math.sin(i) * 3;
const line = (i: number) => `${i},${height(i)},${length(i)},${badRows.includes(i) ? 'broken' : -i / 7}`;
const numbers = (rows: number) => Array.from({ length: rows }, (_, i) => i + 1);
const fileOf = (rows: readonly number[]) => ['id,höhe,length,width', ...rows.map(line), ''].join('\n');
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
const shapes = {
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
type ShapeName = keyof typeof shapes;

/** What an undisturbed process makes of each: the blobs, by what they are called. */
type Whole = { readonly outputs: ReadonlyMap<string, Buffer>; readonly operations: number };
const whole = new Map<ShapeName, Whole>();

beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
  ctx = { ...server.ctx, clock };
  for (const shape of Object.keys(shapes) as ShapeName[]) {
    const { name, instance } = await run(shape, 'undisturbed');
    whole.set(shape, { outputs: await outputsOf(name), operations: instance.count });
  }
});
afterAll(() => server.close());

const wholeOf = (shape: ShapeName): Whole => {
  const found = whole.get(shape);
  if (!found) throw new Error(`No '${shape}' was scored undisturbed.`);
  return found;
};

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
async function begin(shape: ShapeName, messages: Messages): Promise<string> {
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
async function run(
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
  const fleet: Fleet = { messages, options: small, clock, observer: ctx, next };
  await inLedger(ledger, async () => {
    await drive(fleet, name, instance);
    instance.released.resolve(undefined);
    await settled();
    await drive(fleet, name, next());
  });
  return { name, instance, ledger };
}

/** Lets what was released come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** There is one output, the whole one, told of once. */
async function expectExact(shape: ShapeName, { name, ledger }: Ran): Promise<void> {
  const { totals } = shapes[shape];
  const jobs = await jobsOf(ctx, name);
  expect(jobs).toMatchObject([{ status: 'succeeded', totals }]);
  expect(await outputsOf(name)).toEqual(wholeOf(shape).outputs);
  const [job] = jobs;
  expect(job && (await endings(ctx, job))).toBe(1);
  expect(await isAtRest(ctx, name)).toBe(true);
  expect(ledger.spent.batchRows).toBeLessThanOrEqual(totals.rows);
}

/** Strikes operations of a job one after the other, each in a job of its own; tells how many have done no harm. */
async function harmless(shape: ShapeName, fault: Fault, operations: readonly number[]): Promise<number> {
  for (const at of operations)
    try {
      await expectExact(shape, await run(shape, fault, at));
    } catch (error) {
      throw new Error(`Operation ${at} of '${shape}' ${fault}`, { cause: error });
    }
  return operations.length;
}

/** Some operations of a job, each in a part of its own; all of them where there are no more. */
function someOf(shape: ShapeName, count: number, draw: () => number): number[] {
  const { operations } = wholeOf(shape);
  const parts = Math.min(count, operations);
  return Array.from({ length: parts }, (_, i) => 1 + Math.floor(((i + draw()) * operations) / parts));
}

test('an undisturbed job gives what one process gives that scores all at once, and the rows that are bad', async () => {
  const { outputs, operations } = wholeOf('csv');
  expect([...outputs.keys()]).toEqual(['data.csv', 'data.csv.errors.jsonl']);
  const good = fileOf(numbers(12).filter((i) => !badRows.includes(i)));
  expect(await parsedOutput(String(outputs.get('data.csv')))).toEqual(
    await scoredAtOnce(classifier(), features, good),
  );
  const errors = String(outputs.get('data.csv.errors.jsonl')).trimEnd().split('\n');
  expect(errors.map((each) => (JSON.parse(each) as { row: number }).row)).toEqual(badRows);
  expect(operations).toBeGreaterThan(50);
  const again = await run('csv', 'undisturbed');
  await expectExact('csv', again);
  expect(again.ledger.spent.batchRows).toBe(9);
});

describe('an operation on storage, whichever of a job it is,', () => {
  test.each(faults)('that %s changes nothing of the output', { timeout: 600_000 }, async (fault) => {
    const draw = drawer(faults.indexOf(fault) + 1);
    const count = long ? Number.POSITIVE_INFINITY : 3;
    expect(await harmless('csv', fault, someOf('csv', count, draw))).toBeGreaterThan(0);
  });

  test.each(Object.keys(shapes).slice(1) as ShapeName[])(
    'that is struck in any way changes nothing of the output of a job of another shape: %s',
    { timeout: 600_000 },
    async (shape) => {
      const draw = drawer(shape.length);
      const first = Math.floor(draw() * faults.length);
      const isStruck = (i: number) => long || [0, 2, 4].includes((i - first + faults.length) % faults.length);
      for (const fault of faults.filter((_, i) => isStruck(i)))
        expect(await harmless(shape, fault, someOf(shape, long ? 5 : 1, draw))).toBeGreaterThan(0);
    },
  );
});

describe('messages', () => {
  test.each(Array.from({ length: long ? 40 : 3 }, (_, seed) => seed + 1))(
    'that come twice, late and in any order to several workers at once make one output (seed %i)',
    async (seed) => {
      const draw = drawer(seed);
      const messages = new Messages();
      const name = await begin('csv', messages);
      messages.send('blob-events', { name });
      const ledger = newLedger();
      await inLedger(ledger, () => scramble(messages, name, draw));
      await expectExact('csv', { name, ledger });
      expect(ledger.spent.batchRows).toBe(9);
      // And all of them once more, long after.
      for (const message of [...messages.sent]) await handle(ctx, message, small);
      await expectExact('csv', { name, ledger });
    },
  );

  /** Three workers take messages as they like, of which some come again. */
  async function scramble(messages: Messages, name: string, draw: () => number): Promise<void> {
    const worker = async (instance: Instance) => {
      for (let idle = 0; idle < 3; ) {
        const message = messages.take(draw);
        if (!message) {
          idle++;
          await settled();
          continue;
        }
        if (draw() < 0.4) messages.waiting.push({ ...message });
        if ((await attempt(instance, () => handle(instance.ctx, message, small))) !== 'done')
          messages.giveBack(message);
      }
    };
    for (let minute = 0; minute < 30; minute++) {
      await Promise.all([1, 2, 3].map(() => worker(new Instance(ctx, messages.send))));
      if (await isAtRest(ctx, name)) return;
      clock.advance(61);
      for (const job of await jobsOf(ctx, name))
        messages.send('work', { kind: 'batch-recover', jobId: job.jobId });
    }
    throw new Error('The job does not end.');
  }
});
