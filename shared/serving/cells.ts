import { numberOf } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { columnValue, describeColumn, refused } from './column-values.ts';
import type { Fill } from './nested.ts';
import { CsvCell } from './scoring-payload.ts';
import { type Column, mayLack } from './signature.ts';
import { describe, elementOf, isFloat, isWide, type Port } from '../sessions/index.ts';

/** A column of a call: the input it goes into, its name, and what the signature says of it. */
export type Taken = {
  readonly port: Port;
  readonly name: string;
  readonly column: Column | undefined;
};

/** What is wrong with one value of a frame, for those who tell of it in words of their own. `row` counts from 0. */
type CellProblem = {
  readonly row: number;
  readonly column: string;
  readonly value: unknown;
  /** What the value should have been. */
  readonly wanted: string;
};

/** A value that is not what its column takes. */
export class CellError extends CairnError {
  readonly problem: CellProblem;

  constructor(problem: CellProblem, message: string) {
    super('bad-request', message);
    this.name = 'CellError';
    this.problem = problem;
  }
}

/** A value in a row as an element of its input. Throws `bad-request` in the words of MLflow's scoring server. */
export function elementIn(
  taken: Taken,
  row: number,
  given: unknown,
  { quote }: Fill,
): number | bigint | string {
  const { port, column } = taken;
  const value = given instanceof CsvCell ? csvValue(port, given.text, column?.type) : given;
  if (value === null && isFloat(port.type) && mayLack(column)) return Number.NaN;
  const typed = column ? columnValue(column.type, port, value) : value;
  if (typed === refused)
    throw unconverted(
      taken,
      row,
      { value, type: column?.type, wanted: describeColumn(column?.type ?? '') },
      quote,
    );
  const isTruth = typeof typed === 'boolean' && isFloat(port.type);
  const element = elementOf(port.type, isTruth ? Number(typed) : typed);
  if (element !== undefined) return element;
  throw unconverted(taken, row, { value, type: port.type, wanted: describe(port.type) }, quote);
}

/** A value of a column whose values are lists: the lists themselves, or the bytes that a text stands for. */
export function listIn(taken: Taken, row: number, given: unknown, { quote }: Fill): unknown {
  const { column, port } = taken;
  if (column?.type !== 'binary') return given;
  const bytes = columnValue(column.type, port, given instanceof CsvCell ? given.text : given);
  if (bytes !== refused) return bytes;
  throw unconverted(
    taken,
    row,
    { value: given, type: column.type, wanted: describeColumn(column.type) },
    quote,
  );
}

type Refused = { readonly value: unknown; readonly type: string | undefined; readonly wanted: string };

function unconverted(
  { name }: Taken,
  row: number,
  { value, type, wanted }: Refused,
  quote: Fill['quote'],
): CellError {
  return new CellError(
    { row, column: name, value, wanted },
    `Invalid input. Data is not compatible with model signature. Failed to convert column ${name.slice(0, 100)} to type '${type}': row ${row} holds ${quote(value)}, but must be ${wanted}.`,
  );
}

/** The text of a cell in the column's type; text that is no number stays as it is, to be refused. */
function csvValue({ type }: Port, text: string, column: string | undefined): unknown {
  if (type === 'string' || ['string', 'datetime', 'binary'].includes(column ?? '')) return text;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (isWide(type) && /^-?\d{1,20}$/.test(text)) return BigInt(text);
  const number = numberOf(text);
  return Number.isNaN(number) ? null : (number ?? text);
}
