import { describe, expect, test } from 'vitest';
import { queryOf } from './sql.ts';
import { onlyVisible } from './visible.ts';

const where = (...visible: Parameters<typeof onlyVisible>[1][]) =>
  queryOf(
    '*',
    visible.flatMap((each) => onlyVisible(['modelId'], each)),
  );

describe('what a query leaves to a caller', () => {
  test('who may see everything is asked nothing more of', () => {
    expect(where({ all: true, except: [] })).toEqual({ text: 'SELECT * FROM c', values: {} });
  });

  test('who may see nothing finds nothing', () => {
    expect(where({ all: false, only: [] }).text).toBe('SELECT * FROM c WHERE false');
  });

  test('ids are values of the query and never its text', () => {
    expect(where({ all: true, except: ["a'b"] })).toEqual({
      text: 'SELECT * FROM c WHERE NOT ARRAY_CONTAINS(@p0, c["modelId"])',
      values: { p0: ["a'b"] },
    });
    expect(where({ all: false, only: ['a', 'b'] })).toEqual({
      text: 'SELECT * FROM c WHERE ARRAY_CONTAINS(@p0, c["modelId"])',
      values: { p0: ['a', 'b'] },
    });
  });
});
