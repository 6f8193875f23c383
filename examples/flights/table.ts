import type { Examples } from '../ml/index.ts';

/** Examples as CSV: a column per feature (empty where missing), the label last. Features are floats, so nothing needs quotes. */
export function toCsv({ features, rows, labels }: Examples, labelColumn?: string): string {
  const width = features.length;
  const lines = labels.map((label, row) => {
    const cells = Array.from(rows.subarray(row * width, (row + 1) * width), (x) =>
      Number.isNaN(x) ? '' : String(x),
    );
    return (labelColumn === undefined ? cells : [...cells, label]).join(',');
  });
  const header = labelColumn === undefined ? features : [...features, labelColumn];
  return `${[header.join(','), ...lines].join('\n')}\n`;
}

/**
 * Reads such a CSV, its columns in any order.
 * @throws {Error} naming the column that is missing
 */
export function fromCsv(csv: string, features: readonly string[], labelColumn: string): Examples {
  const [header = '', ...lines] = csv.trimEnd().split(/\r?\n/);
  const columns = header.split(',');
  const indexes = [...features, labelColumn].map((name) => {
    const index = columns.indexOf(name);
    if (index < 0) throw new Error(`The table has no column '${name}'.`);
    return index;
  });
  const cells = lines.map((line) => line.split(','));
  const rows = new Float32Array(lines.length * features.length);
  cells.forEach((row, at) => {
    features.forEach((_, feature) => {
      const cell = row[indexes[feature] ?? 0] ?? '';
      rows[at * features.length + feature] = cell === '' ? Number.NaN : Number(cell);
    });
  });
  return { features, rows, labels: cells.map((row) => row[indexes[features.length] ?? 0] ?? '') };
}

/** One table after the other; both have the same features. */
export function concat(a: Examples, b: Examples): Examples {
  const rows = new Float32Array(a.rows.length + b.rows.length);
  rows.set(a.rows);
  rows.set(b.rows, a.rows.length);
  return { features: a.features, rows, labels: [...a.labels, ...b.labels] };
}
