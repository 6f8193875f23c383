import type { FeatureCounts, NumericCounts, Profile } from '../../profiles/index.ts';
import {
  type CategoryCounts,
  type CountedNumbers,
  equalWidth,
  missingCategory,
  namedCategory,
  quantileOfBins,
} from '../../stats/index.ts';

/** A column as it was counted, in the words of the statistics. */
export type Counted =
  | {
      readonly kind: 'numeric';
      readonly numbers: CountedNumbers;
      /** With the sums of the bins; absent of scores, which have none. */
      readonly binned?: NumericCounts;
      readonly missing: number;
    }
  | { readonly kind: 'categorical'; readonly categories: CategoryCounts; readonly missing: number };

/** A feature: infinite numbers are the least and the largest there are. */
export function countedFeature(counts: FeatureCounts): Counted {
  const missing = missingIn(counts);
  if (counts.kind === 'numeric') {
    const all = counts.counts.slice();
    all[0] += counts.missing.negativeInfinities;
    all[all.length - 1] += counts.missing.positiveInfinities;
    return { kind: 'numeric', numbers: { counts: all, missing }, binned: counts, missing };
  }
  const named = [...counts.counts].map(([category, count]) => [namedCategory(category), count] as const);
  const rest = [
    [missingCategory, missing],
    ['other', counts.other],
  ] as const;
  const categories = new Map([...named, ...rest].filter(([, count]) => count > 0));
  return { kind: 'categorical', categories, missing };
}

/** The numbers that were answered, or else the probabilities of the classes that were; `null` where there are neither. */
export function countedScores({ scores, classes }: Profile): Counted | null {
  if (scores.moments.count > 0) return countedFeature(scores);
  const [first, ...others] = classes.values();
  if (!first) return null;
  const counts = others.reduce(
    (sum, { counts: more }) => sum.map((count, i) => count + more[i]),
    first.counts,
  );
  const missing = [...classes.values()].reduce((sum, each) => sum + each.without, 0);
  return counts.every((count) => count === 0)
    ? null
    : { kind: 'numeric', numbers: { counts, missing }, missing };
}

/** How often each class was predicted; `null` where none was. */
export function countedClasses({ classes }: Profile): Counted | null {
  if (classes.size === 0) return null;
  const rows = [...classes].map(
    ([name, { counts, without }]) =>
      [namedCategory(name), counts.reduce((sum, count) => sum + count, without)] as const,
  );
  return { kind: 'categorical', categories: new Map(rows), missing: 0 };
}

/** Cells without a value that could be compared. */
function missingIn({ missing }: FeatureCounts): number {
  return missing.nulls + missing.nans + missing.typeErrors + missing.hidden + missing.absent;
}

/** How both sides are distributed, over the same at most {@link shownBins} bins or categories. */
export type Overlay =
  | {
      readonly kind: 'numeric';
      /** One more than bins; what lies outside is in the first and the last. */
      readonly edges: readonly number[];
      readonly reference: readonly number[];
      readonly current: readonly number[];
    }
  | {
      readonly kind: 'categorical';
      /** The most frequent; `null` is all others together. */
      readonly categories: readonly (string | null)[];
      readonly reference: readonly number[];
      readonly current: readonly number[];
    };

const shownBins = 30;
const tail = 0.01;

/** `undefined` where nothing was counted that could be shown. */
export function overlayOf(
  reference: Counted | null | undefined,
  current: Counted | null | undefined,
  edges: ArrayLike<number>,
): Overlay | undefined {
  if (!reference || !current) return undefined;
  if (reference.kind === 'numeric' && current.kind === 'numeric')
    return reference.binned && current.binned
      ? overlayOfNumbers(reference.binned, current.binned, edges)
      : overlayOfScores(reference.numbers, current.numbers);
  if (reference.kind === 'categorical' && current.kind === 'categorical')
    return overlayOfCategories(reference.categories, current.categories);
  return undefined;
}

function overlayOfNumbers(a: NumericCounts, b: NumericCounts, edges: ArrayLike<number>): Overlay | undefined {
  const sides = [a, b].filter(({ moments }) => moments.count > 0);
  if (sides.length === 0) return undefined;
  // What is far outside the reference would leave it a single bin.
  const range = (side: NumericCounts, share: number) =>
    side === b && a.moments.count > 0
      ? quantileOfBins(side.counts, edges, side.moments, share)
      : share < 0.5
        ? side.moments.min
        : side.moments.max;
  const min = Math.min(...sides.map((side) => range(side, tail)));
  const max = Math.max(...sides.map((side) => range(side, 1 - tail)));
  const width = (max - min) / shownBins;
  return {
    kind: 'numeric',
    edges: Array.from({ length: shownBins + 1 }, (_, bin) => min + bin * width),
    reference: equalWidth(a, { min, max }, shownBins),
    current: equalWidth(b, { min, max }, shownBins),
  };
}

/** Of scores between 0 and 1, with what is outside in the bins at the ends. */
function overlayOfScores(a: CountedNumbers, b: CountedNumbers): Overlay {
  const coarse = ({ counts }: CountedNumbers) => {
    const inside = counts.length - 2;
    const shown = new Array<number>(shownBins).fill(0);
    for (let bin = 0; bin < counts.length; bin++) {
      const at = Math.floor(((Math.min(Math.max(bin, 1), inside) - 1) / inside) * shownBins);
      shown[at] = (shown[at] ?? 0) + counts[bin];
    }
    return shown;
  };
  const edges = Array.from({ length: shownBins + 1 }, (_, bin) => bin / shownBins);
  return { kind: 'numeric', edges, reference: coarse(a), current: coarse(b) };
}

function overlayOfCategories(a: CategoryCounts, b: CategoryCounts): Overlay {
  const both = new Map(a);
  for (const [name, count] of b) both.set(name, (both.get(name) ?? 0) + count);
  const named = [...both.keys()].filter((name) => name.startsWith('='));
  const shown = named.toSorted((x, y) => (both.get(y) ?? 0) - (both.get(x) ?? 0)).slice(0, shownBins - 1);
  const rest = (counts: CategoryCounts) =>
    [...counts].reduce((sum, [name, count]) => (shown.includes(name) ? sum : sum + count), 0);
  const of = (counts: CategoryCounts) => [...shown.map((name) => counts.get(name) ?? 0), rest(counts)];
  return {
    kind: 'categorical',
    categories: [...shown.map((name) => name.slice(1)), null],
    reference: of(a),
    current: of(b),
  };
}
