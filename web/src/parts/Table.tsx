import { Fragment, type ReactNode } from 'react';
import { Icon } from './Icon.tsx';

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
  /** Keys of rows that are chosen; with it each row has a box to choose it by. */
  readonly chosen?: ReadonlySet<string>;
  /** What a row's box is called by; its key unless told. */
  readonly rowName?: (row: Row) => string;
  readonly onChoose?: (chosen: ReadonlySet<string>) => void;
  /** What is shown below an open row. */
  readonly detail?: (row: Row) => ReactNode;
};

/** A table of moderate size, all of it in the page; it scrolls by itself where it is wider than its place. */
export function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
  chosen,
  rowName = rowKey,
  onChoose,
  detail,
}: TableProps<Row>) {
  const keys = rows.map(rowKey);
  const all = chosen !== undefined && keys.length > 0 && keys.every((key) => chosen.has(key));
  const keyOf = (column: TableColumn<Row>) => column.id ?? String(column.title);
  return (
    <section className="scroll" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {chosen && (
              <td className="choice">
                <input
                  type="checkbox"
                  aria-label="Choose all"
                  checked={all}
                  onChange={() => onChoose?.(new Set(all ? [] : keys))}
                />
              </td>
            )}
            {columns.map((column) => (
              <th key={keyOf(column)} scope="col" className={column.numeric ? 'number' : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const below = detail?.(row);
            return (
              <Fragment key={rowKey(row)}>
                <tr>
                  {chosen && (
                    <td className="choice">
                      <input
                        type="checkbox"
                        aria-label={`Choose ${rowName(row)}`}
                        checked={chosen.has(rowKey(row))}
                        onChange={() => onChoose?.(toggled(chosen, rowKey(row)))}
                      />
                    </td>
                  )}
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
                {below && (
                  <tr className="detail">
                    <td colSpan={columns.length + (chosen ? 1 : 0)}>{below}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

type SortTitleProps = {
  readonly title: string;
  /** The field of the server's order by that this column shows. */
  readonly field: string;
  /** The order now: a field and ASC or DESC. */
  readonly order: string;
  readonly onSort: (order: string) => void;
};

/** A column's title that orders the list by it: downwards first, then upwards. */
export function SortTitle({ title, field, order, onSort }: SortTitleProps) {
  const [by, direction] = order.split(' ');
  const sorted = by === field;
  const down = sorted && direction === 'DESC';
  return (
    <button
      type="button"
      className="sort"
      aria-pressed={sorted}
      title={`Order by ${title.toLowerCase()}, ${down ? 'ascending' : 'descending'}`}
      onClick={() => onSort(`${field} ${down ? 'ASC' : 'DESC'}`)}
    >
      {title}
      {sorted && <Icon name={down ? 'down' : 'up'} size={12} />}
    </button>
  );
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}
