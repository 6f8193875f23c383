import type { Cell } from '../datasets/index.ts';
import type { PartTable } from '../predictions/index.ts';
import type { ReferenceSource } from './model.ts';

/** One column: numbers with NaN for missing, or categories with `null` for missing. */
export type Column = (
  | { readonly kind: 'numeric'; readonly values: Float64Array }
  | { readonly kind: 'categorical'; readonly values: readonly (string | null)[] }
) & {
  /** How its values were hidden before they were logged; absent for values as they were. */
  readonly hidden?: Hidden;
};

/** `mask`, `hash:<key id>`, or `mixed` where the rows do not agree. */
export type Hidden = string;

/** How a column of a part was hidden; `undefined` where it was not. */
export function hiddenIn({ hidden }: PartTable, column: string): Hidden | undefined {
  const how = hidden.get(column);
  return how?.rule === 'hash' ? `hash:${how.key}` : how?.rule;
}

/** Gathers how columns were hidden over parts that may differ, since a data policy can change. */
export function hidings() {
  const found = new Map<string, Hidden | undefined>();
  return {
    add(table: PartTable, names: readonly string[]): void {
      for (const name of names) {
        const here = hiddenIn(table, `in.${name}`);
        found.set(name, !found.has(name) || found.get(name) === here ? here : 'mixed');
      }
    },
    all: (): Record<string, Hidden> =>
      Object.fromEntries([...found].flatMap(([name, how]) => (how === undefined ? [] : [[name, how]]))),
  };
}

/** The same column, with how it was hidden. */
export function hiddenAs(column: Column, hidden: Hidden | undefined): Column {
  return hidden === undefined ? column : { ...column, hidden };
}

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
    sample(hidden: Readonly<Record<string, Hidden>> = {}): Sample {
      const ordered = rows.toSorted((a, b) => a.hash - b.hash);
      return {
        rows: ordered.length,
        features: new Map(
          names.map((name, i) => [
            name,
            hiddenAs(columnOf(ordered.map(({ cells }) => cells[i] ?? null)), hidden[name]),
          ]),
        ),
        score: ordered.every(({ score }) => Number.isNaN(score))
          ? null
          : Float64Array.from(ordered, ({ score }) => score),
      };
    },
  };
}
