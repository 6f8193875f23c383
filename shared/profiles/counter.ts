import { mergeMoments } from '../stats/index.ts';
import { Binning } from './binning.ts';
import { noCategories } from './categorical.ts';
import type { EdgeSet } from './edges.ts';
import { noNumbers, type NumericCounts } from './numeric.ts';
import { mergeProfiles, type Profile, type ProfileKey, profileOf, type RowTable } from './profile.ts';
import { countScores, mergeScores } from './scores.ts';

/** What was answered to rows: classes with scores, or numbers, each `null` where it is not known. */
export type Answers = {
  readonly classes: ArrayLike<string | null> | null;
  readonly scores: ArrayLike<number | null> | null;
};

/** A table of numbers, [rows, columns], row-major. */
export type Matrix = {
  readonly names: readonly string[];
  readonly data: Float32Array | Float64Array;
  readonly rows: number;
  /** Columns whose values are not to be counted. */
  readonly hidden: ReadonlySet<string>;
};

/** The profile of no rows. */
export function noRowsOf(key: ProfileKey, edges: EdgeSet): Profile {
  return {
    key,
    rows: 0,
    logged: [],
    features: new Map(
      edges.features.map((feature) => [
        feature.name,
        feature.kind === 'numeric' ? noNumbers(feature.edges.length) : noCategories(),
      ]),
    ),
    classes: new Map(),
    scores: noNumbers(edges.score.length),
    sample: [],
    parts: [],
  };
}

/**
 * Counts rows block after block, and goes on from what has been counted `before`. A table of numbers is counted as it
 * lies in memory: no value of it becomes a cell.
 */
export class ProfileCounter {
  readonly #edges: EdgeSet;
  readonly #binnings: ReadonlyMap<string, Binning>;
  readonly #ofScore: Binning;
  #profile: Profile;

  constructor(key: ProfileKey, edges: EdgeSet, before: Profile = noRowsOf(key, edges)) {
    this.#edges = edges;
    this.#profile = before;
    this.#ofScore = new Binning(edges.score);
    this.#binnings = new Map(
      edges.features.flatMap((feature) =>
        feature.kind === 'numeric' ? [[feature.name, new Binning(feature.edges)] as const] : [],
      ),
    );
  }

  /** Of all rows so far; it changes with the next ones. */
  get profile(): Profile {
    return this.#profile;
  }

  /** Counts rows as the log would have them. */
  addTable(table: RowTable): void {
    this.#profile = mergeProfiles(this.#profile, profileOf(table, this.#profile.key, this.#edges));
  }

  /** Counts rows of numbers, and what was answered to them. */
  addMatrix({ names, data, rows, hidden }: Matrix, { classes, scores }: Answers): void {
    const { features, scores: numbers } = this.#profile;
    for (const [name, counts] of features) {
      const { missing } = counts;
      const at = names.indexOf(name);
      const binning = this.#binnings.get(name);
      if (hidden.has(name)) missing.hidden += rows;
      else if (at < 0) missing.absent += rows;
      else if (counts.kind === 'numeric' && binning)
        missing.nans += addNumbers(counts, binning, data, at, names.length);
      else missing.typeErrors += rows;
    }
    if (!classes && scores) {
      const values = Float64Array.from(scores, (score) => score ?? Number.NaN);
      numbers.missing.nulls += addNumbers(numbers, this.#ofScore, values, 0, 1);
    } else if (!classes) numbers.missing.nulls += rows;
    this.#profile = {
      ...this.#profile,
      rows: this.#profile.rows + rows,
      classes: classes
        ? mergeScores(this.#profile.classes, countScores(classes, scores ?? []))
        : this.#profile.classes,
    };
  }
}

/** Counts every `step`th value from the `first` on; says how many are NaN. */
function addNumbers(
  into: NumericCounts,
  binning: Binning,
  data: Float32Array | Float64Array,
  first: number,
  step: number,
): number {
  const { counts, sums, missing } = into;
  const isWhole = counts.length === 1;
  let nans = 0;
  let count = 0;
  // Gaps are taken from one of these values, so that large ones do not swallow how they differ.
  let origin = 0;
  let gaps = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let at = first; at < data.length; at += step) {
    const value = data[at];
    // The difference is NaN for what is not finite, and for nothing else.
    if (value - value !== 0) {
      if (value === Number.POSITIVE_INFINITY) missing.positiveInfinities++;
      else if (value === Number.NEGATIVE_INFINITY) missing.negativeInfinities++;
      else nans++;
      continue;
    }
    const bin = isWhole ? 0 : binning.of(value);
    counts[bin]++;
    sums[bin] += value;
    if (count++ === 0) origin = value;
    const gap = value - origin;
    gaps += gap;
    squares += gap * gap;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return nans;
  const shift = gaps / count;
  const around = { count, mean: origin + shift, squares: Math.max(0, squares - gaps * shift), min, max };
  into.moments = { ...mergeMoments(into.moments, around) };
  return nans;
}
