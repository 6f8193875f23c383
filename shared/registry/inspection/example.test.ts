import { describe, expect, test } from 'vitest';
import type { Port } from '../../sessions/index.ts';
import { exampleOf } from './example.ts';

const table: Port = { name: 'x', type: 'float32', shape: ['n', 2] };
const row = { x: { type: 'float32', dims: [1, 2], data: Float32Array.of(1, 2) } };

describe('the first row of an example', () => {
  test.each<[string, unknown]>([
    [
      'inputs',
      {
        inputs: [
          [1, 2],
          [3, 4],
        ],
      },
    ],
    ['instances', { instances: [[1, 2]] }],
    [
      'inputs by name',
      {
        inputs: {
          x: [
            [1, 2],
            [3, 4],
          ],
        },
      },
    ],
    [
      'dataframe_split',
      {
        dataframe_split: {
          columns: ['a', 'b'],
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      },
    ],
    ['dataframe_records', { dataframe_records: [{ a: 1, b: 2 }] }],
  ])('of %s fills a table', (_, body) => {
    expect(exampleOf(body, [table])).toEqual(row);
  });

  test('fills inputs of one column each by their names, and a missing number is NaN', () => {
    const ports: Port[] = [
      { name: 'age', type: 'float32', shape: ['n', 1] },
      { name: 'city', type: 'string', shape: ['n'] },
    ];
    const columns = ['city', 'age'];
    expect(exampleOf({ dataframe_split: { columns, data: [['Åre', null]] } }, ports)).toEqual({
      age: { type: 'float32', dims: [1, 1], data: Float32Array.of(Number.NaN) },
      city: { type: 'string', dims: [1], data: ['Åre'] },
    });
  });

  test.each<[string, unknown]>([
    ['too narrow', { inputs: [[1]] }],
    ['too deep', { inputs: [[[1, 2]]] }],
    ['ragged', { inputs: [[1, [2]]] }],
    ['of another type', { inputs: [['a', 'b']] }],
    ['under another name', { inputs: { y: [[1, 2, 3]] } }],
    ['empty', { inputs: [] }],
    ['no request', [1, 2]],
    ['nothing', null],
  ])('that is %s is left alone', (_, body) => {
    expect(exampleOf(body, [table])).toBeNull();
  });
});
