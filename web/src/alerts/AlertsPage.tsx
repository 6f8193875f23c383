import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type Severity, severities } from '../api/alerts.ts';
import { endpointsQuery } from '../endpoints/queries.ts';
import { Card } from '../parts/Card.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Listed } from '../parts/Listed.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { FiringTable } from './FiringTable.tsx';
import { IncidentTable } from './IncidentTable.tsx';
import { firingQuery, incidentsQuery, type Narrowed } from './queries.ts';
import './alerts.css';

const states = ['all', 'open', 'resolved'] as const;
type State = (typeof states)[number];

/** What fires now, the incidents that are open, and those that are over. */
export function AlertsPage() {
  const [params] = useParamState();
  const state = oneOf(states, params.get('state'));
  const narrowed: Narrowed = {
    severity: severities.find((each) => each === params.get('severity')),
    endpoint: params.get('endpoint') || undefined,
    monitor: params.get('monitor') || undefined,
  };
  const isFiltered = Object.values(narrowed).some((value) => value !== undefined);
  return (
    <>
      <PageHead
        title="Alerts"
        actions={
          <a className="button" href="#/silences">
            <Icon name="silence" size={14} /> Silences
          </a>
        }
      />
      <Filters state={state} narrowed={narrowed} />
      {state !== 'resolved' && <Now narrowed={narrowed} isFiltered={isFiltered} />}
      {state !== 'open' && <Past narrowed={narrowed} isFiltered={isFiltered} />}
    </>
  );
}

type ListProps = { readonly narrowed: Narrowed; readonly isFiltered: boolean };

/** What fires, and the incidents that it is part of. */
function Now({ narrowed, isFiltered }: ListProps) {
  const firing = useInfiniteQuery(firingQuery(narrowed));
  const open = useInfiniteQuery(incidentsQuery('open', narrowed));
  const alerts = firing.data?.pages.flatMap((page) => page.alerts) ?? [];
  const incidents = open.data?.pages.flatMap((page) => page.incidents) ?? [];
  return (
    <>
      <Card title="Firing now" flush>
        <Listed
          query={firing}
          rows={alerts}
          lines={3}
          none={<p className="hint card-none">{isFiltered ? 'Nothing of this fires.' : 'Nothing fires.'}</p>}
        >
          {(rows) => <FiringTable alerts={rows} />}
        </Listed>
      </Card>
      <Card title="Open incidents" flush>
        <Listed
          query={open}
          rows={incidents}
          lines={3}
          none={<p className="hint card-none">{isFiltered ? 'None matches.' : 'None is open.'}</p>}
        >
          {(rows) => <IncidentTable label="Open incidents" incidents={rows} />}
        </Listed>
      </Card>
    </>
  );
}

function Past({ narrowed, isFiltered }: ListProps) {
  const query = useInfiniteQuery(incidentsQuery('resolved', narrowed));
  const incidents = query.data?.pages.flatMap((page) => page.incidents) ?? [];
  return (
    <Card title="Resolved incidents" flush>
      <Listed
        query={query}
        rows={incidents}
        none={
          isFiltered ? (
            <p className="hint card-none">None matches.</p>
          ) : (
            <Empty title="No incident is over yet">
              When signals of a monitor are breached in several windows they fire, and what fires together is
              one incident: it opens with the first, and comes here when all are well again. What is watched,
              and how many windows it takes, is set for each of the <a href="#/monitors">monitors</a>.
            </Empty>
          )
        }
      >
        {(rows) => <IncidentTable label="Resolved incidents" incidents={rows} />}
      </Listed>
    </Card>
  );
}

function Filters({ state, narrowed }: { readonly state: State; readonly narrowed: Narrowed }) {
  const [, change] = useParamState();
  const { data } = useQuery(endpointsQuery);
  const { endpoint, monitor, severity } = narrowed;
  // One that is gone by now has incidents still.
  const names = new Set([
    ...(data?.endpoints.map(({ name }) => name) ?? []),
    ...(endpoint ? [endpoint] : []),
  ]);
  return (
    <search className="row" aria-label="Filter incidents">
      <div className="segments" role="group" aria-label="Which incidents">
        {states.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={state === each}
            onClick={() => change({ state: each === states[0] ? '' : each })}
          >
            {each.charAt(0).toUpperCase() + each.slice(1)}
          </button>
        ))}
      </div>
      <select
        aria-label="Severity"
        value={severity ?? ''}
        onChange={({ target }) => change({ severity: target.value })}
      >
        <option value="">Any severity</option>
        {severities.map((each: Severity) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <select
        className="alerts-endpoint"
        aria-label="Endpoint"
        value={endpoint ?? ''}
        onChange={({ target }) => change({ endpoint: target.value })}
      >
        <option value="">Any endpoint</option>
        {[...names].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {monitor !== undefined && (
        <button type="button" title="Show all again" onClick={() => change({ monitor: '' })}>
          {monitor} <span className="hint">monitor</span> <Icon name="close" size={12} />
        </button>
      )}
    </search>
  );
}
