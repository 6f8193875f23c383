import { histogram, openEnded, quantileEdges } from './bins.ts';
import { alignCategories, type CategoryCounts, countCategories } from './categories.ts';

/** Bins of a numeric column, and the share that makes a single value a bin of its own. */
const binsMax = 10;
/** Categories expected fewer times than this on either side are counted together, as the χ² test wants. */
const expectedMin = 5;

/**
 * Counts of two numeric columns over the same bins: each value that makes up a tenth of the reference or
 * more, quantile bins of its other values (open at both ends), and the missing (NaN). So neither ties nor a
 * constant hide a move.
 */
export function numericCounts(reference: Float64Array, current: Float64Array): [number[], number[]] {
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

/** What a value that is missing counts as. */
export const missingCategory = 'missing';

/** What a category counts as: whatever it is called, it is not {@link missingCategory}. */
export function namedCategory(category: string): string {
  return `=${category}`;
}

/** How often each category of a column is there, the missing (`null`) being one of them. */
export function categoryCounts(values: readonly (string | null)[]): CategoryCounts {
  return countCategories(values.map((value) => (value === null ? missingCategory : namedCategory(value))));
}

/** Two counts of categories over the same ones, the rare ones together as the first. */
export function frequentCounts(reference: CategoryCounts, current: CategoryCounts): [number[], number[]] {
  const aligned = alignCategories(reference, current);
  const rows = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
  const all = rows(aligned.reference) + rows(aligned.current);
  const smaller = Math.min(rows(aligned.reference), rows(aligned.current));
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

function heavyValues(values: Float64Array): Set<number> {
  const counts = new Map<number, number>();
  for (const value of values) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count * binsMax >= values.length).map(([value]) => value));
}
