import { createHash } from 'node:crypto';
import { doaneEdges, quantileEdgesOf, sortedFinite } from '../stats/index.ts';
import { nameOf } from './categorical.ts';

/** How the columns of one version are counted, fixed by its reference set once and for all. */
export type EdgeSet = {
  readonly v: 1;
  /** Of all that follows: counts of one set can be added, those of two cannot. */
  readonly id: string;
  readonly features: readonly FeatureEdges[];
  /** Edges for the number that a regressor answers; none for a classifier. */
  readonly score: readonly number[];
};

export type FeatureEdges = { readonly name: string } & (
  | { readonly kind: 'numeric'; readonly edges: readonly number[] }
  /** `categories` are those of the reference; `null` where there are too many to tell a new one. */
  | { readonly kind: 'categorical'; readonly categories: readonly string[] | null }
);

/** A column of a reference set; a missing value is `null` or NaN. */
export type ReferenceColumn = {
  readonly name: string;
  readonly cells: ArrayLike<string | number | null>;
};

const quantileBins = 256;
const tailLog2 = { first: 9, last: 19 };
const knownCategoriesMax = 4_096;

/**
 * The edges of a reference set: of a column of numbers 256 quantiles, the quantiles 2⁻⁹ … 2⁻¹⁹ of both tails, Doane's
 * equal-width bins and the deciles, so that the histograms other tools make of the reference can be made of the counts
 * exactly; of text its categories. With `isFloat32` the values are rounded first as the model will get them, so that
 * one that the reference has lies in the same bin when it is asked with.
 */
export function edgeSetOf(
  columns: readonly ReferenceColumn[],
  { score = [], isFloat32 = false }: { score?: ArrayLike<number>; isFloat32?: boolean } = {},
): EdgeSet {
  const features = columns
    .map(({ name, cells }): FeatureEdges => {
      return hasText(cells)
        ? { name, kind: 'categorical', categories: categoriesOf(cells) }
        : { name, kind: 'numeric', edges: edgesOf(cells as ArrayLike<number | null>, isFloat32) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const content = { v: 1, features, score: edgesOf(score, false) } as const;
  const id = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  return { ...content, id };
}

function edgesOf(cells: ArrayLike<number | null>, isFloat32: boolean): number[] {
  const rounded = (value: number) => (isFloat32 ? Math.fround(value) : value);
  const numbers = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) numbers[row] = rounded(cells[row] ?? Number.NaN);
  const values = sortedFinite(numbers);
  const tails = Array.from(
    { length: tailLog2.last - tailLog2.first + 1 },
    (_, i) => 2 ** -(tailLog2.first + i),
  );
  const ranks = tails.flatMap((share) => [share, 1 - share]).map((share) => share * (values.length - 1));
  const edges = [
    ...quantileEdgesOf(values, quantileBins),
    ...quantileEdgesOf(values, 10),
    ...doaneEdges(values),
    // Of the values themselves: beyond the quantiles they are too few to look between them.
    ...(values.length === 0 ? [] : ranks.map((rank) => values[Math.round(rank)])),
  ];
  // −0 is 0, to JSON as well.
  return [...new Set(edges.map((edge) => edge + 0))].toSorted((a, b) => a - b);
}

function hasText(cells: ArrayLike<unknown>): boolean {
  for (let row = 0; row < cells.length; row++) if (typeof cells[row] === 'string') return true;
  return false;
}

function categoriesOf(cells: ArrayLike<string | number | null>): string[] | null {
  const found = new Set<string>();
  for (let row = 0; row < cells.length && found.size <= knownCategoriesMax; row++) {
    const cell = cells[row];
    if (cell !== null) found.add(nameOf(String(cell)));
  }
  return found.size > knownCategoriesMax ? null : [...found].toSorted();
}
