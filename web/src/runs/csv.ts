import { columnsMax, type RunRow, rowsMax, type RunSearch, searchRunRows } from '../api/runRows.ts';
import { type Column, keysOf, rowTags, valueOf } from './columns.ts';
import { line } from './csvLine.ts';

/** More rows than this are not written: a browser keeps the whole file in memory. */
export const csvRowsMax = 50_000;

/** Columns that every file begins with; those chosen in the table follow. */
const first = ['run_id', 'name', 'status'];
const times = new Set(['start_time', 'end_time']);

/**
 * Every run of a search as CSV (RFC 4180) with the chosen columns, in the order of the search: page by page,
 * and wide tables some columns at a time.
 *
 * @param onRows is told how many rows there are so far
 * @returns the parts of the file, and whether it was cut at {@link csvRowsMax} rows
 */
export async function csvOf(
  search: RunSearch,
  columns: readonly Column[],
  onRows: (count: number) => void,
  signal: AbortSignal,
): Promise<{ parts: string[]; rows: number; isCut: boolean }> {
  const parts = [line([...first, ...columns.map((column) => headerOf(column))])];
  const chunks = chunked(columns);
  let token: string | undefined;
  let rows = 0;
  do {
    const from = token;
    const pages = await Promise.all(
      chunks.map((chunk, at) => {
        const keys = keysOf(chunk);
        const tags = at === 0 ? [...new Set([...keys.tags, ...rowTags])] : keys.tags;
        return searchRunRows(search, { max: rowsMax, token: from, columns: { ...keys, tags } }, signal);
      }),
    );
    const [leading] = pages;
    if (!leading) break;
    const byRun = pages.map((page) => new Map(page.runs.map((run) => [run.run_id, run])));
    const lines = leading.runs.map((run) => {
      const cells = chunks.flatMap((chunk, at) => {
        const row = byRun[at]?.get(run.run_id);
        return chunk.map((column) => (row ? cellOf(row, column) : ''));
      });
      return line([run.run_id, run.name, run.status, ...cells]);
    });
    parts.push(lines.join(''));
    rows += lines.length;
    onRows(rows);
    token = leading.next_page_token;
  } while (token !== undefined && rows < csvRowsMax);
  return { parts, rows, isCut: token !== undefined };
}

function headerOf({ id, kind, key }: Column): string {
  if (kind !== 'attributes') return id;
  return key === 'duration' ? 'duration_seconds' : key;
}

function cellOf(row: RunRow, column: Column): string {
  const value = valueOf(row, column);
  if (value === undefined) return '';
  if (column.kind !== 'attributes' || typeof value === 'string') return String(value);
  return times.has(column.key) ? new Date(value).toISOString() : String(value / 1000);
}

/** As many columns at once as the server gives, less the tags that each row brings along. */
function chunked(columns: readonly Column[]): (readonly Column[])[] {
  const size = Math.floor(columnsMax / 2);
  const chunks: (readonly Column[])[] = [];
  for (let at = 0; at < columns.length; at += size) chunks.push(columns.slice(at, at + size));
  return chunks.length === 0 ? [[]] : chunks;
}
