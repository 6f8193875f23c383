import { CsvError } from '../../datasets/index.ts';
import { parseBody, type Rows } from '../../serving/index.ts';
import { rawJson } from '../../sessions/index.ts';
import type { NumberRows, TextFormat } from './text-rows.ts';

/** A row of JSON Lines: an object by columns, or a list. */
export type JsonRow = Readonly<Record<string, unknown>> | readonly unknown[];

export type JsonColumns = {
  /** Keys of the first row; of lists the one column that they are taken for. */
  readonly columns: readonly string[];
  readonly areLists: boolean;
  /** What the model takes by name, beside those. */
  readonly needed: readonly string[];
  /** Whether the output has the columns of the first row and no others. */
  readonly isFixed: boolean;
  /** Names that the output adds to each row. */
  readonly added: readonly string[];
  readonly numbers?: NumberRows;
};

/**
 * Rows of JSON Lines: a line each, an object or, where the first row is one, a list. Integers beyond 2^53 are kept; NaN
 * as Python writes it is null. A key that the first row lacks is an error where the output has no column for it.
 */
export function jsonFormat(how: JsonColumns): TextFormat<JsonRow | null> {
  const { columns, areLists } = how;
  const known = new Set(columns);
  const added = new Set(how.added);
  const names = [...columns, ...how.needed.filter((name) => !known.has(name))];
  const valueOf = (row: JsonRow | null, column: number) => {
    if (row === null || areLists) return row;
    const name = names[column] ?? '';
    return Object.hasOwn(row, name) ? (row as Readonly<Record<string, unknown>>)[name] : null;
  };
  return {
    ends: 'every',
    parse(line, row) {
      const value = parseRow(line, row);
      if (Array.isArray(value) !== areLists)
        throw new CsvError({
          row,
          reason: areLists
            ? 'The row is no list, as the first is'
            : 'The row is a list, and the first is none',
        });
      if (areLists || (!how.isFixed && added.size === 0)) return value;
      for (const key of Object.keys(value)) {
        if (known.has(key)) continue;
        if (added.has(key))
          throw new CsvError({
            row,
            column: key,
            reason: 'The output adds a column of this name; rename it in the input',
          });
        if (how.isFixed)
          throw new CsvError({
            row,
            column: key,
            reason:
              'The first row has no such key, and the output has its columns; write it as jsonl, or join no or some columns',
          });
      }
      return value;
    },
    isLast: () => false,
    mend: () => ({ line: Buffer.from('{}'), row: null }),
    rows: (held): Rows =>
      areLists
        ? { kind: 'lists', data: held }
        : {
            kind: 'frame',
            frame: { names, rows: held.length, value: (row, column) => valueOf(held[row] ?? null, column) },
          },
    cell(row, column) {
      const value = valueOf(row, column) ?? null;
      if (typeof value === 'bigint') return String(value);
      return typeof value === 'object' && value !== null
        ? jsonText(value)
        : (value as string | number | boolean | null);
    },
    json: (row, column) => jsonText(valueOf(row, column) ?? null),
    ...(how.numbers ? { numbers: how.numbers } : {}),
  };
}

/**
 * The object or list in a line.
 * @throws {CsvError} for a line that is neither.
 */
export function parseRow(line: Buffer, row: number): JsonRow {
  const value = parsed(line, row);
  if (typeof value === 'object' && value !== null) return value as JsonRow;
  throw new CsvError({ row, reason: 'The row is neither a JSON object nor a list' });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Nobody nests so deep, and what is much deeper cannot be written again. */
const levelsMax = 500;

function parsed(line: Buffer, row: number): unknown {
  if (line.length > levelsMax && isDeep(line))
    throw new CsvError({ row, reason: `The row is nested over ${levelsMax} levels deep` });
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    throw new CsvError({ row, reason: 'The row is not UTF-8; save the file as UTF-8' });
  }
  try {
    return parseBody(text, { isWide: true }).value;
  } catch {
    // The parser's own words quote the row, which may be somebody's.
    throw new CsvError({ row, reason: 'The row is not JSON' });
  }
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' ? rawJson(String(each)) : each,
  );
}

const [quote, backslash] = Buffer.from('"\\');

function isDeep(line: Buffer): boolean {
  let level = 0;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at];
    if (byte === quote) {
      for (at++; at < line.length && line[at] !== quote; at++) if (line[at] === backslash) at++;
      // `[` and `{`, `]` and `}` differ in this one bit.
    } else if ((byte | 0x20) === 0x7b && ++level > levelsMax) return true;
    else if ((byte | 0x20) === 0x7d) level--;
  }
  return false;
}
