import { momentsOf, variance } from './moments.ts';

export type Histogram = {
  /** One count per pair of neighbouring edges: [a, b), the last one closed, as numpy.histogram. */
  counts: Float64Array;
  /** Outside the edges; infinite values land here. */
  below: number;
  above: number;
  /** NaN. */
  missing: number;
};

/** Counts values between edges that do not fall. */
export function histogram(values: ArrayLike<number>, edges: ArrayLike<number>): Histogram {
  const bins = Math.max(edges.length - 1, 0);
  const found: Histogram = { counts: new Float64Array(bins), below: 0, above: 0, missing: 0 };
  const last = edges[bins];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (Number.isNaN(value)) found.missing++;
    else if (bins === 0 || value > last) found.above++;
    else if (value < edges[0]) found.below++;
    else found.counts[Math.min(edgesAtMost(edges, value) - 1, bins - 1)]++;
  }
  return found;
}

/** The counts with what lies outside added to the outermost bins, as if those had no end. */
export function openEnded({ counts, below, above }: Histogram): Float64Array {
  const open = counts.slice();
  if (open.length === 0) return open;
  open[0] += below;
  open[open.length - 1] += above;
  return open;
}

/**
 * Edges of bins with equal shares of the finite values; equal edges are merged, so many ties give fewer
 * bins. A constant gives one bin [v, v], no values give none.
 */
export function quantileEdges(values: ArrayLike<number>, bins = 10): Float64Array {
  return quantileEdgesOf(sortedFinite(values), bins);
}

/** The finite values in rising order, as {@link quantileEdgesOf} takes them. */
export function sortedFinite(values: ArrayLike<number>): Float64Array {
  const finite = new Float64Array(values.length);
  let count = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (Number.isFinite(value)) finite[count++] = value;
  }
  return finite.subarray(0, count).toSorted();
}

/** The same as {@link quantileEdges} of values that are sorted and finite, for who needs several of them. */
export function quantileEdgesOf(sorted: Float64Array, bins: number): Float64Array {
  if (sorted.length === 0) return new Float64Array();
  const edges = Float64Array.from({ length: bins + 1 }, (_, at) => quantile(sorted, at / bins));
  const distinct = edges.filter((edge, at) => at === 0 || edge !== edges[at - 1]);
  return distinct.length > 1 ? distinct : Float64Array.of(distinct[0], distinct[0]);
}

/** Linear between the two nearest ranks: type 7 of Hyndman and Fan (1996), numpy's default; NaN for none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = share * (sorted.length - 1);
  const low = sorted[Math.floor(rank)];
  const high = sorted[Math.ceil(rank)];
  const part = rank % 1;
  // From the nearer end, as numpy does, so that both agree to the last digit.
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}

/** Equal-width bins over the finite values, ⌈log₂ n + 1⌉ of them (Sturges, 1926), as numpy's 'sturges'. */
export function sturgesEdges(values: ArrayLike<number>): Float64Array {
  const { count, min, max } = momentsOf(values);
  return equalWidthEdges(min, max, Math.log2(count) + 1);
}

/**
 * Equal-width bins, more of them for a skewed sample (Doane, 1976), as numpy's 'doane':
 * 1 + log₂ n + log₂(1 + |g₁| / σ), σ² = 6(n − 2) / ((n + 1)(n + 3)).
 */
export function doaneEdges(values: ArrayLike<number>): Float64Array {
  const moments = momentsOf(values);
  const { count: n, min, max, mean } = moments;
  const deviation = Math.sqrt(variance(moments));
  if (n < 3 || !(deviation > 0)) return equalWidthEdges(min, max, 1);
  let cubes = 0;
  for (let at = 0; at < values.length; at++) {
    if (Number.isFinite(values[at])) cubes += ((values[at] - mean) / deviation) ** 3;
  }
  const spread = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
  return equalWidthEdges(min, max, 1 + Math.log2(n) + Math.log2(1 + Math.abs(cubes / n) / spread));
}

/** A constant v gets the one bin [v − ½, v + ½] that numpy gives it. */
function equalWidthEdges(min: number, max: number, bins: number): Float64Array {
  if (min > max) return new Float64Array();
  if (min === max) return Float64Array.of(min - 0.5, max + 0.5);
  const width = (max - min) / bins;
  const count = Math.ceil((max - min) / width);
  const edges = Float64Array.from({ length: count + 1 }, (_, at) => min + at * ((max - min) / count));
  edges[count] = max;
  return edges;
}

/** How many edges are ≤ value. */
function edgesAtMost(edges: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
