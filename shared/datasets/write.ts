import { type CsvOptions, delimiterOf } from './cells.ts';

const alwaysQuoted = /["\r\n\uFEFF]/;

/** Rows as CSV text (RFC 4180, but lines end in a line feed alone); a value is quoted only where it must be. */
export function writeCsv(rows: Iterable<readonly string[]>, options: CsvOptions = {}): string {
  const delimiter = String.fromCharCode(delimiterOf(options));
  let text = '';
  for (const row of rows) {
    // A lone empty value would be an empty line, and that is no row.
    text +=
      row.length === 1 && row[0] === ''
        ? '""'
        : row.map((value) => csvCell(value, delimiter)).join(delimiter);
    text += '\n';
  }
  return text;
}

/** One value as it stands between delimiters. */
export function csvCell(value: string, delimiter = ','): string {
  return alwaysQuoted.test(value) || value.includes(delimiter) ? `"${value.replaceAll('"', '""')}"` : value;
}
