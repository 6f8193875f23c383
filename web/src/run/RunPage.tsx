import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import { ArtifactsTab } from '../artifacts/ArtifactsTab.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import type { Run } from '../api/types.ts';
import { On } from '../session/may.tsx';
import { MetricsTab } from './MetricsTab.tsx';
import { OverviewTab } from './OverviewTab.tsx';
import { runQuery } from './queries.ts';
import './run.css';
import { RunHead } from './RunHead.tsx';

const tabs = ['overview', 'metrics', 'artifacts'] as const;
type Tab = (typeof tabs)[number];

/** One run: what it was told, what it measured, what it left. */
export function RunPage() {
  const { runId = '' } = useParams();
  const query = useQuery(runQuery(runId));
  const tab = useTab(tabs);
  const run = query.data;
  if (!run)
    return (
      <>
        <PageHead title={query.error ? 'Run' : runId} />
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </>
    );
  return (
    <On resource={{ type: 'experiment', id: run.info.experiment_id }}>
      <RunHead run={run} />
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      <Tabs tabs={tabs} label="Of this run" titles={titlesOf(run)} />
      {contentOf(tab, run)}
    </On>
  );
}

function titlesOf({ data }: Run): Readonly<Record<Tab, ReactNode>> {
  const count = data.metrics?.length ?? 0;
  return {
    overview: 'Overview',
    metrics: <>Metrics {count > 0 && <span className="count">{count}</span>}</>,
    artifacts: 'Artifacts',
  };
}

function contentOf(tab: Tab, run: Run): ReactNode {
  switch (tab) {
    case 'overview':
      return <OverviewTab run={run} />;
    case 'metrics':
      return <MetricsTab run={run} />;
    case 'artifacts':
      return <ArtifactsTab run={run} />;
  }
}
