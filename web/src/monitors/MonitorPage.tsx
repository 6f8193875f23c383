import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { OpenIncidents } from '../alerts/OpenIncidents.tsx';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import { Coming } from '../parts/Time.tsx';
import { On } from '../session/may.tsx';
import { DriftCards } from './DriftCards.tsx';
import { nextCheckAt } from './figures.ts';
import { HistoryTab } from './HistoryTab.tsx';
import { MonitorHead } from './MonitorHead.tsx';
import { monitorQuery, resultQuery, resultsQuery } from './queries.ts';
import { SegmentSelect, useSegment } from './SegmentSelect.tsx';
import { SettingsTab } from './SettingsTab.tsx';
import { Verdict } from './Verdict.tsx';
import { WindowBar } from './WindowBar.tsx';
import { WindowsTab } from './WindowsTab.tsx';
import '../endpoints/endpoints.css';
import './monitors.css';

const tabs = ['window', 'history', 'windows', 'settings'] as const;
type Tab = (typeof tabs)[number];
const titles: Readonly<Record<Tab, string>> = {
  window: 'Signals',
  history: 'History',
  windows: 'Windows',
  settings: 'Settings',
};

/** How many windows are looked back at; the first unless the address says. */
const spans = ['100', '300', '1000'] as const;

/** A monitor: what one window said (the latest unless told), how windows went, and what it watches for. */
export function MonitorPage() {
  const { name = '', windowEnd } = useParams();
  const [state] = useParamState();
  const span = Number(oneOf(spans, state.get('windows')));
  const monitor = useQuery(monitorQuery(name));
  const results = useQuery({ ...resultsQuery(name, span), placeholderData: keepPreviousData });
  const listed = results.data?.find((result) => String(result.window_end) === windowEnd);
  const isElsewhere = windowEnd !== undefined && results.data !== undefined && !listed;
  const other = useQuery({ ...resultQuery(name, windowEnd ?? ''), enabled: isElsewhere });
  const tab = useTab(tabs);
  const error = monitor.error ?? results.error;
  if (!monitor.data || !results.data)
    return (
      <>
        <PageHead title={name} crumbs={[{ label: 'Monitors', href: '#/monitors' }]} />
        {error ? (
          <Failure
            error={error}
            onRetry={() => {
              void monitor.refetch();
              void results.refetch();
            }}
          />
        ) : (
          <Skeleton lines={8} />
        )}
      </>
    );
  const { it, version } = monitor.data;
  const chosen = windowEnd === undefined ? results.data[0] : (listed ?? other.data);
  return (
    <On resource={{ type: 'endpoint', id: it.endpoint }}>
      <MonitorHead monitor={it} version={version} results={results.data} />
      <OpenIncidents of={{ monitor: name }} />
      <Tabs tabs={tabs} label="Of this monitor" titles={titles} />
      {error && <Failure error={error} />}
      {tab === 'settings' ? (
        <SettingsTab monitor={it} />
      ) : isElsewhere && !chosen ? (
        other.error ? (
          <Failure error={other.error} onRetry={() => void other.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )
      ) : chosen ? (
        <Content tab={tab} monitor={it} results={results.data} chosen={chosen} spans={spans} />
      ) : (
        <NoResult monitor={it} />
      )}
    </On>
  );
}

type ContentProps = {
  readonly tab: Exclude<Tab, 'settings'>;
  readonly monitor: Monitor;
  /** Newest first. */
  readonly results: readonly MonitorResult[];
  readonly chosen: MonitorResult;
  readonly spans: readonly string[];
};

function Content({ tab, monitor, results, chosen, spans: lengths }: ContentProps) {
  const segment = useSegment();
  switch (tab) {
    case 'window':
      return (
        <>
          <WindowBar results={results} chosen={chosen}>
            <SegmentSelect monitor={monitor} result={chosen} />
          </WindowBar>
          <Verdict result={chosen} segment={segment} />
          <DriftCards monitor={monitor} results={results} chosen={chosen} spans={lengths} />
        </>
      );
    case 'history':
      return <HistoryTab monitor={monitor} chosen={chosen} />;
    case 'windows':
      return <WindowsTab monitor={monitor} results={results} chosen={chosen} spans={lengths} />;
  }
}

function NoResult({ monitor }: { readonly monitor: Monitor }) {
  return (
    <section className="card">
      <Empty title="No window has been checked yet">
        The next one is looked at <Coming at={nextCheckAt(monitor)} />: a minute after its end, when all its
        calls are written. “Run a check” looks at the last one now, “Backfill” at earlier ones.
      </Empty>
    </section>
  );
}
