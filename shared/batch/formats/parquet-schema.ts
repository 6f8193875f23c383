import type { ConvertedType, SchemaElement } from 'hyparquet';
import { namesOf, type ServedModel } from '../../serving/index.ts';
import { isFloat, type Port } from '../../sessions/index.ts';
import type { Layout } from '../file.ts';
import type { PredictedColumn } from './predicted.ts';

/** A column of a Parquet output. */
export type OutputColumn = {
  readonly element: SchemaElement;
  /** The column of the input that it repeats, or the one of the prediction. */
  readonly from: { readonly input: number } | { readonly predicted: number };
};

/**
 * The columns of the output: those that are joined, and behind them what is predicted. Columns of a Parquet input
 * keep their types; of a text, those of `typed` are what it says and all others text.
 */
export function outputColumns(
  { format, columns }: Layout,
  joined: readonly number[],
  typed: ReadonlyMap<string, CellKind>,
  predicted: readonly PredictedColumn[],
): OutputColumn[] {
  const element = (place: number): SchemaElement => {
    if (format === 'parquet') return keptElement(columns[place].element);
    const name = columns[place];
    return predictedElement({ name, kind: typed.get(name) ?? 'text' });
  };
  return [
    ...joined.map((input) => ({ element: element(input), from: { input } })),
    ...predicted.map((column, at) => ({ element: predictedElement(column), from: { predicted: at } })),
  ];
}

/** What a column of a text is in Parquet where it is not text. */
type CellKind = 'number' | 'whole' | 'truth';

/** The columns of a text that the model takes as something else: their cells are stored as what they stand for. */
export function typedColumns(
  { inputs, ready }: Pick<ServedModel, 'inputs' | 'ready'>,
  { format, columns }: Layout,
): ReadonlyMap<string, CellKind> {
  const [only] = inputs;
  if (format === 'parquet' || !only) return new Map();
  const named = namesOf({ inputs, ready });
  // A column called like the input holds lists.
  const isTable = only.shape.length === 2 && !columns.includes(only.name);
  const taken = named ?? (isTable ? columns.map((name) => ({ name, type: undefined })) : []);
  const kinds = new Map<string, CellKind>();
  for (const { name, type } of taken) {
    const port = inputs.find((each) => each.name === name) ?? only;
    const kind = cellKind(port, type);
    if (kind) kinds.set(name, kind);
  }
  return kinds;
}

/** By the type in the signature, else by that of the input. */
function cellKind({ type: element }: Port, type: string | undefined): CellKind | undefined {
  switch (type) {
    case 'boolean':
      return 'truth';
    case 'integer':
    case 'long':
      return element === 'uint64' ? undefined : 'whole';
    case 'float':
    case 'double':
      return 'number';
    case undefined:
      if (element === 'bool') return 'truth';
      if (isFloat(element)) return 'number';
      // There are whole numbers of 64 bits without a sign that no column of signed ones holds.
      return element === 'string' || element === 'uint64' ? undefined : 'whole';
    default:
      return undefined;
  }
}

/** How much longer row groups are of a chunk that is a whole file, however large it is: for each GiB of it. */
export function scaleOf(bytes: number): number {
  return Math.min(8, Math.max(1, Math.ceil(bytes / 2 ** 30)));
}

/**
 * As it was, but for moments of the old kind, which are read as nanoseconds and written so, and for the widths of whole
 * numbers: as logical types they are written in a way that other readers refuse, so they have their converted types.
 */
function keptElement({ field_id: _, ...element }: SchemaElement): SchemaElement {
  const { logical_type: logical, ...rest } = element;
  if (logical?.type === 'INTEGER')
    return {
      ...rest,
      converted_type: `${logical.isSigned ? 'INT' : 'UINT'}_${logical.bitWidth}` as ConvertedType,
    };
  if (element.type !== 'INT96') return element;
  return {
    ...element,
    type: 'INT64',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' },
  };
}

function predictedElement({ name, kind }: PredictedColumn): SchemaElement {
  switch (kind) {
    case 'number':
      return doubles(name);
    case 'whole':
      return { name, repetition_type: 'OPTIONAL', type: 'INT64' };
    case 'truth':
      return { name, repetition_type: 'OPTIONAL', type: 'BOOLEAN' };
    case 'text':
    case 'list':
      return texts(name);
  }
}

function doubles(name: string): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', type: 'DOUBLE' };
}

function texts(name: string): SchemaElement {
  return {
    name,
    repetition_type: 'OPTIONAL',
    type: 'BYTE_ARRAY',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
  };
}
