import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDelimited } from './delimited.ts';

const rowsOf = (text: string, separator: ',' | '\t' = ',') => parseDelimited(text, separator, 100).rows;

describe('parseDelimited', () => {
  test('takes the first record as columns and the others as rows, whatever ends a line', () => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(parseDelimited(`a,b${end}1,2${end}3,${end}`, ',', 100)).toEqual({
        columns: ['a', 'b'],
        rows: [
          ['1', '2'],
          ['3', ''],
        ],
        cut: false,
      });
    expect(parseDelimited('a\tb\n1\t2', '\t', 100).rows).toEqual([['1', '2']]);
  });

  test('reads quotes, separators and line breaks within quoted fields', () => {
    expect(rowsOf('a,b\n"x, ""y""","1\n2"\n')).toEqual([['x, "y"', '1\n2']]);
    expect(rowsOf('a,b\n"x"tail,"open')).toEqual([['xtail', 'open']]);
  });

  test('drops a byte order mark and empty lines', () => {
    expect(parseDelimited('\uFEFFa\n\n1\n\n', ',', 100)).toMatchObject({ columns: ['a'], rows: [['1']] });
  });

  test('a row longer than the head has columns without a name', () => {
    expect(parseDelimited('a\n1,2,3\n', ',', 100).columns).toEqual(['a', '', '']);
  });

  test('stops at the limit, and leaves out the record a partial text was cut in', () => {
    expect(parseDelimited('a\n1\n2\n3\n', ',', 2)).toMatchObject({ rows: [['1'], ['2']], cut: true });
    expect(parseDelimited('a\n1\n2\n', ',', 2).cut).toBe(false);
    expect(parseDelimited('a,b\n1,2\n3,4', ',', 100, false)).toMatchObject({ rows: [['1', '2']], cut: true });
  });

  test('reads back whatever was written', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é') });
    const table = fc.array(fc.array(text, { minLength: 2, maxLength: 2 }), { maxLength: 5 });
    fc.assert(
      fc.property(table, (rows) => {
        const quoted = [['a', 'b'], ...rows].map((row) =>
          row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','),
        );
        expect(rowsOf(quoted.join('\n'))).toEqual(rows);
      }),
    );
  });
});
