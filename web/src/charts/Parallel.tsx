import { type PointerEvent, useState } from 'react';
import { figure } from '../parts/format.ts';
import { axisAt, type Area, type Brush, type Cell, type Dimension, pathOf, within } from './dimensions.ts';
import { ticksOf } from './ticks.ts';
import { useWidth } from './width.ts';

export type ParallelLine = {
  readonly id: string;
  readonly label: string;
  readonly color: string;
  readonly dash: readonly number[];
  /** One for each dimension. */
  readonly cells: readonly Cell[];
};

type ParallelProps = {
  readonly label: string;
  readonly dimensions: readonly Dimension[];
  readonly lines: readonly ParallelLine[];
  readonly brushes: readonly Brush[];
  /** A part of an axis was chosen by dragging along it, or none of it by a press. */
  readonly onBrush: (key: string, brush: Brush | undefined) => void;
  readonly focus: string | undefined;
  readonly onOpen: (id: string) => void;
};

const heightPixels = 440;
const margin = { left: 90, right: 90, top: 44, bottom: 46 } as const;
const missingPixels = 26;
const brushPixels = 22;
const dragPixelsMin = 4;

/** Lines from axis to axis: how what runs were told goes with what came out. */
export function Parallel({ label, dimensions, lines, brushes, onBrush, focus, onOpen }: ParallelProps) {
  const [width, ref] = useWidth();
  const [pointed, setPointed] = useState<string>();
  const area: Area = {
    left: margin.left,
    right: Math.max(width - margin.right, margin.left + 1),
    top: margin.top,
    bottom: heightPixels - margin.bottom,
    missingAt: heightPixels - margin.bottom + missingPixels,
  };
  const first = pointed ?? focus;
  // What is looked at is drawn last, over the others.
  const ordered = lines.toSorted((a, b) => Number(a.id === first) - Number(b.id === first));
  const gap = dimensions.length > 1 ? (area.right - area.left) / (dimensions.length - 1) : width;
  const anyMissing = lines.some(({ cells }) => cells.includes(undefined));
  return (
    <div ref={ref} className="parallel">
      {width > 0 && (
        <svg width={width} height={heightPixels} role="group" aria-label={label}>
          {anyMissing && (
            <text className="axis-none" x={8} y={area.missingAt + 4}>
              none
            </text>
          )}
          {ordered.map((line) => {
            const chosen = within(dimensions, line.cells, brushes);
            const state = line.id === first ? 'first' : !chosen || first !== undefined ? 'back' : '';
            const path = pathOf(dimensions, line.cells, area);
            return (
              <g
                key={line.id}
                className={`parallel-line ${state}`}
                onPointerEnter={() => setPointed(line.id)}
                onPointerLeave={() => setPointed(undefined)}
                onClick={() => onOpen(line.id)}
              >
                <title>{line.label}</title>
                <path d={path} className="reach" />
                <path d={path} stroke={line.color} strokeDasharray={line.dash.join(' ')} />
              </g>
            );
          })}
          {dimensions.map((dimension, at) => (
            <ParallelAxis
              key={dimension.key}
              dimension={dimension}
              x={axisAt(area, dimensions.length, at)}
              area={area}
              gap={gap}
              last={at === dimensions.length - 1 && at > 0}
              brush={brushes.find(({ key }) => key === dimension.key)}
              onBrush={(brush) => onBrush(dimension.key, brush)}
            />
          ))}
        </svg>
      )}
    </div>
  );
}

type ParallelAxisProps = {
  readonly dimension: Dimension;
  readonly x: number;
  readonly area: Area;
  readonly gap: number;
  readonly last: boolean;
  readonly brush: Brush | undefined;
  readonly onBrush: (brush: Brush | undefined) => void;
};

const titleCharacterPixels = 6.6;
const stepShare = 0.1;
const endShare = 0.02;

function ParallelAxis({ dimension, x, area, gap, last, brush, onBrush }: ParallelAxisProps) {
  const [from, setFrom] = useState<number>();
  const height = area.bottom - area.top;
  const shareAt = (event: PointerEvent<SVGRectElement>) => {
    const { top } = event.currentTarget.getBoundingClientRect();
    const share = 1 - (event.clientY - top) / height;
    // Who goes near an end means the end.
    return share < endShare ? 0 : share > 1 - endShare ? 1 : share;
  };
  const ticks = ticksOf(dimension);
  const name = dimension.key.replace(/^(params|metrics)\./, '');
  const characters = Math.max(6, Math.floor((gap - 12) / titleCharacterPixels));
  const shown = name.length > characters ? `${name.slice(0, characters - 1)}…` : name;
  const labelCharacters = Math.max(
    4,
    Math.floor((Math.min(gap, last ? margin.right : gap) - 24) / titleCharacterPixels),
  );
  const { low = 0, high = 1 } = brush ?? {};
  return (
    <g className="parallel-axis">
      <text className="axis-title" x={x} y={18} textAnchor="middle">
        <title>{name}</title>
        {shown}
      </text>
      <text className="axis-kind" x={x} y={32} textAnchor="middle">
        {dimension.key.startsWith('params.') ? 'param' : 'metric'}
        {dimension.kind === 'numbers' && dimension.scale.kind === 'log' ? ', log' : ''}
      </text>
      <line x1={x} x2={x} y1={area.top} y2={area.bottom} />
      {ticks.map(({ label, share }) => (
        <g key={label} transform={`translate(${x} ${area.bottom - share * height})`}>
          <line x1={-4} x2={0} />
          <text x={last ? 8 : -8} y={4} textAnchor={last ? 'start' : 'end'}>
            <title>{label}</title>
            {label.length > labelCharacters ? `${label.slice(0, labelCharacters - 1)}…` : label}
          </text>
        </g>
      ))}
      {brush && (
        <rect
          className="brush"
          x={x - brushPixels / 2}
          width={brushPixels}
          y={area.bottom - high * height}
          height={Math.max(2, (high - low) * height)}
        />
      )}
      <rect
        className="brush-reach"
        role="slider"
        tabIndex={0}
        aria-label={`Range of ${name}`}
        aria-orientation="vertical"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(low * 100)}
        aria-valuetext={
          brush ? `from ${figure(low * 100, 2)} to ${figure(high * 100, 2)} % of the axis` : 'all of the axis'
        }
        x={x - brushPixels / 2}
        width={brushPixels}
        y={area.top}
        height={height}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom(shareAt(event));
        }}
        onPointerMove={(event) => {
          if (from === undefined) return;
          const share = shareAt(event);
          if (Math.abs(share - from) * height < dragPixelsMin) return;
          onBrush({ key: dimension.key, low: Math.min(from, share), high: Math.max(from, share) });
        }}
        onPointerUp={(event) => {
          if (from !== undefined && Math.abs(shareAt(event) - from) * height < dragPixelsMin)
            onBrush(undefined);
          setFrom(undefined);
        }}
        onKeyDown={(event) => {
          const next = brushedBy(event.key, event.shiftKey, low, high);
          if (!next) return;
          event.preventDefault();
          onBrush(next === 'all' ? undefined : { key: dimension.key, low: next[0], high: next[1] });
        }}
      />
    </g>
  );
}

/** The arrow keys move the lower end of a brush, with Shift the upper one; Escape takes it away. */
function brushedBy(
  key: string,
  shift: boolean,
  low: number,
  high: number,
): readonly [number, number] | 'all' | undefined {
  if (key === 'Escape') return 'all';
  const by = key === 'ArrowUp' ? stepShare : key === 'ArrowDown' ? -stepShare : 0;
  if (by === 0) return undefined;
  const round = (share: number) => Math.round(share * 100) / 100;
  return shift
    ? [low, round(Math.min(1, Math.max(high + by, low + stepShare)))]
    : [round(Math.max(0, Math.min(low + by, high - stepShare))), high];
}
