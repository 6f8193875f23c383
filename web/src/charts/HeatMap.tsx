import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useTheme } from '../app/theme.ts';
import { drawHeat } from './draw-heat.ts';
import { type HeatLayout, type HeatPlace, layoutOf, placeAt } from './heat.ts';
import './charts.css';
import { useWidth } from './width.ts';

export type HeatCell = {
  /** See `wayToBound`; undefined where that is not known. */
  readonly way: number | undefined;
  readonly isMarked: boolean;
};

export type HeatColumn = {
  /** Milliseconds since 1970, in order. */
  readonly at: number;
  /** What begins with it, in few characters. */
  readonly mark?: string | undefined;
};

type HeatMapProps = {
  readonly label: string;
  readonly rows: readonly string[];
  readonly columns: readonly HeatColumn[];
  /** Undefined where nothing is known of a place. */
  readonly cell: (place: HeatPlace) => HeatCell | undefined;
  /** What is said of a place that is pointed at. */
  readonly describe: (place: HeatPlace) => ReactNode;
  readonly chosen: Partial<HeatPlace>;
  readonly onChoose: (place: HeatPlace) => void;
};

const heightPixelsMax = 440;
const tipPixels = 250;
const pageRows = 10;

/**
 * A map of rows over time. However large it is, it is one canvas as large as what is seen of it. The arrow keys go from
 * cell to cell, Enter chooses one.
 */
export function HeatMap(props: HeatMapProps) {
  const { label, rows, columns, cell, describe, chosen, onChoose } = props;
  const theme = useTheme();
  const hintId = useId();
  const [width, widthRef] = useWidth();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<HeatPlace>();
  const [scrolled, setScrolled] = useState({ left: 0, top: 0 });
  const layout = useMemo(() => layoutOf(rows, columns.length, width), [rows, columns.length, width]);
  const height = Math.min(layout.height, heightPixelsMax);

  // The latest is what one comes for.
  useEffect(() => {
    if (scroller.current) scroller.current.scrollLeft = layout.width;
  }, [layout.width]);

  useEffect(() => {
    const drawing = requestAnimationFrame(() => {
      if (canvas.current && width > 0)
        drawHeat(canvas.current, {
          layout,
          rows,
          columns,
          cell,
          chosen,
          scrolled,
          width,
          height,
          theme,
        });
    });
    return () => cancelAnimationFrame(drawing);
  }, [layout, rows, columns, cell, chosen, scrolled, width, height, theme]);

  const placeOf = (event: MouseEvent) => {
    const { left, top } = scroller.current?.getBoundingClientRect() ?? { left: 0, top: 0 };
    return placeAt(layout, { x: event.clientX - left, y: event.clientY - top }, scrolled);
  };
  const onKey = (event: KeyboardEvent) => {
    const from = pointed ?? firstOf(chosen, layout);
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onChoose(from);
      return;
    }
    if (event.key === 'Escape') setPointed(undefined);
    const next = movedBy(event.key, from, layout);
    if (!next) return;
    event.preventDefault();
    // The first key shows where one is.
    const place = pointed ? next : from;
    setPointed(place);
    if (scroller.current) bringIntoView(scroller.current, layout, place);
  };
  return (
    <div ref={widthRef} className="heat">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/prefer-tag-over-role -- a chart is read by keyboard as by pointer */}
      <div
        ref={scroller}
        className="heat-scroll"
        role="group"
        aria-label={label}
        aria-describedby={hintId}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
        tabIndex={0}
        style={{ height }}
        onScroll={({ currentTarget: { scrollLeft: left, scrollTop: top } }) => setScrolled({ left, top })}
        onPointerMove={(event) => {
          const place = placeOf(event);
          if (place?.row !== pointed?.row || place?.column !== pointed?.column) setPointed(place);
        }}
        onPointerLeave={() => setPointed(undefined)}
        onBlur={() => setPointed(undefined)}
        onClick={(event) => {
          const place = placeOf(event);
          if (place) onChoose(place);
        }}
        onKeyDown={onKey}
      >
        <div className="heat-space" style={{ width: layout.width, height: layout.height }}>
          <canvas ref={canvas} style={{ width, height }} aria-hidden="true" />
        </div>
      </div>
      <span id={hintId} className="hidden">
        Arrow keys go from cell to cell, Home and End to the first and the last, Enter chooses.
      </span>
      {pointed && (
        <div className="heat-pointed" style={cellPlace(layout, pointed, scrolled)} aria-hidden="true" />
      )}
      {pointed && (
        <div className="chart-tip" role="status" style={tipPlace(layout, pointed, scrolled, width, height)}>
          {describe(pointed)}
        </div>
      )}
    </div>
  );
}

/** Where the keys begin: at what is chosen, else at the latest of the first row. */
function firstOf({ row, column }: Partial<HeatPlace>, { columns }: HeatLayout): HeatPlace {
  return { row: row ?? 0, column: column ?? columns - 1 };
}

function movedBy(key: string, { row, column }: HeatPlace, layout: HeatLayout): HeatPlace | undefined {
  const moves: Partial<Record<string, HeatPlace>> = {
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    PageUp: { row: row - pageRows, column },
    PageDown: { row: row + pageRows, column },
    Home: { row, column: 0 },
    End: { row, column: layout.columns - 1 },
  };
  const moved = moves[key];
  const within = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1);
  return moved && { row: within(moved.row, layout.rows), column: within(moved.column, layout.columns) };
}

function bringIntoView(element: HTMLElement, layout: HeatLayout, { row, column }: HeatPlace): void {
  const { gutter, columnWidth, rowHeight, top, bottom } = layout;
  const left = column * columnWidth;
  const up = row * rowHeight;
  const [seenAcross, seenDown] = [element.clientWidth - gutter, element.clientHeight - top - bottom];
  element.scrollTo({
    left: Math.max(Math.min(element.scrollLeft, left), left + columnWidth - seenAcross),
    top: Math.max(Math.min(element.scrollTop, up), up + rowHeight - seenDown),
  });
}

/** A frame around a cell. */
function cellPlace(
  { gutter, columnWidth, rowHeight, top }: HeatLayout,
  { row, column }: HeatPlace,
  scrolled: { readonly left: number; readonly top: number },
) {
  return {
    left: gutter + column * columnWidth - scrolled.left - 1.5,
    top: top + row * rowHeight - scrolled.top - 1.5,
    width: columnWidth + 2,
    height: rowHeight + 2,
  };
}

/** Beside the cell, on the side where there is room. */
function tipPlace(
  { gutter, columnWidth, rowHeight, top }: HeatLayout,
  { row, column }: HeatPlace,
  scrolled: { readonly left: number; readonly top: number },
  width: number,
  height: number,
) {
  const left = gutter + (column + 0.5) * columnWidth - scrolled.left;
  const down = Math.min(Math.max(top + (row + 1) * rowHeight - scrolled.top + 4, 0), height);
  if (width < 2 * tipPixels) return { left: 0, right: 0, top: down };
  return left > width - tipPixels
    ? { right: width - left + columnWidth, top: down }
    : { left: left + columnWidth, top: down };
}
