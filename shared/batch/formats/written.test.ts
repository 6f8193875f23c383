import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCsv } from '../../datasets/index.ts';
import { CsvCells } from './csv-cells.ts';
import { JsonLines } from './json-lines.ts';
import type { PredictedColumn } from './predicted.ts';
import type { RowBlock } from './rows.ts';

type Value = string | number | boolean | null;

const columns = ['a', 'b "c"', 'd,e'].map((name, at) => ({ name, at }));
const predicted: readonly PredictedColumn[] = [
  { name: 'label', kind: 'text' },
  { name: 'whole', kind: 'whole' },
  { name: 'list', kind: 'list' },
  { name: 'score', kind: 'number' },
];
const values = [
  ['x,"y"', 'é\n'],
  ['9007199254740993', -1n],
  ['[1,2]', '[]'],
  Float64Array.of(0.5, Number.NaN),
];

const blockOf = (rows: readonly (readonly Value[])[], unscored: readonly number[] = []): RowBlock => ({
  rows: rows.length,
  feeds: { kind: 'tensors', tensors: {} },
  unscored: new Set(unscored),
  problems: [],
  read: rows.length,
  position: 0,
  text: null,
  number: (row) => row + 1,
  cell: (row, column) => rows[row]?.[column] ?? null,
});

const value = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', ';', ',', '\n', 'ä', ' ', '1'), maxLength: 4 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const table = fc.array(fc.tuple(value, value, value), { minLength: 2, maxLength: 2 });

test('cells of CSV read back are the values, by any delimiter', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom(',', ';', '\t', '|'), async (rows, delimiter) => {
      const writer = new CsvCells(columns, predicted, delimiter);
      const bytes = Buffer.concat([writer.head(), writer.write(blockOf(rows), values).bytes]);
      const read = await Readable.from(readCsv(Readable.from([bytes]), { delimiter })).toArray();
      const text = (each: Value) => (each === null ? '' : String(each));
      expect(read).toEqual([
        ['a', 'b "c"', 'd,e', 'label', 'whole', 'list', 'score'],
        [...(rows[0] ?? []).map(text), 'x,"y"', '9007199254740993', '[1,2]', '0.5'],
        [...(rows[1] ?? []).map(text), 'é\n', '-1', '[]', 'NaN'],
      ]);
    }),
  );
});

test('a lone cell without a value is a row all the same', () => {
  const writer = new CsvCells([], [{ name: 'label', kind: 'text' }], ',');
  expect(Buffer.from(writer.write(blockOf([[], []], [1]), [['x', 'y']]).bytes).toString()).toBe('x\n""\n');
});

test('JSON Lines read back are the values, and what JSON has no word for is null', () => {
  fc.assert(
    fc.property(table, (rows) => {
      const writer = new JsonLines(columns, predicted);
      const lines = Buffer.from(writer.write(blockOf(rows, [1]), values).bytes).toString();
      const [first, second] = lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      const finite = (each: Value | undefined) =>
        typeof each === 'number' && !Number.isFinite(each)
          ? null
          : typeof each === 'number'
            ? each + 0
            : each;
      const of = (row: readonly Value[] = []) => ({
        a: finite(row[0]),
        'b "c"': finite(row[1]),
        'd,e': finite(row[2]),
      });
      expect(first).toEqual({
        ...of(rows[0]),
        label: 'x,"y"',
        whole: 9007199254740992,
        list: [1, 2],
        score: 0.5,
      });
      expect(second).toEqual({ ...of(rows[1]), label: null, whole: null, list: null, score: null });
      expect(lines).toContain('"whole":9007199254740993,');
    }),
  );
});

test('objects are written as they stand, with the predicted fields behind their own', () => {
  const lines = ['{}', ' { "a" : 1.50 }\r', '{"a":"}"}', '{"a": NaN, "NaN": "\\"NaN", "b": [-Infinity]}'];
  const bytes = Buffer.from(lines.join(''));
  const ends = Uint32Array.of(2, 18, 27, bytes.length);
  const block = {
    ...blockOf([[], [], [], []], [2]),
    text: { bytes, starts: Uint32Array.of(0, 2, 18, 27), ends },
  };
  const writer = new JsonLines('objects', [{ name: 'p', kind: 'truth' }]);
  expect(Buffer.from(writer.write(block, [[true, false, true, true]]).bytes).toString()).toBe(
    '{"p":true}\n{"a" : 1.50,"p":false}\n{"a":"}","p":null}\n{"a": null, "NaN": "\\"NaN", "b": [null],"p":true}\n',
  );
});
