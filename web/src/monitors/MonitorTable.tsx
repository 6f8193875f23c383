import { useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Monitor, MonitorResult } from '../api/types.ts';
import { Chip, Dot } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago, Coming } from '../parts/Time.tsx';
import { heading, nextCheckAt, worstOf } from './figures.ts';
import { latestQuery, monitorsQuery } from './queries.ts';
import { sentence, signals as signalOrder } from './words.ts';

/** Monitors whose last result is asked for at a time: a request each. */
const askedMax = 30;

type MonitorTableProps = {
  readonly max?: number;
  /** Only those with this in their name or that of their endpoint. */
  readonly filter?: string;
};

/** Every monitor with what its last window said of each signal, or `max` of them. */
export function MonitorTable({ max, filter = '' }: MonitorTableProps) {
  const query = useQuery(monitorsQuery);
  return (
    <Loaded query={query}>
      {({ monitors }) => {
        const found = monitors.filter(({ name, endpoint }) =>
          `${name} ${endpoint}`.toLowerCase().includes(filter.toLowerCase()),
        );
        if (monitors.length === 0)
          return (
            <Empty title="No monitors yet">
              Every endpoint gets one of its own, which looks at its calls each hour.
            </Empty>
          );
        if (found.length === 0) return <p className="hint card-none">Nothing matches “{filter}”.</p>;
        return <MonitorList key={filter} monitors={found.slice(0, max)} />;
      }}
    </Loaded>
  );
}

function MonitorList({ monitors }: { readonly monitors: readonly Monitor[] }) {
  const [asked, setAsked] = useState(askedMax);
  const shown = monitors.slice(0, asked);
  const latest = useQueries({ queries: shown.map(({ name }) => latestQuery(name)) });
  const failed = latest.find(({ error }) => error !== null);
  const rows = shown.map((monitor, at) => ({
    monitor,
    result: latest[at]?.data?.[0],
    isThere: latest[at]?.data !== undefined,
  }));
  return (
    <>
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
          {
            title: 'State',
            cell: ({ result, isThere }) =>
              result ? <State result={result} /> : isThere && <Chip state="never checked" />,
          },
          { title: 'Signals', cell: ({ result }) => (result ? <Signals result={result} /> : '—') },
          { title: 'Checked', cell: ({ result }) => (result ? <Ago at={result.checked_at} /> : '—') },
          { title: 'Next check', cell: ({ monitor }) => <Coming at={nextCheckAt(monitor)} /> },
        ]}
      />
      {failed?.error && <Failure error={failed.error} onRetry={() => void failed.refetch()} />}
      {monitors.length > asked && (
        <div className="more">
          <button type="button" onClick={() => setAsked(asked + askedMax)}>
            Show more, {counted(monitors.length - asked, 'monitor')} left
          </button>
        </div>
      )}
    </>
  );
}

/** The verdict that stands for all, and why there is none. */
function State({ result: { signals } }: { readonly result: MonitorResult }) {
  const worst = worstOf(signals);
  const breached = new Set(
    signals.flatMap(({ signal, verdict }) => (verdict === 'breached' ? [signal] : [])),
  );
  const reason = signals.find((each) => each.reason !== undefined)?.reason;
  return (
    <>
      <Chip state={worst} />
      {breached.size > 0 && (
        <small className="state-why">
          {[...breached].map((name) => name.replaceAll('-', ' ')).join(', ')}
        </small>
      )}
      {worst === 'insufficient-data' && reason !== undefined && (
        <small className="state-why">{sentence(reason)}</small>
      )}
    </>
  );
}

/** A dot for each signal; in words to who hears or points at it. */
function Signals({ result: { signals } }: { readonly result: MonitorResult }) {
  const found = signalOrder.flatMap((name) => {
    const some = signals.filter(({ signal }) => signal === name);
    return some.length === 0 ? [] : [{ name, verdict: worstOf(some) }];
  });
  return (
    <ul className="signal-dots">
      {found.map(({ name, verdict }) => (
        <li key={name} title={`${heading(name)}: ${verdict.replaceAll('-', ' ')}`}>
          <span className="hidden">{heading(name)}: </span>
          <Dot state={verdict} />
        </li>
      ))}
    </ul>
  );
}
