import { useState } from 'react';
import { type Cell, type Dimension, placeOf } from './dimensions.ts';
import { valueText } from './labels.ts';
import { ticksOf } from './ticks.ts';
import { useWidth } from './width.ts';

export type ScatterPoint = {
  readonly id: string;
  readonly label: string;
  readonly color: string;
  readonly href: string;
  readonly x: Cell;
  readonly y: Cell;
};

type ScatterProps = {
  readonly label: string;
  readonly x: Dimension;
  readonly y: Dimension;
  readonly points: readonly ScatterPoint[];
  readonly focus: string | undefined;
};

const heightPixels = 460;
const margin = { left: 86, right: 24, top: 16, bottom: 52 } as const;
const radiusPixels = 6;
/** Between the outermost points and the edge, so that both are whole. */
const insetPixels = 16;
const labelCharacters = 12;
const tipPixels = 240;

/** Runs as points: one thing said of them against another. */
export function Scatter({ label, x, y, points, focus }: ScatterProps) {
  const [width, ref] = useWidth();
  const [pointed, setPointed] = useState<string>();
  const inner = {
    width: Math.max(1, width - margin.left - margin.right),
    height: heightPixels - margin.top - margin.bottom,
  };
  const left = (share: number) => margin.left + insetPixels + share * (inner.width - 2 * insetPixels);
  const top = (share: number) => margin.top + insetPixels + (1 - share) * (inner.height - 2 * insetPixels);
  const first = pointed ?? focus;
  const placed = points
    .flatMap((point) => {
      const [across, up] = [placeOf(x, point.x), placeOf(y, point.y)];
      return across === undefined || up === undefined
        ? []
        : [{ ...point, across: left(across), up: top(up) }];
    })
    .toSorted((a, b) => Number(a.id === first) - Number(b.id === first));
  const tip = placed.find(({ id }) => id === first);
  return (
    <div ref={ref} className="scatter">
      {width > 0 && (
        <svg width={width} height={heightPixels} role="group" aria-label={label}>
          <g className="axis">
            {ticksOf(x).map((tick) => (
              <g key={tick.label} transform={`translate(${left(tick.share)} 0)`}>
                <line y1={margin.top} y2={margin.top + inner.height} />
                <text y={margin.top + inner.height + 18} textAnchor="middle">
                  {short(tick.label)}
                </text>
              </g>
            ))}
            {ticksOf(y).map((tick) => (
              <g key={tick.label} transform={`translate(0 ${top(tick.share)})`}>
                <line x1={margin.left} x2={margin.left + inner.width} />
                <text x={margin.left - 8} y={4} textAnchor="end">
                  {short(tick.label)}
                </text>
              </g>
            ))}
            <text
              className="axis-title"
              x={margin.left + inner.width / 2}
              y={heightPixels - 8}
              textAnchor="middle"
            >
              {titleOf(x)}
            </text>
            <text
              className="axis-title"
              textAnchor="middle"
              transform={`translate(14 ${margin.top + inner.height / 2}) rotate(-90)`}
            >
              {titleOf(y)}
            </text>
          </g>
          {placed.map(({ id, label: name, color, href, across, up, ...point }) => (
            <a
              key={id}
              href={href}
              aria-label={`${name}: ${cellText(point.x)}, ${cellText(point.y)}`}
              onPointerEnter={() => setPointed(id)}
              onPointerLeave={() => setPointed(undefined)}
              onFocus={() => setPointed(id)}
              onBlur={() => setPointed(undefined)}
            >
              <circle
                cx={across}
                cy={up}
                r={id === first ? radiusPixels + 2 : radiusPixels}
                fill={color}
                className={first !== undefined && id !== first ? 'back' : undefined}
              />
            </a>
          ))}
        </svg>
      )}
      {tip && (
        <div
          className="chart-tip"
          role="status"
          style={
            tip.across > width - tipPixels
              ? { right: width - tip.across + 12, top: tip.up }
              : { left: tip.across + 12, top: tip.up }
          }
        >
          <div className="chart-tip-row">
            <i style={{ background: tip.color }} />
            <span className="chart-tip-label">{tip.label}</span>
          </div>
          {[x, y].map((dimension, at) => (
            <div key={dimension.key} className="chart-tip-row">
              <span className="chart-tip-label hint">{titleOf(dimension)}</span>
              <b>{cellText(at === 0 ? tip.x : tip.y)}</b>
            </div>
          ))}
        </div>
      )}
      {placed.length < points.length && (
        <p className="hint scatter-note">
          {points.length - placed.length} of {points.length} runs have no value here that can be drawn.
        </p>
      )}
    </div>
  );
}

function titleOf(dimension: Dimension): string {
  const log = dimension.kind === 'numbers' && dimension.scale.kind === 'log' ? ' (log)' : '';
  return dimension.key.replace(/^(params|metrics)\./, '') + log;
}

function cellText(cell: Cell): string {
  return typeof cell === 'number' ? valueText(cell) : (cell ?? 'none');
}

function short(label: string): string {
  return label.length > labelCharacters ? `${label.slice(0, labelCharacters - 1)}…` : label;
}
