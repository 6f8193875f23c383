import type { Endpoint } from '../api/endpoints.ts';
import { DataPolicyCard } from './DataPolicyCard.tsx';
import { DeploymentsCard } from './DeploymentsCard.tsx';
import { LastRollout } from './LastRollout.tsx';
import { MetricsCards } from './MetricsCards.tsx';
import { RolloutCard } from './RolloutCard.tsx';
import { SettingsCard } from './SettingsCard.tsx';
import { TrafficCard } from './TrafficCard.tsx';
import { Watchers } from './Watchers.tsx';

/** What is on its way in, who answers which calls and how well, and what is kept. */
export function OverviewTab({ endpoint }: { readonly endpoint: Endpoint }) {
  const models = endpoint.deployments.flatMap((each) => (each.kind === 'model' ? [each] : []));
  return (
    <>
      {models.map(
        (each) =>
          each.rollout && (
            <RolloutCard key={each.name} endpoint={endpoint.name} deployment={each} rollout={each.rollout} />
          ),
      )}
      <DeploymentsCard endpoint={endpoint} />
      <div className="split">
        <div className="split-main">
          <TrafficCard key={endpoint.name} endpoint={endpoint} />
          {models.map(
            (each) =>
              !each.rollout &&
              each.last_rollout && (
                <LastRollout key={each.name} deployment={each} ended={each.last_rollout} />
              ),
          )}
        </div>
        <div className="split-side">
          <DataPolicyCard endpoint={endpoint.name} />
        </div>
      </div>
      <MetricsCards endpoint={endpoint} />
      <SettingsCard endpoint={endpoint} />
      <Watchers endpoint={endpoint.name} />
    </>
  );
}
