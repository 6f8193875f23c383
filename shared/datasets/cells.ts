import { CsvError } from './csv-error.ts';
import { bufferOf, carriageReturn, isBlank, lineFeed, quote, wholeRows } from './rows.ts';

export type CsvOptions = {
  /** One ASCII character; a comma unless told. */
  readonly delimiter?: string;
};

/**
 * The rows of a CSV file as text, header included, whatever way its bytes were cut. RFC 4180 with a line
 * feed alone accepted too, a byte order mark dropped, and empty lines passed over.
 * @throws {CsvError} with the row (the header is row 0) for stray or unclosed quotes and for text that is not UTF-8.
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array>,
  options: CsvOptions = {},
): AsyncGenerator<string[]> {
  const delimiter = delimiterOf(options);
  let row = 0;
  let first = true;
  for await (const block of wholeRows(source)) {
    const from = first ? byteOrderMarkBytes(block) : 0;
    first = false;
    for (const cells of textRows(block, from, delimiter, row)) {
      yield cells;
      row++;
    }
  }
}

/** The rows of a block of whole rows, from position `from`, of which the first has number `row`. */
export function* textRows(block: Buffer, from: number, delimiter: number, row: number): Generator<string[]> {
  for (let at = from, number = row; at < block.length; ) {
    if (isBlank(block, at)) {
      at += block[at] === lineFeed ? 1 : 2;
      continue;
    }
    const cells: string[] = [];
    for (;;) {
      const end = cellEnd(block, at, delimiter, number);
      cells.push(cellText(block, at, end, number));
      at = end;
      if (block[at] !== delimiter) break;
      at++;
    }
    if (block[at] === carriageReturn) at++;
    at++;
    number++;
    yield cells;
  }
}

/** The cells of one row, without its line end. Throws as {@link readCsv} does. */
export function rowCells(line: Buffer, delimiter: number, row: number): string[] {
  const cells: string[] = [];
  for (let at = 0; ; at++) {
    const end = cellEnd(line, at, delimiter, row);
    cells.push(cellText(line, at, end, row));
    at = end;
    if (at >= line.length || line[at] !== delimiter) return cells;
  }
}

/**
 * As many cells as can be told of a row that is none: where quotes are astray they count as text, bytes that are not
 * UTF-8 come out as U+FFFD. Cut, or filled up with nothing, to `columns` cells.
 */
export function mendedCells(line: Buffer, delimiter: number, columns: number): string[] {
  let cells: string[];
  try {
    cells = rowCells(line, delimiter, 0);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    cells = line.toString('utf8').split(String.fromCharCode(delimiter));
  }
  return Array.from({ length: columns }, (_, at) => cells[at] ?? '');
}

/**
 * Where the cell that begins at `from` ends: at its delimiter, at the end of its line (before CR LF), or
 * at the end of the block.
 */
export function cellEnd(block: Uint8Array, from: number, delimiter: number, row: number): number {
  const length = block.length;
  let at = from;
  if (block[at] === quote) {
    for (at++; at < length; at++) {
      if (block[at] !== quote) continue;
      if (block[at + 1] !== quote) break;
      at++;
    }
    if (at >= length)
      throw new CsvError({ row, reason: 'A value begins with a quote and has no closing one' });
    at++;
    if (at >= length || block[at] === delimiter || endsLine(block, at)) return at;
    throw new CsvError({
      row,
      reason: 'There is text behind a closing quote; quotes inside a value are doubled',
    });
  }
  for (; at < length; at++) {
    const byte = block[at];
    if (byte === delimiter || byte === lineFeed) break;
    if (byte === carriageReturn && block[at + 1] === lineFeed) break;
    if (byte === quote)
      throw new CsvError({
        row,
        reason:
          'There is a quote inside a value that is not quoted; quote the whole value and double the quote',
      });
  }
  return at;
}

/** The text of a cell, without the quotes around it. */
export function cellText(block: Uint8Array, from: number, end: number, row: number): string {
  const quoted = block[from] === quote;
  const text = decode(quoted ? block.subarray(from + 1, end - 1) : block.subarray(from, end), row);
  return quoted ? text.replaceAll('""', '"') : text;
}

const neverDelimiter = /[\w"\r\n.+-]/;

/** What {@link isDelimiter} asks for. */
export const delimiterWords = 'must be one ASCII character that is no part of a number, a word or a line end';

/** Whether a text can stand between values, and never be part of one. */
export function isDelimiter(text: string): boolean {
  return text.length === 1 && text.charCodeAt(0) < 128 && !neverDelimiter.test(text);
}

/** @throws {CsvError} for a delimiter that could be part of a value. */
export function delimiterOf(options: CsvOptions): number {
  const { delimiter = ',' } = options;
  if (isDelimiter(delimiter)) return delimiter.charCodeAt(0);
  throw new CsvError({ value: delimiter, reason: `cannot be the delimiter; it ${delimiterWords}` });
}

/**
 * Bytes of the UTF-8 byte order mark at the start of a file: 3 or 0.
 * @throws {CsvError} where the mark says UTF-16.
 */
export function byteOrderMarkBytes(bytes: Uint8Array): number {
  const [a, b, c] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    throw new CsvError({ reason: 'The file is UTF-16; save it as UTF-8' });
  return a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0;
}

function endsLine(block: Uint8Array, at: number): boolean {
  return block[at] === lineFeed || (block[at] === carriageReturn && block[at + 1] === lineFeed);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, row: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new CsvError({
      row,
      value: bufferOf(bytes).toString('latin1'),
      reason: 'is not UTF-8; save the file as UTF-8',
    });
  }
}
