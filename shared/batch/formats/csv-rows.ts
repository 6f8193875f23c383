import {
  bufferOf,
  type CsvError,
  delimiterOf,
  type NumberCheck,
  NumericRows,
  rowCells,
  wholeRows,
} from '../../datasets/index.ts';
import { describeColumn, type NamedColumn } from '../../serving/index.ts';
import type { Port, Tensors } from '../../sessions/index.ts';
import { cellJson, mended } from './csv-text.ts';
import { noneUnscored, type ReadOptions, type RowBlock, type RowProblem } from './rows.ts';

/** Bytes parsed at a stretch; between two stretches other work of the process gets its turn. */
const blockBytes = 256 * 1024;

/** What a reader of numbers takes from a file for a model whose one input is a float table. */
export type NumericTable = {
  /** Of the file. */
  readonly columns: readonly string[];
  /** Of the model, in its order, and what its signature says of their types. */
  readonly features: readonly string[];
  readonly types?: ReadonlyMap<string, NumberCheck>;
  readonly port: Port;
  readonly delimiter: string;
};

/**
 * Rows of CSV whose features go from their bytes into one matrix. `source` gives whole rows that begin at
 * `position`. Blocks fill up across pieces of the stream, so that how the bytes arrived cannot show in the output,
 * not even in the last bits of a sum.
 */
export async function* numericCsv(
  source: AsyncIterable<Uint8Array>,
  { columns, features, types, port, delimiter }: NumericTable,
  { rowsMax, row, position, badRows }: ReadOptions,
): AsyncGenerator<RowBlock> {
  let problems: RowProblem[] = [];
  let unscored: Set<number> | undefined;
  let leftOut: number[] = [];
  const code = delimiterOf({ delimiter });
  const onBad = (error: CsvError, at: number) => {
    problems.push({ row: 0, ...error.problem });
    if (badRows === 'skip') {
      leftOut.push(rows.taken - before);
      return 'left-out';
    }
    (unscored ??= new Set()).add(at);
    return 'kept';
  };
  const rows = new NumericRows(columns, features, {
    rowsMax,
    row,
    delimiter,
    isDouble: port.type === 'float64',
    ...(types ? { checks: types } : {}),
    ...(badRows === 'fail' ? {} : { onBad }),
  });
  let before = 0;
  const block = (end: number): RowBlock => {
    const first = row + before;
    const text = unscored ? mendedText(rows, unscored, { code, delimiter, columns: columns.length }) : rows;
    const cells = (at: number) =>
      rowCells(bufferOf(text.text.subarray(text.starts[at], text.ends[at])), code, first);
    // Kept for all rows: who writes columns asks for one column of each row after the other.
    const known: (readonly string[])[] = [];
    const cellText = (at: number, column: number) => (known[at] ??= cells(at))[column] ?? '';
    const skipped = leftOut;
    return {
      rows: rows.rows,
      feeds: { kind: 'tensors', tensors: feedsOf(port, rows) },
      unscored: unscored ?? noneUnscored,
      problems,
      read: rows.taken - before,
      position: end,
      text: { bytes: text.text, starts: text.starts, ends: text.ends },
      number: (at) => first + skipped.reduce((place, left) => (left <= place ? place + 1 : place), at),
      cell: (at, column) => cellText(at, column) || null,
      json: (at, column) => cellJson(cellText(at, column)),
    };
  };
  const next = () => {
    rows.clear();
    before = rows.taken;
    problems = [];
    unscored = undefined;
    leftOut = [];
  };
  let base = position;
  for await (const piece of wholeRows(source, blockBytes, 'unquoted', { isReused: true })) {
    for (let at = 0; at < piece.length; ) {
      at = rows.fill(piece, at);
      if (!rows.full) continue;
      yield block(base + at);
      next();
    }
    base += piece.length;
  }
  if (rows.taken > before) yield block(base);
}

function feedsOf({ name, type }: Port, rows: NumericRows): Tensors {
  const { matrix: data } = rows;
  const width = rows.rows === 0 ? 0 : data.length / rows.rows;
  return { [name]: { type, dims: [rows.rows, width], data } };
}

/** The text of the rows with those of `unscored` mended, where they have not the cells that they should. */
function mendedText(
  { text, starts, ends, rows }: NumericRows,
  unscored: ReadonlySet<number>,
  { code, delimiter, columns }: { code: number; delimiter: string; columns: number },
): { text: Uint8Array<ArrayBuffer>; starts: Uint32Array; ends: Uint32Array } {
  const more: Buffer[] = [];
  const moved = { starts: starts.slice(0, rows), ends: ends.slice(0, rows) };
  let at = ends[rows - 1] ?? 0;
  for (const row of unscored) {
    const line = bufferOf(text.subarray(starts[row], ends[row]));
    const { line: whole } = mended(line, code, delimiter, columns);
    if (whole === line) continue;
    moved.starts[row] = at;
    at += whole.length;
    moved.ends[row] = at;
    more.push(whole);
  }
  if (more.length === 0) return { text, ...moved };
  return { text: Buffer.concat([text.subarray(0, ends[rows - 1]), ...more]), ...moved };
}

/** Whether the model takes one float table and nothing else. */
export function isFloatTable(inputs: readonly Port[]): boolean {
  const [input] = inputs;
  return (
    inputs.length === 1 && input?.shape.length === 2 && (input.type === 'float32' || input.type === 'float64')
  );
}

/**
 * What the signature of a table of numbers says that its numbers must be, by column, as in real-time serving. `null`
 * where there are columns that are not read as numbers, or that the file lacks.
 */
export function checksOf(
  named: readonly NamedColumn[],
  columns: readonly string[],
): ReadonlyMap<string, NumberCheck> | null {
  const checks = new Map<string, NumberCheck>();
  for (const { name, type, isOptional } of named) {
    if (!columns.includes(name)) return null;
    const check = numberCheck(type, isOptional);
    if (check === null) return null;
    if (check) checks.set(name, check);
  }
  return checks;
}

/** Integers of 32 and 64 bits; beyond 2^53 no double tells one from the next. */
const wholeMax = { integer: 2 ** 31, long: 2 ** 63 } as const;

function numberCheck(type: string | undefined, isOptional: boolean): NumberCheck | undefined | null {
  switch (type) {
    case undefined:
    case 'float':
    case 'double':
      return undefined;
    case 'integer':
    case 'long':
      return checkOf(
        type,
        isOptional,
        (value) => Number.isInteger(value) && value >= -wholeMax[type] && value < wholeMax[type],
      );
    case 'boolean':
      return checkOf(type, isOptional, (value) => value === 0 || value === 1);
    default:
      return null;
  }
}

function checkOf(type: string, isOptional: boolean, isOf: (value: number) => boolean): NumberCheck {
  const wanted = describeColumn(type);
  return (value) => {
    if (isOf(value) || (isOptional && Number.isNaN(value))) return undefined;
    return Number.isNaN(value) ? `The value is missing; it must be ${wanted}` : `must be ${wanted}`;
  };
}
