import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import type { RegisteredModel } from '../api/registry.ts';
import { Failure } from '../parts/Failure.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import { On } from '../session/may.tsx';
import { AliasesTab } from './AliasesTab.tsx';
import './model.css';
import { ModelHead } from './ModelHead.tsx';
import { PolicyTab } from './PolicyTab.tsx';
import { PromotionsTab } from './PromotionsTab.tsx';
import { modelQuery } from './queries.ts';
import { VersionsTab } from './VersionsTab.tsx';

const tabs = ['versions', 'aliases', 'policy', 'promotions'] as const;
type Tab = (typeof tabs)[number];

/** A registered model: its versions, who holds which alias, what a version must pass, and what was promoted. */
export function ModelPage() {
  const { name = '' } = useParams();
  const query = useQuery(modelQuery(name));
  const tab = useTab(tabs);
  const model = query.data;
  if (!model)
    return (
      <>
        <PageHead title={name} crumbs={[{ label: 'Models', href: '#/models' }]} />
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </>
    );
  return (
    <On resource={{ type: 'model', id: model.model_id }}>
      <ModelHead model={model} />
      <Tabs tabs={tabs} label="Of this model" titles={titlesOf(model)} />
      {contentOf(tab, model)}
    </On>
  );
}

function titlesOf({ versions, aliases }: RegisteredModel): Readonly<Record<Tab, ReactNode>> {
  return {
    versions: (
      <>
        Versions <span className="count">{versions}</span>
      </>
    ),
    aliases: (
      <>
        Aliases <span className="count">{aliases.length}</span>
      </>
    ),
    policy: 'Policy',
    promotions: 'Promotions',
  };
}

function contentOf(tab: Tab, model: RegisteredModel): ReactNode {
  switch (tab) {
    case 'versions':
      return <VersionsTab model={model} />;
    case 'aliases':
      return <AliasesTab model={model} />;
    case 'policy':
      return <PolicyTab key={model.model_id} model={model} />;
    case 'promotions':
      return <PromotionsTab model={model} />;
  }
}
