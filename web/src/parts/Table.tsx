import type { ReactNode } from 'react';

export type TableColumn<Row> = {
  readonly title: ReactNode;
  /** Tells columns apart whose titles are no text. */
  readonly id?: string;
  readonly numeric?: boolean;
  readonly cell: (row: Row) => ReactNode;
};

type TableProps<Row> = {
  /** What the rows are: the table's name to a reader who hears it. */
  readonly label: string;
  /** The first column names the row. */
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
};

/** A table of moderate size, all of it in the page; it scrolls by itself where it is wider than its place. */
export function Table<Row>({ label, columns, rows, rowKey }: TableProps<Row>) {
  const keyOf = (column: TableColumn<Row>) => column.id ?? String(column.title);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <section className="scroll" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={keyOf(column)} scope="col" className={column.numeric ? 'number' : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, at) => {
                const Cell = at === 0 ? 'th' : 'td';
                return (
                  <Cell
                    key={keyOf(column)}
                    scope={at === 0 ? 'row' : undefined}
                    className={column.numeric ? 'number' : undefined}
                  >
                    {column.cell(row)}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
