import { type Bins, missingBin } from './bins.ts';

/** x ≤ threshold (bin ≤ `bin`) goes below. A leaf has feature −1 and adds `value`. */
export type GrownNode = {
  feature: number;
  bin: number;
  threshold: number;
  missingBelow: boolean;
  below: number;
  above: number;
  value: number;
};

export type GrowOptions = {
  depthMax: number;
  /** Fewest training rows in a leaf. */
  leafRowsMin: number;
  /** λ on leaf values. */
  l2: number;
  learningRate: number;
};

const binCount = 256;
/** Per bin: sum of gradients, sum of Hessians, rows. */
const binStride = 3;
const gainMin = 1e-9;

/** A node still to be split: its rows are order[from, to). */
type Open = { node: number; from: number; to: number; depth: number; histogram: Float64Array };
type Best = { gain: number; feature: number; bin: number; missingBelow: boolean };

/**
 * Grows one regression tree on gradients g and Hessians h of the loss: a leaf gets −η G/(H + λ), and a split
 * gains G²/(H + λ) on both sides over the whole (Chen and Guestrin, XGBoost, 2016, equations 5 and 7).
 * Histograms per node; of two siblings only the smaller is counted, the other is the difference.
 *
 * @param rows the indexes to learn from
 * @returns nodes, the root first and parents before children; leaf values are float32
 */
export function growTree(
  { binned, edges }: Bins,
  rows: Int32Array,
  gradients: Float64Array,
  hessians: Float64Array,
  options: GrowOptions,
): GrownNode[] {
  const n = gradients.length;
  const order = rows.slice();
  const nodes: GrownNode[] = [];
  const scratch = new Int32Array(order.length);

  const count = (from: number, to: number): Float64Array => {
    const histogram = new Float64Array(edges.length * binCount * binStride);
    for (let feature = 0; feature < edges.length; feature++) {
      const column = feature * n;
      const base = feature * binCount;
      for (let at = from; at < to; at++) {
        const row = order[at];
        const slot = (base + binned[column + row]) * binStride;
        histogram[slot] += gradients[row];
        histogram[slot + 1] += hessians[row];
        histogram[slot + 2] += 1;
      }
    }
    return histogram;
  };

  /** Parts order[from, to) in place, keeping the order of rows on each side; returns where `above` starts. */
  const partition = (from: number, to: number, { feature, bin, missingBelow }: Best): number => {
    let below = from;
    let above = 0;
    for (let at = from; at < to; at++) {
      const row = order[at];
      const own = binned[feature * n + row];
      if (own === missingBin ? missingBelow : own <= bin) order[below++] = row;
      else scratch[above++] = row;
    }
    order.set(scratch.subarray(0, above), below);
    return below;
  };

  const addLeaf = (histogram: Float64Array): number => {
    const [gradient, hessian] = totals(histogram);
    const value = Math.fround((-options.learningRate * gradient) / (hessian + options.l2));
    return (
      nodes.push({ feature: -1, bin: 0, threshold: 0, missingBelow: false, below: 0, above: 0, value }) - 1
    );
  };

  const histogram = count(0, order.length);
  const open: Open[] = [{ node: addLeaf(histogram), from: 0, to: order.length, depth: 0, histogram }];
  for (let current = open.pop(); current; current = open.pop()) {
    const { node, from, to, depth } = current;
    if (depth === options.depthMax || to - from < 2 * options.leafRowsMin) continue;
    const best = bestSplit(current.histogram, edges, options);
    if (!best) continue;
    const middle = partition(from, to, best);
    const isBelowSmaller = middle - from <= to - middle;
    const smaller = isBelowSmaller ? count(from, middle) : count(middle, to);
    const larger = current.histogram;
    for (let at = 0; at < larger.length; at++) larger[at] -= smaller[at];
    const [ofBelow, ofAbove] = isBelowSmaller ? [smaller, larger] : [larger, smaller];
    const below = addLeaf(ofBelow);
    const above = addLeaf(ofAbove);
    nodes[node] = { ...best, threshold: edges[best.feature][best.bin], below, above, value: 0 };
    open.push(
      { node: above, from: middle, to, depth: depth + 1, histogram: ofAbove },
      { node: below, from, to: middle, depth: depth + 1, histogram: ofBelow },
    );
  }
  return nodes;
}

/** Every row is in some bin of feature 0. */
function totals(histogram: Float64Array): [gradient: number, hessian: number, rows: number] {
  let gradient = 0;
  let hessian = 0;
  let rows = 0;
  for (let slot = 0; slot < binCount * binStride; slot += binStride) {
    gradient += histogram[slot];
    hessian += histogram[slot + 1];
    rows += histogram[slot + 2];
  }
  return [gradient, hessian, rows];
}

/** Tries missing values on both sides; where a node has none they follow the larger side. */
function bestSplit(
  histogram: Float64Array,
  edges: readonly Float32Array[],
  { l2, leafRowsMin }: GrowOptions,
): Best | undefined {
  const [gradient, hessian, rows] = totals(histogram);
  const whole = gradient ** 2 / (hessian + l2);
  let best: Best | undefined;
  for (let feature = 0; feature < edges.length; feature++) {
    const base = feature * binCount * binStride;
    const missingSlot = base + missingBin * binStride;
    const missing = histogram[missingSlot + 2];
    for (const missingBelow of missing > 0 ? [true, false] : [false]) {
      let g = missingBelow ? histogram[missingSlot] : 0;
      let h = missingBelow ? histogram[missingSlot + 1] : 0;
      let count = missingBelow ? missing : 0;
      for (let bin = 0; bin < edges[feature].length; bin++) {
        const slot = base + bin * binStride;
        g += histogram[slot];
        h += histogram[slot + 1];
        count += histogram[slot + 2];
        if (count < leafRowsMin) continue;
        if (rows - count < leafRowsMin) break;
        const gain = g ** 2 / (h + l2) + (gradient - g) ** 2 / (hessian - h + l2) - whole;
        if (gain > (best?.gain ?? gainMin)) {
          best = { gain, feature, bin, missingBelow: missing > 0 ? missingBelow : count > rows - count };
        }
      }
    }
  }
  return best;
}
