import type { Examples } from './examples.ts';

export type Row = Readonly<Record<string, unknown>>;

/**
 * How records become float features; plain JSON, so that it can be kept beside the model.
 *
 * A missing number (null, undefined, '' or NaN) stays missing as NaN: each trainer has its own rule for it,
 * and carries that rule into the exported model. A missing or unknown category is a row of zeros.
 */
export type Encoding = {
  numeric: readonly string[];
  categorical: readonly { column: string; values: readonly string[] }[];
};

/**
 * Learns the categories of each categorical column, most frequent first, and by name where equally so.
 * @param categoriesMax rarer ones get no feature of their own
 */
export function fitEncoding(
  rows: readonly Row[],
  columns: { numeric: readonly string[]; categorical?: readonly string[] },
  { categoriesMax = 64 }: { categoriesMax?: number } = {},
): Encoding {
  const categorical = (columns.categorical ?? []).map((column) => {
    const counts = new Map<string, number>();
    for (const row of rows) {
      const value = category(row[column]);
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const byCount = [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    return { column, values: byCount.slice(0, categoriesMax).map(([value]) => value) };
  });
  return { numeric: columns.numeric, categorical };
}

/** Numeric columns under their own name, then `column=value` for each category. */
export function featureNames({ numeric, categorical }: Encoding): string[] {
  return [
    ...numeric,
    ...categorical.flatMap(({ column, values }) => values.map((value) => `${column}=${value}`)),
  ];
}

/**
 * @returns [rows, features] row-major
 * @throws {TypeError} naming row and column where a numeric column holds something else.
 */
export function encode(encoding: Encoding, rows: readonly Row[]): Float32Array {
  const { numeric, categorical } = encoding;
  const width = numeric.length + categorical.reduce((sum, { values }) => sum + values.length, 0);
  const positions = categorical.map(({ values }) => new Map(values.map((value, at) => [value, at])));
  const features = new Float32Array(rows.length * width);
  rows.forEach((row, at) => {
    let to = at * width;
    for (const column of numeric) features[to++] = number(row[column], column, at);
    categorical.forEach(({ column, values }, index) => {
      const value = category(row[column]);
      const position = value === undefined ? undefined : positions[index].get(value);
      if (position !== undefined) features[to + position] = 1;
      to += values.length;
    });
  });
  return features;
}

/** Encodes rows together with their label column, whose values are taken as text. */
export function encodeExamples(encoding: Encoding, rows: readonly Row[], label: string): Examples {
  const labels = rows.map((row, at) => {
    const value = category(row[label]);
    if (value === undefined) throw new TypeError(`Row ${at}: ${label} is missing.`);
    return value;
  });
  return { features: featureNames(encoding), rows: encode(encoding, rows), labels };
}

function number(value: unknown, column: string, row: number): number {
  if (value === null || value === undefined || value === '') return Number.NaN;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') return Number(value);
  throw new TypeError(`Row ${row}: ${column} is ${JSON.stringify(value)}, not a number.`);
}

function category(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value === '' ? undefined : value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return undefined;
  }
}
