import { byteOrderMarkBytes, delimiterOf, rowCells } from './cells.ts';
import { CsvError } from './csv-error.ts';
import { comma, endOfRow, rowStarts, wholeRows, withoutLineEnd } from './rows.ts';

export type CsvHeader = {
  readonly columns: readonly string[];
  /** The header line as it stands in the file, without byte order mark and line end. */
  readonly text: Buffer;
  /** Position in the file of the first byte behind the header line. */
  readonly end: number;
};

const headerBytesMax = 1024 * 1024;

/**
 * The first row of a comma-separated file, read no further than needed.
 * @throws {CsvError} for an empty file, one that is not UTF-8, and a header over 1 MB.
 */
export async function readHeader(source: AsyncIterable<Uint8Array>): Promise<CsvHeader> {
  const { text, end } = await readHeaderLine(source);
  return { columns: rowCells(text, comma, 0), text, end };
}

/** The same where it is not known yet what separates the columns. */
export async function readHeaderLine(
  source: AsyncIterable<Uint8Array>,
): Promise<Pick<CsvHeader, 'text' | 'end'>> {
  let block = Buffer.alloc(0);
  for await (const more of wholeRows(source, 1)) {
    block = Buffer.concat([block, more]);
    const mark = byteOrderMarkBytes(block);
    const [start] = rowStarts(block.subarray(mark));
    if (block.length > headerBytesMax) break;
    if (start === undefined) continue;
    const from = mark + start;
    const end = endOfRow(block, from);
    return { text: withoutLineEnd(block.subarray(from, end)), end };
  }
  if (block.length > headerBytesMax)
    throw new CsvError({
      row: 0,
      reason: `The first line is over ${headerBytesMax} bytes; it must name the columns`,
    });
  throw new CsvError({ reason: 'The file is empty; its first line must name the columns' });
}

/** The names in a header line, by a delimiter. */
export function headerColumns(text: Buffer, delimiter: string): string[] {
  return rowCells(text, delimiterOf({ delimiter }), 0);
}
