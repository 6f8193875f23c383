import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { endpointsQuery } from '../endpoints/queries.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { roleOn } from '../session/may.tsx';
import { covers } from '../session/roles.ts';
import { useSession } from '../session/session.ts';
import { MonitorTable } from './MonitorTable.tsx';
import { NewMonitorDialog } from './NewMonitorDialog.tsx';
import { monitorsQuery } from './queries.ts';
import '../endpoints/endpoints.css';
import './monitors.css';

const filterFromMonitors = 8;

/** Every monitor, and how what it watches is. */
export function MonitorsPage() {
  const [state, change] = useParamState();
  const query = useQuery(monitorsQuery);
  const filter = state.get('filter') ?? '';
  const endpoints = useOperated();
  const navigate = useNavigate();
  const [making, setMaking] = useState(false);
  const isLong = (query.data?.monitors.length ?? 0) >= filterFromMonitors;
  return (
    <>
      <PageHead
        title="Monitors"
        actions={
          endpoints.length > 0 && (
            <button type="button" onClick={() => setMaking(true)}>
              <Icon name="plus" size={14} /> New monitor
            </button>
          )
        }
      />
      {(isLong || filter !== '') && (
        <div className="row">
          <SearchField
            label="Filter monitors"
            value={filter}
            onChange={(next) => change({ filter: next || undefined })}
          />
        </div>
      )}
      <section className="card" aria-label="Monitors">
        <MonitorTable filter={filter} />
      </section>
      {making && (
        <NewMonitorDialog
          endpoints={endpoints}
          onClose={() => setMaking(false)}
          onMade={(name) => void navigate(links.monitor(name).slice(1))}
        />
      )}
    </>
  );
}

/** The endpoints that the reader may have watched, by name. */
function useOperated(): string[] {
  const session = useSession();
  const { data } = useQuery(endpointsQuery);
  return (data?.endpoints ?? []).flatMap(({ name }) =>
    covers(roleOn(session, { type: 'endpoint', id: name }), 'operator') ? [name] : [],
  );
}
