/** One measured figure. */
export type BenchRow = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value must keep to; absent for figures that only inform. */
  readonly budget?: { readonly min: number } | { readonly max: number };
};

/** Rows as an aligned table, with what each was to keep to and whether it did. */
export function table(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [row.name, figure(row.value), row.unit, budgetOf(row), verdict(row)]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
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
