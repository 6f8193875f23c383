import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { cairn } from '../api/client.ts';
import type { Monitor, MonitorResult, MonitorSignal } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Facts } from '../parts/Facts.tsx';
import { duration, figure } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Sparkline } from '../parts/Sparkline.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { heading, shown, shownBounds } from './figures.ts';
import { Verdict, VerdictChips } from './Verdict.tsx';

const windowsMax = 100;

type Seen = {
  readonly monitor: Monitor;
  readonly results: readonly MonitorResult[];
  readonly chosen: MonitorResult | undefined;
};

/** A monitor: what one window said (the latest unless told), how windows went, and what it watches for. */
export function MonitorPage() {
  const { name = '', windowEnd } = useParams();
  const query = useQuery({
    queryKey: ['monitors', name, windowEnd],
    queryFn: ({ signal }) => seen(name, windowEnd, signal),
  });
  const { monitor, chosen } = query.data ?? {};
  return (
    <>
      <PageHead
        title={name}
        crumbs={[
          { label: 'Monitors', href: '#/monitors' },
          ...(monitor ? [{ label: monitor.endpoint, href: links.endpoint(monitor.endpoint) }] : []),
        ]}
        state={chosen && <VerdictChips result={chosen} />}
      />
      <Loaded query={query}>{(data) => <Details {...data} isLatest={windowEnd === undefined} />}</Loaded>
    </>
  );
}

async function seen(name: string, windowEnd: string | undefined, signal: AbortSignal): Promise<Seen> {
  const path = `monitors/${encodeURIComponent(name)}`;
  const [monitor, { results }] = await Promise.all([
    cairn.get<Monitor>(path, { signal }),
    cairn.get<{ results: MonitorResult[] }>(`${path}/results`, { query: { limit: windowsMax }, signal }),
  ]);
  if (windowEnd === undefined) return { monitor, results, chosen: results[0] };
  const chosen =
    results.find((result) => String(result.window_end) === windowEnd) ??
    (await cairn.get<MonitorResult>(`${path}/results/${encodeURIComponent(windowEnd)}`, { signal }));
  return { monitor, results, chosen };
}

function Details({ monitor, results, chosen, isLatest }: Seen & { readonly isLatest: boolean }) {
  return (
    <>
      {chosen ? (
        <>
          <h2>{isLatest ? 'Latest window' : 'Chosen window'}</h2>
          <Verdict result={chosen} />
          <Card title="Windows" flush>
            <Windows monitor={monitor} results={results} chosen={chosen} />
          </Card>
        </>
      ) : (
        <p className="hint">No window has been checked yet.</p>
      )}
      <Card title="Settings">
        <Settings monitor={monitor} />
      </Card>
    </>
  );
}

type WindowsProps = {
  readonly monitor: Monitor;
  readonly results: readonly MonitorResult[];
  readonly chosen: MonitorResult;
};

function Windows({ monitor, results, chosen }: WindowsProps) {
  const inOrder = results.toReversed();
  const line = (signal: string) =>
    inOrder.flatMap((result) => {
      const value = figureOf(result, signal)?.value;
      return typeof value === 'number' ? [{ x: result.window_end, y: value }] : [];
    });
  const lines = [
    { label: 'Share of features drifted', points: line('feature-drift') },
    { label: 'Performance', points: line('performance') },
    { label: 'Calls', points: line('traffic') },
    { label: 'Latency, p95 in ms', points: line('latency') },
  ].filter(({ points }) => points.length > 1);
  return (
    <>
      {lines.length > 0 && (
        <div className="grid card-body">
          {lines.map(({ label, points }) => (
            <Sparkline key={label} label={label} points={points} />
          ))}
        </div>
      )}
      <Table
        label="Windows, newest first"
        rows={results}
        rowKey={({ window_end: end }) => String(end)}
        columns={[
          {
            title: 'End',
            cell: ({ window_end: end }) =>
              end === chosen.window_end ? (
                <mark>
                  <Moment at={end} />
                </mark>
              ) : (
                <a href={links.monitor(monitor.name, end)}>
                  <Moment at={end} />
                </a>
              ),
          },
          { title: 'Verdict', cell: (result) => <VerdictChips result={result} /> },
          {
            title: 'Drifted',
            numeric: true,
            cell: (result) => shown('drifted-share', figureOf(result, 'feature-drift')?.value),
          },
          {
            title: 'Performance',
            numeric: true,
            cell: (result) => {
              const found = figureOf(result, 'performance');
              return shown(found?.metric ?? '', found?.value);
            },
          },
          { title: 'Rows', numeric: true, cell: ({ rows }) => figure(rows.current) },
          { title: 'Checked', cell: ({ checked_at: at }) => <Ago at={at} /> },
        ]}
      />
    </>
  );
}

/** What a result says of a signal, of all rows. */
function figureOf({ signals }: MonitorResult, signal: string): MonitorSignal | undefined {
  return signals.find((each) => each.signal === signal && each.segment === '');
}

function Settings({ monitor }: { readonly monitor: Monitor }) {
  const { retraining, segments, alerting, signals } = monitor;
  const every = `every ${duration(monitor.every_seconds * 1000)}`;
  const late = monitor.offset_seconds > 0 ? `, ${duration(monitor.offset_seconds * 1000)} later` : '';
  const off = Object.entries(signals).flatMap(([name, { enabled }]) => (enabled ? [] : [name]));
  return (
    <>
      <Facts
        of={{
          Window: `${duration(monitor.window_seconds * 1000)}, ${every}${late}`,
          Reference: referenceIn(monitor),
          Preset: monitor.preset,
          'Rows needed': figure(monitor.min_rows),
          'Labels needed': figure(monitor.min_labelled),
          Segments: segments && `${segments.column}: ${segments.values.join(', ')}`,
          Alerts: `at ${alerting.breaches} of ${alerting.of} windows, over after ${alerting.clear}`,
          'Not watched': off.length > 0 && off.join(', '),
          Retraining: retraining
            ? `on ${retraining.on.join(', ')}, by “${retraining.executor}”; a winner takes @${retraining.alias}`
            : 'none',
        }}
      />
      <Table
        label="Bounds"
        rows={Object.entries(signals).flatMap(([signal, { thresholds, severity }]) =>
          Object.entries(thresholds).map(([metric, each]) => ({ signal, severity, metric, each })),
        )}
        rowKey={({ signal, metric }) => `${signal} ${metric}`}
        columns={[
          { title: 'Signal', cell: ({ signal }) => heading(signal) },
          { title: 'Severity', cell: ({ severity }) => severity },
          { title: 'Figure', cell: ({ metric }) => metric.replaceAll('-', ' ') },
          {
            title: 'Bound',
            numeric: true,
            cell: ({ metric, each }) =>
              each.learnt
                ? `± ${figure(each.learnt.sigmas)} deviations of ${figure(each.learnt.windows)} windows or more`
                : shownBounds(metric, each),
          },
        ]}
      />
      <p className="hint">Figures that are not listed are held against the reference or the baseline.</p>
    </>
  );
}

function referenceIn({ reference }: Monitor) {
  switch (reference.kind) {
    case 'version':
      return 'the reference set of the version, or its first predictions';
    case 'fixed':
      return (
        <>
          <Moment at={reference.from} /> to <Moment at={reference.to} />
        </>
      );
    case 'rolling':
      return `${duration(reference.length_seconds * 1000)} up to ${reference.offset_seconds > 0 ? `${duration(reference.offset_seconds * 1000)} before` : 'the beginning of'} each window`;
  }
}
