import {
  alignCategories,
  chiSquareContingency,
  countCategories,
  histogram,
  ksTwoSample,
  openEnded,
  populationStabilityIndex,
  quantileEdges,
} from '../stats/index.ts';
import type { ColumnDrift } from './model.ts';
import type { Column } from './sample.ts';

/** The figures of two columns, before any verdict. */
export type Compared = Omit<Extract<ColumnDrift, { psi: number }>, 'column' | 'verdict'>;

/** Bins of a numeric column, and the share that makes a single value a bin of its own. */
const binsMax = 10;
/** Up to this many pairs of values the exact Kolmogorov–Smirnov distribution takes milliseconds. */
const exactPairsMax = 1_000_000;
/** Categories expected fewer times than this on either side are counted together, as the χ² test wants. */
const expectedMin = 5;

/** Compares two columns of one kind that have rows; `undefined` for two kinds. */
export function compareColumns(reference: Column, current: Column): Compared | undefined {
  // A column without a single value has no kind of its own.
  if (reference.kind === 'numeric' && current.kind === 'numeric')
    return compareNumbers(reference.values, current.values);
  const from = categoriesOf(reference);
  const to = categoriesOf(current);
  return from && to && compareCategories(from, to);
}

/** PSI over bins of the reference, Kolmogorov–Smirnov over the values with missing ones as the lowest. */
function compareNumbers(reference: Float64Array, current: Float64Array): Compared {
  const [from, to] = binned(reference, current);
  const lowest = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
  const { statistic, pValue } = ksTwoSample(reference.map(lowest), current.map(lowest), {
    method: reference.length * current.length <= exactPairsMax ? 'exact' : 'asymptotic',
  });
  return {
    kind: 'numeric',
    psi: populationStabilityIndex(from, to),
    test: 'ks',
    statistic,
    pValue,
    rows: { reference: reference.length, current: current.length },
    missing: { reference: missing(reference), current: missing(current) },
  };
}

/**
 * Counts of both sides: each value that makes up a tenth of the reference or more, quantile bins of its
 * other values (open at both ends), and the missing. So neither ties nor a constant hide a move.
 */
function binned(reference: Float64Array, current: Float64Array): [number[], number[]] {
  const heavy = heavyValues(reference);
  const light = (values: Float64Array) => values.filter((value) => !heavy.has(value));
  const edges = quantileEdges(light(reference), Math.max(binsMax - heavy.size, 2));
  const counts = (values: Float64Array) => {
    const ofHeavy = new Map([...heavy].map((value) => [value, 0]));
    for (const value of values) if (ofHeavy.has(value)) ofHeavy.set(value, (ofHeavy.get(value) ?? 0) + 1);
    const bins = histogram(light(values), edges);
    const ofLight = edges.length > 0 ? openEnded(bins) : [bins.above];
    return [...ofHeavy.values(), ...ofLight, bins.missing];
  };
  return [counts(reference), counts(current)];
}

function heavyValues(values: Float64Array): Set<number> {
  const counts = new Map<number, number>();
  for (const value of values) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count * binsMax >= values.length).map(([value]) => value));
}

type Categories = readonly (string | null)[];

function compareCategories(reference: Categories, current: Categories): Compared {
  const [from, to] = categoryCounts(reference, current);
  const { statistic, pValue } = chiSquareContingency(from, to);
  return {
    kind: 'categorical',
    psi: populationStabilityIndex(from, to),
    test: 'chi-square',
    statistic,
    pValue,
    rows: { reference: reference.length, current: current.length },
    missing: { reference: absent(reference), current: absent(current) },
  };
}

function categoryCounts(reference: Categories, current: Categories): [number[], number[]] {
  const named = (values: Categories) =>
    countCategories(values.map((value) => (value === null ? 'missing' : `=${value}`)));
  const aligned = alignCategories(named(reference), named(current));
  const all = reference.length + current.length;
  const smaller = Math.min(reference.length, current.length);
  const from = [0];
  const to = [0];
  aligned.categories.forEach((_, i) => {
    const [r, c] = [aligned.reference[i], aligned.current[i]];
    const isRare = ((r + c) / all) * smaller < expectedMin;
    const at = isRare ? 0 : from.length;
    from[at] = (from[at] ?? 0) + r;
    to[at] = (to[at] ?? 0) + c;
  });
  return [from, to];
}

/** A column as categories: as it is, or all missing; `undefined` for numbers. */
function categoriesOf({ kind, values }: Column): Categories | undefined {
  if (kind === 'categorical') return values;
  return values.every(Number.isNaN) ? Array.from(values, () => null) : undefined;
}

function missing(values: Float64Array): number {
  return values.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
}

function absent(values: Categories): number {
  return values.filter((value) => value === null).length;
}
