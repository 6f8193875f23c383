import { readFile } from 'node:fs/promises';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { columns, head, requests } from './golden/part-1.ts';
import { joinRules } from '../privacy/index.ts';
import { type PartTable, readPart, writePart } from './part.ts';
import { withoutRows } from './part-rows.ts';
import type { Scored } from './rows.ts';
import type { Tensor } from '../sessions/index.ts';

const contents = (table: PartTable) =>
  Object.fromEntries(table.columns.map((name) => [name, table.column(name)]));

function schemaOf(bytes: Uint8Array) {
  const { schema, num_rows, key_value_metadata } = parquetMetadata(Uint8Array.from(bytes).buffer);
  return { schema, num_rows, key_value_metadata };
}

const golden = readFile(new URL('golden/part-1.parquet', import.meta.url));

describe('format 1 of prediction parts', () => {
  test('a part that was written by the first release is read as it was meant', async () => {
    const table = await readPart(await golden);
    expect(table.columns).toEqual(Object.keys(columns));
    expect(contents(table)).toEqual(columns);
    expect(table).toMatchObject({ rows: 3, lostRows: 4 });
  });

  test('what is written now has the same schema, metadata and values', async () => {
    const part = writePart(head, requests, 4);
    expect(schemaOf(part)).toEqual(schemaOf(await golden));
    expect(contents(await readPart(part))).toEqual(columns);
  });

  test('only the columns asked for are read', async () => {
    const table = await readPart(await golden, ['score', 'in.höhe', 'absent']);
    expect(contents(table)).toEqual({ 'in.höhe': columns['in.höhe'], score: columns['score'] });
  });

  test('another format is refused, not misread', async () => {
    const bytes = Buffer.from(await golden);
    const at = bytes.indexOf('cairn.part') + 'cairn.part'.length;
    bytes[bytes.indexOf('1', at)] = '2'.charCodeAt(0);
    await expect(readPart(bytes)).rejects.toThrow("format '2'");
  });
});

describe('a part without some of its rows', () => {
  const rules = joinRules([{ höhe: 'mask', length: 'hash', label: 'mask' }], undefined, {
    id: '0a1b2c3d',
    bytes: new Uint8Array(32),
  });

  test('has the schema, the metadata and the values of the others as they were', async () => {
    for (const bytes of [new Uint8Array(await golden), writePart({ ...head, rules }, requests, 4)]) {
      const before = await readPart(bytes);
      for (const removed of [[], [1], [0, 2], [0, 1, 2]]) {
        const rewritten = await withoutRows(bytes, new Set(removed));
        const { schema, key_value_metadata } = schemaOf(rewritten);
        expect(schemaOf(bytes)).toMatchObject({ schema, key_value_metadata });
        const after = await readPart(rewritten);
        expect(after.rows).toBe(3 - removed.length);
        expect(after.hidden).toEqual(before.hidden);
        expect(after.lostRows).toBe(4);
        const kept = ([, values]: [string, readonly unknown[]]) =>
          values.filter((_, row) => !removed.includes(row));
        for (const entry of Object.entries(contents(before)))
          expect(after.column(entry[0])).toEqual(kept(entry));
      }
    }
  });

  test('keeps every element type, nulls and numbers beyond a double', async () => {
    const data = {
      bool: { type: 'bool', dims: [2], data: Uint8Array.of(0, 1) },
      u32: { type: 'uint32', dims: [2], data: Uint32Array.of(0, 4294967295) },
      u64: { type: 'uint64', dims: [2], data: BigUint64Array.of(0n, 2n ** 64n - 1n) },
      i8: { type: 'int8', dims: [2], data: Int8Array.of(-128, 127) },
      i64: { type: 'int64', dims: [2], data: BigInt64Array.of(5n, -(2n ** 63n)) },
      f32: { type: 'float32', dims: [2], data: Float32Array.of(0.1, Number.NEGATIVE_INFINITY) },
      f64: { type: 'float64', dims: [2], data: Float64Array.of(0.1, Number.NaN) },
      text: { type: 'string', dims: [2], data: ['', 'å😀'] },
    } as const satisfies Record<string, Tensor>;
    const bytes = writePart({ ...head, features: null, labels: null }, [
      { at: 0, rows: 2, inputs: data, outputs: {}, scores: null, latencyMicros: 1, status: 200 },
    ]);
    const before = contents(await readPart(bytes));
    const after = contents(await readPart(await withoutRows(bytes, new Set([0]))));
    expect(after).toEqual(Object.fromEntries(Object.entries(before).map(([name, [, b]]) => [name, [b]])));
  });
});

describe('columns of tensors', () => {
  const row = (inputs: Record<string, Tensor>, rows: number): Scored => ({
    at: 0,
    rows,
    inputs,
    outputs: {},
    scores: null,
    latencyMicros: 1,
    status: 200,
  });
  const bare = { ...head, features: null, labels: null };

  test('every element type comes back as it went in, 64-bit integers beyond 2^53 as text', async () => {
    const inputs: Record<string, Tensor> = {
      bool: { type: 'bool', dims: [2], data: Uint8Array.of(0, 1) },
      u8: { type: 'uint8', dims: [2], data: Uint8Array.of(0, 255) },
      u16: { type: 'uint16', dims: [2], data: Uint16Array.of(0, 65535) },
      u32: { type: 'uint32', dims: [2], data: Uint32Array.of(0, 4294967295) },
      u64: { type: 'uint64', dims: [2], data: BigUint64Array.of(0n, 2n ** 64n - 1n) },
      i8: { type: 'int8', dims: [2], data: Int8Array.of(-128, 127) },
      i16: { type: 'int16', dims: [2], data: Int16Array.of(-32768, 32767) },
      i32: { type: 'int32', dims: [2], data: Int32Array.of(-2147483648, 2147483647) },
      i64: { type: 'int64', dims: [2], data: BigInt64Array.of(5n, -(2n ** 63n)) },
      f32: { type: 'float32', dims: [2], data: Float32Array.of(0.1, Number.NEGATIVE_INFINITY) },
      f64: { type: 'float64', dims: [2], data: Float64Array.of(0.1, Number.NaN) },
      text: { type: 'string', dims: [2], data: ['', 'å😀'] },
    };
    const table = await readPart(writePart(bare, [row(inputs, 2)]));
    const values = Object.fromEntries(Object.keys(inputs).map((name) => [name, table.column(`in.${name}`)]));
    expect(values).toEqual({
      bool: [0, 1],
      u8: [0, 255],
      u16: [0, 65535],
      u32: [0, 4294967295],
      u64: ['0', '18446744073709551615'],
      i8: [-128, 127],
      i16: [-32768, 32767],
      i32: [-2147483648, 2147483647],
      i64: [5, '-9223372036854775808'],
      f32: [Math.fround(0.1), Number.NEGATIVE_INFINITY],
      f64: [0.1, Number.NaN],
      text: ['', 'å😀'],
    });
    expect(table.column('score')).toEqual([null, null]);
    expect(table.column('class')).toEqual([null, null]);
  });

  test('unnamed columns are numbered; what has no rows, is too wide or changes width is left out', async () => {
    const tensor = (...dims: number[]): Tensor => ({
      type: 'float32',
      dims,
      data: new Float32Array(dims.reduce((product, size) => product * size, 1)),
    });
    const both = (extra: Tensor) => row({ x: tensor(2, 3), extra }, 2);
    for (const extra of [tensor(3, 2), tensor(), tensor(2, 1025)])
      expect(
        (await readPart(writePart(bare, [both(extra)]))).columns.filter((name) => name.startsWith('in.')),
      ).toEqual(['in.x.0', 'in.x.1', 'in.x.2']);
    const changing = await readPart(writePart(bare, [both(tensor(2, 2)), both(tensor(2, 4))]));
    expect(changing.columns.filter((name) => name.startsWith('in.'))).toEqual(['in.x.0', 'in.x.1', 'in.x.2']);
  });
});
