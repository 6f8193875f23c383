import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { Metric, Run } from '../api/types.ts';
import { ChartControls } from '../charts/ChartControls.tsx';
import { useChartSettings } from '../charts/settings.ts';
import { Empty } from '../parts/Empty.tsx';
import { useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { chartPixels, MetricCard } from './MetricCard.tsx';
import { MetricView } from './MetricView.tsx';
import { type Row, rowsOf } from './metric-rows.ts';

const headPixels = 44;
const cardPixels = chartPixels + 58;
const gapPixels = 14;
const cardWidthMin = 380;

/** The curves of a run: those in sight are read and drawn, however many there are. */
export function MetricsTab({ run }: { readonly run: Run }) {
  const [params, setParams] = useParamState();
  const settings = useChartSettings();
  const filter = params.get('q') ?? '';
  const shown = params.get('metric');
  const metrics = run.data.metrics ?? [];
  const found = metrics.filter(({ key }) => key.toLowerCase().includes(filter.toLowerCase()));
  const stepless = metrics.length > 0 && metrics.every(({ step }) => step === 0);
  const axis = settings.axis ?? (stepless ? 'relative' : 'step');
  if (metrics.length === 0)
    return (
      <Empty
        title="No metrics"
        code={`with mlflow.start_run(run_id="${run.info.run_id}"):\n    mlflow.log_metric("loss", 0.25, step=1)`}
      >
        Curves appear here as the run logs values.
      </Empty>
    );
  return (
    <>
      <div className="metric-bar">
        <SearchField label="Find metrics" value={filter} onChange={(q) => setParams({ q })} />
        <ChartControls settings={settings} axis={axis} />
      </div>
      {found.length === 0 ? (
        <Empty title="No such metric">
          None of {metrics.length} has “{filter}” in its name.
        </Empty>
      ) : (
        <CardGrid
          metrics={found}
          card={(metric) => (
            <MetricCard
              run={run}
              metric={metric}
              axis={axis}
              settings={settings}
              onOpen={() => setParams({ metric: metric.key }, { push: true })}
            />
          )}
        />
      )}
      {shown !== null && (
        <MetricView
          run={run}
          metricKey={shown}
          axis={axis}
          settings={settings}
          onClose={() => setParams({ metric: undefined })}
        />
      )}
    </>
  );
}

type CardGridProps = {
  readonly metrics: readonly Metric[];
  readonly card: (metric: Metric) => ReactNode;
};

/** Cards in as many columns as fit, by section; only rows near the window are drawn. */
function CardGrid({ metrics, card }: CardGridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ columns: 2, top: 0 });
  useEffect(() => {
    const element = grid.current;
    const scroller = element?.closest('main');
    if (!element || !scroller) return undefined;
    const measure = () => {
      const columns = Math.max(1, Math.floor((element.clientWidth + gapPixels) / (cardWidthMin + gapPixels)));
      const top =
        element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
      setPlace((old) => (old.columns === columns && old.top === top ? old : { columns, top }));
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  const rows = rowsOf(metrics, place.columns);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => grid.current?.closest('main') ?? null,
    estimateSize: (at) => (rows[at]?.kind === 'head' ? headPixels : cardPixels + gapPixels),
    getItemKey: (at) => keyOf(rows[at]),
    scrollMargin: place.top,
    overscan: 1,
  });
  useEffect(() => virtual.measure(), [virtual, rows.length, place.columns]);
  return (
    <div ref={grid} className="metric-grid" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const row = rows[index];
        const style = { transform: `translateY(${start - place.top}px)` };
        return row.kind === 'head' ? (
          <h2 key={key} className="metric-head" style={style}>
            {row.title} <span className="count">{row.count}</span>
          </h2>
        ) : (
          <div
            key={key}
            className="metric-row"
            style={{ ...style, gridTemplateColumns: `repeat(${place.columns}, minmax(0, 1fr))` }}
          >
            {row.metrics.map((metric) => (
              <div key={metric.key}>{card(metric)}</div>
            ))}
          </div>
        );
      })}
    </div>
  );
}

function keyOf(row: Row): string {
  return row.kind === 'head' ? `head ${row.title}` : `row ${row.metrics[0]?.key}`;
}
