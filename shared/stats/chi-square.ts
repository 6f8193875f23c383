import { expectSameBins } from './counts-pair.ts';
import { gammaQ } from './gamma.ts';

export type ChiSquare = { statistic: number; degreesOfFreedom: number; pValue: number };

/**
 * Were both counts drawn from the same distribution over these categories? Pearson's χ² on the 2 × k table,
 * Σ (observed − expected)² / expected with k − 1 degrees of freedom; for k = 2 with Yates's correction, each
 * difference less by ½ but not beyond 0, as scipy.stats.chi2_contingency.
 *
 * Categories neither side has are left out. With a single one left there is nothing to differ in: p = 1.
 * Where a side counts nothing the answer is NaN.
 */
export function chiSquareContingency(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  { yates = true }: { yates?: boolean } = {},
): ChiSquare {
  const cells = pairs(reference, current);
  const ofReference = cells.reduce((sum, [r]) => sum + r, 0);
  const ofCurrent = cells.reduce((sum, [, c]) => sum + c, 0);
  const slack = yates && cells.length === 2 ? 0.5 : 0;
  const statistic = cells.reduce((sum, [r, c]) => {
    const share = (r + c) / (ofReference + ofCurrent);
    return sum + cell(r, share * ofReference, slack) + cell(c, share * ofCurrent, slack);
  }, 0);
  return verdict(statistic, cells.length, ofReference, ofCurrent);
}

/**
 * Does the current sample follow the reference's shares, taken as exact? Expected counts are the
 * reference's, scaled to the current total (Pearson, 1900; as Evidently uses scipy.stats.chisquare). A
 * category new to the reference is impossible under it: the statistic is infinite and p = 0.
 */
export function chiSquareGoodnessOfFit(reference: ArrayLike<number>, current: ArrayLike<number>): ChiSquare {
  const cells = pairs(reference, current);
  const ofReference = cells.reduce((sum, [r]) => sum + r, 0);
  const ofCurrent = cells.reduce((sum, [, c]) => sum + c, 0);
  const statistic = cells.reduce((sum, [r, c]) => sum + cell(c, (r * ofCurrent) / ofReference, 0), 0);
  return verdict(statistic, cells.length, ofReference, ofCurrent);
}

/** P(X ≥ statistic) for X ~ χ²(k): Q(k/2, statistic/2). */
export function chiSquareTail(statistic: number, degreesOfFreedom: number): number {
  return gammaQ(degreesOfFreedom / 2, statistic / 2);
}

function cell(observed: number, expected: number, slack: number): number {
  const gap = Math.abs(observed - expected);
  return gap === 0 ? 0 : (gap - Math.min(slack, gap)) ** 2 / expected;
}

function pairs(reference: ArrayLike<number>, current: ArrayLike<number>): [number, number][] {
  expectSameBins(reference, current);
  const both = Array.from(reference, (count, at): [number, number] => [count, current[at]]);
  return both.filter(([r, c]) => r > 0 || c > 0);
}

function verdict(statistic: number, categories: number, ofReference: number, ofCurrent: number): ChiSquare {
  if (ofReference === 0 || ofCurrent === 0) {
    return { statistic: Number.NaN, degreesOfFreedom: Math.max(categories - 1, 0), pValue: Number.NaN };
  }
  if (categories === 1) return { statistic: 0, degreesOfFreedom: 0, pValue: 1 };
  return { statistic, degreesOfFreedom: categories - 1, pValue: chiSquareTail(statistic, categories - 1) };
}
