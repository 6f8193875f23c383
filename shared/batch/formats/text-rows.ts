import {
  type Cell,
  CsvError,
  endOfRow,
  isRow,
  lineEnd,
  type RowEnds,
  rowEnd,
  wholeRows,
} from '../../datasets/index.ts';
import type { Rows } from '../../serving/index.ts';
import type { Tensors } from '../../sessions/index.ts';
import { leaveRoom, takeRoom, withRoom } from './room.ts';
import { noneUnscored, type ReadOptions, type RowBlock, type RowProblem } from './rows.ts';

/** Bytes taken from the stream at a stretch. */
const pieceBytes = 256 * 1024;

/** Rows that are held together end beyond so many bytes, however few they are, or where so many without any row follow. */
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
  /** Takes rows as numbers, of which values are then made only where they are asked for. */
  readonly numbers?: NumberRows;
};

/** Rows that go from their bytes into a table of numbers. */
export type NumberRows = {
  /**
   * Takes the row from `from` to `end` as row `at` of the table; `false` where it does not, as of any that the format
   * does not parse.
   */
  take(block: Buffer, from: number, end: number, at: number): boolean;
  /** The first rows of the table, valid until a row is taken again. */
  tensors(rows: number): Tensors;
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
  const lines = new Lines();
  try {
    yield* blocksOf(source, format, options, lines);
  } finally {
    lines.release();
  }
}

async function* blocksOf<T>(
  source: AsyncIterable<Uint8Array>,
  format: TextFormat<T>,
  options: ReadOptions,
  lines: Lines,
): AsyncGenerator<RowBlock> {
  const { ends } = format;
  let held = new Held(format, options, lines, options.row);
  let base = options.position;
  /** Where the last row ends, or the last block. */
  let last = base;
  for await (const piece of wholeRows(source, pieceBytes, ends, { isReused: true })) {
    for (let start = 0, end = 0; start < piece.length; start = end) {
      end = ends === 'every' ? rowEnd(piece, start) : endOfRow(piece, start);
      if (!isRow(piece, start, end, ends)) continue;
      // As it would be had the piece ended here.
      if (held.read > 0 && base + start - last >= textBytesMax) {
        yield held.block(base + start);
        held = new Held(format, options, lines, held.nextRow);
      }
      try {
        held.take(piece, start, lineEnd(piece, start, end));
      } catch (error) {
        // What is wrong with a row before this one is found when it is scored.
        if (held.read > 1) yield held.block(base + start);
        throw error;
      }
      last = base + end;
      if (!held.isFull) continue;
      yield held.block(base + end);
      held = new Held(format, options, lines, held.nextRow);
    }
    base += piece.length;
    if (base - last < textBytesMax) continue;
    // Nothing but line ends: how far that is must be known, too.
    yield held.block(base);
    held = new Held(format, options, lines, held.nextRow);
    last = base;
  }
  if (held.read > 0) yield held.block(base);
}

/** The lines of one block after the other, in the same memory. */
class Lines {
  #bytes = takeRoom();
  #used = 0;

  clear(): void {
    this.#used = 0;
  }

  /** Where the line begins. */
  add(block: Buffer, from: number, end: number): number {
    const at = this.#used;
    this.#bytes = withRoom(this.#bytes, at, end - from);
    this.#used += block.copy(this.#bytes, at, from, end);
    return at;
  }

  /** Nobody may look at them any more. */
  release(): void {
    leaveRoom(this.#bytes);
    this.#bytes = Buffer.alloc(0);
  }

  get bytes(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#used);
  }
}

/** The rows of one block. */
class Held<T> {
  read = 0;
  readonly #format: TextFormat<T>;
  readonly #options: ReadOptions;
  readonly #row: number;
  readonly #lines: Lines;
  /** Where the lines begin; each ends where the next begins. */
  readonly #starts: number[] = [];
  /** Of those that were taken as numbers what has been asked for. */
  readonly #rows: (T | undefined)[] = [];
  readonly #numbers: number[] = [];
  readonly #problems: RowProblem[] = [];
  #unscored: Set<number> | undefined;
  #areNumbers = true;
  #bytes = 0;

  constructor(format: TextFormat<T>, options: ReadOptions, lines: Lines, row: number) {
    this.#format = format;
    this.#options = options;
    this.#lines = lines;
    this.#row = row;
    lines.clear();
  }

  get nextRow(): number {
    return this.#row + this.read;
  }

  get isFull(): boolean {
    return this.read === this.#options.rowsMax || this.#bytes >= textBytesMax;
  }

  /** Takes the row from `from` to `end`, which is before its line end. */
  take(block: Buffer, from: number, end: number): void {
    const row = this.nextRow;
    this.read++;
    this.#bytes += end - from;
    if (this.#format.numbers?.take(block, from, end, this.#rows.length)) {
      this.#add(block, from, end, undefined, row);
      return;
    }
    const line = block.subarray(from, end);
    try {
      this.#add(line, 0, line.length, this.#format.parse(line, row), row);
    } catch (error) {
      const { badRows } = this.#options;
      if (!(error instanceof CsvError) || badRows === 'fail' || this.#format.isLast(line)) throw error;
      this.#problems.push({ ...error.problem, row });
      if (badRows === 'skip') return;
      (this.#unscored ??= new Set()).add(this.#rows.length);
      const mended = this.#format.mend(line);
      this.#add(mended.line, 0, mended.line.length, mended.row, row);
    }
  }

  block(position: number): RowBlock {
    const format = this.#format;
    const numbers = this.#numbers;
    const { bytes } = this.#lines;
    const starts = Uint32Array.from(this.#starts);
    const ends = Uint32Array.from(this.#starts, (_, row) => this.#starts[row + 1] ?? bytes.length);
    const known = this.#rows;
    const rowAt = (row: number): T => {
      const value = known[row];
      if (value !== undefined) return value;
      return (known[row] = format.parse(bytes.subarray(starts[row], ends[row]), numbers[row] ?? 0));
    };
    const rows = known.length;
    const tensors = this.#areNumbers && rows > 0 ? format.numbers?.tensors(rows) : undefined;
    return {
      rows,
      feeds: tensors
        ? { kind: 'tensors', tensors }
        : format.rows(Array.from({ length: rows }, (_, row) => rowAt(row))),
      unscored: this.#unscored ?? noneUnscored,
      problems: this.#problems,
      read: this.read,
      position,
      text: { bytes, starts, ends },
      number: (row) => numbers[row] ?? 0,
      cell: (row, column) => format.cell(rowAt(row), column),
      json: (row, column) => format.json(rowAt(row), column),
    };
  }

  #add(block: Buffer, from: number, end: number, value: T | undefined, number: number): void {
    if (value !== undefined) this.#areNumbers = false;
    this.#starts.push(this.#lines.add(block, from, end));
    this.#rows.push(value);
    this.#numbers.push(number);
  }
}
