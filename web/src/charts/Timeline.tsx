import { type KeyboardEvent, type PointerEvent, useMemo, useState } from 'react';
import { counted, moment } from '../parts/format.ts';
import './charts.css';
import { tickLabels } from './labels.ts';
import { type Scale, shareOf } from './scales.ts';
import {
  type LinePoint,
  runsOf,
  stepOf,
  type TimeLine,
  type TimeMark,
  timesOf,
  timeTicks,
  valueScale,
} from './timeline.ts';
import { useWidth } from './width.ts';

type TimelineProps = {
  readonly label: string;
  readonly lines: readonly TimeLine[];
  readonly marks?: readonly TimeMark[];
  /** The time that the page is about. */
  readonly chosen?: number | undefined;
  readonly format: (value: number) => string;
  readonly onChoose?: (at: number) => void;
};

const height = 210;
const margin = { left: 52, right: 14, top: 22, bottom: 24 } as const;
const dotsMax = 80;
const tipPixels = 250;

/**
 * Figures over windows: a line each, with the band that the true value lies in, the bounds it is held against, and gaps
 * where there is no verdict. The arrow keys go from window to window, Enter chooses one.
 */
export function Timeline(props: TimelineProps) {
  const { label, lines, marks = [], chosen, format, onChoose } = props;
  const [width, ref] = useWidth();
  const [index, setIndex] = useState<number>();
  const times = useMemo(() => timesOf(lines), [lines]);
  const scale = useMemo(() => valueScale(lines), [lines]);
  const step = stepOf(times);
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  const across = Math.max(1, width - margin.left - margin.right);
  const x = (at: number) =>
    margin.left + (last > first ? ((at - first) / (last - first)) * across : across / 2);
  const pointed = index === undefined ? undefined : times[index];

  const onMove = (event: PointerEvent<HTMLElement>) => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left;
    setIndex(nearest(times, (at) => Math.abs(x(at) - left)));
  };
  const onKey = (event: KeyboardEvent) => {
    if ((event.key === 'Enter' || event.key === ' ') && pointed !== undefined && onChoose) {
      event.preventDefault();
      onChoose(pointed);
    }
    if (event.key === 'Escape') setIndex(undefined);
    const moves: Partial<Record<string, number>> = {
      ArrowLeft: (index ?? times.length) - 1,
      ArrowRight: (index ?? -1) + 1,
      Home: 0,
      End: times.length - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setIndex(Math.min(Math.max(next, 0), times.length - 1));
  };

  return (
    <div ref={ref} className="timeline-frame">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/prefer-tag-over-role -- a chart is read by keyboard as by pointer */}
      <div
        className="timeline"
        role="group"
        aria-label={summaryOf(label, lines, format)}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
        tabIndex={0}
        onPointerMove={onMove}
        onPointerLeave={() => setIndex(undefined)}
        onBlur={() => setIndex(undefined)}
        onClick={() => pointed !== undefined && onChoose?.(pointed)}
        onKeyDown={onKey}
      >
        {width > 0 && (
          <svg width={width} height={height} aria-hidden="true">
            <Gaps lines={lines} x={x} step={step} right={width - margin.right} />
            {scale && <ValueAxis scale={scale} width={width} format={format} />}
            <TimeAxis times={times} x={x} pixels={times.length > 1 ? across / (times.length - 1) : across} />
            <Marks marks={marks} x={x} />
            {chosen !== undefined && chosen >= first && chosen <= last && (
              <line className="timeline-chosen" x1={x(chosen)} x2={x(chosen)} y1={margin.top} y2={bottom} />
            )}
            {scale && lines.map((line) => <Line key={line.id} line={line} scale={scale} x={x} step={step} />)}
            {pointed !== undefined && (
              <line className="timeline-cursor" x1={x(pointed)} x2={x(pointed)} y1={margin.top} y2={bottom} />
            )}
          </svg>
        )}
      </div>
      {pointed !== undefined && (
        <Tip at={pointed} lines={lines} marks={marks} format={format} left={x(pointed)} width={width} />
      )}
    </div>
  );
}

const bottom = height - margin.bottom;

function yOf(scale: Scale, value: number): number {
  return bottom - (shareOf(scale, value) ?? 0) * (bottom - margin.top);
}

type PartProps = {
  readonly line: TimeLine;
  readonly scale: Scale;
  readonly x: (at: number) => number;
  readonly step: number;
};

function Line({ line: { color, dash, points }, scale, x, step }: PartProps) {
  const place = (at: number, value: number) => `${x(at).toFixed(1)} ${yOf(scale, value).toFixed(1)}`;
  const path = (run: readonly LinePoint[], value: (point: LinePoint) => number) =>
    run.map((point, at) => `${at === 0 ? 'M' : 'L'}${place(point.at, value(point))}`).join('');
  const runs = runsOf(points, ({ value }) => value !== null, step);
  const bands = runsOf(points, ({ band }) => band !== undefined, step);
  const bounds = (['lower', 'upper'] as const).flatMap((side) =>
    runsOf(points, (point) => point.bounds?.[side] !== undefined, step).map((run) =>
      // A single window has a bound as long as itself.
      run.length === 1 && run[0]
        ? `M${place(run[0].at - step / 3, run[0].bounds?.[side] ?? 0)}L${place(run[0].at + step / 3, run[0].bounds?.[side] ?? 0)}`
        : path(run, (point) => point.bounds?.[side] ?? 0),
    ),
  );
  const dotted = points.length <= dotsMax ? points : runs.flatMap((run) => (run.length === 1 ? run : []));
  return (
    <g style={{ color }}>
      {bands.map((run) => (
        <path
          key={run[0]?.at}
          className="timeline-band"
          d={`${path(run, ({ band }) => band?.upper ?? 0)}${path(run.toReversed(), ({ band }) => band?.lower ?? 0).replace('M', 'L')}Z`}
        />
      ))}
      <path className="timeline-bound" d={bounds.join('')} />
      <path
        className="timeline-line"
        strokeDasharray={dash}
        d={runs.map((run) => path(run, ({ value }) => value ?? 0)).join('')}
      />
      {dotted.map(
        ({ at, value, isBreached }) =>
          value !== null &&
          !isBreached && <circle key={at} cx={x(at)} cy={yOf(scale, value)} r={2} className="timeline-dot" />,
      )}
      {points.map(
        ({ at, value, isBreached }) =>
          value !== null &&
          isBreached && (
            <path
              key={at}
              className="timeline-breach"
              transform={`translate(${x(at).toFixed(1)} ${yOf(scale, value).toFixed(1)})`}
              d="M0 -5L5 0L0 5L-5 0Z"
            />
          ),
      )}
    </g>
  );
}

/** Where no line has a value. */
type GapsProps = Pick<PartProps, 'x' | 'step'> & Pick<TimelineProps, 'lines'> & { readonly right: number };

function Gaps({ lines, x, step, right }: GapsProps) {
  const known = new Set(
    lines.flatMap(({ points }) => points.flatMap(({ at, value }) => (value === null ? [] : [at]))),
  );
  const unknown = timesOf(lines).map((at) => ({ at }));
  return runsOf(unknown, ({ at }) => !known.has(at), step).map((run) => {
    const [from, to] = [x((run[0]?.at ?? 0) - step / 2), x((run.at(-1)?.at ?? 0) + step / 2)];
    const left = Math.max(from, margin.left);
    return (
      <rect
        key={run[0]?.at}
        className="timeline-gap"
        x={left}
        y={margin.top}
        width={Math.max(2, Math.min(to, right) - left)}
        height={bottom - margin.top}
      />
    );
  });
}

type ValueAxisProps = Pick<TimelineProps, 'format'> & { readonly scale: Scale; readonly width: number };

function ValueAxis({ scale, width, format }: ValueAxisProps) {
  const plain = tickLabels(scale.ticks);
  return (
    <g className="timeline-axis">
      {scale.ticks.map((tick, at) => (
        <g key={tick} transform={`translate(0 ${yOf(scale, tick).toFixed(1)})`}>
          <line x1={margin.left} x2={width - margin.right} />
          <text x={margin.left - 7} y={4} textAnchor="end">
            {format(tick).includes('%') ? format(tick) : plain[at]}
          </text>
        </g>
      ))}
    </g>
  );
}

type TimeAxisProps = {
  readonly times: readonly number[];
  readonly x: PartProps['x'];
  readonly pixels: number;
};

function TimeAxis({ times, x, pixels }: TimeAxisProps) {
  return (
    <g className="timeline-axis">
      {timeTicks(times, pixels).map(({ index, label }) => (
        <text key={label + index} x={x(times[index] ?? 0)} y={height - 7} textAnchor="middle">
          {label}
        </text>
      ))}
    </g>
  );
}

const markPixels = 34;

function Marks({ marks, x }: { readonly marks: readonly TimeMark[]; readonly x: PartProps['x'] }) {
  let free = 0;
  return marks.map(({ at, label }) => {
    const left = x(at);
    const hasRoom = left >= free;
    if (hasRoom) free = left + Math.max(markPixels, label.length * 7);
    return (
      <g key={`${at} ${label}`} className="timeline-mark">
        <line x1={left} x2={left} y1={6} y2={bottom} />
        {hasRoom && (
          <text x={left + 4} y={14}>
            {label}
          </text>
        )}
      </g>
    );
  });
}

type TipProps = Pick<TimelineProps, 'lines' | 'format'> & {
  readonly marks: readonly TimeMark[];
  readonly at: number;
  readonly left: number;
  readonly width: number;
};

function Tip({ at, lines, marks, format, left, width }: TipProps) {
  const position =
    width < 2 * tipPixels
      ? { left: 0, right: 0, top: height }
      : left > width - tipPixels
        ? { right: width - left + 12, top: margin.top }
        : { left: left + 12, top: margin.top };
  const begun = marks.flatMap((mark) => (mark.at === at ? [mark.label] : []));
  return (
    <div className="chart-tip" role="status" style={position}>
      <div className="chart-tip-x">{[moment(at), ...begun].join(', ')}</div>
      {lines.map(({ id, label, color, points }) => {
        const point = points.find((each) => each.at === at);
        return (
          point && (
            <div key={id} className="timeline-tip-line">
              <div className="chart-tip-row">
                <i style={{ background: color }} />
                <span className="chart-tip-label">{label}</span>
                <b>{point.value === null ? 'no verdict' : format(point.value)}</b>
                {point.isBreached && <span className="chip bad">breached</span>}
              </div>
              {point.band && (
                <div className="hint">
                  between {format(point.band.lower)} and {format(point.band.upper)}
                </div>
              )}
              {point.bounds && <div className="hint">bound: {boundsText(point.bounds, format)}</div>}
              {point.note !== undefined && <div className="hint">{point.note}</div>}
            </div>
          )
        );
      })}
    </div>
  );
}

function boundsText(
  { lower, upper }: NonNullable<LinePoint['bounds']>,
  format: (value: number) => string,
): string {
  if (lower !== undefined && upper !== undefined) return `${format(lower)} to ${format(upper)}`;
  if (lower !== undefined) return `at least ${format(lower)}`;
  return upper === undefined ? 'none' : `at most ${format(upper)}`;
}

function nearest(times: readonly number[], away: (at: number) => number): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, at] of times.entries()) {
    const distance = away(at);
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

function summaryOf(label: string, lines: readonly TimeLine[], format: (value: number) => string): string {
  const says = lines.map(({ label: name, points }) => {
    const values = points.flatMap(({ value }) => value ?? []);
    const breached = points.filter(({ isBreached }) => isBreached).length;
    const extent =
      values.length === 0
        ? 'no value'
        : `${format(Math.min(...values))} to ${format(Math.max(...values))}, last ${format(values.at(-1) ?? 0)}`;
    return `${name}: ${counted(points.length, 'window')}, ${extent}, ${breached} breached`;
  });
  return `Chart of ${label}. ${says.join('. ')}`;
}
