import { allocate, elementsOf, type Port, type Tensors } from './tensor.ts';

/** The memory under tensors that can change hands: what is theirs alone, from end to end. */
export function buffersOf(tensors: Tensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { data } of Object.values(tensors))
    if (
      !Array.isArray(data) &&
      data.buffer instanceof ArrayBuffer &&
      data.byteLength === data.buffer.byteLength
    )
      buffers.add(data.buffer);
  return [...buffers];
}

/** The same tensors without the memory around them, which would be sent along. */
export function packed(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const { data } = tensor;
      const isWhole = Array.isArray(data) || data.byteLength === data.buffer.byteLength;
      return [name, isWhole ? tensor : { ...tensor, data: data.slice() }];
    }),
  );
}

/** Whether a message holds what these outputs can be: its sender has run a model that anybody may have sent. */
export function areOutputs(value: unknown, outputs: readonly Port[]): value is Tensors {
  if (typeof value !== 'object' || value === null) return false;
  const tensors = value as Record<string, Record<string, unknown> | undefined>;
  return (
    Object.keys(tensors).length === outputs.length &&
    outputs.every(({ name, type }) => {
      const { dims, data, ...rest } = tensors[name] ?? {};
      if (rest['type'] !== type || !Array.isArray(dims)) return false;
      if (!dims.every((size) => Number.isSafeInteger(size) && size >= 0)) return false;
      const model = allocate(type, 0);
      if (typeof data !== 'object' || data === null || data.constructor !== model.constructor) return false;
      const elements = data as unknown[];
      return (
        elements.length === elementsOf(dims as number[]) &&
        (type !== 'string' || elements.every((each) => typeof each === 'string'))
      );
    })
  );
}
