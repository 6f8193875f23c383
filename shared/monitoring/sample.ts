import type { Cell } from '../datasets/index.ts';
import type { ReferenceSource } from './model.ts';

/** One column: numbers with NaN for missing, or categories with `null` for missing. */
export type Column =
  | { readonly kind: 'numeric'; readonly values: Float64Array }
  | { readonly kind: 'categorical'; readonly values: readonly (string | null)[] };

/** Rows of one side of a comparison. `score` is what the model gave each row; NaN where it gave nothing. */
export type Sample = {
  readonly rows: number;
  readonly features: ReadonlyMap<string, Column>;
  readonly score: Float64Array | null;
};

/** What a window is held against, and the rows of it that are compared; `null` where there are none. */
export type Reference = { readonly source: ReferenceSource; readonly sample: Sample | null };

/** Numbers where every value is one or missing, else categories. */
export function columnOf(cells: readonly Cell[]): Column {
  if (cells.some((cell) => typeof cell === 'string'))
    return { kind: 'categorical', values: cells.map((cell) => (cell === null ? null : String(cell))) };
  return {
    kind: 'numeric',
    values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell))),
  };
}

type Row = { readonly hash: number; readonly cells: readonly Cell[]; readonly score: number };

/**
 * Draws at most `rowsMax` rows, told apart by a uniform 32-bit hash each: those below a bound that
 * halves whenever there are too many. The same rows give the same sample in whatever order they come.
 */
export function sampler(names: readonly string[], rowsMax: number) {
  let bound = 2 ** 32;
  let rows: Row[] = [];
  return {
    add(hash: number, cells: () => readonly Cell[], score: number): void {
      if (hash >= bound) return;
      rows.push({ hash, cells: cells(), score });
      while (rows.length > rowsMax) {
        bound /= 2;
        rows = rows.filter((row) => row.hash < bound);
      }
    },
    sample(): Sample {
      const ordered = rows.toSorted((a, b) => a.hash - b.hash);
      return {
        rows: ordered.length,
        features: new Map(
          names.map((name, i) => [name, columnOf(ordered.map(({ cells }) => cells[i] ?? null))]),
        ),
        score: ordered.every(({ score }) => Number.isNaN(score))
          ? null
          : Float64Array.from(ordered, ({ score }) => score),
      };
    },
  };
}
