import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { isCode } from '../http/index.ts';
import { CsvError, parseTable } from './index.ts';

describe('tables', () => {
  test('a CSV column is numbers only where every value is one or missing', async () => {
    const table = await parseTable(Buffer.from('n,t,e,m\n1,a,,1\n,b,,x\n-2.5,,,3\n'));
    expect(table.columns).toEqual(['n', 't', 'e', 'm']);
    expect(table.rows).toBe(3);
    expect(table.column('n')).toEqual([1, null, -2.5]);
    expect(table.column('t')).toEqual(['a', 'b', null]);
    expect(table.column('e')).toEqual([null, null, null]);
    expect(table.column('m')).toEqual(['1', 'x', '3']);
    expect(() => table.column('z')).toThrow(/n, t, e, m/);
  });

  test.each([undefined, 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD'] as const)(
    'Parquet by any codec gives the values written (%s)',
    async (codec) => {
      const bytes = parquetWriteBuffer({
        columnData: [
          { name: 'x', data: [1.5, Number.NaN, 3], type: 'DOUBLE' },
          { name: 'n', data: [1n, 2n ** 60n, -3n], type: 'INT64' },
          { name: 's', data: ['a', null, 'ü'], type: 'STRING' },
          { name: 'b', data: [true, false, true], type: 'BOOLEAN' },
          { name: 't', data: [new Date(0), new Date(1), new Date(2)], type: 'TIMESTAMP' },
        ],
        ...(codec === undefined ? {} : { codec }),
        rowGroupSize: 2,
        compressors: {
          GZIP: (data: Uint8Array) => gzipSync(data),
          BROTLI: (data: Uint8Array) => brotliCompressSync(data),
          ZSTD: (data: Uint8Array) => zstdCompressSync(data),
        },
      });
      const table = await parseTable(new Uint8Array(bytes));
      expect(table.rows).toBe(3);
      expect(table.column('x')).toEqual([1.5, null, 3]);
      expect(table.column('n')).toEqual([1, (2n ** 60n).toString(), -3]);
      expect(table.column('s')).toEqual(['a', null, 'ü']);
      expect(table.column('b')).toEqual([1, 0, 1]);
      expect(table.column('t')[1]).toBe('1970-01-01T00:00:00.001Z');
    },
  );

  test('what is no table is refused with the place', async () => {
    await expect(parseTable(Buffer.from('a,a\n1,2\n'))).rejects.toMatchObject({
      problem: { row: 0, column: 'a' },
    });
    await expect(parseTable(Buffer.from('a,b\n1,2\n3\n'))).rejects.toMatchObject({ problem: { row: 2 } });
    await expect(parseTable(Buffer.from(''))).rejects.toBeInstanceOf(CsvError);
    await expect(parseTable(Buffer.from('PAR1 and then nothing'))).rejects.toSatisfy((e) =>
      isCode(e, 'invalid'),
    );
  });

  test('a table beyond the limit is refused before it is built', async () => {
    const limits = { bytesMax: 1000, cellsMax: 3 };
    await expect(parseTable(Buffer.from('a,b\n1,2\n3,4\n'), limits)).rejects.toSatisfy((e) =>
      isCode(e, 'too-large'),
    );
    const parquet = parquetWriteBuffer({ columnData: [{ name: 'x', data: [1, 2, 3, 4] }] });
    await expect(parseTable(new Uint8Array(parquet), limits)).rejects.toSatisfy((e) =>
      isCode(e, 'too-large'),
    );
  });
});
