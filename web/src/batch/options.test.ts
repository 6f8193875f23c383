import { expect, test } from 'vitest';
import { badRowsText, bodyOf, isDelimited, plainDraft, tellsFormat } from './options.ts';

test('what is left at its default is not asked for', () => {
  expect(bodyOf(plainDraft)).toEqual({});
  expect(bodyOf({ ...plainDraft, maxRows: '3' })).toEqual({});
});

test('what is chosen is asked for in the words of the API', () => {
  const draft = {
    ...plainDraft,
    format: 'csv',
    delimiter: '\t',
    outputFormat: 'parquet',
    join: 'some',
    columns: ' id, höhe ,',
    probabilities: true,
    policy: 'skip',
    maxRows: '0',
    maxPercent: '0.5',
  } as const;
  expect(bodyOf(draft)).toEqual({
    format: 'csv',
    delimiter: '\t',
    output: { format: 'parquet', join: ['id', 'höhe'], probabilities: true },
    bad_rows: { policy: 'skip', max_rows: 0, max_percent: 0.5 },
  });
  expect(bodyOf({ ...plainDraft, join: 'none', policy: 'null' })).toEqual({
    output: { join: 'none' },
    bad_rows: { policy: 'null' },
  });
});

test('the name of a file tells its format, packed or not', () => {
  expect(['a.CSV', 'b.tsv.gz', 'c.ndjson', 'd.parquet'].every(tellsFormat)).toBe(true);
  expect(['a.txt', 'b.parquet.gz', 'csv', ''].some(tellsFormat)).toBe(false);
  expect(isDelimited(plainDraft, 'a.jsonl.gz')).toBe(false);
  expect(isDelimited({ ...plainDraft, format: 'csv' }, 'a.jsonl')).toBe(true);
});

test('the limit of bad rows is told in words', () => {
  expect(badRowsText({ policy: 'fail', max_rows: null, max_percent: null })).toBe('the first ends the job');
  expect(badRowsText({ policy: 'skip', max_rows: 5, max_percent: 0.1 })).toBe(
    'left out, up to 5 rows or 0.1 %',
  );
});
