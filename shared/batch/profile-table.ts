import {
  rolesOf,
  type Roles,
  rowsOf as loggedRows,
  saysMore,
  type Scores,
  scoresOf,
  tableOf,
} from '../predictions/index.ts';
import type { ColumnRules } from '../privacy/index.ts';
import type { Answers, Matrix, RowTable } from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import type { ServedModel } from '../serving/index.ts';
import type { Tensor, Tensors } from '../sessions/index.ts';
import type { PredictedValues } from './formats/predicted.ts';
import type { Run } from './score.ts';

const inputPrefix = 'in.';

/** What rows of a job are called and how they are kept, as though they had been asked one by one. */
export class Logging {
  readonly roles: Roles | null;
  /** Whether what is predicted are the outputs themselves, though they have a class. */
  readonly #isByOutputs: boolean;
  readonly #naming: { readonly features: VersionReady['features']; readonly labels: VersionReady['labels'] };
  readonly #rules: ColumnRules;
  #columns: Columns | undefined;

  constructor(model: Pick<ServedModel, 'outputs'>, { features, labels }: VersionReady, rules: ColumnRules) {
    this.roles = rolesOf(model.outputs, labels);
    this.#isByOutputs = this.roles !== null && saysMore(this.roles, model.outputs);
    this.#naming = { features, labels };
    this.#rules = rules;
  }

  /** The rows of a run as the log would have them. */
  table({ inputs, outputs, rows, unscored }: Run): RowTable {
    const without = <T extends Tensors>(tensors: T) =>
      unscored.size === 0 ? tensors : kept(tensors, rows, unscored);
    const [fed, answered] = [without(inputs), without(outputs)];
    const count = rows - unscored.size;
    const scores: Scores | null = this.roles && scoresOf(this.roles, answered, count);
    const one = { at: 0, rows: count, inputs: fed, outputs: answered, scores, latencyMicros: 0, status: 200 };
    return tableOf(loggedRows({ ...this.#naming, rules: this.#rules }, [one]), []);
  }

  /** The same rows as one table of numbers with their answers; `undefined` where they are no such table. */
  matrix(
    run: Run,
    predicted: PredictedValues,
  ): { readonly matrix: Matrix; readonly answers: Answers } | undefined {
    if (this.#isByOutputs) return undefined;
    const [tensor, ...others] = Object.values(run.inputs);
    const { rows, unscored } = run;
    if (!tensor || others.length > 0 || tensor.dims.length !== 2 || rows === 0) return undefined;
    const { data } = tensor;
    if (!(data instanceof Float32Array) && !(data instanceof Float64Array)) return undefined;
    // All runs of a chunk have the same columns, of which the log says how it has them.
    this.#columns ??= columnsOf(this.table({ ...run, unscored: new Set() }));
    const { names, hidden, areAnswersHidden } = this.#columns;
    if (names.length !== tensor.dims[1]) return undefined;
    const values = unscored.size === 0 ? data : (keptRows(tensor, rows, unscored).data as typeof data);
    const matrix = { names, data: values, rows: rows - unscored.size, hidden };
    if (!this.roles || areAnswersHidden) return { matrix, answers: { classes: null, scores: null } };
    const isClass = this.roles.task === 'classification';
    const some = <T>(column: ArrayLike<T> | undefined) =>
      unscored.size === 0 ? (column ?? []) : Array.from(column ?? []).filter((_, row) => !unscored.has(row));
    return {
      matrix,
      answers: {
        classes: isClass ? (some(predicted[0]) as ArrayLike<string | null>) : null,
        scores: some(predicted[1]) as ArrayLike<number | null>,
      },
    };
  }
}

type Columns = {
  readonly names: readonly string[];
  readonly hidden: ReadonlySet<string>;
  readonly areAnswersHidden: boolean;
};

function columnsOf({ columns, hidden }: RowTable): Columns {
  const inputs = columns.filter((name) => name.startsWith(inputPrefix));
  const isHidden = inputs.filter((name) => hidden.has(name));
  return {
    names: inputs.map(bare),
    hidden: new Set(isHidden.map(bare)),
    areAnswersHidden: isHidden.length < hidden.size,
  };
}

/** The columns of a table that the model was fed with and that are kept as they are. */
export function inputsOf(table: RowTable) {
  return table.columns
    .filter((name) => name.startsWith(inputPrefix) && !table.hidden.has(name))
    .map((name) => ({ name: bare(name), cells: table.column(name) }));
}

function bare(column: string): string {
  return column.slice(inputPrefix.length);
}

function kept<T extends Tensors>(tensors: T, rows: number, without: ReadonlySet<number>): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      tensor.dims[0] === rows ? keptRows(tensor, rows, without) : tensor,
    ]),
  );
}

/** A tensor without some of its rows. */
function keptRows(tensor: Tensor, rows: number, without: ReadonlySet<number>): Tensor {
  const width = tensor.data.length / rows;
  const isKept = (_: unknown, at: number) => !without.has(Math.floor(at / width));
  const data = (tensor.data as unknown[]).filter(isKept);
  return { ...tensor, dims: [rows - without.size, ...tensor.dims.slice(1)], data } as Tensor;
}
