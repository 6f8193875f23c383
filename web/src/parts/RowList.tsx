import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef, useState } from 'react';
import { Card } from './Card.tsx';
import { SearchField } from './SearchField.tsx';

export type RowColumn<Row> = {
  readonly title: string;
  /** Of the columns that follow the first: a width in CSS. */
  readonly width?: string;
  readonly numeric?: boolean;
  readonly cell: (row: Row) => ReactNode;
};

type RowListProps<Row> = {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** What the filter looks in. */
  readonly rowText: (row: Row) => string;
  readonly columns: readonly RowColumn<Row>[];
  /** In place of the rows where there are none. */
  readonly none: string;
  readonly actions?: ReactNode;
};

const filterFromRows = 8;
const rowPixels = 33;

/** A card of rows to look through: narrowed by a filter, and only those in sight are drawn. */
export function RowList<Row>(props: RowListProps<Row>) {
  const { title, rows, rowKey, rowText, columns, none, actions } = props;
  const [filter, setFilter] = useState('');
  const shown = rows.filter((row) => rowText(row).toLowerCase().includes(filter.toLowerCase()));
  const scroller = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    getItemKey: (at) => rowKey(shown[at]),
    overscan: 8,
  });
  const template = columns.map(({ width }) => width ?? 'minmax(0, 1fr)').join(' ');
  return (
    <Card
      title={
        <>
          {title} {rows.length > 0 && <span className="count">{rows.length}</span>}
        </>
      }
      flush
      actions={
        <>
          {rows.length >= filterFromRows && (
            <SearchField label={`Filter ${title.toLowerCase()}`} value={filter} onChange={setFilter} />
          )}
          {actions}
        </>
      }
    >
      {rows.length === 0 ? (
        <p className="hint card-none">{none}</p>
      ) : (
        <div
          ref={scroller}
          className="row-list"
          role="table"
          aria-label={title}
          aria-rowcount={shown.length + 1}
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
          tabIndex={0}
        >
          <div role="rowgroup" className="row-list-head">
            <div role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
              {columns.map((column) => (
                <span
                  key={column.title}
                  role="columnheader"
                  className={column.numeric ? 'number' : undefined}
                >
                  {column.title}
                </span>
              ))}
            </div>
          </div>
          {shown.length === 0 && <p className="hint card-none">Nothing matches “{filter}”.</p>}
          <div role="rowgroup" className="row-list-body" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, key, start }) => {
              const row = shown[index];
              return (
                <div
                  key={key}
                  ref={virtual.measureElement}
                  data-index={index}
                  role="row"
                  aria-rowindex={index + 2}
                  style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
                >
                  {columns.map((column, at) => (
                    <div
                      key={column.title}
                      role={at === 0 ? 'rowheader' : 'cell'}
                      className={column.numeric ? 'number' : undefined}
                    >
                      {column.cell(row)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </Card>
  );
}

const longCharacters = 60;

/** A text that may be long: one line of it, all of it at a press. */
export function LongText({ text }: { readonly text: string }) {
  const [open, setOpen] = useState(false);
  if (text.length <= longCharacters && !text.includes('\n')) return <span className="clip">{text}</span>;
  return (
    <button
      type="button"
      className={open ? 'long-text open' : 'long-text'}
      aria-expanded={open}
      title={open ? 'Show less' : 'Show all'}
      onClick={() => setOpen(!open)}
    >
      {text}
    </button>
  );
}
