import { byteOrderMarkBytes, textRows } from './cells.ts';
import { CsvError } from './csv-error.ts';
import { carriageReturn, comma, endOfRow, lineFeed, rowStarts, wholeRows } from './rows.ts';

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
  let block = Buffer.alloc(0);
  for await (const more of wholeRows(source, 1)) {
    block = Buffer.concat([block, more]);
    const mark = byteOrderMarkBytes(block);
    const [start] = rowStarts(block.subarray(mark));
    if (block.length > headerBytesMax) break;
    if (start === undefined) continue;
    const from = mark + start;
    const end = endOfRow(block, from);
    const [columns = []] = textRows(block.subarray(0, end), from, comma, 0);
    return { columns, text: withoutLineEnd(block.subarray(from, end)), end };
  }
  if (block.length > headerBytesMax)
    throw new CsvError({
      row: 0,
      reason: `The first line is over ${headerBytesMax} bytes; it must name the columns`,
    });
  throw new CsvError({ reason: 'The file is empty; its first line must name the columns' });
}

function withoutLineEnd(row: Buffer): Buffer {
  if (row.at(-1) !== lineFeed) return row;
  return row.subarray(0, row.at(-2) === carriageReturn ? -2 : -1);
}
