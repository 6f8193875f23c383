import type { VersionReady } from '../registry/index.ts';

/**
 * What MLflow's signature says of the columns and parameters of a model, where its author logged one:
 * https://mlflow.org/docs/latest/ml/model/signatures
 */
export type Signature = {
  /** Columns by name, in the order of the author; none for a signature of tensors, or of columns without names. */
  readonly columns: ReadonlyMap<string, Column>;
  /** Whether it is of tensors, which MLflow answers with tensors, also where it is asked with a table. */
  readonly isOfTensors: boolean;
  /** Types of the columns where they have no names; else none. */
  readonly positions: readonly string[];
  readonly params: ReadonlyMap<string, Param>;
  /** Types of the outputs by name. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Whether there is one output, of truths: its name is that of the author's column, and none for an array. */
  readonly predictsTruths: boolean;
};

/** `type` as MLflow spells it: `double`, `long`, `string`, `datetime`, … */
export type Column = { readonly type: string; readonly isRequired: boolean };

/** `isList` where it takes a list of values of `type`. */
export type Param = { readonly type: string; readonly isList: boolean };

/** Whether a column may lack values: those of Python's integers and truths cannot. */
export function mayLack(column: Column | undefined): boolean {
  return !column?.isRequired || !['integer', 'long', 'boolean'].includes(column.type);
}

const read = new WeakMap<object, Signature>();
const none: Signature = {
  columns: new Map(),
  isOfTensors: false,
  positions: [],
  params: new Map(),
  outputs: new Map(),
  predictsTruths: false,
};

/** The signature of a version; one without any says nothing. */
export function signatureOf({ schema }: Pick<VersionReady, 'schema'>): Signature {
  if (!schema) return none;
  const known = read.get(schema);
  if (known) return known;
  const inputs = (schema.inputs ?? []).flatMap(columnOf);
  const isNamed = inputs.length > 0 && inputs.every(({ name }) => name !== undefined);
  const signature: Signature = {
    columns: new Map(isNamed ? inputs.map(({ name = '', ...column }) => [name, column]) : []),
    isOfTensors: (schema.inputs ?? []).some(isTensor),
    positions: isNamed ? [] : inputs.map(({ type }) => type),
    params: new Map((schema.params ?? []).flatMap(paramOf)),
    outputs: new Map(
      (schema.outputs ?? []).flatMap(columnOf).map(({ name = '', type }): [string, string] => [name, type]),
    ),
    predictsTruths: schema.outputs?.length === 1 && schema.outputs.every(isOfTruths),
  };
  read.set(schema, signature);
  return signature;
}

function isTensor(spec: unknown): boolean {
  return ((spec ?? {}) as Readonly<Record<string, unknown>>)['type'] === 'tensor';
}

function isOfTruths(spec: unknown): boolean {
  const { type, 'tensor-spec': tensor } = (spec ?? {}) as Readonly<Record<string, unknown>>;
  return type === 'boolean' || ((tensor ?? {}) as Readonly<Record<string, unknown>>)['dtype'] === 'bool';
}

function columnOf(spec: unknown): (Column & { readonly name?: string })[] {
  const { name, type, required } = (spec ?? {}) as Readonly<Record<string, unknown>>;
  // Of a tensor the model itself knows more than its signature.
  if (typeof type !== 'string' || isTensor(spec)) return [];
  return [{ ...(typeof name === 'string' ? { name } : {}), type, isRequired: required !== false }];
}

function paramOf(spec: unknown): [string, Param][] {
  const { name, type, shape } = (spec ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof type !== 'string') return [];
  return [[name, { type, isList: Array.isArray(shape) }]];
}
