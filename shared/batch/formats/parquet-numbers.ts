import type { CsvProblem, NumberCheck } from '../../datasets/index.ts';
import type { ParquetColumn } from '../file.ts';
import type { Rows } from './parquet-read.ts';
import { isPlainNumber, numberOfBytes, numbersOf, plainOf, type Vector } from './parquet-types.ts';

type Matrix = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Told of a place whose value is not the number that it should be. */
export type OnBad = (row: number, problem: Pick<CsvProblem, 'column' | 'value' | 'reason'>) => void;

/** Fills one column of a row-major matrix from a column of a file; what is missing becomes NaN. */
type Fill = (vector: Vector, rows: number, matrix: Matrix, onBad: OnBad) => void;

/**
 * Fills a row-major matrix [rows, columns] from columns of a file, in their order. A text counts as the number it
 * spells, as it does in CSV. `onBad` is told of one that spells none, and of numbers that `checks` find wrong.
 */
export function matrixFiller(
  columns: readonly ParquetColumn[],
  places: readonly number[],
  checks: ReadonlyMap<string, NumberCheck> = new Map(),
): (rows: Rows, matrix: Matrix, onBad: OnBad) => void {
  const width = places.length;
  const fills = places.map((place, target) => {
    const column = columns[place];
    const fill = fillOf(column, target, width);
    const check = checks.get(column.name);
    return check ? checked(fill, column, check, target, width) : fill;
  });
  return (rows, matrix, onBad) => {
    for (const [i, place] of places.entries()) fills[i](rows.column(place), rows.rows, matrix, onBad);
  };
}

function checked(
  fill: Fill,
  { name, element }: ParquetColumn,
  check: NumberCheck,
  target: number,
  width: number,
): Fill {
  const plain = plainOf(element);
  return (vector, rows, matrix, onBad) => {
    fill(vector, rows, matrix, onBad);
    for (let row = 0, at = target; row < rows; row++, at += width) {
      const reason = check(matrix[at]);
      if (reason === undefined) continue;
      const value = vector.present === null || vector.present[row] === 1 ? plain(vector.values, row) : null;
      onBad(row, { column: name, ...(value === null ? {} : { value: String(value) }), reason });
    }
  };
}

function fillOf({ name, type, element }: ParquetColumn, target: number, width: number): Fill {
  if (type === 'text') {
    const textOf = plainOf(element);
    return ({ values, present }, rows, matrix, onBad) => {
      for (let row = 0, at = target; row < rows; row++, at += width) {
        const isThere = present === null || present[row] === 1;
        const number = isThere ? numberOfBytes(values[row] as Uint8Array) : Number.NaN;
        matrix[at] = number ?? Number.NaN;
        if (number === undefined)
          onBad(row, { column: name, value: String(textOf(values, row)), reason: 'is not a number' });
      }
    };
  }
  const fill = isPlainNumber(element) ? fillPlain : fillBy(numbersOf(element));
  return (vector, rows, matrix) => {
    fill(vector, rows, matrix, target, width);
    if (vector.present === null) return;
    for (let row = 0, at = target; row < rows; row++, at += width)
      if (vector.present[row] === 0) matrix[at] = Number.NaN;
  };
}

function fillBy(numberAt: ReturnType<typeof numbersOf>) {
  return ({ values, present }: Vector, rows: number, matrix: Matrix, target: number, width: number) => {
    for (let row = 0, at = target; row < rows; row++, at += width)
      if (present === null || present[row] === 1) matrix[at] = numberAt(values, row);
  };
}

function fillPlain({ values }: Vector, rows: number, matrix: Matrix, target: number, width: number): void {
  if (values instanceof BigInt64Array) {
    // The two halves of each, for a bigint is slow to make; their sum rounds once, as the bigint would.
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let row = 0, at = target; row < rows; row++, at += width)
      matrix[at] = halves[row * 2 + 1] * 0x1_0000_0000 + (halves[row * 2] >>> 0);
    return;
  }
  const numbers = values as Float64Array;
  for (let row = 0, at = target; row < rows; row++, at += width) matrix[at] = numbers[row];
}
