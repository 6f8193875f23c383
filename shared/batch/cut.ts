import { type RowEnds, rowStarts, wholeRows } from '../datasets/index.ts';

/** Whole rows of a file: the bytes `[first, end)`, the number of the first row from 1, and how many there are; `null` for
 * what only reading them can tell. */
export type Cut = {
  readonly first: number;
  readonly end: number | null;
  readonly row: number;
  readonly rows: number | null;
};

export type KnownCut = Cut & { readonly end: number; readonly rows: number };

/** Bytes looked at together. */
const pieceBytes = 256 * 1024;

/** Why a file without any row cannot be scored. */
export const noRows = 'The file has a header and no rows';

/** A text that can only be read from its beginning on, as a range of its own. */
export async function* uncut(first: number): AsyncGenerator<Cut> {
  yield { first, end: null, row: 1, rows: null };
}

/**
 * Cuts rows into ranges: a range takes the rows that begin within `rangeBytes` of its start, the last of
 * them whole, as Hadoop's line reader splits files. Every byte falls into one range. The source begins at
 * position `first` of the file, where row `row` begins.
 */
export async function* cutRows(
  source: AsyncIterable<Uint8Array>,
  start: { readonly first: number; readonly row: number },
  rangeBytes: number,
  ends: RowEnds = 'unquoted',
): AsyncGenerator<KnownCut> {
  let { first, row } = start;
  let rows = 0;
  let base = first;
  for await (const block of wholeRows(source, pieceBytes, ends, { isReused: true })) {
    for (const at of rowStarts(block, ends)) {
      if (rows > 0 && base + at >= first + rangeBytes) {
        yield { first, end: base + at, row, rows };
        first = base + at;
        row += rows;
        rows = 0;
      }
      rows++;
    }
    base += block.length;
  }
  if (rows > 0) yield { first, end: base, row, rows };
}
