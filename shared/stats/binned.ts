/**
 * Figures of histograms between edges e₀ < … < eₙ₋₁ that have n + 2 bins: below e₀; [eᵢ, eᵢ₊₁) for each pair; exactly
 * eₙ₋₁; above. Without edges there is one bin.
 */

/** Bins that a distribution is compared over, and the share that makes a fine bin one of its own. */
const coarseBinsMax = 10;

/**
 * Which fine bins begin a coarse one: as many of them, in rising order, as hold a tenth of the reference together; one
 * that holds so much by itself stands alone, so that neither ties nor a constant hide a move.
 */
export function coarseStarts(reference: ArrayLike<number>): number[] {
  const share = sumOf(reference) / coarseBinsMax;
  const starts = [0];
  let held = 0;
  let isAlone = false;
  for (let bin = 0; bin < reference.length; bin++) {
    const isHeavy = share > 0 && reference[bin] >= share;
    if (isHeavy && starts.at(-1) !== bin) {
      starts.push(bin);
      held = 0;
    }
    held += reference[bin];
    if (held < share || bin + 1 === reference.length) continue;
    starts.push(bin + 1);
    isAlone = isHeavy;
    held = 0;
  }
  // What is left at the end is no tenth: it belongs to the bin before, unless that is one value.
  if (held < share && starts.length > 1 && !isAlone) starts.pop();
  return starts;
}

/** The counts of the coarse bins that begin at `starts`. */
export function coarsened(counts: ArrayLike<number>, starts: readonly number[]): number[] {
  return starts.map((start, at) => {
    const end = starts[at + 1] ?? counts.length;
    let count = 0;
    for (let bin = start; bin < end; bin++) count += counts[bin];
    return count;
  });
}

/** The value below which a share of the counted lies, by a straight line within its bin; NaN for none. */
export function quantileOfBins(
  counts: ArrayLike<number>,
  edges: ArrayLike<number>,
  { min, max }: { readonly min: number; readonly max: number },
  share: number,
): number {
  const rank = share * sumOf(counts);
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin];
    if (count > 0 && below + count >= rank) {
      // Of the last edge alone, and of what is above it, that edge is the lower end.
      const low = Math.max((bin === 0 ? min : edges[Math.min(bin, edges.length) - 1]) ?? min, min);
      const high = bin === edges.length && bin > 0 ? low : Math.min(edges[bin] ?? max, max);
      return low + Math.max(high - low, 0) * ((rank - below) / count);
    }
    below += count;
  }
  return Number.NaN;
}

/**
 * The same in `bins` of equal width from `min` to `max`, each count where the mean of its bin lies, which `sums` tell.
 * Exact where values lie apart from each other as whole numbers do.
 */
export function equalWidth(
  { counts, sums }: { readonly counts: ArrayLike<number>; readonly sums: ArrayLike<number> },
  { min, max }: { readonly min: number; readonly max: number },
  bins: number,
): number[] {
  const shown = new Array<number>(bins).fill(0);
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    const share = max > min ? (sums[bin] / counts[bin] - min) / (max - min) : 0;
    shown[Math.min(Math.max(Math.floor(share * bins), 0), bins - 1)] += counts[bin];
  }
  return shown;
}

function sumOf(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) sum += counts[bin];
  return sum;
}
