import { jsonElement, type Tensor } from '../../sessions/index.ts';

/**
 * An element of a tensor as people write it: a float32 by the fewest digits that are read back as the same, `5.1`
 * where a double of it would be 5.099999904632568.
 */
export function shownElement(tensor: Tensor, at: number): unknown {
  const value = jsonElement(tensor, at);
  if (tensor.type !== 'float32' || typeof value !== 'number') return value;
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
