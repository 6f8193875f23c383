import { useQuery } from '@tanstack/react-query';
import { PageHead } from '../parts/PageHead.tsx';
import { useParamState } from '../parts/params.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { MonitorTable } from './MonitorTable.tsx';
import { monitorsQuery } from './queries.ts';
import './monitors.css';

const filterFromMonitors = 8;

/** Every monitor, and how what it watches is. */
export function MonitorsPage() {
  const [state, change] = useParamState();
  const query = useQuery(monitorsQuery);
  const filter = state.get('filter') ?? '';
  const isLong = (query.data?.monitors.length ?? 0) >= filterFromMonitors;
  return (
    <>
      <PageHead title="Monitors" />
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
    </>
  );
}
