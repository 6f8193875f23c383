import { numberOf } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { fitsPort, type Quote, quoteOf, shapeOf, shown, tensorOf } from './fill.ts';
import type { ServedModel } from './models.ts';
import {
  bad,
  CsvCell,
  type Frame,
  type Payload,
  parseScoringCsv,
  parseScoringJson,
  pythonList,
} from './scoring-payload.ts';
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
  /** `records` for a model with named columns, `tensors` for one that takes tensors. */
  readonly answer: 'records' | 'tensors';
};

/**
 * Reads the body of MLflow's `POST /invocations` and checks it against the model. A model that declares
 * its features takes named columns in any order: extra ones are ignored, a null is NaN where the column
 * is a float. Other models take tensors, or columns in the order given.
 * Throws `bad-request` or, for a shape, `invalid`, in the words of MLflow's scoring server.
 */
export async function parseInvocation(
  type: 'json' | 'csv',
  text: string,
  model: Pick<ServedModel, 'inputs' | 'ready' | 'rules'>,
): Promise<Invocation> {
  const quote = quoteOf(model);
  const payload =
    type === 'csv' ? await parseScoringCsv(text, quote) : parseScoringJson(text, model.inputs, quote);
  const { features } = model.ready;
  const [input, ...others] = model.inputs;
  if (!input) return { inputs: {}, answer: 'tensors' };
  if (others.length === 0 && features && input.shape.length === 2)
    return {
      inputs: { [input.name]: columnsTensor(input, features, frameOf(payload), quote) },
      answer: 'records',
    };
  switch (payload.kind) {
    case 'frame':
      if (others.length > 0)
        return { inputs: columnInputs(model.inputs, payload.frame, quote), answer: 'records' };
      return { inputs: { [input.name]: positionsTensor(input, payload.frame, quote) }, answer: 'tensors' };
    case 'tensor':
      if (others.length > 0)
        throw missingInputs(
          model.inputs.map(({ name }) => name),
          [],
        );
      return { inputs: { [input.name]: nestedTensor(input, payload.data, quote) }, answer: 'tensors' };
    case 'named':
      return { inputs: namedTensors(model.inputs, payload.values, quote), answer: 'tensors' };
  }
}

/** Any payload as columns: lists without names have positions, which no model's column is called. */
function frameOf(payload: Payload): Frame {
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
function columnsTensor(port: Port, features: readonly string[], frame: Frame, quote: Quote): Tensor {
  const dims = [frame.rows, features.length];
  const at = positionsOf(features, frame, quote);
  checkShape(port, dims);
  const data = allocate(port.type, frame.rows * features.length);
  features.forEach((name, column) => {
    const source = at[column] ?? 0;
    for (let row = 0; row < frame.rows; row++)
      data[row * features.length + column] = convert(
        port,
        name,
        row,
        frame.value(row, source),
        quote,
      ) as never;
  });
  return { type: port.type, dims, data };
}

/** One tensor per input, from the column of its name. */
function columnInputs(ports: readonly Port[], frame: Frame, quote: Quote): Tensors {
  const at = positionsOf(
    ports.map(({ name }) => name),
    frame,
    quote,
  );
  return Object.fromEntries(
    ports.map((port, input) => {
      const dims = port.shape.length === 1 ? [frame.rows] : [frame.rows, 1];
      checkShape(port, dims);
      const data = allocate(port.type, frame.rows);
      for (let row = 0; row < frame.rows; row++)
        data[row] = convert(port, port.name, row, frame.value(row, at[input] ?? 0), quote) as never;
      return [port.name, { type: port.type, dims, data }];
    }),
  );
}

/** The columns of a frame side by side, in the order given. */
function positionsTensor(port: Port, frame: Frame, quote: Quote): Tensor {
  const dims = [frame.rows, frame.names.length];
  checkShape(port, dims);
  const data = allocate(port.type, frame.rows * frame.names.length);
  for (let row = 0, to = 0; row < frame.rows; row++)
    frame.names.forEach((name, column) => {
      data[to++] = convert(port, String(name), row, frame.value(row, column), quote) as never;
    });
  return { type: port.type, dims, data };
}

function namedTensors(
  ports: readonly Port[],
  values: Readonly<Record<string, unknown>>,
  quote: Quote,
): Tensors {
  const missing = ports.filter(({ name }) => !Object.hasOwn(values, name)).map(({ name }) => name);
  const extra = Object.keys(values).filter((name) => !ports.some((port) => port.name === name));
  if (missing.length > 0) throw missingInputs(missing, extra);
  return Object.fromEntries(
    ports.map((port) => {
      const value = values[port.name];
      if (port.shape.length === 0 && !Array.isArray(value))
        return [port.name, tensorOf(port, [], [value], { missing: 'nan', quote })];
      return [port.name, nestedTensor(port, Array.isArray(value) ? (value as unknown[]) : [value], quote)];
    }),
  );
}

function nestedTensor(port: Port, data: readonly unknown[], quote: Quote): Tensor {
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

function positionsOf(wanted: readonly string[], { names }: Frame, quote: Quote): number[] {
  const known = new Map(names.map((name, at) => [name, at]));
  const missing = wanted.filter((name) => !known.has(name));
  if (missing.length === 0) return wanted.map((name) => known.get(name) ?? 0);
  const needed = new Set<string | number>(wanted);
  throw missingInputs(
    missing,
    // Of a table without a header these are the values of its first row.
    quote === shown ? names.filter((name) => !needed.has(name)) : [],
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
  column: string,
  row: number,
  given: unknown,
  quote: Quote,
): number | bigint | string {
  const value = given instanceof CsvCell ? csvValue(port, given.text) : given;
  if (isFloat(port.type)) {
    if (value === null) return Number.NaN;
    if (typeof value === 'boolean') return Number(value);
  }
  const element = elementOf(port.type, value);
  if (element !== undefined) return element;
  throw bad(
    `Invalid input. Data is not compatible with model signature. Failed to convert column ${column.slice(0, 100)} to type '${port.type}': row ${row} holds ${quote(value)}, but must be ${describe(port.type)}.`,
  );
}

/** The text of a cell in the column's type; text that is no number stays as it is, to be refused. */
function csvValue({ type }: Port, text: string): unknown {
  if (type === 'string') return text;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (isWide(type) && /^-?\d{1,20}$/.test(text)) return BigInt(text);
  const number = numberOf(text);
  return Number.isNaN(number) ? null : (number ?? text);
}
