import type { FeatureCounts, Profile } from '../profiles/index.ts';
import { cairnDrifted, type CairnFigures, cairnOfBins, cairnOfCategories } from '../stats/index.ts';
import { type Counted, countedFeature, countedScores } from './drift/counted.ts';

/** How one column of some rows compares to the reference. Missing values are a value of their own in both figures. */
export type ColumnDrift =
  | ({
      readonly column: string;
      readonly verdict: 'stable' | 'drifted';
      readonly kind: 'numeric' | 'categorical';
      readonly rows: RowCounts;
      readonly missing: RowCounts;
    } & CairnFigures)
  | { readonly column: string; readonly verdict: 'not-comparable'; readonly reason: string };

/** What inputs and scores say against the reference, without labels. */
export type Drift =
  | { readonly verdict: 'insufficient-data'; readonly reason: string; readonly rows: RowCounts }
  | {
      readonly verdict: 'stable' | 'drifted';
      readonly rows: RowCounts;
      readonly features: readonly ColumnDrift[];
      readonly score: ColumnDrift | null;
      /** Drifted features over comparable features. */
      readonly driftedShare: number;
    };

type RowCounts = { readonly reference: number; readonly current: number };

type Bounds = { readonly psi: number; readonly pValue: number; readonly driftedShare: number };

type Compared = Omit<Extract<ColumnDrift, { psi: number }>, 'column' | 'verdict'>;
type Column = { readonly column: string } & ({ readonly figures: Compared } | { readonly why: string });

/** Holds what was counted of rows against what was counted of a reference between the same edges, by preset `cairn`. */
export function profileDrift(
  reference: Profile,
  current: Profile,
  { minRows, thresholds }: { readonly minRows: number; readonly thresholds: Bounds },
): Drift {
  const rows = { reference: reference.rows, current: current.rows };
  if (Math.min(rows.reference, rows.current) < minRows)
    return {
      verdict: 'insufficient-data',
      reason: `The reference has ${rows.reference} rows, and ${rows.current} were scored; at least ${minRows} of each are needed.`,
      rows,
    };
  const columns = [...reference.features].map(([name, counts]) =>
    compare(name, counts, current.features.get(name), rows),
  );
  const comparable = columns.flatMap((each) => ('figures' in each ? [each.figures] : []));
  const flags = cairnDrifted(comparable, thresholds);
  const drifted = new Set(comparable.filter((_, at) => flags[at]));
  const [from, to] = [countedScores(reference), countedScores(current)];
  const ofScore = from && to ? figuresOf(from, to, rows) : undefined;
  const [isScore = false] = ofScore ? cairnDrifted([ofScore], thresholds) : [];
  if (comparable.length === 0 && !ofScore)
    return {
      verdict: 'insufficient-data',
      reason: 'The window and the reference have no column that can be compared.',
      rows,
    };
  const driftedShare = comparable.length === 0 ? 0 : drifted.size / comparable.length;
  return {
    verdict: driftedShare >= thresholds.driftedShare || isScore ? 'drifted' : 'stable',
    rows,
    features: columns.map(
      (each): ColumnDrift =>
        'figures' in each
          ? judged(each.column, each.figures, drifted.has(each.figures))
          : { column: each.column, verdict: 'not-comparable', reason: each.why },
    ),
    score: ofScore ? judged('score', ofScore, isScore) : null,
    driftedShare,
  };
}

function compare(
  column: string,
  reference: FeatureCounts,
  current: FeatureCounts | undefined,
  rows: RowCounts,
): Column {
  if (current && current.missing.hidden > 0) return { column, why: 'The data policy masks or hashes it.' };
  const figures = current && figuresOf(countedFeature(reference), countedFeature(current), rows);
  return figures ? { column, figures } : { column, why: 'It was not counted as the reference was.' };
}

function figuresOf(from: Counted, to: Counted, rows: RowCounts): Compared | undefined {
  const missing = { reference: from.missing, current: to.missing };
  if (from.kind === 'numeric' && to.kind === 'numeric')
    return { kind: 'numeric', ...cairnOfBins(from.numbers, to.numbers), rows, missing };
  if (from.kind === 'categorical' && to.kind === 'categorical')
    return { kind: 'categorical', ...cairnOfCategories(from.categories, to.categories), rows, missing };
  return undefined;
}

function judged(column: string, figures: Compared, isDrifted: boolean): ColumnDrift {
  return { column, verdict: isDrifted ? 'drifted' : 'stable', ...figures };
}
