import { shown } from './fill.ts';
import { bad, type Frame, type Payload } from './scoring-payload.ts';

/** Any payload as columns: lists without names have positions, which no model's column is called. */
export function frameOf(payload: Exclude<Payload, { kind: 'language' }>): Frame {
  switch (payload.kind) {
    case 'frame':
      return payload.frame;
    case 'named':
      return namedFrame(payload.values);
    case 'tensor': {
      const rows = payload.data.map((row) => (Array.isArray(row) ? (row as unknown[]) : [row]));
      const names = Array.from(rows[0] ?? [], (_, at) => at);
      return { names, rows: rows.length, value: (row, column) => rows[row]?.[column] };
    }
  }
}

function namedFrame(values: Readonly<Record<string, unknown>>): Frame {
  const names = Object.keys(values);
  const columns = Object.values(values).map((value) =>
    Array.isArray(value) ? (value as unknown[]) : [value],
  );
  const rows = columns[0]?.length ?? 0;
  const other = columns.findIndex((column) => column.length !== rows);
  if (other >= 0)
    throw bad(
      `Invalid input. Failed to parse input data. All columns must have as many values: ${shown(names[0])} has ${rows}, ${shown(names[other])} has ${columns[other]?.length}.`,
    );
  return { names, rows, value: (row, column) => single(columns[column]?.[row]) };
}

/** [[1], [2]] is a column as well as [1, 2]. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? (value as unknown[])[0] : value;
}
