import type { FeatureCounts, Profile } from '../profiles/index.ts';
import {
  type CategoryCounts,
  coarsened,
  coarseStarts,
  ksOfCounts,
  missingCategory,
  namedCategory,
} from '../stats/index.ts';
import { judgeDrift, type Named, type NotComparable } from './check.ts';
import { categoricalFigures, type Compared, numericFigures } from './compare.ts';
import { defaultSettings, type Drift, type MonitorSettings } from './model.ts';

/**
 * Holds what was counted of rows against what was counted of a reference between the same edges, by the rules of a
 * monitor. PSI is over tenths of the reference, open at both ends, with the missing as one more; Kolmogorov and
 * Smirnov's D is over all bins with the missing as the lowest, and at most what it is over the values.
 */
export function profileDrift(
  reference: Profile,
  current: Profile,
  { minRows, thresholds }: Pick<MonitorSettings, 'minRows' | 'thresholds'> = defaultSettings,
): Drift {
  const rows = { reference: reference.rows, current: current.rows };
  if (Math.min(rows.reference, rows.current) < minRows)
    return {
      verdict: 'insufficient-data',
      reason: `The reference has ${rows.reference} rows, and ${rows.current} were scored; at least ${minRows} of each are needed.`,
      rows,
    };
  const compared = [...reference.features].map(([name, counts]) =>
    compare(name, counts, current.features.get(name)),
  );
  const [from, to] = [scoresOf(reference), scoresOf(current)];
  const score = from && to ? { column: 'score', ...compareBins(from, to) } : null;
  return judgeDrift(rows, compared, score, thresholds);
}

function compare(
  column: string,
  reference: FeatureCounts,
  current: FeatureCounts | undefined,
): Named | NotComparable {
  const not = (reason: string): NotComparable => ({ column, verdict: 'not-comparable', reason });
  if (current && current.missing.hidden > 0) return not('The data policy masks or hashes it.');
  if (reference.kind === 'numeric' && current?.kind === 'numeric')
    return { column, ...compareBins(binsOf(reference), binsOf(current)) };
  if (reference.kind === 'categorical' && current?.kind === 'categorical')
    return { column, ...categoricalFigures(categoriesOf(reference), categoriesOf(current)) };
  return not('It was not counted as the reference was.');
}

/** Counts in rising order, and of what is missing. */
type Bins = { readonly counts: Float64Array; readonly missing: number };

function binsOf({ counts, missing }: FeatureCounts & { readonly kind: 'numeric' }): Bins {
  const all = counts.slice();
  all[0] += missing.negativeInfinities;
  all[all.length - 1] += missing.positiveInfinities;
  return { counts: all, missing: absent(missing) };
}

/** The numbers that were answered, or else the probabilities of the classes that were; `null` where there are neither. */
function scoresOf({ scores, classes }: Profile): Bins | null {
  if (scores.moments.count > 0) return binsOf(scores);
  const [first, ...others] = classes.values();
  if (!first) return null;
  const counts = others.reduce(
    (sum, { counts: more }) => sum.map((count, i) => count + more[i]),
    first.counts,
  );
  const without = [...classes.values()].reduce((sum, each) => sum + each.without, 0);
  return counts.every((count) => count === 0) ? null : { counts, missing: without };
}

function compareBins(reference: Bins, current: Bins): Compared {
  const starts = coarseStarts(reference.counts);
  const coarse = ({ counts, missing }: Bins) => [...coarsened(counts, starts), missing];
  const fine = ({ counts, missing }: Bins) => [missing, ...counts];
  return numericFigures([coarse(reference), coarse(current)], (method) =>
    ksOfCounts(fine(reference), fine(current), { method }),
  );
}

type Categorical = Extract<FeatureCounts, { kind: 'categorical' }>;

function categoriesOf({ counts, other, missing }: Categorical): CategoryCounts {
  const named = [...counts].map(([category, count]) => [namedCategory(category), count] as const);
  const rest = [
    [missingCategory, absent(missing)],
    ['other', other],
  ] as const;
  return new Map([...named, ...rest].filter(([, count]) => count > 0));
}

/** Cells without a value that could be compared; infinite numbers are the least and the largest there are. */
function absent({ nulls, nans, typeErrors, hidden, absent: none }: FeatureCounts['missing']): number {
  return nulls + nans + typeErrors + hidden + none;
}
