import type { Context } from '../../context.ts';
import type { Cut } from '../cut.ts';
import type { BatchFile } from '../file.ts';
import type { BatchJob } from '../job.ts';
import { footerOf } from './parquet-open.ts';

/** Rows of a chunk at most, where it is of several row groups; more of a file that would have too many chunks. */
const rowsMax = 2_000_000;
const chunksMax = 1000;

/**
 * Cuts a file from row `first` (from 0) into ranges of whole row groups that take about `rangeBytes` of it. A row
 * group that takes more is a range of its own: whoever reads it can begin anywhere in it.
 */
export async function* cutGroups(
  ctx: Context,
  job: BatchJob,
  file: BatchFile,
  first: number,
  rangeBytes: number,
): AsyncGenerator<Cut> {
  const { groups, rows: all } = await footerOf(ctx, job, file);
  const most = Math.max(rowsMax, Math.ceil(all / chunksMax));
  let from = first;
  let rows = 0;
  let bytes = 0;
  const cut = (): Cut => ({ first: from, end: from + rows, row: from + 1, rows });
  for (const group of groups) {
    if (group.first < first) continue;
    if (rows > 0 && (bytes + group.bytes > rangeBytes || rows + group.rows > most)) {
      yield cut();
      from += rows;
      rows = bytes = 0;
    }
    rows += group.rows;
    bytes += group.bytes;
  }
  if (rows > 0) yield cut();
}
