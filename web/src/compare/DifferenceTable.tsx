import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef } from 'react';
import type { Cell } from '../charts/dimensions.ts';
import { valueText } from '../charts/labels.ts';
import { Chip } from '../parts/Chip.tsx';
import { useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import './compare.css';
import type { CompareRow } from './differences.ts';

const rowPixels = 32;
const columnPixelsMin = 185;
type Line =
  | { readonly kind: 'head'; readonly section: string; readonly differ: number; readonly all: number }
  | { readonly kind: 'row'; readonly row: CompareRow };

export type ComparedColumn = { readonly id: string; readonly head: ReactNode };
type DifferenceTableProps = {
  readonly label: string;
  readonly columns: readonly ComparedColumn[];
  /** Section by section. */
  readonly rows: readonly CompareRow[];
  /** What the field that narrows the rows says it finds. */
  readonly finds: string;
  /** How a cell is shown that is more than a figure or a text. */
  readonly cellText?: (row: CompareRow, cell: Cell) => ReactNode;
};

/** Things side by side as columns, what is said of them as rows: what differs first, or alone. */
export function DifferenceTable({ label, columns, rows, finds, cellText }: DifferenceTableProps) {
  const [params, setParams] = useParamState();
  const onlyDifferences = params.get('only') === 'differences';
  const filter = params.get('q') ?? '';
  const scroller = useRef<HTMLDivElement>(null);
  const lines = linesOf(rows, onlyDifferences, filter);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    overscan: 12,
  });
  const style = { gridTemplateColumns: `var(--key-width) repeat(${columns.length}, minmax(0, 1fr))` };
  // Below this the table scrolls to the side.
  const minWidth = `calc(var(--key-width) + ${columns.length * columnPixelsMin}px)`;
  return (
    <>
      <div className="compare-bar">
        <SearchField label={finds} value={filter} onChange={(q) => setParams({ q })} />
        <label className="check">
          <input
            type="checkbox"
            checked={onlyDifferences}
            onChange={({ target }) => setParams({ only: target.checked ? 'differences' : undefined })}
          />
          Only differences
        </label>
      </div>
      <div
        ref={scroller}
        className="card compare-table"
        role="table"
        aria-label={label}
        aria-rowcount={lines.length + 1}
        aria-colcount={columns.length + 1}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <div role="rowgroup" className="compare-head" style={{ minWidth }}>
          <div role="row" aria-rowindex={1} style={style}>
            <span role="columnheader" className="compare-key">
              <span className="hidden">What</span>
            </span>
            {columns.map(({ id, head }) => (
              <span key={id} role="columnheader" className="compare-run">
                {head}
              </span>
            ))}
          </div>
        </div>
        {lines.length === 0 && (
          <p className="hint card-none">
            {filter === '' ? 'Nothing differs between them.' : `Nothing has “${filter}” in its name.`}
          </p>
        )}
        <div role="rowgroup" className="compare-body" style={{ height: virtual.getTotalSize(), minWidth }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines[index];
            const transform = `translateY(${start}px)`;
            return line.kind === 'head' ? (
              <div
                key={line.section}
                role="row"
                aria-rowindex={index + 2}
                className="compare-section"
                style={{ transform }}
              >
                <span role="rowheader">
                  {line.section}{' '}
                  <span className="count">
                    {line.differ} of {line.all} differ
                  </span>
                </span>
              </div>
            ) : (
              <div
                key={`${line.row.section} ${line.row.key}`}
                role="row"
                aria-rowindex={index + 2}
                className={line.row.differs ? 'differs' : 'same'}
                style={{ ...style, transform }}
              >
                <span role="rowheader" className="compare-key clip" title={line.row.key}>
                  {line.row.key}
                </span>
                {line.row.cells.map((cell, at) => (
                  <span
                    key={columns[at]?.id}
                    role="cell"
                    className="clip"
                    title={cell === undefined ? 'None' : String(cell)}
                  >
                    {cellText?.(line.row, cell) ?? plainText(cell)}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

function plainText(cell: Cell): ReactNode {
  if (cell === undefined) return <span className="hint">–</span>;
  if (cell === '') return <Chip state="empty" />;
  return typeof cell === 'number' ? valueText(cell) : cell;
}

function linesOf(rows: readonly CompareRow[], onlyDifferences: boolean, filter: string): Line[] {
  const wanted = filter.toLowerCase();
  return [...new Set(rows.map(({ section }) => section))].flatMap((section): Line[] => {
    const all = rows.filter((row) => row.section === section && row.key.toLowerCase().includes(wanted));
    const differing = all.filter(({ differs }) => differs);
    const shown = onlyDifferences ? differing : all;
    if (shown.length === 0) return [];
    return [
      { kind: 'head', section, differ: differing.length, all: all.length },
      ...shown.map((row): Line => ({ kind: 'row', row })),
    ];
  });
}
