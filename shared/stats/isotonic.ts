/** A rising function through the points (x, y), straight between them and flat beyond the outermost. */
export type Isotonic = { readonly x: readonly number[]; readonly y: readonly number[] };

type Block = { mean: number; weight: number; first: number; last: number };

/**
 * The rising function that is nearest to the targets in squares, by pooling neighbours that fall: Barlow, Bartholomew,
 * Bremner and Brunk, Statistical Inference under Order Restrictions, 1972; as scikit-learn's IsotonicRegression with
 * `out_of_bounds='clip'`. Fitted on scores and 0 or 1 it gives calibrated probabilities: Zadrozny and Elkan, KDD 2002.
 *
 * Equal scores count as one with the mean of their targets, so that the bins of a histogram fit as their rows would:
 * `weights` are then the counts, and targets the shares of positives. Rows of weight 0 are left out.
 *
 * @throws RangeError where no row is left, or a value is not finite
 */
export function fitIsotonic(
  scores: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Isotonic {
  const { at, mean, weight } = distinct(scores, targets, weights);
  const blocks: Block[] = [];
  for (let point = 0; point < at.length; point++) {
    let block: Block = { mean: mean[point], weight: weight[point], first: point, last: point };
    for (let before = blocks.at(-1); before && before.mean >= block.mean; before = blocks.at(-1)) {
      blocks.pop();
      const both = before.weight + block.weight;
      const pooled = (before.mean * before.weight + block.mean * block.weight) / both;
      block = { mean: pooled, weight: both, first: before.first, last: block.last };
    }
    blocks.push(block);
  }
  // Of a flat part both ends are enough.
  const ends = blocks.flatMap(({ mean: y, first, last }) =>
    (first === last ? [first] : [first, last]).map((point) => [at[point], y] as const),
  );
  return { x: ends.map(([x]) => x), y: ends.map(([, y]) => y) };
}

/** The value at a score; NaN for NaN. */
export function isotonicAt({ x, y }: Isotonic, score: number): number {
  const last = x.length - 1;
  if (Number.isNaN(score)) return Number.NaN;
  if (score <= x[0]) return y[0];
  if (score >= x[last]) return y[last];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (x[middle] <= score) low = middle;
    else high = middle;
  }
  return y[low] + ((y[high] - y[low]) / (x[high] - x[low])) * (score - x[low]);
}

/** The distinct scores in rising order, with the weighted mean of their targets. */
function distinct(scores: ArrayLike<number>, targets: ArrayLike<number>, weights?: ArrayLike<number>) {
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row)
    .filter((row) => !weights || weights[row] > 0)
    .toSorted((a, b) => scores[a] - scores[b]);
  if (order.length === 0) throw new RangeError('An isotonic function needs at least one row with a weight.');
  const at: number[] = [];
  const mean: number[] = [];
  const weight: number[] = [];
  for (const row of order) {
    if (!Number.isFinite(scores[row]) || !Number.isFinite(targets[row]))
      throw new RangeError(
        `Row ${row} has the score ${scores[row]} and the target ${targets[row]}; both must be finite.`,
      );
    const more = weights ? weights[row] : 1;
    const here = at.length - 1;
    if (at[here] === scores[row]) {
      weight[here] += more;
      mean[here] += ((targets[row] - mean[here]) * more) / weight[here];
    } else {
      at.push(scores[row]);
      mean.push(targets[row]);
      weight.push(more);
    }
  }
  return { at, mean, weight };
}
