import type { Cell } from '../datasets/index.ts';
import type { PartTable } from '../predictions/index.ts';

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

/**
 * Rows of one side of a comparison. `score` is what the model gave each row, NaN where it gave nothing; `classes` what it
 * predicted, `null` of a model that predicts none.
 */
export type Sample = {
  readonly rows: number;
  readonly features: ReadonlyMap<string, Column>;
  readonly score: Float64Array | null;
  readonly classes: readonly (string | null)[] | null;
};

/** Numbers where every value is one or missing, else categories. */
export function columnOf(cells: readonly Cell[]): Column {
  if (cells.some((cell) => typeof cell === 'string'))
    return { kind: 'categorical', values: cells.map((cell) => (cell === null ? null : String(cell))) };
  return {
    kind: 'numeric',
    values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell))),
  };
}

/** The answers of a sample; nothing where none has any. */
export function answersOf(
  scores: ArrayLike<Cell | undefined>,
  classes: ArrayLike<Cell | undefined>,
): Pick<Sample, 'score' | 'classes'> {
  const score = Float64Array.from(scores as ArrayLike<Cell>, (cell) =>
    typeof cell === 'number' ? cell : Number.NaN,
  );
  const texts = Array.from(classes as ArrayLike<Cell>, (cell) => (typeof cell === 'string' ? cell : null));
  return {
    score: score.every(Number.isNaN) ? null : score,
    classes: texts.every((text) => text === null) ? null : texts,
  };
}
