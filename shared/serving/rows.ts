import type { Endpoint } from '../endpoints/index.ts';
import { CairnError } from '../http/index.ts';
import type { Port, Tensors } from '../sessions/index.ts';

/** Checks that a call has no more rows than its endpoint takes. Throws `too-large`. */
export function checkRows(
  { name, limits }: Pick<Endpoint, 'name' | 'limits'>,
  inputs: readonly Port[],
  feeds: Tensors,
): void {
  const rows = Math.max(
    0,
    ...inputs.map((port) => (typeof port.shape[0] === 'string' ? (feeds[port.name]?.dims[0] ?? 0) : 0)),
  );
  if (rows <= limits.rowsMax) return;
  throw new CairnError(
    'too-large',
    `The call has ${rows} rows; endpoint '${name}' takes at most ${limits.rowsMax}. Split it into several calls.`,
  );
}
