import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import type { ParquetColumn } from '../file.ts';
import { outputColumns } from './parquet-schema.ts';
import { typeOf, type Values } from './parquet-types.ts';
import { endOf, ParquetWriter } from './parquet-writer.ts';
import type { PredictedColumn, PredictedValues } from './predicted.ts';
import type { RowBlock } from './rows.ts';

const elements: readonly ParquetColumn['element'][] = [
  { name: 'double', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
  { name: 'whole', type: 'INT64', repetition_type: 'REQUIRED' },
  { name: 'truth', type: 'BOOLEAN', repetition_type: 'OPTIONAL' },
  { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'fixed', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 3, repetition_type: 'REQUIRED' },
];
const layout = {
  format: 'parquet' as const,
  columns: elements.map((element): ParquetColumn => ({ name: element.name, type: typeOf(element), element })),
  rows: 0,
};
const predictedColumns: readonly PredictedColumn[] = [
  { name: 'prediction', kind: 'text' },
  { name: 'score', kind: 'number' },
];
const columns = outputColumns(layout, [0, 1, 2, 3, 4], new Map(), predictedColumns);

/** What stands in row `i` of the input, and is predicted of it; texts repeat themselves where `spread` is small. */
const rowOf = (i: number, spread: number) => ({
  double: i % 5 === 0 ? null : i / 3,
  whole: 2n ** 60n + BigInt(i),
  truth: i % 7 === 0 ? null : i % 2 === 0,
  text: i % 3 === 0 ? null : `text ${(i * 31) % spread}`,
  fixed: Buffer.from([i & 255, 1, 2]).toString('latin1'),
});

const predictionOf = (i: number) => (i % 11 === 4 ? null : { prediction: 'abc'[i % 3] ?? '', score: i / 2 });

function blockOf(first: number, rows: number, spread: number): [RowBlock, PredictedValues] {
  const each = Array.from({ length: rows }, (_, row) => rowOf(first + row, spread));
  const values: Values[] = [
    Float64Array.from(each, ({ double }) => double ?? 0),
    BigInt64Array.from(each, ({ whole }) => whole),
    Uint8Array.from(each, ({ truth }) => (truth ? 1 : 0)),
    each.map(({ text }) => Buffer.from(text ?? '')),
    each.map(({ fixed }) => Buffer.from(fixed, 'latin1')),
  ];
  const names = ['double', 'whole', 'truth', 'text', 'fixed'] as const;
  const column = (at: number) => ({
    values: values[at] ?? [],
    present: Uint8Array.from(each, (row) => (row[names[at] ?? 'double'] === null ? 0 : 1)),
  });
  const predictions = each.map((_, row) => predictionOf(first + row));
  const unscored = new Set(predictions.flatMap((each_, row) => (each_ === null ? [row] : [])));
  const block: RowBlock = {
    rows,
    feeds: { kind: 'tensors', tensors: {} },
    unscored,
    problems: [],
    read: rows,
    position: first + rows,
    text: null,
    number: (row) => first + row + 1,
    cell: () => null,
    vectors: { column, order: null },
  };
  return [
    block,
    [
      predictions.map((each_) => each_?.prediction ?? 'nothing'),
      Float64Array.from(predictions, (each_) => each_?.score ?? -1),
    ],
  ];
}

type Job = { rows: number; rowsAtOnce: number; spread: number };

/** Writes the rows of a chunk; where `leaves` says so, another worker goes on from where nothing is held. */
function written({ rows, rowsAtOnce, spread }: Job, leaves: (position: number) => boolean): Buffer {
  let groups: unknown[] = [];
  const writerOf = () => new ParquetWriter(columns, { groups });
  let writer = writerOf();
  const bytes = [Buffer.from(writer.head())];
  groups.push(writer.schema);
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const [block, predicted] = blockOf(first, Math.min(rowsAtOnce, rows - first), spread);
    const { bytes: more, groups: told = [] } = writer.write(block, predicted);
    bytes.push(Buffer.from(more));
    groups = [...groups, ...told];
    if (!writer.isHolding && leaves(first)) writer = writerOf();
  }
  const { bytes: last, groups: told = [] } = writer.close();
  return Buffer.concat([...bytes, last, endOf([...groups, ...told])]);
}

const jobs = fc.record({
  rows: fc.integer({ min: 0, max: 150 }),
  rowsAtOnce: fc.integer({ min: 1, max: 9 }),
  spread: fc.constantFrom(1, 5, 1000),
});

describe('Parquet that is written', () => {
  test('is read by others as the rows it was made of', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, async (job) => {
        const bytes = written(job, () => false);
        const file = new Uint8Array(bytes).buffer;
        const rows = await parquetReadObjects({ file, utf8: false });
        expect(rows).toEqual(
          Array.from({ length: job.rows }, (_, i) => {
            const { fixed, ...rest } = rowOf(i, job.spread);
            const prediction = predictionOf(i) ?? { prediction: null, score: null };
            return { ...rest, fixed: new Uint8Array(Buffer.from(fixed, 'latin1')), ...prediction };
          }),
        );
        const { row_groups: groups, created_by: by } = parquetMetadata(file);
        const size = job.rowsAtOnce * 8;
        expect(groups.map(({ num_rows: size_ }) => Number(size_))).toEqual(
          Array.from({ length: Math.ceil(job.rows / size) }, (_, i) => Math.min(size, job.rows - i * size)),
        );
        expect(by).toBe('cairn');
      }),
      { numRuns: 60 },
    );
  });

  test('says of each row group what is missing, and between which values all others are', () => {
    const file = new Uint8Array(written({ rows: 52, rowsAtOnce: 2, spread: 5 }, () => false)).buffer;
    const groups = parquetMetadata(file).row_groups.map(({ columns: chunks }, group) =>
      chunks.map(({ meta_data: data }) => ({ first: group * 16, ...data?.statistics })),
    );
    const bounds = (first: number, name: 'double' | 'whole') => {
      // Both grow from row to row.
      const rows = Array.from({ length: Math.min(16, 52 - first) }, (_, i) => rowOf(first + i, 5)[name]);
      const there = rows.flatMap((each) => (each === null ? [] : [each]));
      const [min_value, max_value] = [there.at(0), there.at(-1)];
      return { first, null_count: BigInt(rows.length - there.length), min_value, max_value };
    };
    expect(groups).toHaveLength(4);
    for (const [, whole, truth, text] of groups) {
      expect(whole).toMatchObject(bounds(whole?.first ?? 0, 'whole'));
      expect(truth).toMatchObject({ min_value: false, max_value: true });
      expect(text?.min_value).toBeUndefined();
    }
    expect(groups.map(([double]) => double)).toMatchObject(groups.map((_, i) => bounds(i * 16, 'double')));
  });

  test('is the same to the byte wherever the work was left off and taken up again', () => {
    fc.assert(
      fc.property(jobs, fc.func(fc.boolean()), (job, leaves) => {
        expect(written(job, leaves).equals(written(job, () => false))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('has cells of text as what the model takes, and of no other kind', async () => {
    const names = ['id', 'whole', 'truth', 'number'];
    const text = {
      format: 'csv' as const,
      gzip: false,
      delimiter: ',',
      columns: names,
      header: '',
      first: 0,
    };
    const typed = new Map([
      ['whole', 'whole'],
      ['truth', 'truth'],
      ['number', 'number'],
    ] as const);
    const rows = [
      ['7', '9007199254740993', 'True', '1.5'],
      ['', '-3.0', '0', 'false'],
      [null, '2.5', 'maybe', 'abc'],
      [null, '9223372036854775808', null, 'NaN'],
    ];
    const [block] = blockOf(0, rows.length, 1);
    const cell = (row: number, column: number) => rows[row]?.[column] ?? null;
    const writer = new ParquetWriter(outputColumns(text, [0, 1, 2, 3], typed, []), {
      groups: [],
    });
    writer.write({ ...block, vectors: undefined, cell }, []);
    const { bytes, groups = [] } = writer.close();
    const file = new Uint8Array(Buffer.concat([writer.head(), bytes, endOf([writer.schema, ...groups])]))
      .buffer;
    expect((await parquetReadObjects({ file })).map((row) => Object.values(row))).toEqual([
      ['7', 9007199254740993n, true, 1.5],
      ['', -3n, false, 0],
      [null, null, null, null],
      [null, null, null, null],
    ]);
  });

  test('refuses whole numbers that it cannot hold', () => {
    const whole = outputColumns(layout, [], new Map(), [{ name: 'y', kind: 'whole' }]);
    const writer = new ParquetWriter(whole, { groups: [] });
    const [block] = blockOf(0, 1, 1);
    expect(() => writer.write(block, [[2n ** 63n]])).toThrow('csv or jsonl');
  });

  test('does not wait for ever for rows that were left out', () => {
    const writer = new ParquetWriter(columns, { groups: [] });
    const empty = () => writer.write(...blockOf(0, 0, 1));
    empty();
    expect(writer.isHolding).toBe(false);
    writer.write(...blockOf(0, 1, 1));
    for (let block = 0; block < 7; block++) {
      expect(writer.isHolding).toBe(true);
      empty();
    }
    expect(writer.isHolding).toBe(false);
  });

  test('ends a job whose chunk would have to keep count of too many row groups', () => {
    const groups = [['x'.repeat(1_499_900)]];
    const writer = new ParquetWriter(columns, { groups });
    const writeAll = () => {
      for (let row = 0; row < 16; row++) writer.write(...blockOf(row, 1, 1));
    };
    expect(writeAll).toThrow('csv or jsonl');
  });
});
