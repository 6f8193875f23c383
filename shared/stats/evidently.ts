import { histogram, sturgesEdges } from './bins.ts';
import { alignCategories, countCategories } from './categories.ts';
import { chiSquareGoodnessOfFit } from './chi-square.ts';
import {
  hellingerDistance,
  jensenShannonDistance,
  kullbackLeiblerDivergence,
  populationStabilityIndex,
} from './divergence.ts';
import { ksTwoSample } from './ks.ts';
import { expectSameKind, type Feature, type FeatureDrift, finiteOf, judged } from './preset.ts';
import { twoProportions } from './proportions.ts';
import { normalisedWasserstein } from './wasserstein.ts';

export type EvidentlyTest =
  | 'ks'
  | 'chisquare'
  | 'z'
  | 'wasserstein'
  | 'jensenshannon'
  | 'psi'
  | 'kl_div'
  | 'hellinger';

/** Rows of a reference up to which tests are taken, and above which distances. */
const fewRows = 1000;
/** Different values up to which numbers are counted one by one, by the choice of a test and by binning. */
const fewValues = 5;
const binnedValues = 20;

/**
 * Has a column drifted, as Evidently 0.7.23 says by default? By the rows of the reference without missing and infinite
 * values, and by the different values of both:
 *
 * | rows | kind, values | test | drifted |
 * |---|---|---|---|
 * | ≤ 1000 | numbers, > 5 | Kolmogorov–Smirnov | p ≤ 0.05 |
 * | ≤ 1000 | 3 to 5 numbers, > 2 categories | χ² of fit | p < 0.05 |
 * | ≤ 1000 | ≤ 2 | Z of the share of what is not the smallest value | p < 0.05 |
 * | > 1000 | numbers, > 5 | Wasserstein in standard deviations (ddof 0) of the reference | distance ≥ 0.1 |
 * | > 1000 | ≤ 5 numbers, categories | Jensen–Shannon with ln | distance ≥ 0.1 |
 *
 * A data set has drifted where half of its columns have. Where Evidently raises, for a column without values, the score
 * is NaN; its Z has p = 0 from |z| = 8.3 on, where 1 − Φ(z) has no digits left, and here it has.
 *
 * @param test instead of the default; distances are drifted at 0.1, p-values at 0.05
 */
export function evidentlyDrift(
  reference: Feature,
  current: Feature,
  { test, threshold }: { readonly test?: EvidentlyTest; readonly threshold?: number } = {},
): FeatureDrift {
  expectSameKind(reference, current);
  const [a, b] = [present(reference), present(current)];
  const distinct = new Set<unknown>([...a, ...b]).size;
  const isFew = reference.kind === 'categorical' || distinct <= fewValues;
  const chosen = test ?? usual(a.length, distinct, isFew);
  const isTest = chosen === 'ks' || chosen === 'chisquare' || chosen === 'z';
  const bound = threshold ?? (isTest ? 0.05 : 0.1);
  const comparison = isTest ? (chosen === 'ks' ? '<=' : '<') : '>=';
  const score = a.length === 0 || b.length === 0 ? Number.NaN : scores[chosen](a, b);
  return judged(chosen, score, comparison, bound);
}

type Values = readonly string[] | Float64Array;

function present(column: Feature): Values {
  return column.kind === 'numeric'
    ? finiteOf(column.values)
    : column.values.filter((value) => value !== null);
}

function usual(rows: number, distinct: number, isFew: boolean): EvidentlyTest {
  if (rows > fewRows) return isFew ? 'jensenshannon' : 'wasserstein';
  if (!isFew) return 'ks';
  return distinct > 2 ? 'chisquare' : 'z';
}

const scores: Record<EvidentlyTest, (reference: Values, current: Values) => number> = {
  ks: (a, b) => ksTwoSample(numbers(a, 'ks'), numbers(b, 'ks')).pValue,
  chisquare: (a, b) => chiSquareGoodnessOfFit(...counted(a, b)).pValue,
  z: (a, b) => {
    const smallest = [...a, ...b].reduce((least, value) => (value < least ? value : least));
    const other = (values: Values) => ({
      hits: [...values].filter((value) => value !== smallest).length,
      rows: values.length,
    });
    return twoProportions(other(a), other(b)).pValue;
  },
  wasserstein: (a, b) => normalisedWasserstein(numbers(a, 'wasserstein'), numbers(b, 'wasserstein')),
  jensenshannon: (a, b) => jensenShannonDistance(...binned(a, b), 'e'),
  psi: (a, b) => populationStabilityIndex(...binned(a, b), 'replace'),
  kl_div: (a, b) => kullbackLeiblerDivergence(...binned(a, b), 'replace'),
  hellinger: (a, b) => {
    if (!(a instanceof Float64Array && b instanceof Float64Array)) return hellingerDistance(...counted(a, b));
    const edges = sturgesEdges([...new Set([...a, ...b])]);
    return hellingerDistance(histogram(a, edges).counts, histogram(b, edges).counts);
  },
};

/** Sturges's bins of both together, or one for each value where the reference has few of them. */
function binned(a: Values, b: Values): [Float64Array, Float64Array] {
  const isBinned = a instanceof Float64Array && b instanceof Float64Array && new Set(a).size > binnedValues;
  if (!isBinned) return counted(a, b);
  const edges = sturgesEdges([...a, ...b]);
  return [histogram(a, edges).counts, histogram(b, edges).counts];
}

function counted(a: Values, b: Values): [Float64Array, Float64Array] {
  const counts = (values: Values) => countCategories([...values].map(String));
  const aligned = alignCategories(counts(a), counts(b));
  return [aligned.reference, aligned.current];
}

function numbers(values: Values, test: string): Float64Array {
  if (values instanceof Float64Array) return values;
  throw new RangeError(`Evidently's '${test}' compares numbers; the column has categories.`);
}
