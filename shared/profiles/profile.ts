import { type CategoryCounts, countCategories, mergeCategories, noCategories } from './categorical.ts';
import type { EdgeSet, FeatureEdges } from './edges.ts';
import { noneMissing } from './missing.ts';
import { countNumbers, mergeNumbers, noNumbers, type NumericCounts } from './numeric.ts';
import { type SampledRow, sampledRow, sampleOf } from './sample.ts';
import { countScores, mergeScores, type ScoresByClass } from './scores.ts';

/** What is counted together: profiles of one key can be added. */
export type ProfileKey = {
  /** Of the version that answered. */
  readonly digest: string;
  readonly edgeSet: string;
  readonly source: 'realtime' | 'mirror' | 'batch';
  /** Which rows: `''` for all. */
  readonly segment: string;
  /** `yyyymmddhh` in UTC; `yyyymmdd` of a day, `yyyymm` of a month, and `''` of any other time. */
  readonly hour: string;
};

export type FeatureCounts = NumericCounts | CategoryCounts;

/** Rows of a buffer that are counted, from `first` on. */
export type RowRange = { readonly buffer: string; readonly first: number; readonly rows: number };

/** What is counted of rows; it holds none of them. */
export type Profile = {
  readonly key: ProfileKey;
  readonly rows: number;
  /** Rows of which the log has the values, by their places; others were counted and not logged. */
  readonly logged: readonly RowRange[];
  /** By name; the features of the edge set and no others. */
  readonly features: ReadonlyMap<string, FeatureCounts>;
  /** Of rows with a class. */
  readonly classes: ScoresByClass;
  /** Scores of rows without a class: what a regressor answers. */
  readonly scores: NumericCounts;
  /** Some of the logged rows, for what needs values. */
  readonly sample: readonly SampledRow[];
  /** What it was made of: parts, each by its name and state. */
  readonly parts: readonly string[];
};

/** Rows by columns, as a part of the log gives them. */
export type RowTable = {
  readonly rows: number;
  readonly columns: readonly string[];
  column(name: string): readonly (string | number | null)[];
  readonly hidden: ReadonlyMap<string, unknown>;
};

/** Counts the rows of a part; `predictionId` is left out of those that are not logged. */
export function profileOf(table: RowTable, key: ProfileKey, edges: EdgeSet): Profile {
  const ids = table.column('predictionId').map(String);
  const classes = table.column('class');
  const scores = table.column('score');
  const numbers = noNumbers(edges.score.length);
  const bare = scores.filter((_, row) => typeof classes[row] !== 'string');
  countNumbers(numbers, bare, edges.score);
  return {
    key,
    rows: table.rows,
    logged: rangesOf(ids),
    features: new Map(edges.features.map((feature) => [feature.name, featureCounts(table, feature)])),
    classes: countScores(classes, scores),
    scores: numbers,
    sample: sampleOf(ids.map(sampledRow)),
    parts: [],
  };
}

function featureCounts(table: RowTable, feature: FeatureEdges): FeatureCounts {
  const name = `in.${feature.name}`;
  const isHidden = table.hidden.has(name);
  const isThere = table.columns.includes(name);
  if (isHidden || !isThere) {
    const missing = { ...noneMissing(), [isHidden ? 'hidden' : 'absent']: table.rows };
    return feature.kind === 'numeric'
      ? { ...noNumbers(feature.edges.length), missing }
      : { ...noCategories(), missing };
  }
  if (feature.kind === 'categorical')
    return countCategories(table.column(name), feature.categories ? new Set(feature.categories) : undefined);
  const counts = noNumbers(feature.edges.length);
  countNumbers(counts, table.column(name), feature.edges);
  return counts;
}

/** The profile of the rows of both. Throws where they are not of one key. */
export function mergeProfiles(a: Profile, b: Profile): Profile {
  const key = keyText(a.key);
  if (key !== keyText(b.key)) throw new Error(`Profiles of ${key} and ${keyText(b.key)} cannot be merged.`);
  return {
    key: a.key,
    rows: a.rows + b.rows,
    logged: joinRanges([...a.logged, ...b.logged]),
    features: new Map(
      [...a.features].map(([name, counts]) => [name, mergeFeatures(counts, b.features.get(name))]),
    ),
    classes: mergeScores(a.classes, b.classes),
    scores: mergeNumbers(a.scores, b.scores),
    sample: sampleOf([...a.sample, ...b.sample]),
    parts: [...a.parts, ...b.parts].toSorted(),
  };
}

function mergeFeatures(a: FeatureCounts, b: FeatureCounts | undefined): FeatureCounts {
  if (a.kind === 'numeric' && b?.kind === 'numeric') return mergeNumbers(a, b);
  if (a.kind === 'categorical' && b?.kind === 'categorical') return mergeCategories(a, b);
  throw new Error('Profiles of one edge set have the same features.');
}

/** The same text for the same key. */
export function keyText({ digest, edgeSet, source, segment, hour }: ProfileKey): string {
  return JSON.stringify([digest, edgeSet, source, segment, hour]);
}

/** The places of rows by their prediction ids. */
export function rangesOf(ids: readonly string[]): RowRange[] {
  return joinRanges(
    ids.map((id) => {
      const { buffer, row } = sampledRow(id);
      return { buffer, first: row, rows: 1 };
    }),
  );
}

/** In order, those that follow upon each other as one. */
export function joinRanges(ranges: readonly RowRange[]): RowRange[] {
  const ordered = ranges.toSorted(
    (a, b) => (a.buffer < b.buffer ? -1 : a.buffer > b.buffer ? 1 : 0) || a.first - b.first,
  );
  const joined: { buffer: string; first: number; rows: number }[] = [];
  for (const range of ordered) {
    const last = joined.at(-1);
    if (last?.buffer === range.buffer && last.first + last.rows === range.first) last.rows += range.rows;
    else joined.push({ ...range });
  }
  return joined;
}
