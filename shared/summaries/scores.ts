import { murmur3 } from '../stats/index.ts';

/*
 * Scores in fixed bins, the same for every version, so that two of them compare. A class is the last 12 bits of a hash
 * of its name: it tells of nobody, and two of ten classes share a bin once in a hundred models. A number has bins
 * of its sign and size, eight to each power of two and so at most an eighth wide.
 */

const classes = 100_000;
const classBits = 12;
const perDoubling = 8;
/** Numbers of less than 2^-64 are 0, those of 2^64 and more as large as that. */
const exponentMax = 64;
const notANumber = 99_999;

export function classBin(name: string): number {
  return classes + (murmur3(Buffer.from(name), 0) & (2 ** classBits - 1));
}

export function isClassBin(bin: number): boolean {
  return bin >= classes;
}

export function valueBin(value: number): number {
  if (Number.isNaN(value)) return notANumber;
  const size = Math.abs(value);
  const exponent = Math.min(Math.floor(Math.log2(size)), exponentMax - 1);
  if (exponent < -exponentMax) return 0;
  const within = Math.floor((size / 2 ** exponent - 1) * perDoubling);
  const bin = 1 + (exponent + exponentMax) * perDoubling + Math.min(Math.max(within, 0), perDoubling - 1);
  return value < 0 ? -bin : bin;
}
