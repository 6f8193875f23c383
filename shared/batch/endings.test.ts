import { expect, test } from 'vitest';
import { kindOf, outputNameOf, whyUnreadable } from './endings.ts';
import { type AskedOptions, optionsOf } from './options.ts';

test.each<[string, AskedOptions, string, string]>([
  ['a/data.csv', {}, 'a/data.csv', 'a/data.csv'],
  ['data.CSV.gz', {}, 'data.CSV.gz', 'data.CSV.gz'],
  ['data.csv', { output: { format: 'jsonl' } }, 'data.jsonl', 'data.csv.jsonl'],
  ['data.csv', { output: { format: 'csv' } }, 'data.csv', 'data.csv'],
  ['data.tsv.gz', { output: { format: 'jsonl' } }, 'data.jsonl.gz', 'data.tsv.gz.jsonl.gz'],
  ['data.ndjson.gz', { output: { format: 'parquet' } }, 'data.parquet', 'data.ndjson.gz.parquet'],
  ['data.parquet', { output: { format: 'csv' } }, 'data.csv', 'data.parquet.csv'],
  ['data.v2', { format: 'csv', output: { format: 'jsonl' } }, 'data.v2.jsonl', 'data.v2.jsonl'],
  ['data.csv', { gzip: true, output: { format: 'jsonl' } }, 'data.jsonl.gz', 'data.csv.jsonl.gz'],
])('the output of %s with %j is called %s, among others %s', (name, asked, alone, among) => {
  expect(outputNameOf(name, optionsOf(asked), false)).toBe(alone);
  expect(outputNameOf(name, optionsOf(asked), true)).toBe(among);
  expect(outputNameOf(alone, optionsOf(asked), false)).toBe(alone);
});

test('a file is what the options say, and else what its name does', () => {
  expect(kindOf('x.tsv.gz', null)).toEqual({ format: 'csv', gzip: true, delimiter: '\t' });
  expect(kindOf('x.tsv.gz', optionsOf({ format: 'jsonl', gzip: false }))).toMatchObject({
    format: 'jsonl',
    gzip: false,
  });
  expect(kindOf('x.parquet.gz', null)).toMatchObject({ format: 'parquet', gzip: false });
  expect(whyUnreadable('photo.png', optionsOf({}))).toContain('.csv(.gz)');
  expect(whyUnreadable('photo.png', optionsOf({ format: 'csv' }))).toBeUndefined();
});
