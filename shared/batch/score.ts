import { type NumericRows, wholeRows } from '../datasets/index.ts';
import type { ServedModel } from '../serving/index.ts';
import { OutputRows } from './output.ts';

/** Scored rows: their output lines, valid until the next are asked for, and the input position behind them. */
export type ScoredRows = { readonly lines: Buffer; readonly rows: number; readonly position: number };

/** Bytes parsed at a stretch; between two stretches other work of the process gets its turn. */
const blockBytes = 256 * 1024;

/**
 * Scores rows in batches of as many as `rows` takes, in order. `source` gives whole rows that begin at
 * `position` of the input. Batches fill up across pieces of the stream, so that how the bytes arrived
 * cannot show in the output, not even in the last bits of a sum.
 */
export async function* scoreRows(
  source: AsyncIterable<Uint8Array>,
  position: number,
  rows: NumericRows,
  model: ServedModel,
): AsyncGenerator<ScoredRows> {
  const output = new OutputRows();
  const score = async (end: number): Promise<ScoredRows> => {
    const count = rows.rows;
    const scores = await model.score(rows.matrix, count);
    const lines = output.lines(rows, scores);
    rows.clear();
    return { lines, rows: count, position: end };
  };
  let base = position;
  for await (const block of wholeRows(source, blockBytes)) {
    for (let at = 0; at < block.length; ) {
      at = rows.fill(block, at);
      if (rows.full) yield await score(base + at);
    }
    base += block.length;
  }
  if (rows.rows > 0) yield await score(base);
}
