import type { VirtualItem } from '@tanstack/react-virtual';
import { memo } from 'react';
import type { RunRow } from '../api/runRows.ts';
import { Cell, NameCell } from './cells.tsx';
import type { Column } from './columns.ts';

type RunRowViewProps = Parameters<typeof NameCell>[0] & {
  readonly index: number;
  readonly start: number;
  readonly columns: readonly Column[];
  readonly cellsInView: readonly VirtualItem[];
  readonly stored: RunRow | undefined;
  readonly experimentNames: ReadonlyMap<string, string>;
};

/** One run. Scrolling draws the table anew with each frame, so a row that did not change is not. */
export const RunRowView = memo((props: RunRowViewProps) => {
  const { line, index, start, columns, cellsInView, stored, experimentNames, isSelected } = props;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={`runs-row${isSelected ? ' selected' : ''}${line.pinned ? ' pinned' : ''}`}
      style={{ transform: `translateY(${start}px)` }}
    >
      <NameCell {...props} />
      {cellsInView.map(({ index: at, start: left, size, key }) => {
        const column = columns[at];
        return (
          column && (
            <div
              key={key}
              role="cell"
              aria-colindex={at + 2}
              className={column.kind === 'metrics' ? 'cell number' : 'cell'}
              style={{ left, width: size }}
            >
              <Cell column={column} run={line.run} stored={stored} experimentNames={experimentNames} />
            </div>
          )
        );
      })}
    </div>
  );
});
