import {
  CsvError,
  endOfRow,
  type RowEnds,
  rowEnd,
  rowStarts,
  wholeRows,
  withoutLineEnd,
} from '../../datasets/index.ts';
import type { Cell } from '../../datasets/index.ts';
import type { Rows } from '../../serving/index.ts';
import { noneUnscored, type ReadOptions, type RowBlock, type RowProblem } from './rows.ts';

/** Bytes taken from the stream at a stretch. */
const pieceBytes = 256 * 1024;

/** Rows that are held together end beyond so many bytes, however few they are. */
const textBytesMax = 8 * 1024 * 1024;

/** How rows of text become values; a row without its line end. */
export type TextFormat<T> = {
  readonly ends: RowEnds;
  /** @throws {CsvError} for a row that is none. */
  parse(line: Buffer, row: number): T;
  /** Whether nothing can be read behind such a row. */
  isLast(line: Buffer): boolean;
  /** What stands in the output for a row that is none, and how it reads. */
  mend(line: Buffer): { readonly line: Buffer; readonly row: T };
  /** The rows as the model is fed with them. */
  rows(held: readonly T[]): Rows;
  cell(row: T, column: number): Cell | boolean;
  json(row: T, column: number): string;
};

/**
 * Rows of text as values. `source` begins at `position`, where a row does. Blocks fill up across pieces of the stream,
 * so that how the bytes arrived cannot show in the output.
 */
export async function* textBlocks<T>(
  source: AsyncIterable<Uint8Array>,
  format: TextFormat<T>,
  options: ReadOptions,
): AsyncGenerator<RowBlock> {
  const { ends } = format;
  let held = new Held(format, options, options.row);
  let base = options.position;
  for await (const piece of wholeRows(source, pieceBytes, ends)) {
    for (const start of rowStarts(piece, ends)) {
      const end = ends === 'every' ? rowEnd(piece, start) : endOfRow(piece, start);
      try {
        held.take(withoutLineEnd(piece.subarray(start, end)));
      } catch (error) {
        // What is wrong with a row before this one is found when it is scored.
        if (held.read > 1) yield held.block(base + start);
        throw error;
      }
      if (!held.isFull) continue;
      yield held.block(base + end);
      held = new Held(format, options, held.nextRow);
    }
    base += piece.length;
  }
  if (held.read > 0) yield held.block(base);
}

/** The rows of one block. */
class Held<T> {
  read = 0;
  readonly #format: TextFormat<T>;
  readonly #options: ReadOptions;
  readonly #row: number;
  readonly #lines: Buffer[] = [];
  readonly #rows: T[] = [];
  readonly #numbers: number[] = [];
  readonly #problems: RowProblem[] = [];
  #unscored: Set<number> | undefined;
  #bytes = 0;

  constructor(format: TextFormat<T>, options: ReadOptions, row: number) {
    this.#format = format;
    this.#options = options;
    this.#row = row;
  }

  get nextRow(): number {
    return this.#row + this.read;
  }

  get isFull(): boolean {
    return this.read === this.#options.rowsMax || this.#bytes >= textBytesMax;
  }

  take(line: Buffer): void {
    const row = this.nextRow;
    this.read++;
    this.#bytes += line.length;
    try {
      this.#add(line, this.#format.parse(line, row), row);
    } catch (error) {
      const { badRows } = this.#options;
      if (!(error instanceof CsvError) || badRows === 'fail' || this.#format.isLast(line)) throw error;
      this.#problems.push({ ...error.problem, row });
      if (badRows === 'skip') return;
      (this.#unscored ??= new Set()).add(this.#rows.length);
      const mended = this.#format.mend(line);
      this.#add(mended.line, mended.row, row);
    }
  }

  block(position: number): RowBlock {
    const format = this.#format;
    const rows = this.#rows;
    const numbers = this.#numbers;
    return {
      rows: rows.length,
      feeds: format.rows(rows),
      unscored: this.#unscored ?? noneUnscored,
      problems: this.#problems,
      read: this.read,
      position,
      text: textOf(this.#lines),
      number: (row) => numbers[row] ?? 0,
      cell: (row, column) => format.cell(rows[row], column),
      json: (row, column) => format.json(rows[row], column),
    };
  }

  #add(line: Buffer, row: T, number: number): void {
    this.#lines.push(line);
    this.#rows.push(row);
    this.#numbers.push(number);
  }
}

function textOf(lines: readonly Buffer[]): RowBlock['text'] {
  const starts = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  let at = 0;
  lines.forEach((line, row) => {
    starts[row] = at;
    at += line.length;
    ends[row] = at;
  });
  return { bytes: Buffer.concat(lines, at), starts, ends };
}
