import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import type { Version } from '../api/registry.ts';
import { LineageView } from '../lineage/LineageView.tsx';
import { versionQuery } from '../model/queries.ts';
import { Failure } from '../parts/Failure.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import { On } from '../session/may.tsx';
import { CardTab } from './CardTab.tsx';
import { FilesTab } from './FilesTab.tsx';
import { OverviewTab } from './OverviewTab.tsx';
import './version.css';
import { VersionHead } from './VersionHead.tsx';

const tabs = ['overview', 'files', 'card', 'lineage'] as const;
type Tab = (typeof tabs)[number];

/** One version of a model: what it is, whether it can be served, where it came from and what became of it. */
export function VersionPage() {
  const { name = '', version = '' } = useParams();
  const query = useQuery(versionQuery(name, Number(version)));
  const tab = useTab(tabs);
  const found = query.data;
  if (!found)
    return (
      <>
        <PageHead
          title={`Version ${version}`}
          crumbs={[
            { label: 'Models', href: '#/models' },
            { label: name, href: links.model(name) },
          ]}
        />
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </>
    );
  return (
    <On resource={{ type: 'model', id: found.model_id }}>
      <VersionHead version={found} />
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      <Tabs tabs={tabs} label="Of this version" titles={titlesOf(found)} />
      {contentOf(tab, found)}
    </On>
  );
}

function titlesOf({ artifact }: Version): Readonly<Record<Tab, ReactNode>> {
  return {
    overview: 'Overview',
    files: <>Files {artifact && <span className="count">{artifact.manifest.files}</span>}</>,
    card: 'Model card',
    lineage: 'Lineage',
  };
}

function contentOf(tab: Tab, version: Version): ReactNode {
  switch (tab) {
    case 'overview':
      return <OverviewTab version={version} />;
    case 'files':
      return <FilesTab version={version} />;
    case 'card':
      return <CardTab version={version} />;
    case 'lineage':
      return <LineageView node={`version:${version.model_id}/${version.version}`} />;
  }
}
