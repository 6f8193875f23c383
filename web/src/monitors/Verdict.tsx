import type { MonitorItem, MonitorResult, MonitorSignal } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { figure } from '../parts/format.ts';
import { Table } from '../parts/Table.tsx';
import { Moment } from '../parts/Time.tsx';
import { heading, shown, shownBounds, worstOf } from './figures.ts';

/** A result in a few words: the signals that are breached, or that none is. */
export function VerdictChips({ result: { signals } }: { readonly result: MonitorResult }) {
  const breached = [
    ...new Set(signals.flatMap((each) => (each.verdict === 'breached' ? [each.signal] : []))),
  ];
  if (breached.length === 0) return <Chip state={worstOf(signals)} />;
  return (
    <span className="tags">
      {breached.map((signal) => (
        <Chip key={signal} state={signal} tone="bad" />
      ))}
    </span>
  );
}

/** All of one result: the window, each signal, and the items of those that have any. */
export function Verdict({ result }: { readonly result: MonitorResult }) {
  const { reference, rows, signals } = result;
  const judged = signals.filter(({ items }) => items.length > 0);
  return (
    <>
      <Facts
        of={{
          Window: (
            <>
              <Moment at={result.window_start} /> to <Moment at={result.window_end} />
            </>
          ),
          Version: result.model && `v${result.model.version}`,
          Rows: `${figure(rows.current)} against ${figure(rows.reference)}`,
          'Left out':
            result.other_versions_rows > 0 && `${figure(result.other_versions_rows)} rows of other versions`,
          Provisional: !result.settled && 'predictions of this window were still being written',
          Reference: <Reference of={reference} />,
        }}
      />
      <Card title="Signals" flush>
        <Signals signals={signals} />
      </Card>
      {judged.map((each) => (
        <Card key={keyOf(each)} title={titleOf(each)} flush>
          <Items of={each} />
        </Card>
      ))}
    </>
  );
}

function Reference({ of }: { readonly of: MonitorResult['reference'] }) {
  switch (of.source) {
    case 'dataset':
      return <code>{of.uri}</code>;
    case 'window':
      return (
        <>
          {of.kind} window, <Moment at={of.from} /> to <Moment at={of.to} />
        </>
      );
    case 'first-predictions':
    case 'none':
      return sentence(of.why);
  }
}

function Signals({ signals }: { readonly signals: readonly MonitorSignal[] }) {
  return (
    <Table
      label="Signals"
      rows={signals}
      rowKey={keyOf}
      columns={[
        { title: 'Signal', cell: titleOf },
        { title: 'Verdict', cell: ({ verdict }) => <Chip state={verdict} /> },
        { title: 'Figure', cell: ({ metric }) => metric.replaceAll('-', ' ') },
        { title: 'Value', numeric: true, cell: ({ metric, value }) => shown(metric, value) },
        { title: 'Bound', numeric: true, cell: ({ metric, bounds }) => shownBounds(metric, bounds) },
        { title: 'Why there is no verdict', cell: ({ reason }) => (reason ? sentence(reason) : '') },
      ]}
    />
  );
}

function Items({ of: signal }: { readonly of: MonitorSignal }) {
  const label = titleOf(signal);
  return (
    <>
      <Table
        label={label}
        rows={signal.items}
        rowKey={(item: MonitorItem) => `${item.name} ${item.metric}`}
        columns={[
          { title: 'Name', cell: ({ name }) => name },
          { title: 'Figure', cell: ({ metric }) => metric.replaceAll('-', ' ') },
          { title: 'Verdict', cell: ({ verdict }) => <Chip state={verdict} /> },
          { title: 'Value', numeric: true, cell: ({ metric, value }) => shown(metric, value) },
          { title: 'Bound', numeric: true, cell: ({ metric, bounds }) => shownBounds(metric, bounds) },
          { title: 'Of', cell: ({ basis, reason }) => (reason ? sentence(reason) : basis) },
        ]}
      />
      {signal.items_left_out !== undefined && (
        <p className="hint card-body">
          {figure(signal.items_left_out)} more are in the detail of the result.
        </p>
      )}
    </>
  );
}

function keyOf({ signal, segment }: MonitorSignal): string {
  return `${signal} ${segment}`;
}

function titleOf({ signal, segment }: MonitorSignal): string {
  return segment === '' ? heading(signal) : `${heading(signal)} where ${segment}`;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
