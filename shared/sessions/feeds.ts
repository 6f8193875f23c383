import { allocate, elementsOf, type Port, type Tensors } from './tensor.ts';

const elementsMax = 2 ** 24;
/** What sizes that are left open may be, to be tried in this order: widths of tables, then sizes of pictures and texts. */
export const openSizes = [...Array.from({ length: 256 }, (_, i) => i + 2), 384, 512, 640, 768, 1024];

/**
 * One row of zeros for every input: free dimensions are 1, those that are not of the row `size`, or `inner` where
 * they are not the last ones of their input.
 */
export function zeros(inputs: readonly Port[], size = 1, inner = size): Tensors {
  return Object.fromEntries(
    inputs.map(({ name, type, shape }) => {
      const dims = shape.map((each, at) => {
        if (typeof each === 'number') return each;
        if (isOfRow(inputs, each, at)) return 1;
        return isInner(shape, at) ? inner : size;
      });
      return [name, { type, dims, data: allocate(type, elementsOf(dims)) }];
    }),
  );
}

/**
 * Rows of zeros to find one that a model runs: one where it says all sizes of a row, else one after the other
 * with the sizes it may mean, the likely ones first. Only the runtime knows which of them fit.
 */
export function* rowsOfZeros(inputs: readonly Port[], likely: readonly number[] = []): Generator<Tensors> {
  if (!isOpen(inputs)) {
    yield zeros(inputs);
    return;
  }
  const hasInner = inputs.some(({ shape }) =>
    shape.some((each, at) => typeof each !== 'number' && !isOfRow(inputs, each, at) && isInner(shape, at)),
  );
  for (const size of [...likely, 1, ...openSizes]) {
    if (elementsMost(inputs, size) > elementsMax) return;
    yield zeros(inputs, size);
    // A state that is kept beside the row has its rows inside, and a model by PyTorch often says no name of them.
    if (size !== 1 && hasInner) yield zeros(inputs, size, 1);
  }
}

/** Whether a model leaves sizes open that are no number of rows: only the runtime knows which ones fit. */
export function isOpen(inputs: readonly Port[]): boolean {
  return inputs.some(({ shape }) =>
    shape.some((each, at) => typeof each !== 'number' && !isOfRow(inputs, each, at)),
  );
}

/** The first dimension is that of the rows, and so is another one of the same name. */
function isOfRow(inputs: readonly Port[], size: string, at: number): boolean {
  return at === 0 || (size !== '' && inputs.some(({ shape }) => shape[0] === size));
}

function isInner(shape: Port['shape'], at: number): boolean {
  return at < shape.length - 1;
}

function elementsMost(inputs: readonly Port[], size: number): number {
  const elements = inputs.map(({ shape }) =>
    shape.reduce<number>((product, each, at) => {
      if (typeof each === 'number') return product * each;
      return at === 0 ? product : product * size;
    }, 1),
  );
  return Math.max(0, ...elements);
}
