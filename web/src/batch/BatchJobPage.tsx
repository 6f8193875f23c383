import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import type { BatchJob } from '../api/batch.ts';
import { LineageView } from '../lineage/LineageView.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import { On, type Resource } from '../session/may.tsx';
import { JobHead } from './JobHead.tsx';
import { useJob } from './live.ts';
import { OverviewTab } from './OverviewTab.tsx';
import { ReportTab } from './ReportTab.tsx';
import './batch.css';

const tabs = ['overview', 'report', 'lineage'] as const;
type Tab = (typeof tabs)[number];
const titles: Readonly<Record<Tab, string>> = { overview: 'Overview', report: 'Report', lineage: 'Lineage' };

/** A batch job: how far it is, what came out, which rows were bad, and what its report says. */
export function BatchJobPage() {
  const { id = '' } = useParams();
  const query = useJob(id);
  const tab = useTab(tabs);
  const job = query.data;
  if (!job)
    return (
      <>
        <PageHead title="Batch job" crumbs={[{ label: 'Batch jobs', href: '#/batch-jobs' }]} />
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </>
    );
  return (
    <On resource={resourceOf(job)}>
      <JobHead job={job} />
      <Tabs tabs={tabs} label="Of this job" titles={titles} />
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {contentOf(tab, job)}
    </On>
  );
}

function resourceOf({ owner }: BatchJob): Resource {
  return owner.type === 'endpoint' ? { type: 'endpoint', id: owner.name } : { type: 'model', id: owner.id };
}

function contentOf(tab: Tab, job: BatchJob): ReactNode {
  switch (tab) {
    case 'overview':
      return <OverviewTab job={job} />;
    case 'report':
      return <ReportTab job={job} />;
    case 'lineage':
      return <LineageView node={`batch-job:${job.id}`} />;
  }
}
