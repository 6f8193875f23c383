/** One measured figure. */
export type BenchRow = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value must keep to; absent for figures that only inform. */
  readonly budget?: { readonly min: number } | { readonly max: number };
};

/** What a part measured; `text` shows the figures that have no budget in a form of the part's own. */
export type BenchResult = { readonly rows: readonly BenchRow[]; readonly text?: string };

/** `quick` asks for less of everything: to try a change, not to judge it. `whole` asks for what takes very long too. */
export type BenchOptions = { readonly quick: boolean; readonly whole: boolean };

/** Rows as an aligned table, with what each was to keep to and whether it did. */
export function table(rows: readonly BenchRow[]): string {
  return aligned(
    rows.map((row) => [row.name, figure(row.value), row.unit, budgetOf(row), verdict(row)]),
    (column) => column === 1,
  );
}

/** Cells in columns, the first one text, the others numbers. */
export function columns(rows: readonly (readonly string[])[]): string {
  return aligned(rows, (column) => column > 0);
}

function aligned(rows: readonly (readonly string[])[], isNumber: (column: number) => boolean): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Whether a figure keeps to its budget; `true` where it has none. */
export function keeps({ value, budget }: BenchRow): boolean {
  if (budget === undefined) return true;
  return 'min' in budget ? value >= budget.min : value <= budget.max;
}

function budgetOf({ budget }: BenchRow): string {
  if (budget === undefined) return '';
  return 'min' in budget ? `≥ ${figure(budget.min)}` : `≤ ${figure(budget.max)}`;
}

function verdict(row: BenchRow): string {
  if (row.budget === undefined) return '';
  return keeps(row) ? 'kept' : 'MISSED';
}

function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
