import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { RunSearch } from '../api/runRows.ts';
import { Icon } from '../parts/Icon.tsx';
import { type Line, type Source } from './arrange.ts';
import { type Column, orderField } from './columns.ts';
import { HeadButton, sortOf } from './HeadButton.tsx';
import { useCells } from './queries.ts';
import { RunRowView } from './RunRowView.tsx';

type RunsGridProps = {
  readonly search: RunSearch;
  readonly lines: readonly Line[];
  readonly pinnedIds: readonly string[];
  readonly tokens: readonly (string | undefined)[];
  readonly columns: readonly Column[];
  /** The clause that orders the runs. */
  readonly order: string;
  readonly selected: ReadonlySet<string>;
  readonly experimentNames: ReadonlyMap<string, string>;
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly onOrder: (clause: string) => void;
  readonly onSelect: (selected: ReadonlySet<string>) => void;
  readonly onPin: (runId: string) => void;
  readonly onHide: (runId: string) => void;
  readonly onFold: (id: string) => void;
};

const rowPixels = 34;
const headPixels = 44;
/** In a lower window the page scrolls, lest the table has no room to. */
const usefulPixels = 256;
/** Lines before the end of what has come at which the next page is asked for. */
const aheadLines = 30;

/** The table of runs: of thousands of rows and hundreds of columns, those in view are drawn and asked for. */
export function RunsGrid(props: RunsGridProps) {
  const { search, lines, pinnedIds, tokens, columns, selected, hasMore, onMore, onSelect } = props;
  const scroller = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    getItemKey: (at) => lines[at]?.id ?? at,
    overscan: 8,
    scrollPaddingStart: headPixels,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => columns[at]?.width ?? 0,
    getItemKey: (at) => columns[at]?.id ?? at,
    overscan: 3,
  });
  useEffect(() => across.measure(), [across, columns]);

  const inView = rows.getVirtualItems();
  const cellsInView = across.getVirtualItems();
  const sources = new Set<Source>();
  for (const { index } of inView) {
    const line = lines[index];
    if (line?.kind === 'run') sources.add(line.source);
  }
  const { cells, isPending } = useCells({
    search,
    pinnedIds,
    tokens,
    columns,
    sources: [...sources],
    from: cellsInView[0]?.index ?? 0,
    to: cellsInView.at(-1)?.index ?? -1,
  });

  const lastInView = inView.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastInView >= lines.length - aheadLines) onMore();
  }, [hasMore, lastInView, lines.length, onMore]);

  const runIds = useMemo(() => lines.flatMap((line) => (line.kind === 'run' ? [line.id] : [])), [lines]);
  const isAll = useMemo(
    () => runIds.length > 0 && runIds.every((id) => selected.has(id)),
    [runIds, selected],
  );
  const anchor = useRef<string>(undefined);
  const select = useCallback(
    (id: string, isRange: boolean) => {
      const next = new Set(selected);
      const from = isRange ? runIds.indexOf(anchor.current ?? '') : -1;
      const to = runIds.indexOf(id);
      if (from >= 0)
        for (const each of runIds.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(each);
      else if (!next.delete(id)) next.add(id);
      anchor.current = id;
      onSelect(next);
    },
    [runIds, selected, onSelect],
  );

  return (
    <section
      className="runs-scroll page-fill"
      ref={scroller}
      aria-label="Runs"
      tabIndex={0}
      style={{ minHeight: Math.min(usefulPixels, headPixels + rows.getTotalSize() + 2) }}
    >
      <div
        role="table"
        aria-label="Runs"
        aria-rowcount={hasMore ? -1 : lines.length + 1}
        aria-colcount={columns.length + 1}
        aria-busy={isPending}
        className="runs-sheet"
        style={{ width: `calc(var(--lead) + ${across.getTotalSize()}px)` }}
      >
        <div role="rowgroup" className="runs-head">
          <div role="row" aria-rowindex={1}>
            <div
              role="columnheader"
              aria-colindex={1}
              className="lead"
              aria-sort={sortOf(props.order, 'attributes.run_name')}
            >
              <input
                type="checkbox"
                aria-label="Choose every run that has come"
                checked={isAll}
                onChange={() => onSelect(new Set(isAll ? [] : runIds))}
              />
              <HeadButton {...props} title="Run" field="attributes.run_name" />
            </div>
            {cellsInView.map(({ index, start, size, key }) => {
              const column = columns[index];
              if (!column) return null;
              const field = orderField(column);
              return (
                <div
                  key={key}
                  role="columnheader"
                  aria-colindex={index + 2}
                  aria-sort={sortOf(props.order, field)}
                  className={column.kind === 'metrics' ? 'cell number' : 'cell'}
                  style={{ left: start, width: size }}
                >
                  {column.kind !== 'attributes' && <small>{column.kind.slice(0, -1)}</small>}
                  <HeadButton {...props} title={column.title} field={field} />
                </div>
              );
            })}
          </div>
        </div>
        <div role="rowgroup" className="runs-body" style={{ height: rows.getTotalSize() }}>
          {inView.map(({ index, start, key }) => {
            const line = lines[index];
            if (!line) return null;
            if (line.kind === 'group')
              return (
                <div
                  key={key}
                  role="row"
                  aria-rowindex={index + 2}
                  className="runs-row group"
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <div role="cell" className="lead" aria-colspan={columns.length + 1}>
                    <button
                      type="button"
                      className="quiet"
                      aria-expanded={!line.folded}
                      onClick={() => props.onFold(line.id)}
                    >
                      <Icon name={line.folded ? 'right' : 'down'} size={14} />
                      <strong className="cut">{line.title}</strong>
                      <small>
                        {line.count}
                        {hasMore && index + line.count >= lines.length - 1 ? '+' : ''}
                      </small>
                    </button>
                  </div>
                </div>
              );
            return (
              <RunRowView
                key={key}
                line={line}
                index={index}
                start={start}
                columns={columns}
                cellsInView={cellsInView}
                stored={cells.get(line.id)}
                experimentNames={props.experimentNames}
                isSelected={selected.has(line.id)}
                onSelect={select}
                onPin={props.onPin}
                onHide={props.onHide}
                onFold={props.onFold}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}
