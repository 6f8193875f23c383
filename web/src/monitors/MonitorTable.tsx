import { useQueries, useQuery } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { Empty } from '../parts/Empty.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { VerdictChips } from './Verdict.tsx';

/** Monitors whose last verdict is asked for: a request each. */
const askedMax = 30;

/** Every monitor with its last verdict, or `max` of them. */
export function MonitorTable({ max }: { readonly max?: number }) {
  const query = useQuery({
    queryKey: ['monitors'],
    queryFn: ({ signal }) => cairn.get<{ monitors: Monitor[] }>('monitors', { signal }),
  });
  return (
    <Loaded query={query}>
      {({ monitors }) =>
        monitors.length === 0 ? (
          <Empty title="No monitors yet">Every endpoint gets one of its own.</Empty>
        ) : (
          <MonitorList monitors={monitors.slice(0, max)} />
        )
      }
    </Loaded>
  );
}

function MonitorList({ monitors }: { readonly monitors: readonly Monitor[] }) {
  const latest = useQueries({
    queries: monitors.slice(0, askedMax).map(({ name }) => ({
      queryKey: ['monitors', name, 'latest'],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        cairn.get<{ results: MonitorResult[] }>(`monitors/${encodeURIComponent(name)}/results`, {
          query: { limit: 1 },
          signal,
        }),
    })),
  });
  const rows = monitors.map((monitor, at) => ({ monitor, result: latest[at]?.data?.results[0] }));
  return (
    <Table
      label="Monitors"
      rows={rows}
      rowKey={({ monitor }) => monitor.name}
      columns={[
        {
          title: 'Name',
          cell: ({ monitor }) => <a href={links.monitor(monitor.name)}>{monitor.name}</a>,
        },
        {
          title: 'Endpoint',
          cell: ({ monitor }) => <a href={links.endpoint(monitor.endpoint)}>{monitor.endpoint}</a>,
        },
        { title: 'Last verdict', cell: ({ result }) => (result ? <VerdictChips result={result} /> : '—') },
        { title: 'Checked', cell: ({ result }) => (result ? <Ago at={result.checked_at} /> : '—') },
      ]}
    />
  );
}
