import { type KeyboardEvent, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../app/theme.ts';
import { counted } from '../parts/format.ts';
import './charts.css';
import { type Columns, columnsOf, type Curve, undrawnOf } from './curves.ts';
import { valueText, xText } from './labels.ts';
import { plotOptions, type Range } from './plot.ts';
import type { Axis } from './points.ts';
import type { ScaleKind } from './scales.ts';

export type CurvesProps = {
  /** What is drawn: the chart's name to a reader who hears it. */
  readonly label: string;
  readonly curves: readonly Curve[];
  readonly axis: Axis;
  readonly kind: ScaleKind;
  /** Of the smoothing, from 0 to below 1. */
  readonly weight: number;
  readonly height: number;
  readonly range: Range | undefined;
  /** The curve to show before the others. */
  readonly focus?: string | undefined;
  /** Whether gaps are as they should be, and not to be told of. */
  readonly hidesGaps?: boolean;
  /** A part of x was chosen by dragging; undefined by a double click or Escape: all of it again. */
  readonly onRange: (range: Range | undefined) => void;
};

type Hover = {
  readonly left: number;
  readonly top: number;
  /** Of the whole chart, in pixels. */
  readonly width: number;
  readonly x: number;
  readonly shown: readonly Shown[];
};
type Shown = { readonly curve: Curve; readonly value: number; readonly smooth: number | undefined };

/** Curves over one x. Drag to look closer, double click or Escape to see all; the arrow keys go from point to point. */
export function Curves(props: CurvesProps) {
  const { curves, axis, kind, weight, height, hidesGaps = false } = props;
  const theme = useTheme();
  const columns = useMemo(() => columnsOf(curves, weight, kind), [curves, weight, kind]);
  const undrawn = useMemo(() => undrawnOf(curves, kind), [curves, kind]);
  const look = curves.map(({ id, color, dash }) => `${id} ${color} ${dash?.join()}`).join('\n');
  if (!columns.slice(1).some((ys) => ys.some((y) => typeof y === 'number')))
    return (
      <p className="chart-none hint" style={{ height }}>
        {undrawn === 0
          ? 'No points.'
          : kind === 'log'
            ? 'No positive value for a log scale.'
            : 'No finite value to draw.'}
      </p>
    );
  return (
    <div className="chart-frame">
      {/* A plot is made for a set of lines and axes; what changes more often is handed to it. */}
      <Plot key={[look, weight > 0, axis, kind, height, theme].join('\n')} {...props} columns={columns} />
      {undrawn > 0 && !hidesGaps && (
        <p className="chart-undrawn" title="NaN, infinities, and on a log scale what is not positive">
          {counted(undrawn, 'point')} not drawable
        </p>
      )}
    </div>
  );
}

function Plot({
  label,
  curves,
  axis,
  kind,
  weight,
  height,
  range,
  focus,
  onRange,
  columns,
}: CurvesProps & { readonly columns: Columns }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [hover, setHover] = useState<Hover>();
  const choose = useEffectEvent(onRange);
  const follow = useEffectEvent((self: uPlot) => setHover(hoverOf(self, curves, weight > 0)));
  const optionsFor = useEffectEvent((width: number) =>
    plotOptions({
      curves,
      smoothing: weight > 0,
      axis,
      kind,
      width,
      height,
      onRange: (chosen) => choose(chosen),
      onHover: (self) => follow(self),
    }),
  );

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const made = new uPlot(optionsFor(element.clientWidth), undefined, element);
    plot.current = made;
    const sizes = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: made.height }));
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, []);

  useEffect(() => {
    plot.current?.batch(() => {
      // uPlot declares tuples that may be written; it does not write them.
      plot.current?.setData(columns as unknown as uPlot.AlignedData, false);
      const [min, max] = rangeOfX(range, columns[0]);
      plot.current?.setScale('x', { min, max });
    });
  }, [columns, range]);

  useEffect(() => {
    const at = curves.findIndex(({ id }) => id === focus);
    const per = weight > 0 ? 2 : 1;
    // The series of a smoothed curve is the one behind it as it was logged.
    plot.current?.setSeries(at === -1 ? null : at * per + per, { focus: true });
  }, [focus, curves, weight]);

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a chart is read by keyboard as by pointer
    <div
      className="chart"
      role="group"
      aria-label={summaryOf(label, curves)}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
      tabIndex={0}
      onKeyDown={(event) => onKey(event, plot.current, () => onRange(undefined))}
      onPointerLeave={() => setHover(undefined)}
      onBlur={() => setHover(undefined)}
    >
      <div ref={place} className="chart-place" style={{ height }} />
      {hover && <Tip hover={hover} axis={axis} many={curves.length > 1} />}
    </div>
  );
}

function rangeOfX(range: Range | undefined, xs: readonly number[]): Range {
  if (range) return range;
  const low = xs[0];
  const high = xs[xs.length - 1];
  // A single x stands in the middle.
  return low === high ? [low - 1, high + 1] : [low, high];
}

const tipPixels = 230;
const tipCurvesMax = 12;

function Tip({ hover, axis, many }: { readonly hover: Hover; readonly axis: Axis; readonly many: boolean }) {
  const { left, top, width, x, shown } = hover;
  const flipped = left > width - tipPixels;
  const position = flipped ? { right: width - left + 12, top } : { left: left + 12, top };
  return (
    <div className="chart-tip" role="status" style={position}>
      <div className="chart-tip-x">{xText(axis, x)}</div>
      {shown.slice(0, tipCurvesMax).map(({ curve, value, smooth }) => (
        <div key={curve.id} className="chart-tip-row">
          <i style={{ background: curve.color }} />
          {many && <span className="chart-tip-label">{curve.label}</span>}
          <b>{valueText(value)}</b>
          {smooth !== undefined && <span className="chart-tip-smooth">≈ {valueText(smooth)}</span>}
        </div>
      ))}
      {shown.length > tipCurvesMax && <div className="hint">and {shown.length - tipCurvesMax} more</div>}
    </div>
  );
}

/** The values at the cursor, those nearest to it first. */
function hoverOf(plot: uPlot, curves: readonly Curve[], smoothing: boolean): Hover | undefined {
  const { idx, idxs, left = -1, top = -1 } = plot.cursor;
  if (idx === null || idx === undefined || left < 0) return undefined;
  const per = smoothing ? 2 : 1;
  const shown = curves.flatMap((curve, at): (Shown & { away: number })[] => {
    const column = 1 + at * per;
    const row = idxs?.[column];
    const value = row === null || row === undefined ? undefined : plot.data[column]?.[row];
    if (row === null || row === undefined || typeof value !== 'number') return [];
    const smooth = smoothing ? plot.data[column + 1]?.[row] : undefined;
    return [
      {
        curve,
        value,
        smooth: typeof smooth === 'number' ? smooth : undefined,
        away: Math.abs(plot.valToPos(smooth ?? value, 'y') - top),
      },
    ];
  });
  const row = idxs?.slice(1).find((each) => each !== null && each !== undefined) ?? idx;
  const x = plot.data[0][shown.length === 1 ? row : idx];
  if (shown.length === 0 || x === undefined) return undefined;
  const nearest = shown.toSorted((a, b) => a.away - b.away);
  return {
    left: left + plot.over.offsetLeft,
    top: Math.max(0, top - 10),
    width: plot.width,
    x,
    shown: nearest,
  };
}

function onKey(event: KeyboardEvent, plot: uPlot | undefined, reset: () => void): void {
  if (!plot) return;
  const xs = plot.data[0];
  const at = plot.cursor.idx;
  const moves: Partial<Record<string, number>> = {
    ArrowLeft: (at ?? xs.length) - 1,
    ArrowRight: (at ?? -1) + 1,
    Home: 0,
    End: xs.length - 1,
  };
  const next = moves[event.key];
  if (event.key === 'Escape') reset();
  if (next === undefined) return;
  event.preventDefault();
  const x = xs[Math.min(Math.max(next, 0), xs.length - 1)];
  if (x !== undefined) plot.setCursor({ left: plot.valToPos(x, 'x'), top: plot.over.clientHeight / 2 });
}

function summaryOf(label: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const ys = points.map(({ y }) => y).filter((y) => Number.isFinite(y));
  const extent =
    ys.length === 0
      ? ''
      : `, from ${valueText(ys.reduce((low, y) => Math.min(low, y)))} to ${valueText(ys.reduce((high, y) => Math.max(high, y)))}`;
  const lines = curves.length > 1 ? `${counted(curves.length, 'curve')}, ` : '';
  return `Chart of ${label}: ${lines}${counted(points.length, 'point')}${extent}`;
}
