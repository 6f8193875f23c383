/** Tensors from the columns of a frame. */
import { elementIn, listIn } from './cells.ts';
import { shown } from './fill.ts';
import { checkShape, type Fill, missingInputs, nestedTensor } from './nested.ts';
import { bad, type Frame } from './scoring-payload.ts';
import type { Column } from './signature.ts';
import { allocate, isFloat, type Port, type Tensor, type Tensors } from '../sessions/index.ts';

/** The [rows, columns] tensor of the named columns. */
export function columnsTensor(port: Port, features: readonly string[], frame: Frame, fill: Fill): Tensor {
  const dims = [frame.rows, features.length];
  const at = positionsOf(features, port, frame, fill);
  const [only = '', ...others] = features;
  if (others.length === 0 && isOfLists(port, only, frame, at[0], fill))
    return columnTensor(port, only, frame, at[0], fill);
  checkShape(port, dims);
  const data = allocate(port.type, frame.rows * features.length);
  features.forEach((name, column) => {
    const source = at[column];
    const taken = { port, name, column: fill.signature.columns.get(name) };
    for (let row = 0; row < frame.rows; row++) {
      const value = source === undefined ? null : frame.value(row, source);
      data[row * features.length + column] = elementIn(taken, row, value, fill) as never;
    }
  });
  return { type: port.type, dims, data };
}

/** One tensor per input, from the column of its name. */
export function columnInputs(ports: readonly Port[], frame: Frame, fill: Fill): Tensors {
  return Object.fromEntries(
    ports.map((port) => {
      const [at] = positionsOf([port.name], port, frame, fill, ports);
      return [port.name, columnTensor(port, port.name, frame, at, fill)];
    }),
  );
}

/** The columns of a frame side by side: those of the signature, or all in the order given. */
export function positionsTensor(port: Port, frame: Frame, fill: Fill): Tensor {
  const { columns, positions } = fill.signature;
  const names = columns.size > 0 ? [...columns.keys()] : undefined;
  if (positions.length > frame.names.length)
    throw bad(
      `Failed to enforce schema of the input. Error: Model inference is missing inputs. The model signature declares ${positions.length} inputs but the provided value only has ${frame.names.length} inputs. Note: the inputs were not named in the signature so we can only verify their count.`,
    );
  const at = names
    ? positionsOf(names, port, frame, fill)
    : (positions.length > 0 ? positions : frame.names).map((_, column) => column);
  const first = String(names?.[0] ?? frame.names[0]);
  if (at.length === 1 && (port.shape.length === 1 || isOfLists(port, first, frame, at[0], fill)))
    return columnTensor(port, first, frame, at[0], fill);
  const dims = [frame.rows, at.length];
  checkShape(port, dims);
  const taken = at.map((_, index) => {
    const name = String(names?.[index] ?? frame.names[index]);
    const type = positions[index];
    const column = columns.get(name) ?? (type === undefined ? undefined : { type, isRequired: true });
    return { port, name, column };
  });
  const data = allocate(port.type, frame.rows * at.length);
  for (let row = 0, to = 0; row < frame.rows; row++)
    taken.forEach((each, index) => {
      const source = at[index];
      const value = source === undefined ? null : frame.value(row, source);
      data[to++] = elementIn(each, row, value, fill) as never;
    });
  return { type: port.type, dims, data };
}

/** The tensor of one column: an element a row, or, where its values are lists, their sizes after that of the rows. */
function columnTensor(port: Port, name: string, frame: Frame, at: number | undefined, fill: Fill): Tensor {
  const taken = { port, name, column: fill.signature.columns.get(name) };
  const value = (row: number) => (at === undefined ? null : frame.value(row, at));
  if (isOfLists(port, name, frame, at, fill))
    return nestedTensor(
      port,
      Array.from({ length: frame.rows }, (_, row) => listIn(taken, row, value(row), fill)),
      fill,
    );
  const dims = port.shape.length === 1 ? [frame.rows] : [frame.rows, 1];
  checkShape(port, dims);
  const data = allocate(port.type, frame.rows);
  for (let row = 0; row < frame.rows; row++) data[row] = elementIn(taken, row, value(row), fill) as never;
  return { type: port.type, dims, data };
}

/** Whether each value of a column is a list: it comes as one, or is the bytes of numbers. */
function isOfLists(
  { type }: Port,
  name: string,
  frame: Frame,
  at: number | undefined,
  { signature }: Fill,
): boolean {
  const column = signature.columns.get(name);
  if (column?.type === 'binary') return type === 'uint8';
  return at !== undefined && !isScalar(column) && Array.isArray(frame.value(0, at));
}

/** Whether the signature says that a value of a column is one element. */
function isScalar(column: Column | undefined): boolean {
  return column !== undefined && !['array', 'object', 'map', 'any'].includes(column.type);
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
