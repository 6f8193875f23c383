import { expect, test } from 'vitest';
import type { BatchJob, BatchProgress } from '../api/batch.ts';
import { failureText, inputName, knownRows, smallPercent, speedText } from './words.ts';

const input = (name: string, prefix = false) => ({ input: { name, prefix } }) as BatchJob;

test('an input is called by its last part, a folder with a slash', () => {
  expect(inputName(input('iris/2026/a.csv'))).toBe('a.csv');
  expect(inputName(input('iris/2026/', true))).toBe('2026/');
});

test('why nothing came out is told with its place', () => {
  const error = { code: 'bad-input', reason: 'is not a number', row: 1200, column: 'width' };
  expect(failureText(error)).toBe('Row 1,200, column width: is not a number');
  expect(failureText({ ...error, row: 0, file: 'iris/a.csv' })).toBe(
    'a.csv, header, column width: is not a number',
  );
  expect(failureText({ code: 'endpoint', reason: 'It is gone.' })).toBe('It is gone.');
});

test('a total is known when nothing can be added to it', () => {
  const progress = (done: number, total: number, chunksDone: number, complete = true) =>
    ({
      rows: { done, total, bad: 0 },
      chunks: { done: chunksDone, failed: 0, total: 2 },
      complete,
    }) as BatchProgress;
  expect(knownRows(progress(10, 40, 0))).toBe(40);
  expect(knownRows(progress(40, 40, 2))).toBe(40);
  // Of a packed file there is no more than what has been read.
  expect(knownRows(progress(40, 40, 1))).toBeUndefined();
  expect(knownRows(progress(10, 40, 0, false))).toBeUndefined();
});

test('speeds have three digits, and small shares are not none', () => {
  expect([speedText(1234.5), speedText(2_412_345), speedText(0.51234), speedText(0)]).toEqual([
    '1,230 rows/s',
    '2,410,000 rows/s',
    '0.512 rows/s',
    '0 rows/s',
  ]);
  expect([smallPercent(0), smallPercent(0.0004), smallPercent(0.25)]).toEqual(['0 %', '< 0.1 %', '25 %']);
});
