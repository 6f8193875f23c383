import { chiSquareContingency } from './chi-square.ts';
import { categoryCounts, frequentCounts, numericCounts } from './counts.ts';
import { populationStabilityIndex } from './divergence.ts';
import { ksTwoSample } from './ks.ts';
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
    const method = a.length * b.length <= exactPairsMax ? 'exact' : 'asymptotic';
    const { statistic, pValue } = ksTwoSample(a.map(lowest), b.map(lowest), { method });
    return { psi: populationStabilityIndex(...numericCounts(a, b)), test: 'ks', statistic, pValue };
  }
  const names = (column: Feature) => categoryCounts(column.values as readonly (string | null)[]);
  const [from, to] = frequentCounts(names(reference), names(current));
  const { statistic, pValue } = chiSquareContingency(from, to);
  return { psi: populationStabilityIndex(from, to), test: 'chi-square', statistic, pValue };
}

/**
 * Which columns have drifted: those that moved far enough to matter (PSI) and not by chance, by Benjamini and Hochberg
 * over all of them. The score of each is its PSI.
 */
export function cairnDrift(
  columns: readonly (readonly [reference: Feature, current: Feature])[],
  thresholds: CairnThresholds = usual,
): FeatureDrift[] {
  const figures = columns.map(([reference, current]) => cairnFigures(reference, current));
  const { rejected } = benjaminiHochberg(
    figures.map(({ pValue }) => pValue),
    thresholds.pValue,
  );
  return figures.map(({ psi }, at) => {
    const found = judged('psi', psi, '>=', thresholds.psi);
    return { ...found, isDrifted: found.isDrifted && rejected[at] };
  });
}
