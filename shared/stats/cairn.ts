import { coarsened, coarseStarts } from './binned.ts';
import type { CategoryCounts } from './categories.ts';
import { chiSquareContingency } from './chi-square.ts';
import { categoryCounts, frequentCounts, numericCounts } from './counts.ts';
import { populationStabilityIndex } from './divergence.ts';
import { type KsMethod, ksOfCounts, type KsTest, ksTwoSample } from './ks.ts';
import { benjaminiHochberg } from './multiple.ts';
import { expectSameKind, type Feature, type FeatureDrift, judged } from './preset.ts';

/** Up to this many pairs of values the exact Kolmogorov–Smirnov distribution takes milliseconds. */
const exactPairsMax = 1_000_000;

/** How far a column moved, and how likely it would by chance. */
export type CairnFigures = {
  readonly psi: number;
  readonly test: 'ks' | 'chi-square';
  readonly statistic: number;
  readonly pValue: number;
};

/** The least PSI that matters, and the false discovery rate over all columns. */
export type CairnThresholds = { readonly psi: number; readonly pValue: number };

/** Numbers over the same fine bins in rising order, and how many cells have none. */
export type CountedNumbers = { readonly counts: ArrayLike<number>; readonly missing: number };

const usual: CairnThresholds = { psi: 0.2, pValue: 0.01 };

/**
 * PSI over tenths of the reference, each value that is a tenth by itself apart, and Kolmogorov–Smirnov; of categories PSI
 * and χ² of contingency with Yates's correction, those expected fewer than five times together. A missing value is one of
 * its own: below all others, and a category and bin. NaN where a side has no rows.
 */
export function cairnFigures(reference: Feature, current: Feature): CairnFigures {
  expectSameKind(reference, current);
  if (reference.kind === 'numeric' && current.kind === 'numeric') {
    const [a, b] = [Float64Array.from(reference.values), Float64Array.from(current.values)];
    const lowest = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
    return ofNumbers(numericCounts(a, b), (method) => ksTwoSample(a.map(lowest), b.map(lowest), { method }));
  }
  const names = (column: Feature) => categoryCounts(column.values as readonly (string | null)[]);
  return cairnOfCategories(names(reference), names(current));
}

/**
 * The same of counts over the same bins: PSI is over tenths of the reference made of whole bins, open at both ends, and D
 * is over all bins, so that it is at most what it is over the values.
 */
export function cairnOfBins(reference: CountedNumbers, current: CountedNumbers): CairnFigures {
  const starts = coarseStarts(reference.counts);
  const coarse = ({ counts, missing }: CountedNumbers) => [...coarsened(counts, starts), missing];
  const fine = ({ counts, missing }: CountedNumbers) => [missing, ...Array.from(counts)];
  return ofNumbers([coarse(reference), coarse(current)], (method) =>
    ksOfCounts(fine(reference), fine(current), { method }),
  );
}

/** The same of categories by the counts of their names, as {@link categoryCounts} gives them. */
export function cairnOfCategories(reference: CategoryCounts, current: CategoryCounts): CairnFigures {
  const [from, to] = frequentCounts(reference, current);
  const { statistic, pValue } = chiSquareContingency(from, to);
  return { psi: populationStabilityIndex(from, to), test: 'chi-square', statistic, pValue };
}

function ofNumbers(
  [reference, current]: readonly [readonly number[], readonly number[]],
  ks: (method: KsMethod) => KsTest,
): CairnFigures {
  const isFew = total(reference) * total(current) <= exactPairsMax;
  const { statistic, pValue } = ks(isFew ? 'exact' : 'asymptotic');
  return { psi: populationStabilityIndex(reference, current), test: 'ks', statistic, pValue };
}

/**
 * Which columns have drifted: those that moved far enough to matter (PSI) and not by chance, by Benjamini and Hochberg
 * over all of them. A column may have a bound of its own.
 */
export function cairnDrifted(
  figures: readonly (Pick<CairnFigures, 'psi' | 'pValue'> & { readonly bound?: number })[],
  thresholds: CairnThresholds = usual,
): boolean[] {
  const { rejected } = benjaminiHochberg(
    figures.map(({ pValue }) => pValue),
    thresholds.pValue,
  );
  return figures.map(({ psi, bound = thresholds.psi }, at) => psi >= bound && rejected[at]);
}

/** {@link cairnDrifted} of columns. The score of each is its PSI. */
export function cairnDrift(
  columns: readonly (readonly [reference: Feature, current: Feature])[],
  thresholds: CairnThresholds = usual,
): FeatureDrift[] {
  const figures = columns.map(([reference, current]) => cairnFigures(reference, current));
  const drifted = cairnDrifted(figures, thresholds);
  return figures.map(({ psi }, at) => ({
    ...judged('psi', psi, '>=', thresholds.psi),
    isDrifted: drifted[at],
  }));
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
