import { expect, test } from 'vitest';
import { pandasNote } from './parquet-pandas.ts';

/** As pandas writes it, in part. */
const note = (types: readonly string[], names: object[] = [{ name: null, pandas_type: 'unicode' }]) =>
  JSON.stringify({
    index_columns: ['__index_level_0__'],
    column_indexes: names,
    columns: types.map((numpy_type, at) => ({ name: `c${at}`, numpy_type, metadata: null })),
    pandas_version: '3.1.1',
  });

test('a note of pandas is kept, without types that it could make of none but its own columns', () => {
  const kept = note(['Int64', 'object', 'string', 'datetime64[ns]']);
  expect(JSON.parse(pandasNote(kept) ?? '')).toEqual(JSON.parse(kept));
  expect(
    JSON.parse(pandasNote(note(['period[M]', 'boolean', 'interval[int64, right]'])) ?? ''),
  ).toMatchObject({
    index_columns: ['__index_level_0__'],
    columns: [{ name: 'c1', numpy_type: 'boolean' }],
  });
});

test.each([
  ['there is none', undefined],
  ['it is no JSON', 'pandas'],
  ['it is another note', '{"columns":[1]}'],
  ['it names columns by numbers', note(['Int64'], [{ name: null, pandas_type: 'int64' }])],
  ['it is long', note(Array.from({ length: 2000 }, () => 'Int64'))],
])('a note is left out where %s', (_, text) => {
  expect(pandasNote(text)).toBeUndefined();
});
