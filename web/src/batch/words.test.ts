import { expect, test } from 'vitest';
import type { BatchJob, BatchProgress } from '../api/batch.ts';
import {
  failureText,
  inputFolder,
  inputName,
  knownRows,
  nameBelow,
  smallPercent,
  speedText,
} from './words.ts';

const input = (name: string, prefix = false) => ({ input: { name, prefix } }) as BatchJob;

test('an input is called by its last part, a folder with a slash', () => {
  expect(inputName(input('iris/2026/a.csv'))).toBe('a.csv');
  expect(inputName(input('iris/2026/', true))).toBe('2026/');
});

test('a file of many is called by its place below the prefix', () => {
  expect(nameBelow('iris/2026/day=1/a.csv', 'iris/2026/')).toBe('day=1/a.csv');
  expect(nameBelow('iris/2026/part-1.csv', 'iris/2026/part-')).toBe('part-1.csv');
  expect(nameBelow('elsewhere/a.csv', 'iris/2026/')).toBe('a.csv');
});

test('a folder is told where a reader chose it', () => {
  const folder = (name: string, container = 'batch-input') =>
    inputFolder({ input: { uri: `${container}/${name}`, name } } as BatchJob);
  expect(folder('iris/2026/03/a.csv')).toBe('2026/03');
  expect(folder('iris/2026/03/')).toBe('2026');
  expect(folder('iris/a.csv')).toBe('');
  expect(folder('iris/uploads/5f/a.csv')).toBe('');
  expect(folder('default/0/5f/artifacts/a.csv', 'artifacts')).toBe('');
});

test('why nothing came out is told with its place', () => {
  const error = { code: 'bad-input', reason: 'is not a number', row: 1200, column: 'width' };
  const text = (of: BatchJob['error'], name = 'iris/a.csv') => failureText({ ...input(name), error: of });
  expect(text(error)).toBe('Row 1,200, column width: is not a number');
  expect(text({ ...error, value: '1,5' })).toBe('Row 1,200, column width, “1,5”: is not a number');
  expect(text({ ...error, value: '' })).toBe('Row 1,200, column width, empty: is not a number');
  expect(text({ ...error, row: 0, file: 'iris/2026/day=1/a.csv' }, 'iris/2026/')).toBe(
    'day=1/a.csv, header, column width: is not a number',
  );
  expect(text({ code: 'endpoint', reason: 'It is gone.' })).toBe('It is gone.');
  expect(text(null)).toBe('');
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
