import { countDistinct, type FeatureCounts, type NumericCounts, scoreBins } from '../profiles/index.ts';
import { equalWidth, quantileOfBins, variance } from '../stats/index.ts';
import type { JobProfile } from './profile.ts';

const quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
const categoriesShown = 20;
const classesShown = 100;
/** Bins of equal width in which numbers are shown: from the least to the largest, scores between 0 and 1. */
const binsShown = 20;
const scoreEdges = Array.from({ length: scoreBins + 1 }, (_, i) => i / scoreBins);

/** What a report says of the rows that were scored: each column that went in, and what came out. */
export function presentProfile({ profile, edges }: JobProfile) {
  const edgesOf = new Map(
    edges.features.map((each) => [each.name, each.kind === 'numeric' ? each.edges : []] as const),
  );
  return {
    rows: profile.rows,
    input: [...profile.features].map(([name, counts]) => ({
      name,
      ...presentColumn(counts, profile.rows, edgesOf.get(name) ?? []),
    })),
    predictions: {
      classes: classesOf(profile),
      value: profile.scores.moments.count > 0 ? presentNumbers(profile.scores, edges.score) : null,
    },
  };
}

function presentColumn(counts: FeatureCounts, rows: number, edges: readonly number[]) {
  const { missing } = counts;
  if (missing.hidden > 0) return { kind: 'hidden', rows };
  const absent = {
    rows,
    missing: missing.nulls + missing.nans + missing.absent + missing.typeErrors,
    infinite: missing.positiveInfinities + missing.negativeInfinities,
  };
  if (counts.kind === 'numeric') return { kind: counts.kind, ...absent, ...presentNumbers(counts, edges) };
  const top = [...counts.counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return {
    kind: counts.kind,
    ...absent,
    distinct: Math.round(countDistinct(counts.distinct)),
    unseen: counts.unseen,
    top: top.slice(0, categoriesShown).map(([value, count]) => ({ value, rows: count })),
  };
}

function presentNumbers({ counts, sums, moments }: NumericCounts, edges: readonly number[]) {
  const { count, mean, min, max } = moments;
  if (count === 0) return { mean: null, std: null, min: null, max: null, quantiles: null, histogram: null };
  return {
    mean,
    std: Math.sqrt(variance(moments)),
    min,
    max,
    quantiles: quantilesOf(counts, edges, { min, max }),
    // Without edges nothing is counted but all of them.
    histogram: edges.length > 0 ? equalWidth({ counts, sums }, { min, max }, binsShown) : null,
  };
}

function quantilesOf(
  counts: ArrayLike<number>,
  edges: readonly number[],
  range: { readonly min: number; readonly max: number },
) {
  return Object.fromEntries(
    quantiles.map((share) => [String(share), quantileOfBins(counts, edges, range, share)]),
  );
}

/** The classes that were predicted, the most frequent first, and how sure the model was of each. */
function classesOf({ classes }: JobProfile['profile']) {
  const all = [...classes].map(([name, { counts, without }]) => ({
    name,
    counts,
    rows: counts.reduce((sum, count) => sum + count, 0) + without,
    scored: counts.some((count) => count > 0),
  }));
  const rows = all.reduce((sum, each) => sum + each.rows, 0);
  return all
    .toSorted((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : 1))
    .slice(0, classesShown)
    .map(({ name, counts, scored, ...each }) => ({
      name,
      rows: each.rows,
      share: each.rows / rows,
      score: scored
        ? {
            quantiles: quantilesOf(inScoreBins(counts), scoreEdges, { min: 0, max: 1 }),
            histogram: shownBins(counts),
          }
        : null,
    }));
}

/** Below 0, the bins between, and above 1, as numbers have them that are counted between edges: 1 itself is a bin there. */
function inScoreBins(counts: Float64Array): number[] {
  return [...counts.subarray(0, scoreBins + 1), 0, counts[scoreBins + 1]];
}

/** Rows by score, in bins of equal width between 0 and 1; what lies outside is in the outermost. */
function shownBins(counts: Float64Array): number[] {
  const shown = new Array<number>(binsShown).fill(0);
  counts.forEach((count, bin) => {
    const at = Math.floor(((bin - 1) * binsShown) / scoreBins);
    shown[Math.min(Math.max(at, 0), binsShown - 1)] += count;
  });
  return shown;
}
