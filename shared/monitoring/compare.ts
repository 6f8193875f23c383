import {
  type Categories,
  categoryCounts,
  chiSquareContingency,
  ksTwoSample,
  numericCounts,
  populationStabilityIndex,
} from '../stats/index.ts';
import type { ColumnDrift } from './model.ts';
import type { Column } from './sample.ts';

/** The figures of two columns, before any verdict. */
export type Compared = Omit<Extract<ColumnDrift, { psi: number }>, 'column' | 'verdict'>;

/** Up to this many pairs of values the exact Kolmogorov–Smirnov distribution takes milliseconds. */
export const exactPairsMax = 1_000_000;

/** Compares two columns of one kind that have rows; `undefined` for two kinds. */
export function compareColumns(reference: Column, current: Column): Compared | undefined {
  // A column without a single value has no kind of its own.
  if (reference.kind === 'numeric' && current.kind === 'numeric')
    return compareNumbers(reference.values, current.values);
  const from = categoriesOf(reference);
  const to = categoriesOf(current);
  return from && to && compareCategories(from, to);
}

/** PSI over bins of the reference, Kolmogorov–Smirnov over the values with missing ones as the lowest. */
function compareNumbers(reference: Float64Array, current: Float64Array): Compared {
  const [from, to] = numericCounts(reference, current);
  const lowest = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
  const { statistic, pValue } = ksTwoSample(reference.map(lowest), current.map(lowest), {
    method: reference.length * current.length <= exactPairsMax ? 'exact' : 'asymptotic',
  });
  return {
    kind: 'numeric',
    psi: populationStabilityIndex(from, to),
    test: 'ks',
    statistic,
    pValue,
    rows: { reference: reference.length, current: current.length },
    missing: { reference: missing(reference), current: missing(current) },
  };
}

function compareCategories(reference: Categories, current: Categories): Compared {
  const [from, to] = categoryCounts(reference, current);
  const { statistic, pValue } = chiSquareContingency(from, to);
  return {
    kind: 'categorical',
    psi: populationStabilityIndex(from, to),
    test: 'chi-square',
    statistic,
    pValue,
    rows: { reference: reference.length, current: current.length },
    missing: { reference: absent(reference), current: absent(current) },
  };
}

/** A column as categories: as it is, or all missing; `undefined` for numbers. */
function categoriesOf({ kind, values }: Column): Categories | undefined {
  if (kind === 'categorical') return values;
  return values.every(Number.isNaN) ? Array.from(values, () => null) : undefined;
}

function missing(values: Float64Array): number {
  return values.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
}

function absent(values: Categories): number {
  return values.filter((value) => value === null).length;
}
