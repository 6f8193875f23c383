import {
  alignCategories,
  azuremlDrift,
  benjaminiHochberg,
  cairnDrifted,
  cairnFigures,
  cairnOfBins,
  cairnOfCategories,
  type DriftPreset,
  evidentlyDrift,
  type Feature,
  fitNannyml,
  jensenShannonDistance,
  normalisedWassersteinOfBins,
} from '../../stats/index.ts';
import type { Bounds } from '../signal.ts';
import type { Counted } from './counted.ts';

/** How far a column moved, by the test of a preset. */
export type Figure = {
  /** As an item names it: `psi`, `wasserstein`, `jensen-shannon`, `ks-p-value`, … */
  readonly metric: string;
  /** NaN where a side has no values. */
  readonly value: number;
  readonly bounds: Bounds;
  /** Whether it lies beyond the bounds, as the preset compares. */
  readonly isBeyond: boolean;
  /** How likely such a move is by chance; absent of a distance. */
  readonly pValue?: number;
  /** The test that gave `pValue` beside the figure, and its statistic. */
  readonly test?: 'ks' | 'chi-square';
  readonly statistic?: number;
};

const metrics: Readonly<Record<string, string>> = {
  ks: 'ks-p-value',
  chisquare: 'chi-square-p-value',
  z: 'z-p-value',
  jensenshannon: 'jensen-shannon',
  jensen_shannon: 'jensen-shannon',
  NormalizedWassersteinDistance: 'wasserstein',
  JensenShannonDistance: 'jensen-shannon',
};

/** Of values; `undefined` for two columns of different kinds. */
export function figureOfValues(
  preset: DriftPreset,
  reference: Feature,
  current: Feature,
  psiMax: number,
): Figure | undefined {
  const pair = alike(reference, current);
  if (!pair) return undefined;
  const [a, b] = pair;
  switch (preset) {
    case 'cairn':
      return ofCairn(cairnFigures(a, b), psiMax);
    case 'evidently':
      return ofPeer(evidentlyDrift(a, b));
    case 'nannyml':
      return ofPeer(fitNannyml(a).driftOf(b));
    case 'azureml':
      return ofPeer(azuremlDrift(a, b));
  }
}

/**
 * Of counts over the same bins. `undefined` where the test of the preset needs values: `exact` says which test that is,
 * since a preset chooses by the values.
 */
export function figureOfCounts(
  preset: DriftPreset,
  reference: Counted,
  current: Counted,
  edges: ArrayLike<number>,
  psiMax: number,
  exact: Figure | undefined,
): Figure | undefined {
  if (preset === 'cairn') {
    if (reference.kind === 'numeric' && current.kind === 'numeric')
      return ofCairn(cairnOfBins(reference.numbers, current.numbers), psiMax);
    if (reference.kind === 'categorical' && current.kind === 'categorical')
      return ofCairn(cairnOfCategories(reference.categories, current.categories), psiMax);
    return undefined;
  }
  // The threshold of NannyML is of chunks of values, and strays as chunks do.
  if (preset === 'nannyml' || !exact || exact.pValue !== undefined) return undefined;
  const value = distance(preset, exact.metric, reference, current, edges);
  if (value === undefined) return undefined;
  const { upper = 0 } = exact.bounds;
  const isBeyond = preset === 'evidently' ? value >= upper : value > upper;
  return { metric: exact.metric, value, bounds: exact.bounds, isBeyond };
}

function distance(
  preset: 'evidently' | 'azureml',
  metric: string,
  reference: Counted,
  current: Counted,
  edges: ArrayLike<number>,
): number | undefined {
  const base = preset === 'evidently' ? 'e' : 2;
  if (reference.kind === 'categorical' && current.kind === 'categorical') {
    if (metric !== 'jensen-shannon') return undefined;
    const named = (counts: ReadonlyMap<string, number>) =>
      new Map([...counts].filter(([name]) => name.startsWith('=') || name === 'other'));
    const both = alignCategories(named(reference.categories), named(current.categories));
    return jensenShannonDistance(both.reference, both.current, base);
  }
  if (reference.kind !== 'numeric' || current.kind !== 'numeric') return undefined;
  if (metric === 'wasserstein')
    return reference.binned && current.binned
      ? normalisedWassersteinOfBins(reference.binned, current.binned, edges, preset === 'azureml' ? 1 : 0)
      : undefined;
  // Few values, each of which has a bin of its own.
  return preset === 'evidently' && metric === 'jensen-shannon'
    ? jensenShannonDistance(reference.numbers.counts, current.numbers.counts, base)
    : undefined;
}

/**
 * Which columns have drifted. Where the preset tests by p-value these are corrected over all columns after Benjamini and
 * Hochberg; distances decide alone.
 *
 * @param falseDiscoveryRate of preset `cairn`
 */
export function driftedOf(
  preset: DriftPreset,
  figures: readonly Figure[],
  falseDiscoveryRate: number,
): boolean[] {
  if (preset === 'cairn')
    return cairnDrifted(
      figures.map(({ value, bounds, pValue = Number.NaN }) => ({
        psi: value,
        pValue,
        bound: bounds.upper ?? 0,
      })),
      { psi: 0, pValue: falseDiscoveryRate },
    );
  const [level = 0] = figures.flatMap(({ pValue, bounds }) =>
    pValue === undefined ? [] : [bounds.lower ?? 0],
  );
  const { rejected } = benjaminiHochberg(
    figures.map(({ pValue = Number.NaN }) => pValue),
    level,
  );
  return figures.map(({ pValue, isBeyond }, at) =>
    pValue === undefined ? isBeyond : isBeyond && rejected[at],
  );
}

function ofCairn(
  {
    psi,
    test,
    statistic,
    pValue,
  }: { psi: number; test: 'ks' | 'chi-square'; statistic: number; pValue: number },
  psiMax: number,
): Figure {
  const bounds = { upper: psiMax };
  return { metric: 'psi', value: psi, bounds, isBeyond: psi >= psiMax, test, statistic, pValue };
}

function ofPeer({
  test,
  score,
  comparison,
  threshold,
  isDrifted,
}: ReturnType<typeof evidentlyDrift>): Figure {
  const isLow = comparison === '<' || comparison === '<=';
  return {
    metric: metrics[test] ?? test,
    value: score,
    bounds: Number.isNaN(threshold) ? {} : isLow ? { lower: threshold } : { upper: threshold },
    isBeyond: isDrifted,
    ...(isLow ? { pValue: score } : {}),
  };
}

/** Two columns of one kind: one without a single value has no kind of its own. */
function alike(a: Feature, b: Feature): readonly [Feature, Feature] | undefined {
  if (a.kind === b.kind) return [a, b];
  const [x, y] = [a.kind === 'numeric' ? asText(a) : a, b.kind === 'numeric' ? asText(b) : b];
  return x && y && [x, y];
}

function asText({ values }: Feature): Feature | undefined {
  const cells = Array.from(values as ArrayLike<unknown>);
  return cells.every(Number.isNaN) ? { kind: 'categorical', values: cells.map(() => null) } : undefined;
}
