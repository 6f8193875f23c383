import { allocate, elementsOf, type Port, type Tensor, type TensorData, type Tensors } from './tensor.ts';

/**
 * Whether the first size of every input and output is free, and of a name that no other size of them has. That of an
 * output may be given as 1: onnxmltools writes so of LightGBM's classes, and gives one for each row.
 */
export function hasFreeRows(inputs: readonly Port[], outputs: readonly Port[]): boolean {
  const ports = [...inputs, ...outputs];
  const names = new Set(ports.map(({ shape }) => shape[0]).filter((size) => typeof size === 'string'));
  const isFree = ({ shape: [first] }: Port) => typeof first === 'string';
  return (
    inputs.length > 0 &&
    outputs.length > 0 &&
    inputs.every(isFree) &&
    outputs.every((output) => isFree(output) || output.shape[0] === 1) &&
    ports.every(({ shape: [, ...rest] }) =>
      rest.every((size) => typeof size === 'number' || size === '' || !names.has(size)),
    )
  );
}

/** How many rows the tensors have, where all have the same number; `null` where they are no rows. */
export function rowsOf(tensors: Tensors): number | null {
  const sizes = new Set(Object.values(tensors).map(({ dims }) => dims[0]));
  const [rows] = sizes;
  return sizes.size === 1 && rows !== undefined ? rows : null;
}

/** What has to be the same for rows to go together: names, types and the sizes of a row. */
export function kindOfRow(tensors: Tensors): string {
  return Object.entries(tensors)
    .map(([name, { type, dims }]) => JSON.stringify([name, type, dims.slice(1)]))
    .toSorted()
    .join();
}

/** Rows `first` to `end`, which is not one of them, as tensors of their own. */
export function cutRows(tensors: Tensors, first: number, end: number): Tensors {
  return mapTensors(tensors, ({ type, dims: [, ...rest], data }) => {
    const each = elementsOf(rest);
    return { type, dims: [end - first, ...rest], data: data.slice(first * each, end * each) };
  });
}

/** The rows of all, in their order. They must be of one kind ({@link kindOfRow}). */
export function joinRows(parts: readonly Tensors[]): Tensors {
  const [head] = parts;
  if (!head) throw new Error('There are no rows to join.');
  if (parts.length === 1) return head;
  return mapTensors(head, ({ type, dims: [, ...rest] }, name) => {
    const tensors = parts.map((part) => part[name]).filter((tensor) => tensor !== undefined);
    const rows = tensors.reduce((sum, { dims: [size = 0] }) => sum + size, 0);
    const dims = [rows, ...rest];
    return { type, dims, data: joined(type, elementsOf(dims), tensors) };
  });
}

function joined(type: Tensor['type'], elements: number, tensors: readonly Tensor[]): TensorData {
  if (type === 'string') return tensors.flatMap(({ data }) => data as string[]);
  const all = allocate(type, elements) as Float32Array;
  let at = 0;
  for (const { data } of tensors) {
    // Of the same type, which is as far as the array's own type matters here.
    all.set(data as Float32Array, at);
    at += data.length;
  }
  return all;
}

function mapTensors(tensors: Tensors, map: (tensor: Tensor, name: string) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, map(tensor, name)]));
}
