import { expectSameBins } from './counts-pair.ts';

/**
 * Distances between two distributions given as counts over the same bins or categories. Each is NaN where
 * one side counts nothing, since then there is no distribution to compare; counts over different bins are a RangeError.
 */

type Counts = ArrayLike<number>;

/**
 * What PSI does about shares of zero, whose logarithm is infinite. Shares are not normalised again.
 * - `replace`: zeros become 0.0001, or a millionth of the smallest other share if that is no larger (Evidently)
 * - `floor`: no share counts as less than 0.01 (deepchecks)
 * - `add-one`: each bin counts one more, and so does the total (Laplace; Azure ML)
 */
export type ZeroRule = 'replace' | 'floor' | 'add-one';

/**
 * Population stability index Σ (r − c) ln(r / c) ≥ 0, the symmetrised Kullback–Leibler divergence.
 * Siddiqi, Credit Risk Scorecards, 2006; above 0.1 is commonly called a shift, above 0.25 a large one.
 */
export function populationStabilityIndex(
  reference: Counts,
  current: Counts,
  zeros: ZeroRule = 'replace',
): number {
  return compare(reference, current, (p, q) => {
    const r = withoutZeros(p, zeros, total(reference));
    const c = withoutZeros(q, zeros, total(current));
    return sum(r, (share, at) => (share - c[at]) * Math.log(share / c[at]));
  });
}

/**
 * √(½ KL(p‖m) + ½ KL(q‖m)) with m = ½(p + q): a metric, 0 for equal distributions. Lin, IEEE Transactions on
 * Information Theory 37, 1991; as scipy.spatial.distance.jensenshannon.
 *
 * @param base 2 bounds it by 1, 'e' by √ln 2
 */
export function jensenShannonDistance(reference: Counts, current: Counts, base: 2 | 'e' = 2): number {
  return compare(reference, current, (p, q) => {
    const divergence = sum(p, (share, at) => {
      const mean = (share + q[at]) / 2;
      return (relative(share, mean) + relative(q[at], mean)) / 2;
    });
    return Math.sqrt(Math.max(divergence, 0) / (base === 2 ? Math.LN2 : 1));
  });
}

/**
 * Kullback–Leibler divergence Σ p ln(p / q) ≥ 0 of the current shares q from the reference's p, in nats: ∞ where the
 * reference has what the current sample lacks, unless a rule fills zeros, after which both are normalised again. Kullback
 * and Leibler, Annals of Mathematical Statistics 22, 1951; as scipy.stats.entropy(p, q).
 */
export function kullbackLeiblerDivergence(reference: Counts, current: Counts, zeros?: ZeroRule): number {
  return compare(reference, current, (p, q) => {
    const filled = (given: Float64Array, counts: Counts) =>
      zeros ? shares(withoutZeros(given, zeros, total(counts))) : given;
    const [r, c] = [filled(p, reference), filled(q, current)];
    return Math.max(
      sum(r, (share, at) => relative(share, c[at])),
      0,
    );
  });
}

/** √(½ Σ (√p − √q)²), between 0 and 1: Hellinger, Journal für die reine und angewandte Mathematik 136, 1909. */
export function hellingerDistance(reference: Counts, current: Counts): number {
  return compare(reference, current, (p, q) =>
    Math.sqrt(sum(p, (share, at) => (Math.sqrt(share) - Math.sqrt(q[at])) ** 2) / 2),
  );
}

/** The largest difference of any share, between 0 and 1. */
export function lInfinityDistance(reference: Counts, current: Counts): number {
  return compare(reference, current, (p, q) =>
    p.reduce((worst, share, at) => Math.max(worst, Math.abs(share - q[at])), 0),
  );
}

function compare(
  reference: Counts,
  current: Counts,
  distance: (p: Float64Array, q: Float64Array) => number,
): number {
  expectSameBins(reference, current);
  if (total(reference) === 0 || total(current) === 0) return Number.NaN;
  return distance(shares(reference), shares(current));
}

function withoutZeros(given: Float64Array, rule: ZeroRule, count: number): Float64Array {
  switch (rule) {
    case 'replace': {
      const smallest = given.reduce((least, share) => (share > 0 && share < least ? share : least), 1);
      const stand = smallest <= 0.0001 ? smallest / 1e6 : 0.0001;
      return given.map((share) => (share === 0 ? stand : share));
    }
    case 'floor':
      return given.map((share) => (share < 0.01 ? 0.01 : share));
    default: // add-one
      return given.map((share) => (share * count + 1) / (count + given.length));
  }
}

function shares(counts: Counts): Float64Array {
  const whole = total(counts);
  return Float64Array.from(counts, (count) => count / whole);
}

/** p ln(p / m), which tends to 0 with p. */
const relative = (share: number, mean: number): number => (share === 0 ? 0 : share * Math.log(share / mean));

const total = (counts: Counts): number => sum(counts, (count) => count);

function sum(values: Counts, term: (value: number, at: number) => number): number {
  let result = 0;
  for (let at = 0; at < values.length; at++) result += term(values[at], at);
  return result;
}
