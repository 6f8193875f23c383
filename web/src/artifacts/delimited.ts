/** A table as far as it was read. */
export type Table = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** There are more rows than these. */
  readonly cut: boolean;
};

/**
 * Reads comma or tab separated values: quoted fields with doubled quotes, line breaks within them, any line
 * ending. The first record names the columns. Source: RFC 4180, section 2, with another separator for tabs.
 *
 * @param whole whether `text` is all of the file; otherwise its last record, cut somewhere, is left out.
 */
export function parseDelimited(text: string, separator: ',' | '\t', rowsMax: number, whole = true): Table {
  const records: string[][] = [];
  let record: string[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length && records.length <= rowsMax + 1) {
    const field = fieldAt(text, at, separator);
    record.push(field.value);
    at = field.end;
    const next = text[at];
    if (next === separator) {
      at++;
      if (at < text.length) continue;
      record.push('');
    }
    if (next === undefined && !whole) break;
    if (next === '\r' && text[at + 1] === '\n') at++;
    at++;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  const [head = [], ...rows] = records;
  const shown = rows.slice(0, rowsMax);
  const width = shown.reduce((most, { length }) => Math.max(most, length), head.length);
  const columns = Array.from({ length: width }, (_, column) => head[column] ?? '');
  return { columns, rows: shown, cut: rows.length > rowsMax || !whole };
}

function fieldAt(text: string, start: number, separator: string): { value: string; end: number } {
  if (text[start] !== '"') {
    const end = endOfPlain(text, start, separator);
    return { value: text.slice(start, end), end };
  }
  let close = start + 1;
  while (close < text.length && (text[close] !== '"' || text[close + 1] === '"'))
    close += text[close] === '"' ? 2 : 1;
  // What follows the closing quote belongs to no rule; it is kept as it stands.
  const end = endOfPlain(text, close + 1, separator);
  return { value: text.slice(start + 1, close).replaceAll('""', '"') + text.slice(close + 1, end), end };
}

function endOfPlain(text: string, start: number, separator: string): number {
  let at = start;
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++;
  return Math.min(at, text.length);
}
