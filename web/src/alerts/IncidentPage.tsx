import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { Failure } from '../parts/Failure.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { On } from '../session/may.tsx';
import { AlertList } from './AlertList.tsx';
import { IncidentHead } from './IncidentHead.tsx';
import { incidentQuery } from './queries.ts';
import { RetrainingCard, useRetrainings } from './RetrainingCard.tsx';
import { TimelineCard } from './TimelineCard.tsx';
import './alerts.css';

/** An incident: what fires in it, what happened since it opened, and what is done about it. */
export function IncidentPage() {
  const { id = '' } = useParams();
  const query = useQuery(incidentQuery(id));
  const incident = query.data;
  const jobs = useRetrainings(incident?.retraining ?? []);
  const failure = query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!incident)
    return (
      <>
        <PageHead title="Incident" crumbs={[{ label: 'Alerts', href: '#/alerts' }]} />
        {failure ?? <Skeleton lines={8} />}
      </>
    );
  return (
    <On resource={incident.endpoint === '' ? undefined : { type: 'endpoint', id: incident.endpoint }}>
      <IncidentHead incident={incident} />
      {failure}
      <div className="split incident">
        <div className="split-main">
          <AlertList incident={incident} />
          <TimelineCard key={id} incident={incident} jobs={jobs} />
        </div>
        <div className="split-side">
          <RetrainingCard incident={incident} jobs={jobs} />
        </div>
      </div>
    </On>
  );
}
