import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import { OpenIncidents } from '../alerts/OpenIncidents.tsx';
import type { Endpoint } from '../api/endpoints.ts';
import { Failure } from '../parts/Failure.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import { On } from '../session/may.tsx';
import { EndpointHead } from './EndpointHead.tsx';
import { OverviewTab } from './OverviewTab.tsx';
import { endpointQuery } from './queries.ts';
import { SnippetsTab } from './SnippetsTab.tsx';
import { TryTab } from './TryTab.tsx';
import './endpoints.css';

const tabs = ['overview', 'try', 'snippets'] as const;
type Tab = (typeof tabs)[number];
const titles: Readonly<Record<Tab, string>> = { overview: 'Overview', try: 'Try it', snippets: 'Snippets' };

/** An endpoint: who answers which calls and how well, what comes in next, and how it is asked. */
export function EndpointPage() {
  const { name = '' } = useParams();
  const query = useQuery(endpointQuery(name));
  const tab = useTab(tabs);
  const endpoint = query.data;
  if (!endpoint)
    return (
      <>
        <PageHead title={name} crumbs={[{ label: 'Endpoints', href: '#/endpoints' }]} />
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </>
    );
  return (
    <On resource={{ type: 'endpoint', id: name }}>
      <EndpointHead endpoint={endpoint} />
      <OpenIncidents of={{ endpoint: name }} />
      <Tabs tabs={tabs} label="Of this endpoint" titles={titles} />
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {contentOf(tab, endpoint)}
    </On>
  );
}

function contentOf(tab: Tab, endpoint: Endpoint): ReactNode {
  switch (tab) {
    case 'overview':
      return <OverviewTab endpoint={endpoint} />;
    case 'try':
      return <TryTab endpoint={endpoint} />;
    case 'snippets':
      return <SnippetsTab endpoint={endpoint} />;
  }
}
