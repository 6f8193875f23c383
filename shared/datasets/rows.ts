import { CsvError } from './csv-error.ts';

/** The bytes that CSV is made of (RFC 4180). */
export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;
export const quote = 0x22;
export const comma = 0x2c;

/** A longer row is refused: most likely a quote is missing and the rest of the file seems one value. */
const rowBytesMax = 4 * 1024 * 1024;

/** What ends a row: a line feed outside quotes, as in CSV, or any, as in JSON Lines. */
export type RowEnds = 'unquoted' | 'every';

/**
 * Regroups a stream into blocks of whole rows: each ends behind a line feed outside quotes, except the
 * last where the file has no final one. How the bytes were cut on the way makes no difference to the
 * rows. A block has at least `bytesMin` bytes, but for the last.
 *
 * The source must begin at the start of a row. Whether a position is inside quotes is told by the parity
 * of the quotes before it: a doubled quote counts twice, so only well-formed values come out right, and
 * those who read the cells refuse a stray quote.
 *
 * With `isReused` a block is valid until the next is asked for, and all of them lie in the same memory.
 * @throws {CsvError} for a row over {@link rowBytesMax}.
 */
export async function* wholeRows(
  source: AsyncIterable<Uint8Array>,
  bytesMin = 1 << 20,
  ends: RowEnds = 'unquoted',
  { isReused = false } = {},
): AsyncGenerator<Buffer> {
  const joined = isReused ? joiner() : joinedAnew;
  let whole: Uint8Array[] = [];
  let wholeBytes = 0;
  let open: Uint8Array[] = [];
  let openBytes = 0;
  let inside = false;
  for await (const chunk of source) {
    const piece = bufferOf(chunk);
    const last: { end: number; inside: boolean } =
      ends === 'every' ? { end: piece.lastIndexOf(lineFeed) + 1, inside: false } : lastRowEnd(piece, inside);
    inside = last.inside;
    if (last.end > 0) {
      for (const part of open) whole.push(part);
      whole.push(piece.subarray(0, last.end));
      wholeBytes += openBytes + last.end;
      open = [];
      openBytes = 0;
    }
    if (last.end < piece.length) open.push(piece.subarray(last.end));
    openBytes += piece.length - last.end;
    if (openBytes > rowBytesMax)
      throw new CsvError({
        reason: `A row is over ${rowBytesMax} bytes; ${ends === 'every' ? 'each line must be a row' : 'is a closing quote missing?'}`,
      });
    if (wholeBytes >= bytesMin) {
      yield joined(whole, wholeBytes);
      whole = [];
      wholeBytes = 0;
    }
  }
  if (wholeBytes + openBytes > 0) yield joined([...whole, ...open], wholeBytes + openBytes);
}

/** The starts of the rows in a block of whole rows. */
export function rowStarts(block: Buffer, ends: RowEnds = 'unquoted'): number[] {
  const quoted = ends === 'unquoted' && block.includes(quote);
  const starts: number[] = [];
  for (let from = 0; from < block.length; ) {
    const end = quoted ? endOfRow(block, from) : rowEnd(block, from);
    if (isRow(block, from, end, ends)) starts.push(from);
    from = end;
  }
  return starts;
}

/** Whether there is a row in the line from `from` to `end`: one without any character is none. */
export function isRow(block: Uint8Array, from: number, end: number, ends: RowEnds): boolean {
  return ends === 'every' ? !isWhite(block, from, end) : !isBlank(block, from);
}

/** Whether there is nothing but blanks from `from` to `end`. */
function isWhite(block: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) {
    const byte = block[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== lineFeed && byte !== carriageReturn) return false;
  }
  return true;
}

/** Whether a quote that opens in the row is not closed in it: only the last of a file can be such a row. */
export function isOpen(row: Uint8Array): boolean {
  let inside = false;
  for (const byte of row) if (byte === quote) inside = !inside;
  return inside;
}

/** The row without its line end. */
export function withoutLineEnd(row: Buffer): Buffer {
  return row.subarray(0, lineEnd(row, 0, row.length));
}

/** Where the row from `from` to `end` ends without its line end. */
export function lineEnd(block: Uint8Array, from: number, end: number): number {
  if (end === from || block[end - 1] !== lineFeed) return end;
  return end - 1 > from && block[end - 2] === carriageReturn ? end - 2 : end - 1;
}

/** Whether the line that begins at `from` ends at once. */
export function isBlank(block: Uint8Array, from: number): boolean {
  return block[from] === lineFeed || (block[from] === carriageReturn && block[from + 1] === lineFeed);
}

/** The bytes as a Buffer on the same memory: its searches are the fast ones. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The same where no quote stands in the block, or none counts. */
export function rowEnd(block: Buffer, from: number): number {
  const at = block.indexOf(lineFeed, from);
  return at < 0 ? block.length : at + 1;
}

/** Behind the line end of the row at `from`; the end of the block where it has none. */
export function endOfRow(block: Buffer, from: number): number {
  let inside = false;
  for (let at = from; at < block.length; at++) {
    const byte = block[at];
    if (byte === quote) inside = !inside;
    else if (byte === lineFeed && !inside) return at + 1;
  }
  return block.length;
}

/** Behind the last line feed outside quotes (0: there is none), and whether the piece ends inside quotes. */
function lastRowEnd(piece: Buffer, startsInside: boolean): { end: number; inside: boolean } {
  let inside = startsInside;
  let end = 0;
  for (let from = 0; ; ) {
    const at = piece.indexOf(quote, from);
    const to = at < 0 ? piece.length : at;
    if (!inside && to > from) {
      const feed = piece.lastIndexOf(lineFeed, to - 1);
      if (feed >= from) end = feed + 1;
    }
    if (at < 0) return { end, inside };
    inside = !inside;
    from = at + 1;
  }
}

function joinedAnew(pieces: readonly Uint8Array[], bytes: number): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only ? bufferOf(only) : Buffer.concat(pieces, bytes);
}

/** Joins pieces in the same memory again and again, which grows to the largest. */
function joiner(): typeof joinedAnew {
  let room = Buffer.alloc(0);
  return (pieces, bytes) => {
    if (bytes > room.length) room = Buffer.allocUnsafeSlow(bytes + (bytes >> 2));
    let at = 0;
    for (const piece of pieces) {
      room.set(piece, at);
      at += piece.length;
    }
    return room.subarray(0, bytes);
  };
}
