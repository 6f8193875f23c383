import type { Table } from './delimited.ts';

/** An image within a table: where it is among the run's artifacts. */
export type TableImage = { readonly image: string };

/**
 * A table in JSON as pandas' `split` orientation has it, which MLflow's `log_table` writes: names of columns,
 * then rows. Undefined for any other JSON.
 */
export function loggedTable(json: unknown, rowsMax: number): Table | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { columns, data } = json as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || columns.length === 0) return undefined;
  if (!data.every((row) => Array.isArray(row) && row.length === columns.length)) return undefined;
  return {
    columns: columns.map(String),
    rows: data.slice(0, rowsMax) as unknown[][],
    cut: data.length > rowsMax,
  };
}

/** What `log_table` leaves in a cell for an image: it is a file of its own, also in a small form. */
export function imageOf(cell: unknown): TableImage | undefined {
  if (typeof cell !== 'object' || cell === null) return undefined;
  const { type, filepath, compressed_filepath: small } = cell as Record<string, unknown>;
  const path = typeof small === 'string' && small !== '' ? small : filepath;
  return type === 'image' && typeof path === 'string' ? { image: path } : undefined;
}

/** A cell in one line. */
export function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}
