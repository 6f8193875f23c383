/** A feature's values are told apart by at most this many bins; one more is for missing values. */
export const binsMax = 255;
export const missingBin = 255;

export type Bins = {
  /**
   * Per feature, rising: bin b holds x ≤ edges[b] beyond the edges before it; the last bin has no edge. Where
   * values are missing the last edge is infinite, so that a split can ask for that alone.
   */
  edges: Float32Array[];
  /** [features, n] column-major, each value's bin. */
  binned: Uint8Array;
};

/** Sorts each feature into bins of about equal count, or one bin a value where there are few. */
export function binFeatures(rows: Float32Array, n: number, width: number): Bins {
  const binned = new Uint8Array(width * n);
  const edges: Float32Array[] = [];
  const column = new Float32Array(n);
  for (let feature = 0; feature < width; feature++) {
    for (let row = 0; row < n; row++) column[row] = rows[row * width + feature];
    edges.push(binEdges(column));
    for (let row = 0; row < n; row++) {
      const value = column[row];
      binned[feature * n + row] = Number.isNaN(value) ? missingBin : binOf(edges[feature], value);
    }
  }
  return { edges, binned };
}

function binEdges(column: Float32Array): Float32Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).toSorted();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  const lowers = distinct.length <= binsMax ? distinct.subarray(0, -1) : quantiles(sorted);
  const edges = Array.from(lowers, (lower) => between(lower, distinct[upperBound(distinct, lower)]));
  return Float32Array.from(sorted.length < column.length ? [...edges, Infinity] : edges);
}

/** Distinct values that end bins of about equal count; never the largest value, which ends the last bin. */
function quantiles(sorted: Float32Array): Float32Array {
  const cuts = new Set<number>();
  for (let bin = 1; bin < binsMax; bin++) cuts.add(sorted[Math.floor((bin * sorted.length) / binsMax)]);
  cuts.delete(sorted[sorted.length - 1]);
  return Float32Array.from(cuts);
}

/** A float32 t with lower ≤ t < upper, in the middle where there is room. */
function between(lower: number, upper: number): number {
  const middle = Math.fround(lower / 2 + upper / 2);
  return middle >= lower && middle < upper ? middle : lower;
}

/** The first edge that is not below the value. */
function binOf(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= edges[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the first element above the value. */
function upperBound(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
