import { type Alert, severities } from '../api/alerts.ts';
import { Chip } from '../parts/Chip.tsx';
import { moment } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { EndpointLink, figureWords, matterOf, MonitorLink, SeverityChip } from './words.tsx';

/** Alerts that fire, the most severe first, each with its figure and the incident that it is part of. */
export function FiringTable({ alerts }: { readonly alerts: readonly Alert[] }) {
  return (
    <Table
      label="Alerts that fire"
      rows={alerts.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))}
      rowKey={({ fingerprint }) => fingerprint}
      columns={[
        {
          title: 'Alert',
          cell: (alert) =>
            alert.incident === null ? (
              matterOf(alert)
            ) : (
              <a href={links.incident(alert.incident)}>{matterOf(alert)}</a>
            ),
        },
        {
          title: 'Severity',
          cell: ({ severity, silenced_until: until }) => (
            <span className="tags">
              <SeverityChip severity={severity} />
              {until !== null && <Silenced until={until} />}
            </span>
          ),
        },
        {
          title: 'What it says',
          cell: (alert) => (
            <span className="alerts-cell clamp" title={alert.text ?? undefined}>
              {figureWords(alert)}
            </span>
          ),
        },
        { title: 'Since', cell: ({ since }) => (since === null ? '—' : <Ago at={since} />) },
        { title: 'Monitor', cell: ({ monitor }) => <MonitorLink name={monitor} /> },
        { title: 'Endpoint', cell: ({ endpoint }) => <EndpointLink name={endpoint} /> },
      ]}
    />
  );
}

/** That nobody is told, and until when. */
export function Silenced({ until }: { readonly until: number }) {
  return (
    <span title={`Until ${moment(until)}`}>
      <Chip state="silenced" tone="quiet" />
    </span>
  );
}
