import { benjaminiHochberg } from '../stats/index.ts';
import { compareColumns, type Compared } from './compare.ts';
import type { ColumnDrift, Drift, Thresholds } from './model.ts';
import type { Column, Hidden, Sample } from './sample.ts';

/**
 * Holds the rows of a window against the reference. A column has drifted when it moved far (PSI at
 * least `psi`) and not by chance: its p-value is among those that Benjamini and Hochberg reject at
 * `pValue` over all features; the score stands alone. The window has drifted when the share of drifted
 * features reaches `driftedShare`, or when the score has drifted.
 *
 * A missing value counts as a value below all others, and as a category and bin of its own: a column
 * that is missing altogether on both sides is stable, on one side it has drifted. A constant column is
 * stable as long as it keeps its value. A category that the reference lacks is a category like any
 * other. A feature that one side lacks, or has as another kind, is not comparable and left out of the
 * share; where nothing is comparable, or either side has under `minRows` rows, data are insufficient.
 */
export function checkWindow(
  reference: Sample,
  current: Sample,
  { minRows, thresholds }: { readonly minRows: number; readonly thresholds: Thresholds },
): Drift {
  const rows = { reference: reference.rows, current: current.rows };
  const insufficient = (reason: string): Drift => ({ verdict: 'insufficient-data', reason, rows });
  if (current.rows === 0) return insufficient('The window has no predictions.');
  if (current.rows < minRows)
    return insufficient(`The window has ${current.rows} rows; at least ${minRows} are needed.`);
  if (reference.rows < minRows)
    return insufficient(`The reference has ${reference.rows} rows; at least ${minRows} are needed.`);
  const names = [...new Set([...reference.features.keys(), ...current.features.keys()])];
  const compared = names.map((name) =>
    compare(name, reference.features.get(name), current.features.get(name)),
  );
  return judgeDrift(rows, compared, scoreOf(reference, current), thresholds);
}

/** What figures of columns and of the score say together, by the rules of {@link checkWindow}. */
export function judgeDrift(
  rows: Drift['rows'],
  compared: readonly (Named | NotComparable)[],
  ofScore: Named | null,
  thresholds: Thresholds,
): Drift {
  const comparable = compared.filter((c) => 'pValue' in c);
  const { rejected } = benjaminiHochberg(
    comparable.map(({ pValue }) => pValue),
    thresholds.pValue,
  );
  const drifted = new Set(comparable.filter(({ psi }, i) => rejected[i] && psi >= thresholds.psi));
  const score =
    ofScore && judged(ofScore, ofScore.psi >= thresholds.psi && ofScore.pValue <= thresholds.pValue);
  if (comparable.length === 0 && score === null)
    return {
      verdict: 'insufficient-data',
      reason: 'The window and the reference have no column that can be compared.',
      rows,
    };
  const driftedShare = comparable.length === 0 ? 0 : drifted.size / comparable.length;
  const isDrifted = driftedShare >= thresholds.driftedShare || score?.verdict === 'drifted';
  return {
    verdict: isDrifted ? 'drifted' : 'stable',
    rows,
    features: compared.map((c): ColumnDrift => ('pValue' in c ? judged(c, drifted.has(c)) : c)),
    score,
    driftedShare,
  };
}

export type NotComparable = ColumnDrift & { readonly verdict: 'not-comparable' };
export type Named = Compared & { readonly column: string };

function compare(
  column: string,
  reference: Column | undefined,
  current: Column | undefined,
): Named | NotComparable {
  const not = (reason: string): NotComparable => ({ column, verdict: 'not-comparable', reason });
  if (!reference) return not('The reference does not have it.');
  if (!current) return not('The predictions of the window do not have it.');
  const why = whyHidden(reference.hidden, current.hidden);
  if (why !== undefined) return not(why);
  const compared = compareColumns(reference, current);
  return compared
    ? { column, ...compared }
    : not(`It is ${reference.kind} in the reference and ${current.kind} in the window.`);
}

/** Why a column cannot be compared that holds personal data; hashes by one key can. */
function whyHidden(reference: Hidden | undefined, current: Hidden | undefined): string | undefined {
  if (reference === 'mask' || current === 'mask') return 'The data policy masks it.';
  if (reference === current && current !== 'mixed') return undefined;
  return 'Its data policy, or the key it is hashed by, changed between the rows that are compared.';
}

function scoreOf(reference: Sample, current: Sample): Named | null {
  if (!reference.score || !current.score) return null;
  const numeric = (values: Float64Array): Column => ({ kind: 'numeric', values });
  const compared = compareColumns(numeric(reference.score), numeric(current.score));
  return compared ? { column: 'score', ...compared } : null;
}

function judged(compared: Named, isDrifted: boolean): ColumnDrift {
  return { ...compared, verdict: isDrifted ? 'drifted' : 'stable' };
}
