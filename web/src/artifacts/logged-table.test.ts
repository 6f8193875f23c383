import { expect, test } from 'vitest';
import { cellText, imageOf, loggedTable } from './logged-table.ts';

test('columns and rows of one width are a table, other JSON is not', () => {
  expect(loggedTable({ columns: ['a', 'b'], data: [[1, null]] }, 10)).toEqual({
    columns: ['a', 'b'],
    rows: [[1, null]],
    cut: false,
  });
  for (const other of [
    null,
    [],
    {},
    { columns: [], data: [] },
    { columns: ['a'], data: [[1, 2]] },
    { columns: ['a'], data: { a: 1 } },
  ])
    expect(loggedTable(other, 10)).toBeUndefined();
});

test('more rows than asked for are left out', () => {
  expect(loggedTable({ columns: ['a'], data: [[1], [2], [3]] }, 2)).toMatchObject({
    rows: [[1], [2]],
    cut: true,
  });
});

test('a cell may be an image, of which the small form is shown', () => {
  expect(imageOf({ type: 'image', filepath: 't/a.png', compressed_filepath: 't/a.webp' })).toEqual({
    image: 't/a.webp',
  });
  expect(imageOf({ type: 'image', filepath: 't/a.png' })).toEqual({ image: 't/a.png' });
  expect(imageOf({ type: 'other', filepath: 't/a.png' })).toBeUndefined();
  expect(imageOf('t/a.png')).toBeUndefined();
});

test('cells are text in one line', () => {
  expect([null, 'x', 1.5, true, { a: [1] }].map(cellText)).toEqual(['', 'x', '1.5', 'true', '{"a":[1]}']);
});
