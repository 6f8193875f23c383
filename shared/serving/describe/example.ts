import type { Context } from '../../context.ts';
import { csvCell } from '../../datasets/index.ts';
import { datatypeOf, jsonElement, type Tensor, type Tensors } from '../../sessions/index.ts';
import type { ServedModel } from '../models.ts';
import { type Described, describedOf } from './described.ts';
import { exampleInputs } from './example-inputs.ts';
import { layoutOf } from './layout.ts';

/** Bodies of calls that work, for both protocols. */
export type Example = {
  /** Whether the values are of the author's input example, or made by type. */
  readonly source: 'logged' | 'made';
  /** For `POST /endpoints/{name}/invocations`, as `application/json`. */
  readonly invocations: Readonly<Record<string, unknown>>;
  /** For `POST /v2/models/{name}/infer`. */
  readonly infer: Readonly<Record<string, unknown>>;
  /** The same rows for `invocations` as `text/csv`; `null` for a model that takes tensors. */
  readonly csv: string | null;
};

/** Bodies of calls that the version which answers was seen to take. Throws as {@link describedOf}. */
export async function exampleOf(
  ctx: Context,
  name: string,
  deployment?: string,
): Promise<{ described: Described; example: Example }> {
  const described = await describedOf(ctx, name, deployment);
  return { described, example: await exampleFor(ctx, described) };
}

/** The same for what has been looked up already. */
export async function exampleFor(ctx: Context, described: Described): Promise<Example> {
  const { source, inputs } = await exampleInputs(ctx, described);
  const frame = frameOf(described.model, inputs);
  return {
    source,
    invocations: frame
      ? { dataframe_split: frame }
      : { inputs: Object.fromEntries(Object.entries(inputs).map(([name, each]) => [name, nested(each)])) },
    infer: {
      inputs: Object.entries(inputs).map(([name, tensor]) => ({
        name,
        shape: tensor.dims,
        datatype: datatypeOf(tensor.type),
        data: flat(tensor),
      })),
    },
    csv: frame && [frame.columns, ...frame.data].map(csvLine).join(''),
  };
}

type Frame = { readonly columns: readonly string[]; readonly data: readonly (readonly unknown[])[] };

/** The rows under the names of their columns, where the model can be asked so. */
function frameOf(model: ServedModel, inputs: Tensors): Frame | null {
  const layout = layoutOf(model);
  const tensors = Object.values(inputs);
  const rows = Array.from({ length: tensors[0]?.dims[0] ?? 0 }, (_, row) => row);
  switch (layout.kind) {
    case 'columns': {
      const width = layout.features.length;
      const values = tensors.flatMap(flat);
      return {
        columns: layout.features,
        data: rows.map((row) => values.slice(row * width, (row + 1) * width)),
      };
    }
    case 'inputs': {
      // One element a row: the rows of all inputs are as many, and each value is its row's.
      const isTable = tensors.every(({ data }) => data.length === rows.length);
      if (!isTable) return null;
      return {
        columns: Object.keys(inputs),
        data: rows.map((row) => tensors.map((each) => jsonElement(each, row))),
      };
    }
    case 'tensors':
      return null;
  }
}

function flat(tensor: Tensor): unknown[] {
  return Array.from({ length: tensor.data.length }, (_, at) => jsonElement(tensor, at));
}

function nested(tensor: Tensor): unknown {
  let at = 0;
  const descend = (level: number): unknown =>
    level === tensor.dims.length
      ? jsonElement(tensor, at++)
      : Array.from({ length: tensor.dims[level] ?? 0 }, () => descend(level + 1));
  return descend(0);
}

function csvLine(cells: readonly unknown[]): string {
  return `${cells.map((cell) => csvCell(String(cell))).join(',')}\n`;
}
