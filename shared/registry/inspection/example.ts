import type { Context } from '../../context.ts';
import { allocate, elementOf, elementsOf, isFloat, type Port, type Tensors } from '../../sessions/index.ts';
import { type ArtifactFile, readFile } from './artifact-files.ts';

const exampleBytesMax = 1024 * 1024;

/**
 * The first row of the logged input example as tensors of these inputs; `null` where there is none, or it
 * does not fit them as they are.
 */
export async function readExample(
  ctx: Context,
  file: ArtifactFile | undefined,
  inputs: readonly Port[],
): Promise<Tensors | null> {
  if (!file || file.bytes > exampleBytesMax) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of readFile(ctx.stores.blobs('artifacts'), file)) chunks.push(chunk);
  try {
    return exampleOf(JSON.parse(Buffer.concat(chunks).toString()), inputs);
  } catch {
    // No JSON, or nested beyond the stack.
    return null;
  }
}

/** From the body of a request to MLflow's scoring server: `inputs`, `instances`, `dataframe_split` or `dataframe_records`. */
export function exampleOf(body: unknown, inputs: readonly Port[]): Tensors | null {
  const row = firstRow(body);
  if (row === undefined) return null;
  const tensors = inputs.map(
    (port) => [port.name, tensorOf(port, valueFor(port, row, inputs.length))] as const,
  );
  return tensors.every((entry): entry is [string, Tensors[string]] => entry[1] !== null)
    ? Object.fromEntries(tensors)
    : null;
}

/** A row by name, or without names where the model has one input. */
type Row = { readonly names: Readonly<Record<string, unknown>> } | { readonly values: unknown };

function firstRow(body: unknown): Row | undefined {
  if (!isObject(body)) return undefined;
  const split = body['dataframe_split'];
  if (isObject(split) && Array.isArray(split['data']) && Array.isArray(split['columns'])) {
    const [data] = split['data'] as unknown[];
    return Array.isArray(data)
      ? { names: Object.fromEntries(split['columns'].map((name, i) => [String(name), data[i] as unknown])) }
      : undefined;
  }
  const list = body['inputs'] ?? body['instances'] ?? body['dataframe_records'];
  if (isObject(list))
    return {
      names: Object.fromEntries(
        Object.entries(list).map(([name, rows]) => [name, Array.isArray(rows) ? (rows[0] as unknown) : rows]),
      ),
    };
  if (!Array.isArray(list)) return undefined;
  const [first] = list as unknown[];
  return isObject(first) ? { names: first } : { values: first };
}

/** What goes into an input: the value of its name, or the row as a whole where it is the only one. */
function valueFor(port: Port, row: Row, inputs: number): unknown {
  if ('values' in row) return inputs === 1 ? row.values : undefined;
  if (Object.hasOwn(row.names, port.name)) return row.names[port.name];
  return inputs === 1 ? Object.values(row.names) : undefined;
}

/** One row as a tensor: its first size is 1, and a single number fills an input of one column. */
function tensorOf({ type, shape }: Port, value: unknown): Tensors[string] | null {
  const sizes = sizesOf(value);
  while (sizes.length < shape.length - 1) sizes.push(1);
  const dims = [1, ...sizes];
  const fits =
    dims.length === shape.length &&
    dims.every((size, i) => typeof shape[i] !== 'number' || shape[i] === size);
  const values = [value].flat(shape.length - 1);
  if (!fits || values.length !== elementsOf(dims)) return null;
  const data = allocate(type, values.length);
  for (const [i, each] of values.entries()) {
    const element = each === null && isFloat(type) ? Number.NaN : elementOf(type, each);
    if (element === undefined) return null;
    data[i] = element as never;
  }
  return { type, dims, data };
}

function sizesOf(value: unknown): number[] {
  const sizes: number[] = [];
  for (let at = value; Array.isArray(at); at = at[0] as unknown) sizes.push(at.length);
  return sizes;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
