import { Readable } from 'node:stream';
import { CsvError, readCsv } from '../datasets/index.ts';
import { CairnError, isCode } from '../http/index.ts';
import { parseBody, type Quote, type Reading, shown } from './fill.ts';
import { refuseBeyond } from './rows.ts';

/** A data frame: names (positions where it has none) and values by row and column. */
export type Frame = {
  readonly names: readonly (string | number)[];
  readonly rows: number;
  value(row: number, column: number): unknown;
};

/** What an MLflow scoring request holds, before it meets the model. */
export type Payload =
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** Nested lists for the one input. */
  | { readonly kind: 'tensor'; readonly data: readonly unknown[] }
  /** Values by input or column. */
  | { readonly kind: 'named'; readonly values: Readonly<Record<string, unknown>> }
  /** What models of language are asked with: the fields of the body are the model's inputs, if it has such. */
  | { readonly kind: 'language'; readonly values: Readonly<Record<string, unknown>> };

/** A request to MLflow's scoring server, before it meets the model. */
export type Scoring = {
  readonly payload: Payload;
  readonly params?: Readonly<Record<string, unknown>>;
};

/** A body without any of the formats that has one of these is meant for a model of language. */
const languageFields = ['messages', 'prompt', 'input'] as const;

const formats = ['dataframe_records', 'dataframe_split', 'inputs', 'instances'] as const;

/**
 * Reads a JSON body of MLflow's scoring protocol. Messages are those of MLflow's scoring server where
 * clients look for them. Throws `bad-request`.
 */
export function parseScoringJson(text: string, reading: Reading): Scoring {
  const body = parsed(text, reading);
  const expected = `The input must be a JSON dictionary with exactly one of the input fields {${formats
    .map((name) => `'${name}'`)
    .join(', ')}}.`;
  if (!isObject(body)) throw bad(`${expected} Received a ${Array.isArray(body) ? 'list' : kindOf(body)}.`);
  const fields = Object.keys(body);
  const [format, ...more] = formats.filter((name) => Object.hasOwn(body, name));
  if (format === undefined && languageFields.some((name) => Object.hasOwn(body, name)))
    return { payload: { kind: 'language', values: body } };
  if (format === undefined || more.length > 0)
    throw bad(`${expected} Received dictionary with input fields: ${pythonList(fields.slice(0, 20))}.`);
  const params = body['params'] ?? {};
  if (!isObject(params)) throw bad(`The 'params' must be a dictionary. Received a ${kindOf(params)}.`);
  return { payload: payloadOf(format, body[format], reading), params };
}

function payloadOf(format: (typeof formats)[number], value: unknown, reading: Reading): Payload {
  const { quote, rowsMax } = reading;
  switch (format) {
    case 'dataframe_split':
      return { kind: 'frame', frame: splitFrame(value, rowsMax) };
    case 'dataframe_records':
      return { kind: 'frame', frame: recordsFrame(value, format, rowsMax) };
    case 'instances':
      if (Array.isArray(value) && value.length > 0 && value.every(isObject))
        return { kind: 'frame', frame: recordsFrame(value, format, rowsMax) };
      return namedOrLists(value, format, quote);
    case 'inputs':
      return namedOrLists(value, format, quote);
  }
}

/** Reads a CSV body: a header, then rows; an empty cell is missing. Throws `bad-request`. */
export async function parseScoringCsv(text: string, reading: Reading): Promise<Scoring> {
  const { names, rows } = await csvRows(text, reading);
  if (names.length === 0) throw badCsv('It has no header line.');
  if (new Set(names).size !== names.length) throw badCsv('Its header has a name twice.');
  const ragged = rows.findIndex((row) => row.length !== names.length);
  if (ragged >= 0)
    throw badCsv(`Row ${ragged + 1} has ${rows[ragged]?.length} cells; the header has ${names.length}.`);
  const value = (row: number, column: number) => cell(rows[row]?.[column] ?? '');
  return { payload: { kind: 'frame', frame: { names, rows: rows.length, value } } };
}

function badCsv(why: string): CairnError {
  return bad(
    `Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid CSV-formatted Pandas DataFrame produced using the \`pandas.DataFrame.to_csv()\` method. Error: '${why}'`,
  );
}

async function csvRows(
  text: string,
  { quote, rowsMax }: Reading,
): Promise<{ names: readonly string[]; rows: readonly string[][] }> {
  try {
    let names: string[] | undefined;
    const rows: string[][] = [];
    for await (const row of readCsv(Readable.from([Buffer.from(text)]))) {
      if (names) rows.push(row);
      else names = row;
      refuseBeyond(rows.length, rowsMax);
    }
    return { names: names ?? [], rows };
  } catch (error) {
    if (!isCode(error, 'invalid')) throw error;
    const why =
      quote === shown || !(error instanceof CsvError) ? error.message : error.withoutValue().message;
    throw badCsv(why);
  }
}

/** A cell with what it may stand for; the column's type decides. */
export class CsvCell {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A list in the notation of the messages that MLflow's clients read. */
export function pythonList(items: readonly (string | number)[]): string {
  return `[${items.map((item) => (typeof item === 'number' ? item : `'${item.slice(0, 100).replaceAll("'", "\\'")}'`)).join(', ')}]`;
}

export function bad(message: string): CairnError {
  return new CairnError('bad-request', message);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string, reading: Reading): unknown {
  try {
    return parseBody(text, reading).value;
  } catch (error) {
    const says = 'Invalid input. Ensure that input is a valid JSON formatted string.';
    throw bad(reading.quote === shown ? `${says} Error: '${(error as Error).message}'` : says);
  }
}

function cell(text: string): unknown {
  return text === '' ? null : new CsvCell(text);
}

function namedOrLists(value: unknown, format: string, quote: Quote): Payload {
  if (isObject(value)) return { kind: 'named', values: value };
  if (Array.isArray(value)) return { kind: 'tensor', data: value };
  throw bad(`Invalid input. Failed to parse input data. '${format}' must hold lists, not ${quote(value)}.`);
}

function splitFrame(value: unknown, rowsMax: number): Frame {
  if (!isObject(value))
    throw bad(`Invalid input. Dataframe split format must be a dictionary. Got ${kindOf(value)}.`);
  const { columns, data, index } = value;
  const keys = Object.keys(value);
  if (!Object.hasOwn(value, 'data') || keys.some((key) => !['columns', 'data', 'index'].includes(key)))
    throw bad(
      `Invalid input. Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields. Got ${pythonList(keys.slice(0, 20))}.`,
    );
  const refuse = (why: string) =>
    bad(
      `Invalid input. Provided dataframe_split field is not a valid dataframe representation in 'split' format. Error: '${why}'`,
    );
  if (Array.isArray(data)) refuseBeyond(data.length, rowsMax);
  if (!Array.isArray(data) || !data.every((row): row is unknown[] => Array.isArray(row)))
    throw refuse("'data' must be a list of rows, each a list");
  if (index !== undefined && index !== null && !(Array.isArray(index) && index.length === data.length))
    throw refuse(`'index' must be a list of ${data.length} values, one a row`);
  const isNamed = columns !== undefined && columns !== null;
  if (
    isNamed &&
    !(Array.isArray(columns) && columns.every((name) => typeof name === 'string' || typeof name === 'number'))
  )
    throw refuse("'columns' must be a list of names");
  const names = isNamed ? columns : Array.from(data[0] ?? [], (_, i) => i);
  if (new Set(names).size !== names.length) throw refuse("'columns' has a name twice");
  const ragged = data.findIndex((row) => row.length !== names.length);
  if (ragged >= 0)
    throw refuse(
      `${names.length} columns passed, passed data had ${data[ragged]?.length} columns in row ${ragged}`,
    );
  return { names, rows: data.length, value: (row, column) => data[row]?.[column] };
}

function recordsFrame(value: unknown, format: string, rowsMax: number): Frame {
  if (!Array.isArray(value))
    throw bad(
      `Invalid input. Dataframe records format must be a list of records. Got ${isObject(value) ? 'dictionary' : kindOf(value)}.`,
    );
  refuseBeyond(value.length, rowsMax);
  if (!value.every(isObject))
    throw bad(
      `Invalid input. Provided ${format} field is not a valid dataframe representation in 'records' format. Error: 'every record must be a dictionary'`,
    );
  const records = value;
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  // A key that some records lack is missing there, as in pandas.
  return {
    names,
    rows: records.length,
    value(row, column) {
      const [record, name] = [records[row] ?? {}, names[column] ?? ''];
      return Object.hasOwn(record, name) ? record[name] : null;
    },
  };
}

/** What a JSON value is, in the words of MLflow's messages. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (value === null) return 'null';
  return typeof value === 'object' ? 'dictionary' : typeof value;
}
