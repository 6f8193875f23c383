import { gzipSync, brotliCompressSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { Encoding } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { readFooter, type ReadRange } from './parquet-footer.ts';
import { readPageStart } from './parquet-page.ts';
import { readRows } from './parquet-read.ts';
import { plainOf } from './parquet-types.ts';

type Kind = { readonly type: NonNullable<ColumnSource['type']>; readonly encodings: readonly Encoding[] };

const kinds: readonly Kind[] = [
  { type: 'DOUBLE', encodings: ['PLAIN', 'RLE_DICTIONARY', 'BYTE_STREAM_SPLIT'] },
  { type: 'FLOAT', encodings: ['PLAIN', 'RLE_DICTIONARY', 'BYTE_STREAM_SPLIT'] },
  { type: 'INT32', encodings: ['PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'] },
  { type: 'INT64', encodings: ['PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'] },
  { type: 'BOOLEAN', encodings: ['PLAIN', 'RLE'] },
  {
    type: 'STRING',
    encodings: ['PLAIN', 'RLE_DICTIONARY', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'],
  },
];

const codecs = {
  UNCOMPRESSED: undefined,
  SNAPPY: undefined,
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
};

function valueOf({ type }: Kind, seed: number): unknown {
  switch (type) {
    case 'DOUBLE':
      return Math.sin(seed) * 1e10;
    case 'FLOAT':
      return Math.fround(seed / 8);
    case 'INT64':
      return BigInt(seed) * 3n ** 20n - 2n ** 50n;
    case 'BOOLEAN':
      return seed % 3 === 0;
    case 'STRING':
      return `text ${seed % 50} å`.slice(0, seed % 12);
    default:
      return seed * 5 - 100;
  }
}

/** Files of one to four columns in every way that they can be written. */
const files = fc
  .record({
    rows: fc.integer({ min: 1, max: 120 }),
    rowGroupSize: fc.integer({ min: 1, max: 130 }),
    pageSize: fc.constantFrom(1, 16, 100, 1 << 20),
    codec: fc.constantFrom(...(Object.keys(codecs) as (keyof typeof codecs)[])),
    columns: fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        encoding: fc.nat(3),
        missingEvery: fc.constantFrom(0, 1, 2, 7),
        spread: fc.constantFrom(1, 3, 1000),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ rows, rowGroupSize, pageSize, codec, columns }) => {
    const columnData = columns.map(
      ({ kind, encoding, missingEvery, spread }, at): ColumnSource => ({
        name: `c${at}`,
        type: kind.type,
        nullable: missingEvery > 0,
        encoding: kind.encodings[encoding % kind.encodings.length] ?? 'PLAIN',
        data: Array.from({ length: rows }, (_, i) =>
          missingEvery > 0 && i % missingEvery === 0 ? null : valueOf(kind, (i * 7) % spread),
        ),
      }),
    );
    const compressor = codecs[codec];
    const bytes = parquetWriteBuffer({
      columnData,
      rowGroupSize,
      pageSize,
      codec,
      ...(compressor ? { compressors: { [codec]: compressor } } : {}),
    });
    const expected = Array.from({ length: rows }, (_, row) =>
      columnData.map(({ data }) => shown((data as unknown[])[row])),
    );
    return { bytes: new Uint8Array(bytes), expected };
  });

function shown(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** Fills what is asked for, and no more. */
function rangesOf(file: Uint8Array): ReadRange {
  return async (first, into) => {
    const bytes = file.subarray(first, first + into.length);
    if (bytes.length !== into.length) throw new RangeError('There are no such bytes.');
    into.set(bytes);
  };
}

async function readAll(file: Uint8Array, first: number, rowsMax: number): Promise<unknown[][]> {
  const read = rangesOf(file);
  const footer = await readFooter(file.length, read);
  const wanted = footer.columns.map((_, at) => at);
  const plain = footer.columns.map(({ element }) => plainOf(element));
  const rows: unknown[][] = [];
  for await (const block of readRows(footer, read, wanted, { first, end: footer.rows, rowsMax }))
    for (let row = 0; row < block.rows; row++)
      rows.push(
        wanted.map((column) => {
          const { values, present } = block.column(column);
          return present === null || present[row] === 1 ? plain[column]?.(values, row) : null;
        }),
      );
  return rows;
}

describe('rows of Parquet', () => {
  test('are those that were written, from whatever row they are read and however many at a time', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.nat(), fc.integer({ min: 1, max: 50 }), async (file, seed, rowsMax) => {
        const first = seed % file.expected.length;
        expect(await readAll(file.bytes, first, rowsMax)).toEqual(file.expected.slice(first));
      }),
      { numRuns: 150 },
    );
  });

  test('of a file that is damaged anywhere are an error of the file, or rows, and never more than that', async () => {
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async ({ bytes }, damages) => {
          const damaged = Uint8Array.from(bytes);
          for (const [at, byte] of damages) damaged[at % damaged.length] = byte;
          const result = await readAll(damaged, 0, 16).catch((error: unknown) => error);
          expect(Array.isArray(result) || (result as Error).name).toBeOneOf([true, 'BatchError']);
        },
      ),
      { numRuns: 200 },
    );
  });

  // The struct of a page in Thrift's compact protocol, whose first field, the number of values, has these bytes.
  test.each([
    ['true', [0x11]],
    ['1.5', [0x17, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]],
    ['-1', [0x15, 0x01]],
  ])('of a page that announces %s values are refused', (_, values) => {
    const sizes = [0x15, 0x00, 0x15, 0x08, 0x15, 0x08];
    const page = [0x2c, ...values, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x00];
    expect(() => readPageStart(Uint8Array.of(...sizes, ...page, 0x00))).toThrow(/impossible numbers/);
  });

  test.each([-1, 0.5, 2 ** 31 - 1])('of decimals whose scale is %d are refused', (scale) => {
    const element = { name: 'x', type: 'INT32', converted_type: 'DECIMAL', scale } as const;
    expect(() => plainOf(element)).toThrow(/decimals of scale/);
  });

  test('of decimals without end are refused', () => {
    const tell = plainOf({ name: 'x', type: 'BYTE_ARRAY', converted_type: 'DECIMAL', scale: 2 });
    expect(tell([new Uint8Array(1000).fill(255)], 0)).toBe(-0.01);
    expect(() => tell([new Uint8Array(1_000_000)], 0)).toThrow(/takes 1000000 bytes/);
  });
});
