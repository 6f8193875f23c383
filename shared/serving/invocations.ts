import { numberOf } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { columnValue, describeColumn, refused } from './column-values.ts';
import { fitsPort, type Quote, quoteOf, shapeOf, shown, tensorOf } from './fill.ts';
import type { ServedModel } from './models.ts';
import { checkParams } from './params.ts';
import { bad, CsvCell, type Frame, type Payload, pythonList, type Scoring } from './scoring-payload.ts';
import { type Column, type Signature, signatureOf } from './signature.ts';
import {
  allocate,
  describe,
  elementOf,
  isFloat,
  isWide,
  type Port,
  type Tensor,
  type Tensors,
} from '../sessions/index.ts';

export type Invocation = {
  readonly inputs: Tensors;
  /**
   * `records` for a model with named columns, `tensors` for one that takes tensors, `bare` the same without
   * `predictions` around it, as models of language answer.
   */
  readonly answer: 'records' | 'tensors' | 'bare';
};

/**
 * Checks what MLflow's `POST /invocations` was sent against the model. A model that declares its features takes named
 * columns in any order: extra ones are ignored, a null is NaN where the column is a float, and where MLflow's signature
 * says more of a column, its value is of that type. Other models take tensors, or columns in the order given.
 * Throws `bad-request` or, for a shape, `invalid`, in the words of MLflow's scoring server.
 */
export function parseInvocation(
  { payload, params = {} }: Scoring,
  model: Pick<ServedModel, 'inputs' | 'ready' | 'rules'>,
): Invocation {
  const signature = signatureOf(model.ready);
  const fill: Fill = { quote: quoteOf(model), signature };
  checkParams(params, signature.params);
  const { features } = model.ready;
  const [input, ...others] = model.inputs;
  if (payload.kind === 'language')
    return { inputs: languageTensors(model, payload.values, fill), answer: 'bare' };
  if (!input) return { inputs: {}, answer: 'tensors' };
  if (others.length === 0 && features && input.shape.length === 2)
    return {
      inputs: { [input.name]: columnsTensor(input, features, frameOf(payload), fill) },
      answer: 'records',
    };
  switch (payload.kind) {
    case 'frame':
      if (others.length > 0)
        return { inputs: columnInputs(model.inputs, payload.frame, fill), answer: 'records' };
      return { inputs: { [input.name]: positionsTensor(input, payload.frame, fill) }, answer: 'tensors' };
    case 'tensor':
      if (others.length > 0)
        throw missingInputs(
          model.inputs.map(({ name }) => name),
          [],
        );
      return { inputs: { [input.name]: nestedTensor(input, payload.data, fill) }, answer: 'tensors' };
    case 'named':
      return { inputs: namedTensors(model.inputs, payload.values, fill), answer: 'tensors' };
  }
}

/** What values become elements by. */
type Fill = { readonly quote: Quote; readonly signature: Signature };

/** The inputs of a model that are named as those of a model of language; any other says what it takes. */
function languageTensors(
  { inputs, ready }: Pick<ServedModel, 'inputs' | 'ready'>,
  values: Readonly<Record<string, unknown>>,
  fill: Fill,
): Tensors {
  const names = inputs.map(({ name }) => name);
  if (names.length > 0 && names.every((name) => Object.hasOwn(values, name)))
    return namedTensors(inputs, values, fill);
  throw bad(
    `The fields ${pythonList(Object.keys(values).slice(0, 20))} are for a model of language; this model takes ${pythonList(
      (ready.features ?? names).slice(0, 100),
    )}. Send them in dataframe_split, dataframe_records, instances or inputs.`,
  );
}

/** Any payload as columns: lists without names have positions, which no model's column is called. */
function frameOf(payload: Exclude<Payload, { kind: 'language' }>): Frame {
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

/** The [rows, columns] tensor of the named columns. */
function columnsTensor(port: Port, features: readonly string[], frame: Frame, fill: Fill): Tensor {
  const dims = [frame.rows, features.length];
  const at = positionsOf(features, port, frame, fill);
  checkShape(port, dims);
  const data = allocate(port.type, frame.rows * features.length);
  features.forEach((name, column) => {
    const source = at[column];
    const spec = fill.signature.columns.get(name);
    for (let row = 0; row < frame.rows; row++) {
      const value = source === undefined ? null : frame.value(row, source);
      data[row * features.length + column] = convert(port, name, row, value, fill, spec) as never;
    }
  });
  return { type: port.type, dims, data };
}

/** One tensor per input, from the column of its name. */
function columnInputs(ports: readonly Port[], frame: Frame, fill: Fill): Tensors {
  return Object.fromEntries(
    ports.map((port) => {
      const [at] = positionsOf([port.name], port, frame, fill, ports);
      return [port.name, columnTensor(port, port.name, frame, at, fill)];
    }),
  );
}

/** The tensor of one column: an element a row, or, where its values are lists, their sizes after that of the rows. */
function columnTensor(port: Port, name: string, frame: Frame, at: number | undefined, fill: Fill): Tensor {
  const spec = fill.signature.columns.get(name);
  const value = (row: number) => (at === undefined ? null : frame.value(row, at));
  if (Array.isArray(value(0)) || (spec?.type === 'binary' && port.type === 'uint8'))
    return nestedTensor(
      port,
      Array.from({ length: frame.rows }, (_, row) => listIn(port, name, row, value(row), fill, spec)),
      fill,
    );
  const dims = port.shape.length === 1 ? [frame.rows] : [frame.rows, 1];
  checkShape(port, dims);
  const data = allocate(port.type, frame.rows);
  for (let row = 0; row < frame.rows; row++)
    data[row] = convert(port, name, row, value(row), fill, spec) as never;
  return { type: port.type, dims, data };
}

function listIn(
  port: Port,
  name: string,
  row: number,
  value: unknown,
  { quote }: Fill,
  spec: Column | undefined,
): unknown {
  if (spec?.type !== 'binary') return value;
  const bytes = columnValue(spec.type, port, value instanceof CsvCell ? value.text : value);
  if (bytes !== refused) return bytes;
  throw unconverted(name, spec.type, row, quote(value), describeColumn(spec.type));
}

/** The columns of a frame side by side: those of the signature, or all in the order given. */
function positionsTensor(port: Port, frame: Frame, fill: Fill): Tensor {
  const { columns, positions } = fill.signature;
  const names = columns.size > 0 ? [...columns.keys()] : undefined;
  if (positions.length > frame.names.length)
    throw bad(
      `Failed to enforce the schema of the input. Model inference is missing inputs. The model signature declares ${positions.length} inputs but the provided value only has ${frame.names.length} inputs. Note: the inputs were not named in the signature so we can only verify their count.`,
    );
  const at = names
    ? positionsOf(names, port, frame, fill)
    : (positions.length > 0 ? positions : frame.names).map((_, column) => column);
  if (at.length === 1 && (port.shape.length === 1 || Array.isArray(frame.value(0, at[0] ?? 0))))
    return columnTensor(port, String(names?.[0] ?? frame.names[0]), frame, at[0], fill);
  const dims = [frame.rows, at.length];
  checkShape(port, dims);
  const data = allocate(port.type, frame.rows * at.length);
  for (let row = 0, to = 0; row < frame.rows; row++)
    at.forEach((source, column) => {
      const name = String(names?.[column] ?? frame.names[column]);
      const type = positions[column];
      const spec = columns.get(name) ?? (type === undefined ? undefined : { type, isRequired: true });
      const value = source === undefined ? null : frame.value(row, source);
      data[to++] = convert(port, name, row, value, fill, spec) as never;
    });
  return { type: port.type, dims, data };
}

function namedTensors(
  ports: readonly Port[],
  values: Readonly<Record<string, unknown>>,
  fill: Fill,
): Tensors {
  const missing = ports.filter(({ name }) => !Object.hasOwn(values, name)).map(({ name }) => name);
  const extra = Object.keys(values).filter((name) => !ports.some((port) => port.name === name));
  if (missing.length > 0) throw missingInputs(missing, extra);
  return Object.fromEntries(
    ports.map((port) => {
      const value = values[port.name];
      if (port.shape.length === 0 && !Array.isArray(value))
        return [port.name, tensorOf(port, [], [value], { missing: 'nan', quote: fill.quote })];
      return [port.name, nestedTensor(port, Array.isArray(value) ? (value as unknown[]) : [value], fill)];
    }),
  );
}

function nestedTensor(port: Port, data: readonly unknown[], { quote }: Fill): Tensor {
  const dims: number[] = [];
  for (let level: unknown = data; Array.isArray(level) && dims.length < 16; level = level[0])
    dims.push(level.length);
  checkShape(port, dims);
  return tensorOf(port, dims, data, { missing: 'nan', quote });
}

function checkShape(port: Port, dims: readonly number[]): void {
  if (fitsPort(port, dims)) return;
  const tuple = (sizes: readonly number[]) => `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
  throw new CairnError(
    'invalid',
    `Invalid input. Shape of input ${tuple(dims)} does not match expected shape ${tuple(shapeOf(port))}.`,
    { field: port.name },
  );
}

/**
 * Where the columns stand in the frame; `undefined` for one that the signature lets be absent and whose input has a
 * value for what is missing. All that are absent of `needed` are told together.
 */
function positionsOf(
  wanted: readonly string[],
  port: Port,
  { names }: Frame,
  { quote, signature }: Fill,
  needed: readonly Port[] = [],
): (number | undefined)[] {
  const known = new Map(names.map((name, at) => [name, at]));
  const all = needed.length > 0 ? needed.map(({ name }) => name) : wanted;
  const missing = all.filter((name) => {
    const { type } = needed.find((each) => each.name === name) ?? port;
    return !known.has(name) && !(isFloat(type) && signature.columns.get(name)?.isRequired === false);
  });
  if (missing.length === 0) return wanted.map((name) => known.get(name));
  const extra = new Set<string | number>(all);
  throw missingInputs(
    missing,
    // Of a table without a header these are the values of its first row.
    quote === shown ? names.filter((name) => !extra.has(name)) : [],
  );
}

function missingInputs(missing: readonly string[], extra: readonly (string | number)[]): CairnError {
  const others =
    extra.length > 0 ? ` Note that there were extra inputs: ${pythonList(extra.slice(0, 20))}.` : '';
  return bad(
    `Failed to enforce the schema of the input. Model is missing inputs ${pythonList(missing)}.${others}`,
  );
}

function convert(
  port: Port,
  name: string,
  row: number,
  given: unknown,
  { quote }: Fill,
  column: Column | undefined,
): number | bigint | string {
  const value = given instanceof CsvCell ? csvValue(port, given.text, column?.type) : given;
  if (value === null && isFloat(port.type) && mayLack(column)) return Number.NaN;
  const typed = column ? columnValue(column.type, port, value) : value;
  if (typed === refused)
    throw unconverted(name, column?.type, row, quote(value), describeColumn(column?.type ?? ''));
  const isTruth = typeof typed === 'boolean' && isFloat(port.type);
  const element = elementOf(port.type, isTruth ? Number(typed) : typed);
  if (element !== undefined) return element;
  throw unconverted(name, port.type, row, quote(value), describe(port.type));
}

/** Whether a column may lack values: those of Python's integers and truths cannot. */
function mayLack(column: Column | undefined): boolean {
  return !column?.isRequired || !['integer', 'long', 'boolean'].includes(column.type);
}

function unconverted(
  name: string,
  type: string | undefined,
  row: number,
  value: string,
  wanted: string,
): CairnError {
  return bad(
    `Invalid input. Data is not compatible with model signature. Failed to convert column ${name.slice(0, 100)} to type '${type}': row ${row} holds ${value}, but must be ${wanted}.`,
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
