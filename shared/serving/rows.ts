import type { Endpoint } from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import { type Port, tensorBytes, type Tensors } from '../sessions/index.ts';

/** Checks that a call has no more rows than its endpoint takes. Throws `too-large`. */
export function checkRows(
  { limits }: Pick<Endpoint, 'limits'>,
  inputs: readonly Port[],
  feeds: Tensors,
): void {
  const rows = Math.max(
    0,
    ...inputs.map((port) => (typeof port.shape[0] === 'string' ? (feeds[port.name]?.dims[0] ?? 0) : 0)),
  );
  refuseBeyond(rows, limits.rowsMax);
}

/** Throws `too-large` for more rows than an endpoint takes: before each of them is looked at, where it can be. */
export function refuseBeyond(rows: number, rowsMax: number): void {
  if (rows <= rowsMax) return;
  throw new CairnError(
    'too-large',
    `The call has ${rows} rows; the endpoint takes at most ${rowsMax}. Split it into several calls.`,
  );
}

/**
 * Checks that an answer is no larger than a call may be: some models give as much as they are asked for, and writing
 * that would hold up everybody. Throws `too-large`.
 */
export function checkAnswer({ name, limits }: Pick<Endpoint, 'name' | 'limits'>, outputs: Tensors): void {
  const bytes = tensorBytes(outputs);
  if (bytes <= limits.bodyBytesMax) return;
  throw new CairnError(
    'too-large',
    `The answer has ${bytes} bytes; endpoint '${name}' gives at most ${limits.bodyBytesMax}, as many as it takes ('limits.body_bytes_max'). Ask for less in a call.`,
  );
}
