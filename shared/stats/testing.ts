import { readFileSync } from 'node:fs';
import type { Feature } from './preset.ts';
import { xoshiro128 } from './random.ts';

/** Two quasi-random samples of n values that any language builds alike: squares of a Kronecker sequence. */
export const referenceSample = (n: number): number[] => kronecker(n, 0.6180339887498949, 0);
export const currentSample = (n: number): number[] => kronecker(n, 0.7548776662466927, 0.5);

function kronecker(n: number, step: number, shift: number): number[] {
  return Array.from({ length: n }, (_, at) => 10 * (((at + 1) * step) % 1) ** 2 + shift);
}

/** |actual − expected| in units of expected; 0 for two NaNs. */
export const relativeError = (actual: number, expected: number): number =>
  Object.is(actual, expected) || actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);

/** n numbers in [0, 1), the same as golden/samples.py gives for the seed. */
export function uniform(seed: number, n: number): number[] {
  const next = xoshiro128([seed, 2, 3, 4]);
  for (let skipped = 0; skipped < 16; skipped++) next();
  return Array.from({ length: n }, () => next() / 2 ** 32);
}

/** n numbers of a shape, the same as golden/samples.py gives for the seed. */
export function sample(shape: string, seed: number, n: number): number[] {
  if (shape === 'normal') {
    const draws = uniform(seed, 12 * n);
    const sumFrom = (at: number) => draws.slice(at, at + 12).reduce((sum, draw) => sum + draw, 0);
    return Array.from({ length: n }, (_, at) => sumFrom(12 * at) - 6);
  }
  const shaped = shapes[shape];
  if (!shaped) throw new Error(`No shape is called '${shape}'.`);
  return uniform(seed, n).map(shaped);
}

const shapes: Record<string, (u: number) => number> = {
  uniform: (u) => u,
  skewed: (u) => 10 * u * u,
  heavy: (u) => 1 / (u + 0.001),
  whole: (u) => Math.floor(u * 12),
  few: (u) => Math.floor(u * 4),
  two: (u) => Math.floor(u * 2),
  far: (u) => 1e6 + u,
  constant: () => 3,
};

export const moved = (values: readonly number[], scale: number, shift: number): number[] =>
  values.map((value) => value * scale + shift);

/** The cases of one kind in a golden file: what other implementations gave, one JSON object a line. */
export function golden<Case>(name: string, kind: string): Case[] {
  const [, ...lines] = readFileSync(new URL(`golden/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const cases = lines.map((line) => JSON.parse(line, number) as Case & { readonly kind: string });
  return cases.filter((each) => each.kind === kind);
}

/** The numbers that JSON lacks are texts. */
const number = (_: string, value: unknown): unknown =>
  value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;

/** The largest error of a figure over all cases; NaN where one is. */
export function worst<Case>(cases: readonly Case[], error: (each: Case) => number): number {
  return cases.reduce((found, each) => Math.max(found, error(each)), 0);
}

/** |actual − expected|, relative where expected is not small. */
export const closeness = (actual: number, expected: number): number =>
  Object.is(actual, expected) ? 0 : Math.abs(actual - expected) / Math.max(Math.abs(expected), 1);

/** n letters of k, the same as golden/samples.py gives for the seed. */
function letters(seed: number, n: number, k: number, tilt: number): string[] {
  const power = (u: number) => Array.from({ length: tilt }).reduce((product: number) => product * u, 1);
  return uniform(seed, n).map((u) => 'abcdefghijkl'[Math.floor(power(u) * k)]);
}

/** What describes a pair of columns in a golden file. */
export type ColumnPair = {
  readonly shape: string;
  readonly seed: number;
  readonly m: number;
  readonly n: number;
  readonly scale?: number;
  readonly shift?: number;
  readonly k?: number;
  readonly tilts?: readonly [reference: number, current: number];
};

/** The columns that golden/samples.py draws for it. */
export function columnPair({
  shape,
  seed,
  m,
  n,
  scale = 1,
  shift = 0,
  k = 1,
  tilts,
}: ColumnPair): [Feature, Feature] {
  if (tilts)
    return [
      { kind: 'categorical', values: letters(seed, m, k, tilts[0]) },
      { kind: 'categorical', values: letters(seed + 1, n, k, tilts[1]) },
    ];
  return [
    { kind: 'numeric', values: sample(shape, seed, m) },
    { kind: 'numeric', values: moved(sample(shape, seed + 1, n), scale, shift) },
  ];
}
