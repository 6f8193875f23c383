import type { VersionReady } from '../registry/index.ts';
import { columnInputs, columnsTensor, positionsTensor } from './columns.ts';
import type { ServedModel } from './models.ts';
import { type Fill, nestedTensor } from './nested.ts';
import type { Frame } from './scoring-payload.ts';
import { signatureOf } from './signature.ts';
import { type ElementType, isFloat, type Port, type Tensors } from '../sessions/index.ts';

/** What is fed: its inputs, and what its author says of them. */
type Fed = Pick<ServedModel, 'inputs' | 'ready'>;

/**
 * The tensors of a frame: the named columns of a table, a column for each of several inputs, or the columns in the
 * order given. Throws a {@link CellError} for a value, and `invalid` for columns that are missing and for sizes.
 */
export function frameTensors({ inputs, ready }: Fed, frame: Frame, fill: Fill): Tensors {
  const [input, ...others] = inputs;
  if (!input) return {};
  if (others.length > 0) return columnInputs(inputs, frame, fill);
  const { features } = ready;
  if (features && input.shape.length === 2)
    return { [input.name]: columnsTensor(input, features, frame, fill) };
  return { [input.name]: positionsTensor(input, frame, fill) };
}

/** Rows of a file: a frame, or a list for each row where a model with one input that names no columns is fed. */
export type Rows =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'lists'; readonly data: readonly unknown[] };

/**
 * The tensors of rows, as real-time serving makes them of a data frame. A model with one input that names no columns
 * takes the column that is called like the input, where there is one. No message quotes a value: a {@link CellError}
 * carries it, with the row, from 0, and the column. Throws `invalid` where rows together do not make a tensor.
 */
export function rowTensors({ inputs, ready }: Fed, rows: Rows): Tensors {
  const fill: Fill = { quote: () => 'a value that is not shown here', signature: signatureOf(ready) };
  const [input, ...others] = inputs;
  if (rows.kind === 'lists') {
    if (!input || others.length > 0 || namesOf({ inputs, ready }) !== null)
      return frameTensors({ inputs, ready }, { names: [], rows: rows.data.length, value: () => null }, fill);
    return { [input.name]: nestedTensor(input, rows.data, fill) };
  }
  const { frame } = rows;
  if (input && namesOf({ inputs, ready }) === null && frame.names.includes(input.name))
    return columnInputs([input], frame, fill);
  return frameTensors({ inputs, ready }, frame, fill);
}

/** A column that a model takes by its name. `type` as MLflow's signature spells it, if it says so. */
export type NamedColumn = {
  readonly name: string;
  readonly type: string | undefined;
  /** Whether it may be absent altogether. */
  readonly isOptional: boolean;
};

/**
 * The columns that a model takes by their names: those of its table, of its signature, or one for each of several
 * inputs. `null` where it has a single input and names none.
 */
export function namesOf({ inputs, ready }: Fed): readonly NamedColumn[] | null {
  const { columns } = signatureOf(ready);
  const [input, ...others] = inputs;
  const named = (name: string, { type }: Port): NamedColumn => {
    const column = columns.get(name);
    return {
      name,
      type: column?.type,
      isOptional: column?.isRequired === false && isFloat(type),
    };
  };
  if (!input) return [];
  if (others.length > 0) return inputs.map((port) => named(port.name, port));
  if (ready.features && input.shape.length === 2) return ready.features.map((name) => named(name, input));
  return columns.size > 0 ? [...columns.keys()].map((name) => named(name, input)) : null;
}

/** How many columns a model with one input takes that does not name them; `null` where it does not say so. */
export function widthOf({ inputs, ready }: Fed): number | null {
  const { positions } = signatureOf(ready);
  if (positions.length > 0) return positions.length;
  const [first] = inputs;
  if (first?.shape.length === 1) return 1;
  const width = first?.shape.length === 2 ? first.shape[1] : undefined;
  return typeof width === 'number' ? width : null;
}

/** The same of a version that is not loaded: for looking at a file before any of it is scored. */
export function fedBy(ready: VersionReady): Fed {
  const inputs = portsOf(ready.signature.inputs);
  return { ready, inputs };
}

/** Inputs or outputs as the model itself declares them, as the runtime will name them. */
export function portsOf(specs: VersionReady['signature']['inputs']): Port[] {
  return specs.map(({ name, elementType, shape }) => ({
    name,
    type: elementType as ElementType,
    shape: shape.map((size) => size ?? ''),
  }));
}
