import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Monitor, MonitorHistoryPoint, MonitorResult } from '../api/types.ts';
import { useTheme } from '../app/theme.ts';
import { Timeline } from '../charts/Timeline.tsx';
import { type TimeLine, versionMarks } from '../charts/timeline.ts';
import { Loaded } from '../parts/Loading.tsx';
import { useParamState } from '../parts/params.ts';
import { heading, shown } from './figures.ts';
import { historyQuery } from './queries.ts';
import { SegmentSelect, useSegment } from './SegmentSelect.tsx';
import { useWindowChoice } from './WindowBar.tsx';
import { sentence, signals, signalMeanings, type SignalName } from './words.ts';

type HistoryTabProps = { readonly monitor: Monitor; readonly chosen: MonitorResult };

const performance = ['performance', 'estimated-performance'] as const;
const others = signals.filter((name) => !performance.some((each) => each === name));
/** Signals whose items are figures of the window itself, not of features. */
const severalFigures: readonly string[] = ['traffic', 'latency', 'concept-drift'];

/** Every figure over the last windows: how good predictions were, and all else that is watched. */
export function HistoryTab({ monitor, chosen }: HistoryTabProps) {
  const segment = useSegment();
  return (
    <>
      <div className="row">
        <SegmentSelect monitor={monitor} result={chosen} />
        <span className="hint">
          Dashed: the bound. Shaded: where the true value is likely to lie. Grey: no verdict; point at it to
          see why. A diamond: breached. Choose a window to see all of it.
        </span>
      </div>
      {segment === '' && <PerformanceCard monitor={monitor} chosen={chosen} />}
      <div className="plots">
        {others
          .filter((name) => monitor.signals[name]?.enabled)
          .map((name) => (
            <SignalCard key={name} monitor={monitor} chosen={chosen} signal={name} segment={segment} />
          ))}
      </div>
    </>
  );
}

/** The realised figure and what it was estimated to be, over each other. */
function PerformanceCard({ monitor, chosen }: HistoryTabProps) {
  const [state, change] = useParamState();
  const theme = useTheme();
  const known = metricsOf(chosen, performance);
  const metric = state.get('metric') ?? undefined;
  const realised = useQuery(historyQuery(monitor.name, performance[0], '', metric));
  const estimated = useQuery(historyQuery(monitor.name, performance[1], '', metric));
  const headline = chosen.signals.find(({ signal }) => signal === performance[0])?.metric ?? 'accuracy';
  const shownMetric = metric ?? headline;
  const marks = versionMarks(pointsOf(realised.data?.points.length ? realised.data : estimated.data));
  return (
    <ChartCard
      title={`Performance: ${shownMetric.replaceAll('-', ' ')}`}
      note="As labels say, and as it was estimated without them"
      actions={
        known.length > 1 && (
          <MetricSelect
            label="Figure of performance"
            metrics={known}
            value={shownMetric}
            onChange={(next) => change({ metric: next === headline ? undefined : next })}
          />
        )
      }
    >
      <Loaded query={realised} lines={6}>
        {(first) => (
          <Loaded query={estimated} lines={6}>
            {(second) => {
              const lines = [
                lineOf('Realised', colorOf(theme, 1), first.points),
                { ...lineOf('Estimated', colorOf(theme, 4), second.points), dash: '6 3' },
              ].filter(({ points }) => points.length > 0);
              return lines.some(({ points }) => points.some(({ value }) => value !== null)) ? (
                <>
                  <Legend lines={lines} />
                  <WindowLines
                    monitor={monitor}
                    chosen={chosen}
                    metric={shownMetric}
                    lines={lines}
                    marks={marks}
                  />
                </>
              ) : (
                <p className="hint chart-none">
                  No window had enough labels, or scores that are probabilities. {lastReason(first.points)}{' '}
                  {lastReason(second.points)}
                </p>
              );
            }}
          </Loaded>
        )}
      </Loaded>
    </ChartCard>
  );
}

type SignalCardProps = HistoryTabProps & { readonly signal: SignalName; readonly segment: string };

function SignalCard({ monitor, chosen, signal, segment }: SignalCardProps) {
  const [state, change] = useParamState();
  const theme = useTheme();
  const known = severalFigures.includes(signal) ? metricsOf(chosen, [signal]) : [];
  const metric = known.find((each) => each === state.get(signal));
  const headline = chosen.signals.find((each) => each.signal === signal)?.metric ?? '';
  const query = useQuery(historyQuery(monitor.name, signal, segment, metric));
  if (query.data?.points.length === 0) return null;
  const shownMetric = metric ?? headline;
  return (
    <ChartCard
      title={`${heading(signal)}: ${shownMetric.replaceAll('-', ' ')}`}
      note={signalMeanings[signal]}
      actions={
        known.length > 1 && (
          <MetricSelect
            label={`Figure of ${signal.replaceAll('-', ' ')}`}
            metrics={known}
            value={shownMetric}
            onChange={(next) => change({ [signal]: next === headline ? undefined : next })}
          />
        )
      }
    >
      <Loaded query={query} lines={6}>
        {({ points }) =>
          points.some(({ verdict }) => verdict !== 'insufficient-data') ? (
            <WindowLines
              monitor={monitor}
              chosen={chosen}
              metric={shownMetric}
              lines={[lineOf(heading(signal), colorOf(theme, 3), points)]}
              marks={versionMarks(pointsOf({ points }))}
            />
          ) : (
            <p className="hint chart-none">No window has a verdict yet. {lastReason(points)}</p>
          )
        }
      </Loaded>
    </ChartCard>
  );
}

type WindowLinesProps = HistoryTabProps & {
  readonly metric: string;
  readonly lines: readonly TimeLine[];
  readonly marks: ReturnType<typeof versionMarks>;
};

function WindowLines({ monitor, chosen, metric, lines, marks }: WindowLinesProps) {
  const go = useWindowChoice(monitor.name);
  return (
    <Timeline
      label={`${metric.replaceAll('-', ' ')} over time`}
      lines={lines}
      marks={marks}
      chosen={chosen.window_end}
      format={(value) => shown(metric, value)}
      onChoose={(at) => go(at)}
    />
  );
}

type MetricSelectProps = {
  readonly label: string;
  readonly metrics: readonly string[];
  readonly value: string;
  readonly onChange: (metric: string) => void;
};

function MetricSelect({ label, metrics, value, onChange }: MetricSelectProps) {
  return (
    <select aria-label={label} value={value} onChange={({ target }) => onChange(target.value)}>
      {metrics.map((metric) => (
        <option key={metric} value={metric}>
          {metric.replaceAll('-', ' ')}
        </option>
      ))}
    </select>
  );
}

type ChartCardProps = {
  readonly title: string;
  readonly note: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
};

function ChartCard({ title, note, actions, children }: ChartCardProps) {
  return (
    <section className="card chart-card" aria-label={title}>
      <div className="chart-card-head">
        <h3>{title}</h3>
        {actions}
      </div>
      <p className="chart-note hint" title={note}>
        {note}
      </p>
      {children}
    </section>
  );
}

function Legend({ lines }: { readonly lines: readonly TimeLine[] }) {
  return (
    <ul className="legend-line" aria-label="Lines">
      {lines.map(({ id, label, color, dash }) => (
        <li key={id}>
          <svg width="22" height="8" aria-hidden="true">
            <line x1="0" x2="22" y1="4" y2="4" stroke={color} strokeWidth="2.5" strokeDasharray={dash} />
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}

/** Why the last window has no verdict. */
function lastReason(points: readonly MonitorHistoryPoint[]): string {
  const reason = points.at(-1)?.reason;
  return reason === undefined ? '' : sentence(reason);
}

/** The figures that a window has of some signals, without what it has of features. */
function metricsOf({ signals: judged }: MonitorResult, names: readonly string[]): string[] {
  const found = judged.filter(({ signal, segment }) => names.includes(signal) && segment === '');
  return [...new Set(found.flatMap(({ metric, items }) => [metric, ...items.map((item) => item.metric)]))];
}

function lineOf(label: string, color: string, points: readonly MonitorHistoryPoint[]): TimeLine {
  return {
    id: label,
    label,
    color,
    points: points.map(({ window_end: at, verdict, value, band, bounds, reason }) => ({
      at,
      value: verdict === 'insufficient-data' ? null : value,
      bounds,
      isBreached: verdict === 'breached',
      ...(band && verdict !== 'insufficient-data' ? { band } : {}),
      ...(verdict === 'insufficient-data'
        ? { note: reason === undefined ? 'insufficient data' : sentence(reason) }
        : {}),
    })),
  };
}

function pointsOf(data: { readonly points: readonly MonitorHistoryPoint[] } | undefined) {
  return (data?.points ?? []).map(({ window_end: at, version }) => ({ at, version }));
}

/** A colour for series, of the theme that is drawn. */
function colorOf(_: string, series: number): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--series-${series}`).trim();
}
