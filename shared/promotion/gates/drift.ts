import type { Cell, Table } from '../../datasets/index.ts';
import {
  categoryCounts,
  frequentCounts,
  numericCounts,
  populationStabilityIndex,
} from '../../stats/index.ts';
import type { GateOf, Verdict } from '../model.ts';

/** A set of rows as it was read: `digest` is `sha256:<hex>` of its file. */
export type DataSet = { readonly uri: string; readonly digest: string; readonly table: Table };

/** Figures of as many features are kept; the worst come first. */
const featuresShownMax = 100;

/**
 * Whether the set that a version was judged on is distributed as its reference set: the population
 * stability index of every feature is at most the threshold. A feature that is text here and a number
 * there, or is missing from one of them, cannot be compared.
 */
export function evaluationDrift(
  { threshold }: GateOf<'evaluation-drift'>,
  evaluation: DataSet,
  reference: DataSet,
  features: readonly string[],
): Verdict {
  const sets = {
    threshold,
    evaluation: { uri: evaluation.uri, digest: evaluation.digest, rows: evaluation.table.rows },
    reference: { uri: reference.uri, digest: reference.digest, rows: reference.table.rows },
  };
  const missing = features.filter(
    (name) => !evaluation.table.columns.includes(name) || !reference.table.columns.includes(name),
  );
  if (features.length === 0 || missing.length > 0)
    return {
      status: 'error',
      says:
        features.length === 0
          ? 'The two sets have no column in common that could be compared.'
          : `One of the two sets lacks ${missing.join(', ')}.`,
      inputs: sets,
    };
  const figures = features
    .map((feature) => ({
      feature,
      psi: stability(reference.table.column(feature), evaluation.table.column(feature)),
    }))
    .toSorted((a, b) => (b.psi ?? Number.POSITIVE_INFINITY) - (a.psi ?? Number.POSITIVE_INFINITY));
  const inputs = { ...sets, features: figures.slice(0, featuresShownMax) };
  const unlike = figures.filter(({ psi }) => psi === null);
  if (unlike.length > 0)
    return {
      status: 'error',
      says: `No figure can be had for ${unlike.map(({ feature }) => feature).join(', ')}: there are no rows, or text on one side and numbers on the other.`,
      inputs,
    };
  const drifted = figures.filter(({ psi }) => psi !== null && psi > threshold);
  const [worst] = figures;
  return {
    status: drifted.length === 0 ? 'passed' : 'failed',
    says:
      drifted.length === 0
        ? `No feature has moved: the largest index is ${worst?.psi?.toFixed(4)}, of ${worst?.feature}; ${threshold} is allowed.`
        : `The evaluation set has moved from the reference set: ${drifted.map(({ feature, psi }) => `${feature} ${psi?.toFixed(4)}`).join(', ')}; ${threshold} is allowed.`,
    inputs,
  };
}

/** `null` where there is nothing to compare. */
function stability(reference: readonly Cell[], current: readonly Cell[]): number | null {
  if (reference.length === 0 || current.length === 0) return null;
  const [isText, wasText] = [hasText(current), hasText(reference)];
  if (isText !== wasText && !isEmpty(reference) && !isEmpty(current)) return null;
  const psi =
    isText || wasText
      ? populationStabilityIndex(
          ...frequentCounts(categoryCounts(texts(reference)), categoryCounts(texts(current))),
        )
      : populationStabilityIndex(...numericCounts(numbers(reference), numbers(current)));
  return Number.isFinite(psi) ? psi : null;
}

const hasText = (cells: readonly Cell[]) => cells.some((cell) => typeof cell === 'string');
const isEmpty = (cells: readonly Cell[]) => cells.every((cell) => cell === null);
const texts = (cells: readonly Cell[]) => cells.map((cell) => (cell === null ? null : String(cell)));
const numbers = (cells: readonly Cell[]) =>
  Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)));
