import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { cairn } from '../api/client.ts';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Facts } from '../parts/Facts.tsx';
import { duration, figure, percent } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Sparkline } from '../parts/Sparkline.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
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
          <Verdict result={chosen} psiMax={monitor.thresholds.psi} />
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
  const drift = inOrder.flatMap(({ window_end: x, drift: d }) =>
    'drifted_share' in d ? [{ x, y: d.drifted_share }] : [],
  );
  const accuracy = inOrder.flatMap(({ window_end: x, performance: p }) =>
    'value' in p ? [{ x, y: p.value }] : [],
  );
  return (
    <>
      {(drift.length > 1 || accuracy.length > 1) && (
        <div className="grid card-body">
          {drift.length > 1 && <Sparkline label="Share of features drifted" points={drift} />}
          {accuracy.length > 1 && <Sparkline label="Accuracy" points={accuracy} />}
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
            cell: ({ drift: d }) => ('drifted_share' in d ? percent(d.drifted_share) : '—'),
          },
          {
            title: 'Accuracy',
            numeric: true,
            cell: ({ performance: p }) => ('value' in p ? percent(p.value) : '—'),
          },
          { title: 'Rows', numeric: true, cell: ({ drift: d }) => figure(d.rows.current) },
          { title: 'Checked', cell: ({ checked_at: at }) => <Ago at={at} /> },
        ]}
      />
    </>
  );
}

function Settings({ monitor }: { readonly monitor: Monitor }) {
  const { thresholds, performance, retraining } = monitor;
  const on = retraining?.on === 'either' ? 'drift or performance' : retraining?.on;
  return (
    <Facts
      of={{
        Window: `${duration(monitor.window_seconds * 1000)}, every ${duration(monitor.every_seconds * 1000)}`,
        'Rows needed': figure(monitor.min_rows),
        'PSI bound': figure(thresholds.psi),
        'False discovery rate': figure(thresholds.p_value),
        'Drifted share bound': percent(thresholds.drifted_share),
        Accuracy: `may drop by ${percent(performance.max_drop)}, ${figure(performance.min_labelled)} labels needed`,
        Retraining: retraining
          ? `on ${on}, by “${retraining.executor}”; a winner takes @${retraining.alias}`
          : 'none',
      }}
    />
  );
}
