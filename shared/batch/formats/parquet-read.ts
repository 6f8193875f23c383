import type { ParquetColumn } from '../file.ts';
import { ColumnCursor, type Held, type Target } from './parquet-cursor.ts';
import { bad, type ColumnChunk, type Footer, type ReadRange } from './parquet-footer.ts';
import { roomFor, type Vector } from './parquet-types.ts';
import { ByteWindow } from './parquet-window.ts';

/** A row group whose columns take no more than this is fetched at once, with those behind it that fit. */
const togetherBytes = 8 * 1024 * 1024;

/** What is fetched ahead of all columns of a larger one, and of one column at least and at most. */
const aheadBytes = 8 * 1024 * 1024;
const aheadBytesMin = 64 * 1024;
const aheadBytesMax = 1024 * 1024;

/** Rows of a file, by columns; valid until the next are read. */
export type Rows = {
  readonly rows: number;
  /** The column of the file with that number, one of those that were asked for. */
  column(column: number): Vector;
};

/**
 * Reads columns of a Parquet file from row `first` (from 0) to row `end`, at most `rowsMax` at a time and as many
 * but for the last, whatever row groups and pages they lie in. Of each column one page is in memory at a time.
 * @throws {BatchError} for a file that is broken, or whose columns are of kinds that are not read.
 */
export async function* readRows(
  footer: Footer,
  read: ReadRange,
  wanted: readonly number[],
  { first, end, rowsMax }: { readonly first: number; readonly end: number; readonly rowsMax: number },
): AsyncGenerator<Rows> {
  const targets = new Map(wanted.map((column) => [column, targetOf(footer.columns[column], rowsMax)]));
  const rows = (count: number): Rows => {
    const vectors = new Map(
      [...targets].map(([column, { values, present }]): [number, Vector] => [
        column,
        { values, present: present.subarray(0, count).includes(0) ? present : null },
      ]),
    );
    return { rows: count, column: (column) => vectors.get(column) ?? noTarget(column) };
  };
  const windows = new Windows(footer, read, wanted);
  let filled = 0;
  for (const [group, { first: start, rows: size }] of footer.groups.entries()) {
    if (start + size <= first || start >= end || size === 0) continue;
    const { cursors, areTogether } = await windows.open(group);
    const each = (act: (cursor: ColumnCursor, column: number) => Promise<void>) =>
      areTogether
        ? inTurn(cursors, act)
        : Promise.all(cursors.map(([column, cursor]) => act(cursor, column)));
    let row = Math.max(first, start);
    const skipped = row - start;
    if (skipped > 0) await each((cursor) => cursor.skip(skipped));
    for (const last = Math.min(end, start + size); row < last; ) {
      const count = Math.min(last - row, rowsMax - filled);
      const at = filled;
      await each((cursor, column) => cursor.read(targets.get(column) ?? noTarget(column), at, count));
      row += count;
      filled += count;
      if (filled < rowsMax) continue;
      yield rows(filled);
      filled = 0;
    }
    for (const [, cursor] of cursors) cursor.close();
  }
  if (filled > 0) yield rows(filled);
}

/** Columns by their places; those that are on one stretch of the file must be read one after the other. */
type Opened = { readonly cursors: readonly [number, ColumnCursor][]; readonly areTogether: boolean };

async function inTurn(
  cursors: Opened['cursors'],
  act: (cursor: ColumnCursor, column: number) => Promise<void>,
): Promise<void> {
  for (const [column, cursor] of cursors) await act(cursor, column);
}

/** Opens the columns of one row group after another, small ones on one stretch of the file. */
class Windows {
  readonly #footer: Footer;
  readonly #read: ReadRange;
  readonly #wanted: readonly number[];
  readonly #held: Held = { bytes: 0 };
  #together: ByteWindow;

  constructor(footer: Footer, read: ReadRange, wanted: readonly number[]) {
    this.#footer = footer;
    this.#read = read;
    this.#wanted = wanted;
    const last = this.#chunks(footer.groups.length - 1);
    this.#together = new ByteWindow(read, Math.max(0, ...last.map(({ end }) => end)), togetherBytes);
  }

  async open(group: number): Promise<Opened> {
    const chunks = this.#chunks(group);
    const start = Math.min(...chunks.map((chunk) => chunk.start));
    const end = Math.max(...chunks.map((chunk) => chunk.end));
    const isSmall = end - start <= togetherBytes;
    if (isSmall) await this.#together.bytes(start, end - start);
    const each = Math.floor(aheadBytes / Math.max(1, chunks.length));
    const ahead = Math.min(aheadBytesMax, Math.max(aheadBytesMin, each));
    const cursors = this.#wanted.map((column, i): [number, ColumnCursor] => {
      const { name, element } = this.#footer.columns[column];
      const chunk = chunks[i];
      const window = isSmall ? this.#together : new ByteWindow(this.#read, chunk.end, ahead);
      const { rows } = this.#footer.groups[group];
      return [column, new ColumnCursor({ name, element, chunk, rows, window, held: this.#held })];
    });
    return { cursors, areTogether: isSmall };
  }

  #chunks(group: number): ColumnChunk[] {
    return this.#wanted.map((column) => this.#footer.chunk(group, column));
  }
}

function targetOf({ name, type, element }: ParquetColumn, rows: number): Target {
  if (type === 'nested') throw bad('The column is nested; a table has plain columns', name);
  return { values: roomFor(element, rows), present: new Uint8Array(rows) };
}

function noTarget(column: number): never {
  throw new Error(`Column ${column} was not asked for.`);
}
