import { doaneEdges, histogram } from './bins.ts';
import { alignCategories, countCategories } from './categories.ts';
import { chiSquareContingency } from './chi-square.ts';
import { hellingerDistance, jensenShannonDistance, lInfinityDistance } from './divergence.ts';
import { ksTwoSample } from './ks.ts';
import { momentsOf, variance } from './moments.ts';
import { expectSameKind, type Feature, type FeatureDrift, judged, numbersOf } from './preset.ts';
import { wassersteinDistance } from './wasserstein.ts';

export type NannymlMethod =
  | 'jensen_shannon'
  | 'hellinger'
  | 'kolmogorov_smirnov'
  | 'wasserstein'
  | 'chi2'
  | 'l_infinity';

/** Parts of the reference that a threshold is learnt from; what is left over is one more. */
const chunks = 10;

/** A method that knows its reference. */
export type FittedNannyml = {
  readonly method: NannymlMethod;
  /** The value of a sample; NaN for one without values. For `chi2` the statistic, whose p-value decides. */
  readonly valueOf: (current: Feature) => number;
  readonly driftOf: (current: Feature) => FeatureDrift;
  /** NaN where the reference has fewer rows than chunks; 0.05 for `chi2`. */
  readonly threshold: number;
};

/**
 * How far is a column from its reference, and is that farther than the reference is from itself? As NannyML 0.13.1: the
 * method is taken of each tenth of the reference (in its order) against all of it, and a sample has drifted beyond their
 * mean by more than three standard deviations (ddof 0), and at D = 1 at the latest; by `chi2` where p < 0.05. Jensen–Shannon (base 2) and Hellinger
 * are over Doane's bins of the reference, with one more bin for what lies outside; categories the reference lacks are one
 * more as well. Missing values are left out; where a side has no others the value is NaN.
 *
 * From 10 000 rows on NannyML estimates `kolmogorov_smirnov` and `wasserstein` over 10 000 bins of equal width, which is coarse for
 * long tails; here they stay exact.
 *
 * @throws RangeError for a method that does not go with the kind of the column
 */
export function fitNannyml(reference: Feature, method: NannymlMethod = 'jensen_shannon'): FittedNannyml {
  const valueOf = valueTo(reference, method);
  const most = method === 'kolmogorov_smirnov' ? 1 : Infinity;
  const chunkValues = () => chunked(reference).map((chunk) => valueOf(chunk).value);
  const threshold = method === 'chi2' ? 0.05 : Math.min(learnt(chunkValues()), most);
  const driftOf = (current: Feature) => {
    const { value, pValue } = valueOf(current);
    return method === 'chi2' ? judged(method, pValue, '<', threshold) : judged(method, value, '>', threshold);
  };
  return { method, valueOf: (current) => valueOf(current).value, driftOf, threshold };
}

/** Mean + 3σ of what is no NaN; NaN where nothing is. */
function learnt(values: readonly number[]): number {
  const moments = momentsOf(values);
  return moments.count === 0 ? Number.NaN : moments.mean + 3 * Math.sqrt(variance(moments));
}

function chunked(column: Feature): Feature[] {
  const size = Math.floor(column.values.length / chunks);
  if (size === 0) return [];
  const starts = Array.from({ length: Math.ceil(column.values.length / size) }, (_, at) => at * size);
  if (column.kind === 'categorical')
    return starts.map((from) => ({ kind: column.kind, values: column.values.slice(from, from + size) }));
  const values = Float64Array.from(column.values);
  return starts.map((from) => ({ kind: column.kind, values: values.subarray(from, from + size) }));
}

type Value = { readonly value: number; readonly pValue: number };

function valueTo(reference: Feature, method: NannymlMethod): (current: Feature) => Value {
  const compare =
    reference.kind === 'numeric'
      ? numericValue(reference.values, method)
      : categoricalValue(reference.values, method);
  return (current) => {
    expectSameKind(reference, current);
    return compare(current.values as never);
  };
}

const only = (value: number): Value => ({ value, pValue: Number.NaN });

function numericValue(
  values: ArrayLike<number>,
  method: NannymlMethod,
): (current: ArrayLike<number>) => Value {
  const reference = numbersOf(values);
  switch (method) {
    case 'kolmogorov_smirnov':
      return (current) => only(ksTwoSample(reference, current, { method: 'asymptotic' }).statistic);
    case 'wasserstein':
      return (current) => only(wassersteinDistance(reference, current));
    case 'jensen_shannon':
    case 'hellinger': {
      const edges = doaneEdges(reference);
      const counts = (sample: ArrayLike<number>) => {
        const { counts: inside, below, above } = histogram(sample, edges);
        return [...inside, below + above];
      };
      const own = counts(reference);
      return (current) => only(distance(method, own, counts(current)));
    }
    default:
      throw new RangeError(`NannyML's '${method}' compares categories; the column has numbers.`);
  }
}

function categoricalValue(
  values: readonly (string | null)[],
  method: NannymlMethod,
): (current: readonly (string | null)[]) => Value {
  const reference = countCategories(values);
  if (method === 'kolmogorov_smirnov' || method === 'wasserstein')
    throw new RangeError(`NannyML's '${method}' compares numbers; the column has categories.`);
  return (current) => {
    const { reference: own, current: other } = alignCategories(reference, countCategories(current));
    if (method === 'l_infinity') return only(lInfinityDistance(own, other));
    if (method === 'chi2') {
      const { statistic, pValue } = chiSquareContingency(own, other);
      return { value: statistic, pValue };
    }
    // What the reference lacks counts together.
    const lacking = other.subarray(reference.size).reduce((sum, count) => sum + count, 0);
    const known = (counts: Float64Array) => counts.subarray(0, reference.size);
    return only(distance(method, [...known(own), 0], [...known(other), lacking]));
  };
}

function distance(
  method: 'jensen_shannon' | 'hellinger',
  own: readonly number[],
  other: readonly number[],
): number {
  return method === 'hellinger' ? hellingerDistance(own, other) : jensenShannonDistance(own, other, 2);
}
