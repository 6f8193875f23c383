/** Uniform whole numbers in [0, 2³²), one a call. */
export type Random32 = () => number;

/**
 * The generator xoshiro128** from a state of four 32-bit numbers, not all of them 0: the same state gives
 * the same numbers. Blackman and Vigna, Scrambled linear pseudorandom number generators, ACM Transactions on
 * Mathematical Software 47, 2021.
 */
export function xoshiro128(state: readonly [number, number, number, number]): Random32 {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return result;
  };
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
