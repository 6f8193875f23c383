import type { Incident } from '../api/alerts.ts';
import { Chip } from '../parts/Chip.tsx';
import { links } from '../parts/links.ts';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { Silenced } from './FiringTable.tsx';
import { EndpointLink, lasted, SeverityChip, StateChip } from './words.tsx';

type IncidentTableProps = { readonly label: string; readonly incidents: readonly Incident[] };

/** Incidents with their state, how long they last, and who looks after them. */
export function IncidentTable({ label, incidents }: IncidentTableProps) {
  return (
    <Table
      label={label}
      rows={incidents}
      rowKey={({ id }) => id}
      columns={[
        {
          title: 'Incident',
          cell: ({ id, title }) => (
            <a className="alerts-cell" href={links.incident(id)}>
              {title}
            </a>
          ),
        },
        { title: 'Severity', cell: ({ severity }) => <SeverityChip severity={severity} /> },
        {
          title: 'State',
          cell: ({ state, acknowledged, silenced_until: until }) => (
            <span className="tags">
              <StateChip state={state} />
              {acknowledged !== null && state === 'open' && <Chip state="acknowledged" tone="quiet" />}
              {until !== null && <Silenced until={until} />}
            </span>
          ),
        },
        { title: 'Opened', cell: ({ opened_at: at }) => <Ago at={at} /> },
        { title: 'Lasts', cell: (incident) => <span className="steady">{lasted(incident)}</span> },
        { title: 'Endpoint', cell: ({ endpoint }) => <EndpointLink name={endpoint} /> },
        { title: 'Looked after by', cell: ({ acknowledged }) => acknowledged?.by ?? '—' },
        { title: 'Id', cell: ({ id }) => <code className="steady">{id}</code> },
      ]}
    />
  );
}
