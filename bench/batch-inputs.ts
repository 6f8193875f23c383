import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { ParquetWriter, endOf } from '../shared/batch/formats/parquet-writer.ts';
import type { RowBlock } from '../shared/batch/formats/rows.ts';

export type InputFormat = 'csv' | 'csv.gz' | 'jsonl' | 'parquet';

export const featureCount = 20;
export const features = Array.from({ length: featureCount }, (_, i) => `feature_${i}`);

/** Rows that are made; longer files have them again and again. */
const rowsMade = 20_000;

/** About, of each row of a file in CSV. */
const csvRowBytes = 210;

/** How many rows make a file that has about so many megabytes in CSV. */
export const rowsOf = (megabytes: number): number =>
  Math.round((megabytes * 1e6) / csvRowBytes / rowsMade) * rowsMade;

/** A file of `rows` rows, a multiple of 20,000: an id and twenty features with six decimals. */
export function inputOf(format: InputFormat, rows: number): Readable {
  switch (format) {
    case 'csv':
      return Readable.from(csv(rows));
    case 'csv.gz':
      return Readable.from(csv(rows)).pipe(createGzip({ level: 1 }));
    case 'jsonl':
      return Readable.from(repeated(rows, Buffer.from(madeRows().map(jsonLine).join(''))));
    case 'parquet':
      return Readable.from(parquet(rows));
  }
}

/** The header first, then the rows. */
export function* csv(rows: number): Generator<Buffer> {
  yield Buffer.from(`id,${features.join(',')}\n`);
  yield* repeated(rows, Buffer.from(madeRows().map(csvLine).join('')));
}

function* repeated(rows: number, piece: Buffer): Generator<Buffer> {
  for (let made = 0; made < rows; made += rowsMade) yield piece;
}

function madeRows(): readonly (readonly number[])[] {
  const random = randomNumbers(7);
  const value = () => Math.round((random() * 200 - 100) * 1e6) / 1e6;
  return Array.from({ length: rowsMade }, (_, id) => [id, ...Array.from({ length: featureCount }, value)]);
}

const csvLine = ([id, ...values]: readonly number[]) =>
  `${id},${values.map((value) => value.toFixed(6)).join(',')}\n`;

const jsonLine = (row: readonly number[]) =>
  `${JSON.stringify(Object.fromEntries(row.map((value, i) => [i === 0 ? 'id' : features[i - 1], value])))}\n`;

/** Row groups as long as the rows that are made. */
function* parquet(rows: number): Generator<Uint8Array> {
  const made = madeRows();
  const columns = ['id', ...features].map((name, at) => ({
    element: { name, repetition_type: 'OPTIONAL', type: 'DOUBLE' } as const,
    from: { input: at },
  }));
  const writer = new ParquetWriter(columns, { groups: [] });
  const block = {
    rows: rowsMade,
    vectors: {
      column: (at: number) => ({ values: Float64Array.from(made, (row) => row[at] ?? 0), present: null }),
      order: null,
    },
  };
  writer.write(block as unknown as RowBlock, []);
  const { bytes, groups = [] } = writer.close();
  yield Buffer.from(writer.head());
  yield* repeated(rows, Buffer.from(bytes));
  const end = endOf([writer.schema, ...Array.from({ length: rows / rowsMade }, () => groups).flat()]);
  yield Buffer.from(end);
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
