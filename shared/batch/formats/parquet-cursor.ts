import type { SchemaElement } from 'hyparquet';
import { BatchError } from '../failure.ts';
import { type ColumnChunk, unreadable } from './parquet-footer.ts';
import {
  decodedBytes,
  type Page,
  type PageStart,
  readDictionary,
  readPage,
  readPageStart,
} from './parquet-page.ts';
import type { Values } from './parquet-types.ts';
import type { Room } from './parquet-values.ts';
import type { ByteWindow } from './parquet-window.ts';

/** Where the values of rows are put: row i of the block at place i. */
export type Target = { readonly values: Values; readonly present: Uint8Array };

/** Bytes that the pages of all columns may take in memory together. */
const heldBytesMax = 512 * 1024 * 1024;

/** A header is some tens of bytes, and more where it holds statistics of long texts. */
const headerBytes = 1024;
const headerBytesMax = 4 * 1024 * 1024;

/** What the columns of a row group take in memory together. */
export type Held = { bytes: number };

export type CursorOptions = {
  readonly name: string;
  readonly element: SchemaElement;
  readonly chunk: ColumnChunk;
  /** Rows of the row group. */
  readonly rows: number;
  readonly window: ByteWindow;
  readonly held: Held;
};

/**
 * Goes through one column of a row group from its first row to its last, holding its dictionary and one page of it
 * at a time. Everything it throws of a broken file is a {@link BatchError} that names the column.
 */
export class ColumnCursor {
  readonly #options: CursorOptions;
  #position: number;
  /** Rows of pages that have not been come to. */
  #rowsLeft: number;
  #dictionary: Values | undefined;
  #page: Page | undefined;
  /** One page after the other has its numbers here. */
  readonly #room: Room = { buffer: new ArrayBuffer(0) };
  #heldByPage = 0;
  /** Rows taken of the page, and how many of those have values. */
  #row = 0;
  #value = 0;

  constructor(options: CursorOptions) {
    this.#options = options;
    this.#position = options.chunk.start;
    this.#rowsLeft = options.rows;
  }

  /** Leaves out rows; pages that are left out whole are not unpacked. */
  async skip(rows: number): Promise<void> {
    while (rows > 0) {
      if (!this.#page || this.#row === this.#page.rows) {
        const start = await this.#nextStart();
        if (start.rows <= rows) {
          this.#position += start.headerBytes + start.packedBytes;
          rows -= start.rows;
          continue;
        }
        await this.#open(start);
      }
      const page = this.#page as Page;
      const count = Math.min(rows, page.rows - this.#row);
      this.#value += valuesIn(page, this.#row, count);
      this.#row += count;
      rows -= count;
    }
  }

  /** Puts the values of the next rows at place `at` of the target. */
  async read(target: Target, at: number, rows: number): Promise<void> {
    for (let left = rows; left > 0; ) {
      if (!this.#page || this.#row === this.#page.rows) await this.#open(await this.#nextStart());
      const page = this.#page as Page;
      const count = Math.min(left, page.rows - this.#row);
      const values = valuesIn(page, this.#row, count);
      put(page, { row: this.#row, value: this.#value, count }, target, at);
      this.#row += count;
      this.#value += values;
      at += count;
      left -= count;
    }
  }

  /** Forgets what it holds. */
  close(): void {
    this.#options.held.bytes -= this.#heldByPage;
    this.#heldByPage = 0;
    this.#page = undefined;
    this.#dictionary = undefined;
  }

  /** The start of the next page of data; a dictionary before it is read. */
  async #nextStart(): Promise<PageStart> {
    const { chunk, element, name } = this.#options;
    for (;;) {
      const start = await this.#start();
      if (start.kind === 'data') {
        if (start.rows > this.#rowsLeft)
          throw unreadable('a page announces other values than there are', name);
        this.#rowsLeft -= start.rows;
        return start;
      }
      if (start.kind === 'dictionary') {
        const packed = await this.#packed(start);
        this.#hold(decodedBytes(start, element));
        this.#dictionary = this.#sound(() => readDictionary(start, packed, chunk.codec, element));
      }
      this.#position += start.headerBytes + start.packedBytes;
    }
  }

  async #open(start: PageStart): Promise<void> {
    const { chunk, element, held } = this.#options;
    const packed = await this.#packed(start);
    held.bytes -= this.#heldByPage;
    this.#heldByPage = 0;
    this.#page = undefined;
    this.#heldByPage = this.#hold(decodedBytes(start, element));
    this.#page = this.#sound(() =>
      readPage(start, packed, chunk.codec, element, { dictionary: this.#dictionary, room: this.#room }),
    );
    this.#position += start.headerBytes + start.packedBytes;
    this.#row = this.#value = 0;
  }

  async #start(): Promise<PageStart> {
    const { chunk, window, name } = this.#options;
    const left = chunk.end - this.#position;
    if (left <= 0) throw unreadable('a column ends before its rows do', name);
    for (let length = headerBytes; ; length *= 16) {
      const bytes = await window.bytes(this.#position, Math.min(length, left));
      const start = this.#sound(() => readPageStart(bytes));
      if (start) {
        if (start.headerBytes + start.packedBytes > left) break;
        return start;
      }
      if (length >= Math.min(left, headerBytesMax)) break;
    }
    throw unreadable('a column ends before its rows do', name);
  }

  #packed({ headerBytes: skipped, packedBytes }: PageStart): Promise<Uint8Array> {
    return this.#options.window.bytes(this.#position + skipped, packedBytes);
  }

  #hold(bytes: number): number {
    const { held, name } = this.#options;
    held.bytes += bytes;
    if (held.bytes > heldBytesMax)
      throw unreadable(
        `its pages take more than ${heldBytesMax} bytes in memory, one of each column; write smaller pages`,
        name,
      );
    return bytes;
  }

  #sound<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof BatchError) throw error;
      throw unreadable((error as Error).message, this.#options.name);
    }
  }
}

function valuesIn({ present }: Page, row: number, count: number): number {
  if (present === null) return count;
  let values = 0;
  for (let i = row; i < row + count; i++) values += present[i];
  return values;
}

type Taken = { readonly row: number; readonly value: number; readonly count: number };

/** Copies values of a page to the rows that they belong to. */
function put(
  { present, values, indices }: Page,
  { row, value, count }: Taken,
  target: Target,
  at: number,
): void {
  // Both are of the one type that the column has.
  const to = target.values as unknown[];
  const from = values as unknown[];
  if (present === null) {
    target.present.fill(1, at, at + count);
    if (indices !== null) for (let i = 0; i < count; i++) to[at + i] = from[indices[value + i]];
    else if (ArrayBuffer.isView(values) && ArrayBuffer.isView(target.values))
      (target.values as Uint8Array).set((values as Uint8Array).subarray(value, value + count), at);
    else for (let i = 0; i < count; i++) to[at + i] = from[value + i];
    return;
  }
  for (let i = 0; i < count; i++) {
    const has = present[row + i];
    target.present[at + i] = has;
    if (has === 0) continue;
    to[at + i] = from[indices === null ? value : indices[value]];
    value++;
  }
}
