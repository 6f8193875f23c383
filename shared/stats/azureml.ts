import { alignCategories, countCategories } from './categories.ts';
import { chiSquareGoodnessOfFit } from './chi-square.ts';
import { jensenShannonDistance, populationStabilityIndex } from './divergence.ts';
import { ksTwoSample } from './ks.ts';
import { mergeMoments, momentsOf } from './moments.ts';
import { expectSameKind, type Feature, type FeatureDrift, judged, numbersOf } from './preset.ts';
import { normalisedWasserstein } from './wasserstein.ts';

export type AzuremlMetric =
  | 'NormalizedWassersteinDistance'
  | 'JensenShannonDistance'
  | 'PopulationStabilityIndex'
  | 'TwoSampleKolmogorovSmirnovTest'
  | 'PearsonsChiSquaredTest';

/** Rows from which on Azure ML refuses to test two samples. */
const testedRowsMax = 10_000;
/** Bins are of one width where their widths differ by less than this, in units of the values. */
const widthSlack = 1e-10;

/**
 * Has a column drifted, as the data drift signal of Azure ML's model monitoring says (azureml-assets 4b41f8c, 2026-07-23)?
 * By default numbers by Wasserstein's distance in standard deviations (ddof 1) of the reference, and categories by Jensen
 * and Shannon's (base 2), both drifted above 0.1; by a p-value where it is below the threshold, here 0.05 unless given.
 *
 * Distances over bins take ⌈log₂ n + 1⌉ of equal width over both samples, n of the smaller; PSI counts one more in each,
 * in the total as well. Missing values are left out; Azure ML leaves out the whole row, in all its columns.
 *
 * @throws RangeError for a metric that does not go with the kind of the column, and for Kolmogorov and Smirnov's test of
 *   10 000 rows or more, which Azure ML refuses too
 */
export function azuremlDrift(
  reference: Feature,
  current: Feature,
  { metric, threshold }: { readonly metric?: AzuremlMetric; readonly threshold?: number } = {},
): FeatureDrift {
  expectSameKind(reference, current);
  const chosen =
    metric ?? (reference.kind === 'numeric' ? 'NormalizedWassersteinDistance' : 'JensenShannonDistance');
  const isTest = chosen === 'TwoSampleKolmogorovSmirnovTest' || chosen === 'PearsonsChiSquaredTest';
  const score =
    reference.kind === 'numeric' && current.kind === 'numeric'
      ? numericScore(chosen, numbersOf(reference.values), numbersOf(current.values))
      : categoricalScore(chosen, reference.values as readonly string[], current.values as readonly string[]);
  return judged(chosen, score, isTest ? '<' : '>', threshold ?? (isTest ? 0.05 : 0.1));
}

function numericScore(metric: AzuremlMetric, a: Float64Array, b: Float64Array): number {
  switch (metric) {
    case 'NormalizedWassersteinDistance':
      return normalisedWasserstein(a, b, 1);
    case 'JensenShannonDistance':
      return jensenShannonDistance(...binned(a, b), 2);
    case 'PopulationStabilityIndex':
      return binnedIndex(a, b);
    case 'TwoSampleKolmogorovSmirnovTest':
      if (Math.max(a.length, b.length) >= testedRowsMax)
        throw new RangeError(`Azure ML tests fewer than ${testedRowsMax} rows: take a distance instead.`);
      return ksTwoSample(a, b).pValue;
    default:
      throw new RangeError(`Azure ML's '${metric}' compares categories; the column has numbers.`);
  }
}

function categoricalScore(
  metric: AzuremlMetric,
  a: readonly (string | null)[],
  b: readonly (string | null)[],
): number {
  const { reference, current } = alignCategories(countCategories(a), countCategories(b));
  switch (metric) {
    case 'JensenShannonDistance':
      return jensenShannonDistance(reference, current, 2);
    case 'PopulationStabilityIndex':
      return populationStabilityIndex(reference, current, 'add-one');
    case 'PearsonsChiSquaredTest':
      return chiSquareGoodnessOfFit(reference, current).pValue;
    default:
      throw new RangeError(`Azure ML's '${metric}' compares numbers; the column has categories.`);
  }
}

function binned(a: Float64Array, b: Float64Array): [number[], number[]] {
  const edges = edgesOf(a, b);
  return [spread(a, edges), spread(b, edges)];
}

/** PSI with one more in each bin, over all rows: what rounding puts beyond the last edge is of them, in no bin. */
function binnedIndex(a: Float64Array, b: Float64Array): number {
  if (a.length === 0 || b.length === 0) return Number.NaN;
  const [own, other] = binned(a, b);
  return own.reduce((sum, count, bin) => {
    const [r, c] = [(count + 1) / (a.length + own.length), (other[bin] + 1) / (b.length + own.length)];
    return sum + (c - r) * Math.log(c / r);
  }, 0);
}

function edgesOf(a: Float64Array, b: Float64Array): number[] {
  const bins = Math.ceil(Math.log2(Math.min(a.length, b.length)) + 1);
  const { min: least, max: most } = mergeMoments(momentsOf(a), momentsOf(b));
  if (least === most) {
    const slack = least === 0 ? 0.005 : Math.abs(least * 0.005);
    return [least - slack, least + slack];
  }
  const width = (most - least) / bins;
  return Array.from({ length: bins + 1 }, (_, at) => least + at * width);
}

/** Counts as Spark's `histogram` does: by division where the bins are of one width, else by comparison with the edges. */
function spread(values: Float64Array, edges: readonly number[]): number[] {
  const bins = edges.length - 1;
  const [least, most] = [edges[0], edges[bins]];
  const widths = edges.slice(1).map((edge, at) => edge - edges[at]);
  const isEven = Math.max(...widths) - Math.min(...widths) < widthSlack;
  const width = (most - least) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    if (value < least || value > most) continue;
    const bin = isEven ? Math.floor((value - least) / width) : edges.findLastIndex((edge) => edge <= value);
    counts[Math.min(bin, bins - 1)]++;
  }
  return counts;
}
