import { type KeyboardEvent, useState } from 'react';
import { figure, percent } from '../parts/format.ts';
import './charts.css';
import { tickLabels } from './labels.ts';
import { sharesOf, stairs } from './overlay.ts';
import { scaleOf, shareOf } from './scales.ts';
import { useWidth } from './width.ts';

type BinsProps = {
  /** What is distributed. */
  readonly label: string;
  /** One more than bins. */
  readonly edges: readonly number[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
};

const height = 240;
const margin = { left: 44, right: 12, top: 12, bottom: 26 } as const;
const bottom = height - margin.bottom;
const digits = 4;

/** Two distributions of numbers over the same bins, each as shares of its rows: one as an area, one as a line. */
export function OverlaidBins({ label, edges, ...counts }: BinsProps) {
  const [width, ref] = useWidth();
  const [bin, setBin] = useState<number>();
  const [reference, current] = [sharesOf(counts.reference), sharesOf(counts.current)];
  const bins = edges.length - 1;
  const most = Math.max(...reference, ...current, 1e-9);
  const scale = scaleOf('linear', [0, most], 4);
  const [low, high] = [edges[0], edges[bins]];
  const across = Math.max(1, width - margin.left - margin.right);
  const x = (edge: number) => margin.left + (edge / bins) * across;
  const y = (share: number) => bottom - (share / most) * (bottom - margin.top);
  const labels = scaleOf('linear', [low, high], Math.max(3, Math.min(8, Math.floor(across / 80))));
  const names = tickLabels(labels?.ticks ?? []);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setBin(undefined);
    const moves: Partial<Record<string, number>> = {
      ArrowLeft: (bin ?? bins) - 1,
      ArrowRight: (bin ?? -1) + 1,
      Home: 0,
      End: bins - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setBin(Math.min(Math.max(next, 0), bins - 1));
  };
  return (
    <div ref={ref} className="overlay-frame">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/prefer-tag-over-role -- a chart is read by keyboard as by pointer */}
      <div
        className="overlay"
        role="group"
        aria-label={`Distribution of ${label}: shares of the rows in ${bins} bins from ${figure(low, digits)} to ${figure(high, digits)}, in the reference and in the window`}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
        tabIndex={0}
        onPointerMove={(event) => {
          const left = event.clientX - event.currentTarget.getBoundingClientRect().left;
          const at = Math.floor(((left - margin.left) / across) * bins);
          setBin(at >= 0 && at < bins ? at : undefined);
        }}
        onPointerLeave={() => setBin(undefined)}
        onBlur={() => setBin(undefined)}
        onKeyDown={onKey}
      >
        {width > 0 && (
          <svg width={width} height={height} aria-hidden="true">
            <g className="timeline-axis">
              {scale?.ticks.map((tick) => (
                <g key={tick} transform={`translate(0 ${y(tick).toFixed(1)})`}>
                  <line x1={margin.left} x2={width - margin.right} />
                  <text x={margin.left - 6} y={4} textAnchor="end">
                    {percent(tick)}
                  </text>
                </g>
              ))}
              {labels?.ticks.map((tick, at) => (
                <text
                  key={tick}
                  x={margin.left + (shareOf({ ...labels, low, high }, tick) ?? 0) * across}
                  y={height - 8}
                  textAnchor="middle"
                >
                  {names[at]}
                </text>
              ))}
            </g>
            {bin !== undefined && (
              <rect
                className="overlay-bin"
                x={x(bin)}
                y={margin.top}
                width={across / bins}
                height={bottom - margin.top}
              />
            )}
            <path
              className="overlay-reference"
              d={`${stairs(reference, x, y)}L${x(bins)} ${bottom}L${x(0)} ${bottom}Z`}
            />
            <path className="overlay-current" d={stairs(current, x, y)} />
          </svg>
        )}
      </div>
      {bin !== undefined && (
        <div
          className="chart-tip"
          role="status"
          style={
            x(bin) > width / 2 ? { right: width - x(bin) + 8, top: 8 } : { left: x(bin + 1) + 8, top: 8 }
          }
        >
          <div className="chart-tip-x">
            {bin === 0 ? 'below' : `${figure(edges[bin] ?? 0, digits)} to`}{' '}
            {bin === bins - 1 ? 'and above' : figure(edges[bin + 1] ?? 0, digits)}
          </div>
          <Sides reference={reference[bin]} current={current[bin]} />
        </div>
      )}
    </div>
  );
}

function Sides({ reference = 0, current = 0 }: { readonly reference?: number; readonly current?: number }) {
  return (
    <>
      <div className="chart-tip-row">
        <i className="overlay-swatch reference" /> Reference <b>{percent(reference)}</b>
      </div>
      <div className="chart-tip-row">
        <i className="overlay-swatch current" /> Window <b>{percent(current)}</b>
      </div>
    </>
  );
}

type CategoriesProps = {
  readonly label: string;
  /** `null` is all others. */
  readonly categories: readonly (string | null)[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
};

/** The same of categories: two bars each. */
export function OverlaidCategories({ label, categories, ...counts }: CategoriesProps) {
  const [reference, current] = [sharesOf(counts.reference), sharesOf(counts.current)];
  const most = Math.max(...reference, ...current, 1e-9);
  const shown = categories
    .map((name, at) => ({ name, from: reference[at] ?? 0, to: current[at] ?? 0 }))
    .filter(({ name, from, to }) => name !== null || from > 0 || to > 0);
  return (
    <ul className="overlay-categories" aria-label={`Distribution of ${label}`}>
      {shown.map(({ name, from, to }) => (
        <li key={name ?? ''}>
          <span className={name === null ? 'cut hint' : 'cut'} title={name ?? undefined}>
            {name === null ? 'all others' : name || '(empty)'}
          </span>
          <svg viewBox="0 0 100 18" preserveAspectRatio="none" aria-hidden="true">
            <rect className="overlay-reference" width={(from / most) * 100} height="8" />
            <rect className="overlay-current-bar" y="9" width={(to / most) * 100} height="8" />
          </svg>
          <span className="number">
            <span className="hidden">reference </span>
            {percent(from)}
            <span aria-hidden="true"> → </span>
            <span className="hidden">, window </span>
            {percent(to)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Which of the two is which. */
export function OverlayLegend({
  reference,
  current,
}: {
  readonly reference: string;
  readonly current: string;
}) {
  return (
    <ul className="legend-line" aria-label="Legend">
      <li>
        <i className="overlay-swatch reference" /> {reference}
      </li>
      <li>
        <i className="overlay-swatch current" /> {current}
      </li>
    </ul>
  );
}
