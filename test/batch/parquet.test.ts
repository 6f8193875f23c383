import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BatchJob,
  type Pace,
  getJob,
  planJob,
  recoverJob,
  submitBlob,
} from '../../shared/batch/index.ts';
import { commit } from '../../shared/batch/finish.ts';
import { readChunks } from '../../shared/batch/store.ts';
import type { Context } from '../../shared/context.ts';
import { unpackers } from '../../shared/datasets/index.ts';
import { writeModel } from '../../shared/onnx/index.ts';
import { matrix, run } from '../../shared/onnx/testing.ts';
import { classifier, deploy, features } from '../serving/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { movableClock, pace, runJob, withOutput } from './support.ts';

let server: TestServer;
let ctx: Context;
const clock = movableClock();

/** Takes whole numbers of 64 bits, a text and a truth, each an input of its own, and gives them back. */
const identity = writeModel({
  graph: {
    inputs: [
      { name: 'n', kind: 'tensor', elementType: 'int64', shape: ['rows', 1] },
      { name: 't', kind: 'tensor', elementType: 'string', shape: ['rows', 1] },
      { name: 'b', kind: 'tensor', elementType: 'bool', shape: ['rows', 1] },
    ],
    outputs: [
      { name: 'n_out', kind: 'tensor', elementType: 'int64', shape: ['rows', 1] },
      { name: 't_out', kind: 'tensor', elementType: 'string', shape: ['rows', 1] },
      { name: 'b_out', kind: 'tensor', elementType: 'bool', shape: ['rows', 1] },
    ],
    nodes: ['n', 't', 'b'].map((name) => ({ op: 'Identity', inputs: [name], outputs: [`${name}_out`] })),
  },
});

beforeAll(async () => {
  server = await testServer();
  await deploy(server, 'iris', classifier());
  await deploy(server, 'whole', identity);
  ctx = { ...server.ctx, clock };
});
afterAll(() => server.close());

type Row = Record<string, unknown>;

const golden = (name: string) => readFileSync(new URL(`golden/${name}.parquet`, import.meta.url));

let uploads = 0;

/** Drops a file of a name with options beside it, and starts its job. */
async function drop(
  name: string,
  bytes: Uint8Array | string,
  asked: object = {},
  endpoint = 'iris',
): Promise<BatchJob> {
  const blob = `${endpoint}/parquet-${++uploads}/${name}`;
  const container = ctx.stores.blobs('batch-input');
  await container.write(`${blob}.job.json`, Buffer.from(JSON.stringify(asked)));
  await container.write(blob, Buffer.from(bytes));
  const job = await submitBlob(ctx, blob);
  if (!job) throw new Error('No job was made.');
  return job;
}

async function bytesOut({ output }: BatchJob): Promise<Buffer | undefined> {
  return ctx.stores.blobs('batch-output').read(output.name);
}

/** The rows of a Parquet file, as another reader has them. */
async function rowsIn(bytes: Uint8Array): Promise<Row[]> {
  const file = new Uint8Array(bytes).buffer;
  return parquetReadObjects({ file, compressors: unpackers });
}

async function done(bytes: Uint8Array | string, name = 'data.parquet', asked: object = {}, use = pace()) {
  const job = await runJob(ctx, await drop(name, bytes, asked), use);
  expect(job).toMatchObject({ status: 'succeeded' });
  const output = await bytesOut(job);
  if (!output) throw new Error('There is no output.');
  expect(job).toMatchObject({ totals: { bytes: output.length } });
  return { job, output };
}

async function failed(bytes: Uint8Array, asked: object = {}): Promise<BatchJob> {
  const job = await runJob(ctx, await drop('data.parquet', bytes, asked));
  expect(job).toMatchObject({ status: 'failed' });
  expect(await bytesOut(job)).toBeUndefined();
  return job;
}

/** The class and its probability that one process gives each row. */
async function predictions(rows: readonly Row[]): Promise<{ prediction: string; score: number }[]> {
  const inputs = rows.map((row) => features.map((name) => Number(row[name] ?? Number.NaN)));
  const { label, probabilities } = await run(classifier(), { input: matrix(inputs) });
  return rows.map((_, i) => ({
    prediction: String(label?.data[i]),
    score: Math.max(...(probabilities?.data.slice(i * 3, i * 3 + 3) as number[])),
  }));
}

const small = pace({ rowsAtOnce: 2, partBytes: 100, checkpointSeconds: 0 });

/** A table of so many rows. */
function table(rows: number, how: { rowGroupSize?: number; more?: ColumnSource[] } = {}): Uint8Array {
  const numbers = (of: (i: number) => number) => Array.from({ length: rows }, (_, i) => of(i));
  const columnData: ColumnSource[] = [
    { name: 'id', data: numbers((i) => i + 1), type: 'INT32' },
    { name: 'length', data: numbers((i) => Math.sin(i)), type: 'DOUBLE' },
    { name: 'width', data: numbers((i) => i / 7), type: 'FLOAT' },
    { name: 'höhe', data: numbers((i) => (i * 0.37) % 2), type: 'DOUBLE' },
    ...(how.more ?? []),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: how.rowGroupSize ?? 25 }));
}

describe('a Parquet file', () => {
  test.each(['snappy', 'zstd', 'gzip', 'lz4', 'brotli', 'encodings', 'int96'])(
    'as PyArrow writes it comes out with its values and types, and what is predicted: %s',
    async (name) => {
      const input = golden(name);
      const { output } = await done(input, 'data.parquet', {}, small);
      const before = await rowsIn(input);
      const expected = await predictions(before);
      expect(await rowsIn(output)).toEqual(before.map((row, i) => ({ ...row, ...expected[i] })));
      const shape = (bytes: Uint8Array) =>
        parquetMetadata(new Uint8Array(bytes).buffer)
          .schema.slice(1)
          .map(({ name: column, type, repetition_type }) => [column, type, repetition_type]);
      const kept = shape(input).map(([column, type, kind]) => [
        column,
        type === 'INT96' ? 'INT64' : type,
        kind,
      ]);
      expect(shape(output)).toEqual([
        ...kept,
        ['prediction', 'BYTE_ARRAY', 'OPTIONAL'],
        ['score', 'DOUBLE', 'OPTIONAL'],
      ]);
    },
  );

  test('is scored alike however its rows lie in groups and chunks', async () => {
    const outputs = new Set<string>();
    for (const [rowGroupSize, chunkBytes] of [
      [60, 1],
      [7, 1],
      [7, 1500],
      [1, 1 << 20],
    ] as const) {
      const { job, output } = await done(
        table(60, { rowGroupSize }),
        'data.parquet',
        {},
        { ...small, chunkBytes, rowsAtOnce: 3 },
      );
      outputs.add(JSON.stringify(await rowsIn(output)));
      const chunks = await readChunks(ctx, job.jobId);
      expect(chunks.reduce((sum, { rows }) => sum + (rows ?? 0), 0)).toBe(60);
      expect(chunks.every(({ first, row }) => row === first + 1 && first % rowGroupSize === 0)).toBe(true);
    }
    expect(outputs.size).toBe(1);
  });

  test('gives the same bytes wherever its worker dies', async () => {
    const input = golden('gzip');
    const { output } = await done(input, 'data.parquet', {}, small);
    // Four row groups and the footer.
    for (let last = 0; last < 5; last++) {
      const job = await drop('data.parquet', input);
      await planJob(ctx, job, small);
      let blocks = 0;
      const dying = withOutput(ctx, {
        async stageBlock(name, id, data) {
          if (blocks++ === last) throw new Error('power cut');
          await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
        },
      });
      await expect(runJob(dying, job, small)).rejects.toThrow('power cut');
      clock.advance(61);
      await runJob(ctx, job, small);
      await recoverJob(ctx, job, small);
      expect((await bytesOut(job))?.equals(output)).toBe(true);
    }
  });

  test('is handed on between row groups when the time of its worker is over', async () => {
    const impatient: Pace = { ...small, workSecondsMax: -1 };
    const job = await drop('data.parquet', table(60, { rowGroupSize: 60 }));
    for (let message = 0; message < 4; message++) await runJob(ctx, job, impatient);
    const [chunk] = await readChunks(ctx, job.jobId);
    expect(chunk).toMatchObject({ status: 'done', attempt: 4 });
    const { output } = await done(table(60, { rowGroupSize: 60 }), 'data.parquet', {}, small);
    expect((await bytesOut(job))?.equals(output)).toBe(true);
  });

  test('that two commit at once comes out once, with one footer', async () => {
    const job = await drop('data.parquet', table(40));
    let stopped = true;
    const held = withOutput(ctx, {
      async commitBlocks(name, ids, how) {
        if (stopped) throw new Error('power cut');
        return ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
      },
    });
    await expect(runJob(held, job, small)).rejects.toThrow('power cut');
    stopped = false;
    const { job: now } = await getJob(ctx, job.jobId);
    expect(now.status).toBe('committing');
    if (now.status === 'committing')
      await Promise.all([commit(ctx, now), commit(ctx, now), commit(ctx, now)]);
    expect((await getJob(ctx, job.jobId)).job.status).toBe('succeeded');
    expect(await rowsIn((await bytesOut(job)) ?? Buffer.alloc(0))).toHaveLength(40);
  });

  test('gives the columns that are asked for, with the probability of each class', async () => {
    const { output } = await done(golden('snappy'), 'data.parquet', {
      output: { join: ['day', 'id'], probabilities: true },
    });
    const [first] = await rowsIn(output);
    expect(Object.keys(first ?? {})).toEqual([
      'day',
      'id',
      'prediction',
      'score',
      'probability_setosa',
      'probability_versicolor',
      'probability_virginica',
    ]);
    expect(first).toMatchObject({ id: 2n ** 60n });
    const none = await done(golden('snappy'), 'data.parquet', { output: { join: 'none' } });
    expect(Object.keys((await rowsIn(none.output))[0] ?? {})).toEqual(['prediction', 'score']);
  });
});

describe('between formats', () => {
  test('Parquet becomes CSV and JSON Lines with dates, times and all digits', async () => {
    const asCsv = await done(golden('snappy'), 'data.parquet', { output: { format: 'csv' } });
    const [header, first, , , fourth] = asCsv.output.toString().split('\n');
    expect(header).toBe(
      'length,width,höhe,id,small,unsigned,price,truth,name,kind,day,at,moment,nanos,none,prediction,score',
    );
    expect(first).toMatch(
      /^0,0,-50,1152921504606846976,0,4294967295,-30,true,name 0 å😀,a,1969-12-20,2024-02-28T23:59:59.123456,2024-02-28T23:59:59.123Z,2024-02-28T23:59:59.123456789,,\w+,[\d.]+$/,
    );
    expect(fourth).toMatch(/^1\.1099999999999999,,-41,1152921504606846979,,4294967292,,,,,,,,,,\w*,/);
    const asJson = await done(golden('zstd'), 'data.parquet', { output: { format: 'jsonl' } });
    const [line] = asJson.output.toString().split('\n');
    expect(line).toContain('"id":1152921504606846976,');
    expect(JSON.parse(line ?? '')).toMatchObject({ truth: true, day: '1969-12-20', none: null, kind: 'a' });
  });

  test.each(['data.csv', 'data.jsonl', 'data.csv.gz'])(
    '%s becomes Parquet with numbers for the model’s columns and text for all others',
    async (name) => {
      const rows = Array.from({ length: 30 }, (_, i) => ({
        id: `00${i}`,
        length: i / 3,
        höhe: 1,
        width: i % 5 === 0 ? null : i,
        note: 'a, "b"',
      }));
      const cell = (value: unknown) =>
        value === null ? '' : typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value);
      const text = name.startsWith('data.csv')
        ? `id,length,höhe,width,note\n${rows.map((row) => `${Object.values(row).map(cell).join(',')}\n`).join('')}`
        : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      const { output } = await done(
        name.endsWith('.gz') ? gzipSync(text) : text,
        name,
        { output: { format: 'parquet' } },
        { ...small, chunkBytes: 300 },
      );
      const expected = await predictions(rows);
      expect(await rowsIn(output)).toEqual(rows.map((row, i) => ({ ...row, ...expected[i] })));
    },
  );
});

describe('bad rows', () => {
  const more: ColumnSource[] = [
    {
      name: 'höhe',
      data: Array.from({ length: 20 }, (_, i) => (i === 6 ? 'tall' : String(i / 2))),
      type: 'STRING',
    },
  ];
  const bytes = () => {
    const columnData: ColumnSource[] = [
      { name: 'length', data: Float64Array.from({ length: 20 }, (_, i) => i) },
      { name: 'width', data: Array.from({ length: 20 }, (_, i) => (i === 3 ? null : i)), type: 'DOUBLE' },
      ...more,
    ];
    return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 5 }));
  };

  test('fail the job with their place, are left out, or keep it without a prediction', async () => {
    expect(await failed(bytes())).toMatchObject({
      failure: { code: 'bad-input', row: 7, column: 'höhe', value: 'tall', reason: 'is not a number' },
    });
    for (const policy of ['skip', 'null']) {
      const { job, output } = await done(bytes(), 'data.parquet', { bad_rows: { policy } }, small);
      const rows = await rowsIn(output);
      expect(rows.map(({ length }) => length)).toEqual(
        Array.from({ length: 20 }, (_, i) => i).filter((i) => policy === 'null' || i !== 6),
      );
      const missing = rows.filter(({ prediction }) => prediction === null).map(({ length }) => length);
      expect(missing).toEqual(policy === 'null' ? [6] : []);
      const scored = rows.filter(({ prediction }) => prediction !== null);
      const expected = await predictions(scored);
      expect(scored).toEqual(scored.map((row, i) => ({ ...row, ...expected[i] })));
      expect(job).toMatchObject({ totals: { bad: 1 } });
    }
  });
});

describe('a model of several inputs', () => {
  const inputs = (missing: number): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          {
            name: 'n',
            data: Array.from({ length: 12 }, (_, i) => (i === missing ? null : 2n ** 60n + BigInt(i))),
            type: 'INT64',
          },
          { name: 't', data: Array.from({ length: 12 }, (_, i) => `å${i % 3}`), type: 'STRING' },
          { name: 'b', data: Array.from({ length: 12 }, (_, i) => i % 2 === 0), type: 'BOOLEAN' },
          { name: 'more', data: Array.from({ length: 12 }, (_, i) => new Date(i)), type: 'TIMESTAMP' },
        ],
        rowGroupSize: 5,
      }),
    );

  test('takes columns as they are, every digit of them', async () => {
    const job = await runJob(ctx, await drop('data.parquet', inputs(-1), {}, 'whole'), small);
    expect(job).toMatchObject({ status: 'succeeded' });
    const rows = await rowsIn((await bytesOut(job)) ?? Buffer.alloc(0));
    const before = await rowsIn(inputs(-1));
    expect(rows).toEqual(
      before.map((row) => ({ ...row, n_out: row['n'], t_out: row['t'], b_out: row['b'] })),
    );
  });

  test('is not given a row that lacks a value', async () => {
    const job = await runJob(ctx, await drop('data.parquet', inputs(7), {}, 'whole'), small);
    expect(job).toMatchObject({ failure: { code: 'bad-input', row: 8, column: 'n' } });
    for (const [policy, rows] of [
      ['skip', 11],
      ['null', 12],
    ] as const) {
      const asked = { bad_rows: { policy } };
      const kept = await runJob(ctx, await drop('data.parquet', inputs(7), asked, 'whole'), small);
      const out = await rowsIn((await bytesOut(kept)) ?? Buffer.alloc(0));
      expect(out).toHaveLength(rows);
      expect(out.filter(({ n_out: n }) => n === null)).toHaveLength(policy === 'null' ? 1 : 0);
      expect(
        out.filter((row) => row['n'] !== row['n_out'] || (row['n'] !== null && row['b'] !== row['b_out'])),
      ).toEqual([]);
      expect(kept).toMatchObject({ totals: { bad: 1 } });
    }
  });
});

describe('a file that cannot be read', () => {
  const whole = Buffer.from(table(10));
  const cut = (bytes: Buffer, change: (copy: Buffer) => unknown) => {
    const copy = Buffer.from(bytes);
    change(copy);
    return copy;
  };
  const nested = () =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'length', data: [1] },
          { name: 'tags', data: [[1, 2]] },
        ],
        schema: [
          { name: 'root', num_children: 2 },
          { name: 'length', type: 'INT32', repetition_type: 'REQUIRED' },
          { name: 'tags', repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
          { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
          { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
        ],
      }),
    );

  test.each<[string, () => Uint8Array, RegExp]>([
    ['empty', () => Buffer.alloc(0), /too short/],
    ['text', () => Buffer.from('length,width,höhe\n1,2,3\n'), /does not end in PAR1/],
    ['without its end', () => whole.subarray(0, -20), /does not end in PAR1/],
    ['encrypted', () => cut(whole, (copy) => copy.write('PARE', copy.length - 4)), /encrypted/],
    [
      'with a footer longer than itself',
      () => cut(whole, (copy) => copy.writeUInt32LE(1 << 30, copy.length - 8)),
      /longer than the file/,
    ],
    [
      'with a broken footer',
      () => cut(whole, (copy) => copy.fill(0xff, copy.length - 120, copy.length - 60)),
      /not readable Parquet/,
    ],
    ['with broken pages', () => cut(whole, (copy) => copy.fill(0xff, 4, 120)), /not readable Parquet/],
    ['without rows', () => table(0), /no rows/],
    ['without rows, as PyArrow writes it', () => golden('no-rows'), /no rows/],
    ['that is nested where it is joined', nested, /nested/],
    [
      'without a column of the model',
      () => new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'length', data: [1] }] })),
      /The column is missing/,
    ],
    [
      'with times for numbers',
      () =>
        new Uint8Array(
          parquetWriteBuffer({
            columnData: [
              { name: 'length', data: [1] },
              { name: 'width', data: [new Date()] },
              { name: 'höhe', data: [1] },
            ],
          }),
        ),
      /holds times/,
    ],
  ])('fails its job with the reason: %s', async (_, bytes, reason) => {
    expect(await failed(bytes())).toMatchObject({
      failure: { code: 'bad-input', reason: expect.stringMatching(reason) as string },
    });
  });
});
