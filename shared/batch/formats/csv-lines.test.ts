import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumericRows } from '../../datasets/index.ts';
import { CsvLines, scoreText } from './csv-lines.ts';
import type { RowBlock } from './rows.ts';
import type { Written } from './writer.ts';

const runs = process.env['CAIRN_TEST'] === 'long' ? 100_000 : 2000;

test('a score read back is the score, and a float32 is written short', () => {
  fc.assert(
    fc.property(fc.float(), (value) => {
      expect(Math.fround(Number(scoreText(value))) + 0).toBe(value + 0);
    }),
    { numRuns: runs },
  );
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(Math.fround(Number(scoreText(value))) + 0).toBe(Math.fround(value) + 0);
    }),
    { numRuns: runs },
  );
  expect(scoreText(Math.fround(0.93))).toBe('0.93');
  expect(scoreText(Math.fround(1 / 3))).toBe('0.33333334');
  expect(scoreText(0.1)).toBe('0.1');
  expect(scoreText(1)).toBe('1');
  expect(scoreText(Number.NaN)).toBe('NaN');
});

const lines = () =>
  new CsvLines(Buffer.from('id,x'), [
    { name: 'prediction', kind: 'text' },
    { name: 'score', kind: 'number' },
  ]);

const textOf = ({ bytes }: Written) => Buffer.from(bytes).toString();

const blockOf = (rows: NumericRows, unscored: ReadonlySet<number> = new Set()): RowBlock => ({
  rows: rows.rows,
  feeds: { kind: 'tensors', tensors: {} },
  number: (row) => row + 1,
  unscored,
  problems: [],
  read: rows.rows,
  position: 0,
  text: { bytes: rows.text, starts: rows.starts, ends: rows.ends },
  cell: () => null,
});

test('lines keep the input as it stands, quote a label that needs it, and leave out what is not known', () => {
  const rows = new NumericRows(['id', 'x'], ['x'], { rowsMax: 8 });
  rows.fill(Buffer.from('"a,b",1\r\nç,2\n\n"",3'), 0);
  const writer = lines();
  const classes = ['yes', 'no, "never"', 'yes'];
  const scores = Float64Array.from([0.5, 0.25, 1]);
  expect(textOf(writer.write(blockOf(rows), [classes, scores]))).toBe(
    '"a,b",1,yes,0.5\nç,2,"no, ""never""",0.25\n"",3,yes,1\n',
  );
  expect(textOf(writer.write(blockOf(rows), [scores, scores]))).toBe(
    '"a,b",1,0.5,0.5\nç,2,0.25,0.25\n"",3,1,1\n',
  );
  expect(textOf(writer.write(blockOf(rows, new Set([1])), [classes, scores]))).toBe(
    '"a,b",1,yes,0.5\nç,2,,\n"",3,yes,1\n',
  );
  expect(Buffer.from(writer.head()).toString()).toBe('id,x,prediction,score\n');
});

test('the buffer grows with long lines', () => {
  const rows = new NumericRows(['id', 'x'], ['x'], { rowsMax: 8 });
  const long = 'z'.repeat(700_000);
  rows.fill(Buffer.from(`${long},1\n${long},2\n${long},3\n`), 0);
  const scores = Float64Array.from([1, 2, 3]);
  expect(textOf(lines().write(blockOf(rows), [scores, scores]))).toBe(
    `${long},1,1,1\n${long},2,2,2\n${long},3,3,3\n`,
  );
});
