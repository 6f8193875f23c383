import {
  CsvError,
  delimiterOf,
  isOpen,
  mendedCells,
  rowCells,
  wrongCount,
  writeCsv,
} from '../../datasets/index.ts';
import { CsvCell } from '../../serving/index.ts';
import type { TextFormat } from './text-rows.ts';

/** Rows of CSV as cells of text, whatever they stand for; the model's columns decide. */
export function csvFormat(columns: readonly string[], delimiter: string): TextFormat<readonly string[]> {
  const code = delimiterOf({ delimiter });
  return {
    ends: 'unquoted',
    parse(line, row) {
      const cells = rowCells(line, code, row);
      if (cells.length === columns.length) return cells;
      throw wrongCount(row, cells.length, columns.length);
    },
    isLast: isOpen,
    mend: (line) => mended(line, code, delimiter, columns.length),
    rows: (held) => ({
      kind: 'frame',
      frame: {
        names: columns,
        rows: held.length,
        value: (row, column) => {
          const text = held[row]?.[column] ?? '';
          return text === '' ? null : new CsvCell(text);
        },
      },
    }),
    cell: (row, column) => row[column] || null,
    json: (row, column) => cellJson(row[column] ?? ''),
  };
}

/** A row as it stands if it has the right number of cells, else one that has: the output stays a table. */
export function mended(
  line: Buffer,
  code: number,
  delimiter: string,
  columns: number,
): { line: Buffer; row: readonly string[] } {
  const row = mendedCells(line, code, columns);
  if (isWhole(line, code, columns)) return { line, row };
  return { line: Buffer.from(writeCsv([row], { delimiter }).slice(0, -1)), row };
}

function isWhole(line: Buffer, code: number, columns: number): boolean {
  try {
    return rowCells(line, code, 0).length === columns;
  } catch (error) {
    if (error instanceof CsvError) return false;
    throw error;
  }
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A cell as JSON: what is spelled as a number of JSON stays as it is, nothing is null, all else is text (`007` is). */
export function cellJson(text: string): string {
  if (text === '') return 'null';
  return jsonNumber.test(text) ? text : JSON.stringify(text);
}
