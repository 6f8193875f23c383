import { CairnError } from '../http/index.ts';
import { fitsPort, type Quote, shapeOf, tensorOf } from './fill.ts';
import { pythonList } from './scoring-payload.ts';
import type { Signature } from './signature.ts';
import type { Port, Tensor } from '../sessions/index.ts';

/** What values become elements by. */
export type Fill = { readonly quote: Quote; readonly signature: Signature };

/** The tensor of nested lists, whose sizes are those of its first ones. */
export function nestedTensor(port: Port, data: readonly unknown[], { quote }: Fill): Tensor {
  const dims: number[] = [];
  for (let level: unknown = data; Array.isArray(level) && dims.length < 16; level = level[0])
    dims.push(level.length);
  checkShape(port, dims);
  return tensorOf(port, dims, data, { missing: 'nan', quote });
}

/** The nested lists that a tensor is in JSON; a scalar is its element. */
export function listsOf({ dims }: Tensor, element: (at: number) => unknown): unknown {
  let at = 0;
  const descend = (level: number): unknown =>
    level === dims.length
      ? element(at++)
      : Array.from({ length: dims[level] ?? 0 }, () => descend(level + 1));
  return descend(0);
}

/** Throws `invalid` in the words of MLflow where a tensor of these sizes is none of the input. */
export function checkShape(port: Port, dims: readonly number[]): void {
  if (fitsPort(port, dims)) return;
  const tuple = (sizes: readonly number[]) => `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
  throw new CairnError(
    'invalid',
    `Invalid input. Shape of input ${tuple(dims)} does not match expected shape ${tuple(shapeOf(port))}.`,
    { field: port.name },
  );
}

/** The error of inputs that are not there, in the words of MLflow. */
export function missingInputs(missing: readonly string[], extra: readonly (string | number)[]): CairnError {
  const others =
    extra.length > 0 ? ` Note that there were extra inputs: ${pythonList(extra.slice(0, 20))}.` : '';
  return new CairnError(
    'invalid',
    `Failed to enforce schema of the input. Error: Model is missing inputs ${pythonList(missing)}.${others}`,
  );
}
