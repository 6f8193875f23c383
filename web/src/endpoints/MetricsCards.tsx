import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import {
  type Endpoint,
  type EndpointMetrics,
  type MetricSeries,
  type Percentile,
  percentiles,
} from '../api/endpoints.ts';
import { type Theme, useTheme } from '../app/theme.ts';
import { Curves } from '../charts/Curves.tsx';
import type { Curve } from '../charts/curves.ts';
import type { Range } from '../charts/plot.ts';
import { Loaded } from '../parts/Loading.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import {
  batchPoints,
  failurePoints,
  latencyPoints,
  mistakePoints,
  requestsIn,
  spans,
  throughputPoints,
} from './metrics.ts';
import { metricsQuery } from './queries.ts';
import { seriesName } from './words.ts';

const heightPixels = 200;
const usualSpan = '1h';
/** Of a line, by what it shows beside its colour. */
const dashes = { p50: [2, 3], p95: [], p99: [8, 4], mistaken: [2, 3] } as const;

/** How an endpoint did, as plots by deployment and version; read again while one looks. */
export function MetricsCards({ endpoint }: { readonly endpoint: Endpoint }) {
  const { name } = endpoint;
  const [state, change] = useParamState();
  const [isLive, setLive] = useState(true);
  const chosen = oneOf(
    spans.map(({ id }) => id),
    state.get('span') ?? usualSpan,
  );
  const span = spans.find(({ id }) => id === chosen) ?? spans[0];
  const query = useQuery({
    ...metricsQuery(name, span.seconds, span.stepSeconds, isLive),
    placeholderData: keepPreviousData,
  });
  return (
    <section className="metrics" aria-labelledby="metrics-title">
      <div className="row metrics-head">
        <h2 id="metrics-title">Traffic and health</h2>
        <div className="segments" role="group" aria-label="Time span">
          {spans.map(({ id, title }) => (
            <button
              key={id}
              type="button"
              aria-pressed={id === span.id}
              onClick={() => change({ span: id === usualSpan ? undefined : id })}
            >
              {title}
            </button>
          ))}
        </div>
        <label className="check">
          <input type="checkbox" checked={isLive} onChange={({ target }) => setLive(target.checked)} />
          Refresh by itself
        </label>
      </div>
      <Loaded query={query} lines={6}>
        {(metrics) =>
          requestsIn(metrics) === 0 && metrics.series.length === 0 ? (
            <section className="card" aria-label="No calls">
              <p className="hint card-none">
                Nobody has called in this time. Figures follow a call after some seconds.
              </p>
            </section>
          ) : (
            <Plots key={span.id} endpoint={endpoint} metrics={metrics} />
          )
        }
      </Loaded>
    </section>
  );
}

type PlotsProps = { readonly endpoint: Endpoint; readonly metrics: EndpointMetrics };

function Plots({ endpoint, metrics }: PlotsProps) {
  const theme = useTheme();
  const [range, setRange] = useState<Range>();
  const series = useMemo(() => drawnOf(endpoint, metrics, theme), [endpoint, metrics, theme]);
  const [chosen, setChosen] = useState<Percentile | 'all'>();
  // Three lines each are read of a few, not of many.
  const shown = chosen ?? (series.length > 2 ? 'p95' : 'all');
  const latency = useMemo(
    () =>
      series.flatMap((each) =>
        percentiles
          .filter((percentile) => shown === 'all' || shown === percentile)
          .map((percentile) => ({
            ...curveOf(each, ` ${percentile}`, latencyPoints(each, metrics, percentile)),
            dash: shown === 'all' ? dashes[percentile] : [],
          })),
      ),
    [series, metrics, shown],
  );
  const throughput = useMemo(
    () => series.map((each) => curveOf(each, '', throughputPoints(each, metrics))),
    [series, metrics],
  );
  const errors = useMemo(
    () =>
      series.flatMap((each) => [
        curveOf(each, ' failed', failurePoints(each, metrics)),
        { ...curveOf(each, ' refused', mistakePoints(each, metrics)), dash: dashes.mistaken },
      ]),
    [series, metrics],
  );
  const batches = useMemo(
    () => series.map((each) => curveOf(each, '', batchPoints(each, metrics))),
    [series, metrics],
  );
  // What answers elsewhere runs nothing here.
  const hasBatches = batches.some(({ points }) => points.some(({ y }) => Number.isFinite(y)));
  const hasErrors = errors.some(({ points }) => points.some(({ y }) => y > 0));
  const common = {
    axis: 'time',
    kind: 'linear',
    weight: 0,
    height: heightPixels,
    range,
    onRange: setRange,
  } as const;
  return (
    <>
      <ul className="legend-line" aria-label="Lines">
        {series.map(({ name, color }) => (
          <li key={name}>
            <svg width="14" height="8" aria-hidden="true">
              <line x1="0" x2="14" y1="4" y2="4" stroke={color} strokeWidth="2.5" />
            </svg>
            {name}
          </li>
        ))}
      </ul>
      <div className="plots">
        <Plot
          title="Latency, ms"
          note={shown === 'all' ? 'p50 dotted, p95 whole, p99 dashed' : 'of what the server took'}
          actions={
            <select
              aria-label="Percentile"
              value={shown}
              onChange={({ target }) => setChosen(percentiles.find((each) => each === target.value) ?? 'all')}
            >
              {percentiles.map((each) => (
                <option key={each}>{each}</option>
              ))}
              <option>all</option>
            </select>
          }
        >
          <Curves {...common} label="Latency in milliseconds" curves={latency} hidesGaps />
        </Plot>
        <Plot title="Calls a minute" note="with copies">
          <Curves {...common} label="Calls a minute" curves={throughput} />
        </Plot>
        <Plot title="Errors a minute" note="failed (429, 500, 504) whole, refused (other 4xx) dotted">
          {hasErrors ? (
            <Curves {...common} label="Errors a minute" curves={errors} />
          ) : (
            <p className="chart-none hint" style={{ height: heightPixels }}>
              None in this time.
            </p>
          )}
        </Plot>
        {hasBatches && (
          <Plot title="Rows run together" note="mean rows of a run: more are cheaper, and calls share them">
            <Curves {...common} label="Rows run together" curves={batches} hidesGaps />
          </Plot>
        )}
      </div>
    </>
  );
}

type Drawn = MetricSeries & { readonly name: string; readonly color: string };

/** Each series with its colour: a deployment has that of its share of the traffic, others those that are left. */
function drawnOf({ deployments }: Endpoint, { series }: EndpointMetrics, _: Theme): Drawn[] {
  const style = getComputedStyle(document.documentElement);
  const names = deployments.map(({ name }) => name);
  const seen = new Set<string>();
  let free = names.length;
  return series.map((each) => {
    const isFirst = ['stable', 'mirror'].includes(each.variant) && !seen.has(each.deployment);
    const place = names.indexOf(each.deployment);
    if (isFirst) seen.add(each.deployment);
    const at = isFirst && place >= 0 ? place : free++;
    const color = style.getPropertyValue(`--series-${(at % 8) + 1}`).trim();
    return { ...each, name: seriesName(each), color };
  });
}

function curveOf({ name, color }: Drawn, suffix: string, points: Curve['points']): Curve {
  return { id: name + suffix, label: name + suffix, color, points };
}

type PlotProps = {
  readonly title: string;
  readonly note: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
};

function Plot({ title, note, actions, children }: PlotProps) {
  return (
    <section className="card chart-card" aria-label={title}>
      <div className="chart-card-head">
        <h3>{title}</h3>
        {actions}
      </div>
      <p className="chart-note hint">{note}</p>
      {children}
    </section>
  );
}
