import type { Context } from '../../context.ts';
import { csvCell } from '../../datasets/index.ts';
import { CairnError, isCode } from '../../http/index.ts';
import { datatypeOf, type Tensor, type Tensors } from '../../sessions/index.ts';
import { readingOf } from '../fill.ts';
import { parseInvocation } from '../invocations.ts';
import type { ServedModel } from '../models.ts';
import { listsOf } from '../nested.ts';
import { parseInferRequest } from '../open-inference.ts';
import { readInfer } from '../open-inference-body.ts';
import { parseScoringJson } from '../scoring-payload.ts';
import { type Described, describedOf } from './described.ts';
import { type Candidate, candidates } from './example-inputs.ts';
import { layoutOf } from './layout.ts';
import { shownElement } from './shown-element.ts';

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

/** Found once for a model as it is held in memory, by what may be shown of its logged row. */
const found = new WeakMap<ServedModel, Map<string, Promise<Example>>>();

/** Bodies of calls that the version which answers was seen to take. Throws as {@link describedOf}. */
export async function exampleOf(
  ctx: Context,
  name: string,
  deployment?: string,
): Promise<{ described: Described; example: Example }> {
  const described = await describedOf(ctx, name, deployment);
  return { described, example: await exampleFor(ctx, described) };
}

/**
 * The same for what has been looked up already: of the author's logged example for who may see the model, else of made
 * values. Throws `conflict` for a model that runs on none of them.
 */
export function exampleFor(ctx: Context, described: Described): Promise<Example> {
  const { model, deployment, rules } = described;
  const isLoggedShown = ctx.access.may('viewer', { type: 'model', id: deployment.modelId });
  const key = isLoggedShown ? `logged ${rules.id}` : 'made';
  const known = found.get(model) ?? new Map<string, Promise<Example>>();
  found.set(model, known);
  const before = known.get(key);
  if (before) return before;
  const finding = find(ctx, described, isLoggedShown);
  known.set(key, finding);
  finding.catch(() => known.delete(key));
  return finding;
}

async function find(ctx: Context, described: Described, isLoggedShown: boolean): Promise<Example> {
  for await (const candidate of candidates(ctx, described, isLoggedShown)) {
    const example = bodiesOf(described, candidate);
    try {
      await tryOut(ctx, described.model, example);
      return example;
    } catch (error) {
      // What the protocols and the model say of inputs that they do not take.
      if (!isCode(error, 'bad-request', 'invalid', 'internal')) throw error;
    }
  }
  throw new CairnError(
    'conflict',
    `No example is known for endpoint '${described.endpoint.name}': its model runs neither on made values nor on zeros. Log it with an input_example.`,
  );
}

const tryingMilliseconds = 10_000;

/** Reads both bodies as the protocols do, and runs the model on what came of them. */
async function tryOut(ctx: Context, model: ServedModel, { invocations, infer }: Example): Promise<void> {
  const reading = readingOf([model]);
  const { inputs } = parseInvocation(parseScoringJson(JSON.stringify(invocations), reading), model);
  const body = readInfer(Buffer.from(JSON.stringify(infer)), undefined, reading);
  parseInferRequest(body, model);
  await model.run(ctx, inputs, { millisecondsMax: tryingMilliseconds });
}

function bodiesOf(described: Described, { source, inputs }: Candidate): Example {
  const frame = frameOf(described, inputs);
  return {
    source,
    invocations: frame
      ? { dataframe_split: frame }
      : {
          inputs: Object.fromEntries(
            Object.entries(inputs).map(([name, each]) => [
              name,
              listsOf(each, (at) => shownElement(each, at)),
            ]),
          ),
        },
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
function frameOf({ model, signature }: Described, inputs: Tensors): Frame | null {
  const layout = layoutOf(model);
  const cell = (column: string, value: unknown) =>
    signature.columns.get(column)?.type === 'binary' && typeof value === 'string'
      ? Buffer.from(value).toString('base64')
      : value;
  const tensors = Object.values(inputs);
  const rows = Array.from({ length: tensors[0]?.dims[0] ?? 0 }, (_, row) => row);
  switch (layout.kind) {
    case 'columns': {
      const width = layout.features.length;
      const values = tensors.flatMap(flat);
      return {
        columns: layout.features,
        data: rows.map((row) => layout.features.map((name, at) => cell(name, values[row * width + at]))),
      };
    }
    case 'inputs': {
      // One element a row: the rows of all inputs are as many, and each value is its row's.
      const isTable = tensors.every(({ data }) => data.length === rows.length);
      if (!isTable) return null;
      return {
        columns: Object.keys(inputs),
        data: rows.map((row) =>
          Object.entries(inputs).map(([name, each]) => cell(name, shownElement(each, row))),
        ),
      };
    }
    case 'tensors':
      return null;
  }
}

function flat(tensor: Tensor): unknown[] {
  return Array.from({ length: tensor.data.length }, (_, at) => shownElement(tensor, at));
}

function csvLine(cells: readonly unknown[]): string {
  return `${cells.map((cell) => csvCell(String(cell))).join(',')}\n`;
}
