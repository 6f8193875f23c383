import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import { type Endpoint, type EndpointMetrics, percentiles } from '../api/endpoints.ts';
import { useTheme } from '../app/theme.ts';
import { colorOf, type Ink } from '../charts/colors.ts';
import { Curves } from '../charts/Curves.tsx';
import type { Curve } from '../charts/curves.ts';
import type { Range } from '../charts/plot.ts';
import { Loaded } from '../parts/Loading.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import {
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
const dashes = { p50: [2, 3], p95: [], p99: [8, 4], failed: [], mistaken: [2, 3] } as const;

/** How an endpoint did, as plots by deployment and version; read again while one looks. */
export function MetricsCards({ endpoint: { name } }: { readonly endpoint: Endpoint }) {
  const [state, change] = useParamState();
  const [isLive, setLive] = useState(true);
  const chosen = oneOf(
    spans.map(({ id }) => id),
    state.get('span') ?? usualSpan,
  );
  const span = spans.find(({ id }) => id === chosen) ?? spans[0];
  const query = useQuery({
    ...metricsQuery(name, span.seconds, span.stepSeconds, isLive),
    placeholderData: (before: EndpointMetrics | undefined) => before,
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
            <Plots key={span.id} metrics={metrics} />
          )
        }
      </Loaded>
    </section>
  );
}

function Plots({ metrics }: { readonly metrics: EndpointMetrics }) {
  const theme = useTheme();
  const [range, setRange] = useState<Range>();
  const series = useMemo(
    () =>
      metrics.series.map((each, index) => {
        const ink: Ink = { index, dash: [] };
        return { ...each, name: seriesName(each), color: colorOf(ink, theme) };
      }),
    [metrics, theme],
  );
  const curves = useMemo(() => {
    const curve = (
      id: string,
      label: string,
      color: string,
      points: Curve['points'],
      dash: readonly number[],
    ) => ({
      id,
      label,
      color,
      points,
      dash,
    });
    return {
      latency: series.flatMap((each) =>
        percentiles.map((percentile) =>
          curve(
            `${each.name} ${percentile}`,
            `${each.name} ${percentile}`,
            each.color,
            latencyPoints(each, metrics, percentile),
            dashes[percentile],
          ),
        ),
      ),
      throughput: series.map((each) =>
        curve(each.name, each.name, each.color, throughputPoints(each, metrics), []),
      ),
      errors: series.flatMap((each) => [
        curve(
          `${each.name} failed`,
          `${each.name} failed`,
          each.color,
          failurePoints(each, metrics),
          dashes.failed,
        ),
        curve(
          `${each.name} refused`,
          `${each.name} refused`,
          each.color,
          mistakePoints(each, metrics),
          dashes.mistaken,
        ),
      ]),
    };
  }, [series, metrics]);
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
        <Plot title="Latency, ms" note="p50 dotted, p95 whole, p99 dashed">
          <Curves {...common} label="Latency in milliseconds" curves={curves.latency} hidesGaps />
        </Plot>
        <Plot title="Calls a minute">
          <Curves {...common} label="Calls a minute" curves={curves.throughput} />
        </Plot>
        <Plot title="Errors a minute" note="failed whole (429, 500, 504), refused dotted (other 4xx)">
          <Curves {...common} label="Errors a minute" curves={curves.errors} />
        </Plot>
      </div>
    </>
  );
}

type PlotProps = { readonly title: string; readonly note?: string; readonly children: ReactNode };

function Plot({ title, note, children }: PlotProps) {
  return (
    <section className="card chart-card" aria-label={title}>
      <div className="chart-card-head">
        <h3>{title}</h3>
        {note !== undefined && <span className="chart-note hint">{note}</span>}
      </div>
      {children}
    </section>
  );
}
