import { rowStarts, wholeRows } from '../datasets/index.ts';

/** Whole rows of a file: the bytes `[first, end)`, the number of the first row from 1, and how many there are. */
export type Cut = {
  readonly first: number;
  readonly end: number;
  readonly row: number;
  readonly rows: number;
};

/**
 * Cuts rows into ranges: a range takes the rows that begin within `rangeBytes` of its start, the last of
 * them whole, as Hadoop's line reader splits files. Every byte falls into one range. The source begins at
 * position `first` of the file, where row `row` begins.
 */
export async function* cutRows(
  source: AsyncIterable<Uint8Array>,
  start: { readonly first: number; readonly row: number },
  rangeBytes: number,
): AsyncGenerator<Cut> {
  let { first, row } = start;
  let rows = 0;
  let base = first;
  for await (const block of wholeRows(source)) {
    for (const at of rowStarts(block)) {
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
