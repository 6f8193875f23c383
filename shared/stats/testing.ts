/** Two quasi-random samples of n values that any language builds alike: squares of a Kronecker sequence. */
export const referenceSample = (n: number): number[] => kronecker(n, 0.6180339887498949, 0);
export const currentSample = (n: number): number[] => kronecker(n, 0.7548776662466927, 0.5);

function kronecker(n: number, step: number, shift: number): number[] {
  return Array.from({ length: n }, (_, at) => 10 * (((at + 1) * step) % 1) ** 2 + shift);
}

/** |actual − expected| in units of expected. */
export const relativeError = (actual: number, expected: number): number =>
  actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
