import {
  categoryCounts,
  type CategoryCounts,
  chiSquareContingency,
  frequentCounts,
  type KsMethod,
  type KsTest,
  ksTwoSample,
  missingCategory,
  numericCounts,
  populationStabilityIndex,
} from '../stats/index.ts';
import type { ColumnDrift } from './model.ts';
import type { Column } from './sample.ts';

/** The figures of two columns, before any verdict. */
export type Compared = Omit<Extract<ColumnDrift, { psi: number }>, 'column' | 'verdict'>;

/** Up to this many pairs of values the exact Kolmogorov–Smirnov distribution takes milliseconds. */
const exactPairsMax = 1_000_000;

/** Compares two columns of one kind that have rows; `undefined` for two kinds. */
export function compareColumns(reference: Column, current: Column): Compared | undefined {
  // A column without a single value has no kind of its own.
  if (reference.kind === 'numeric' && current.kind === 'numeric')
    return compareNumbers(reference.values, current.values);
  const from = categoriesOf(reference);
  const to = categoriesOf(current);
  return from && to && categoricalFigures(from, to);
}

/** PSI over bins of the reference, Kolmogorov–Smirnov over the values with missing ones as the lowest. */
function compareNumbers(reference: Float64Array, current: Float64Array): Compared {
  const lowest = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
  return numericFigures(numericCounts(reference, current), (method) =>
    ksTwoSample(reference.map(lowest), current.map(lowest), { method }),
  );
}

/** The figures of two columns of numbers, by counts over the same bins, the last for the missing, and a test of all rows. */
export function numericFigures(
  [reference, current]: readonly [readonly number[], readonly number[]],
  ks: (method: KsMethod) => KsTest,
): Compared {
  const rows = { reference: total(reference), current: total(current) };
  const { statistic, pValue } = ks(rows.reference * rows.current <= exactPairsMax ? 'exact' : 'asymptotic');
  return {
    kind: 'numeric',
    psi: populationStabilityIndex(reference, current),
    test: 'ks',
    statistic,
    pValue,
    rows,
    missing: { reference: reference.at(-1) ?? 0, current: current.at(-1) ?? 0 },
  };
}

/** The figures of two columns of categories, by the counts of their names as {@link categoryCounts} gives them. */
export function categoricalFigures(reference: CategoryCounts, current: CategoryCounts): Compared {
  const [from, to] = frequentCounts(reference, current);
  const { statistic, pValue } = chiSquareContingency(from, to);
  const missing = (counts: CategoryCounts) => counts.get(missingCategory) ?? 0;
  return {
    kind: 'categorical',
    psi: populationStabilityIndex(from, to),
    test: 'chi-square',
    statistic,
    pValue,
    rows: { reference: total(from), current: total(to) },
    missing: { reference: missing(reference), current: missing(current) },
  };
}

/** A column counted as categories: as it is, or all missing; `undefined` for numbers. */
function categoriesOf({ kind, values }: Column): CategoryCounts | undefined {
  if (kind === 'categorical') return categoryCounts(values);
  return values.every(Number.isNaN) ? new Map([[missingCategory, values.length]]) : undefined;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
