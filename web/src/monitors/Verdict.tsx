import { useState } from 'react';
import type { MonitorItem, MonitorResult, MonitorSignal } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { counted, figure } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { Table } from '../parts/Table.tsx';
import { Moment } from '../parts/Time.tsx';
import { heading, shown, shownBounds, worstOf } from './figures.ts';
import { sentence, signalMeanings, type SignalName, signals as signalOrder } from './words.ts';

/** A result in a few words: the signals that are breached, or that none is. */
export function VerdictChips({ result: { signals } }: { readonly result: MonitorResult }) {
  const breached = [
    ...new Set(signals.flatMap((each) => (each.verdict === 'breached' ? [each.signal] : []))),
  ];
  if (breached.length === 0) return <Chip state={worstOf(signals)} />;
  return (
    <span className="tags verdict-chips">
      {breached.map((signal) => (
        <Chip key={signal} state={signal} tone="bad" />
      ))}
    </span>
  );
}

type VerdictProps = {
  readonly result: MonitorResult;
  /** Only what is said of these rows; all unless told. */
  readonly segment?: string;
};

/** All of one result: what was compared, each signal, and the items of those that have any. */
export function Verdict({ result, segment }: VerdictProps) {
  const { reference, rows } = result;
  const signals = inOrder(result.signals.filter((each) => segment === undefined || each.segment === segment));
  return (
    <>
      <Facts
        of={{
          Window: segment === undefined && (
            <>
              <Moment at={result.window_start} /> to <Moment at={result.window_end} />
            </>
          ),
          [segment ? 'All rows' : 'Rows']: `${figure(rows.current)} against ${figure(rows.reference)}`,
          Version: result.model && `v${result.model.version}`,
          'Left out':
            result.other_versions_rows > 0 && `${figure(result.other_versions_rows)} rows of other versions`,
          Provisional: !result.settled && 'predictions of this window were still being written',
          Checked: segment !== undefined && <Moment at={result.checked_at} />,
          Reference: <Reference of={reference} />,
        }}
      />
      <Card title="Signals" flush>
        {signals.length === 0 ? (
          <p className="hint card-none">This check said nothing of these rows.</p>
        ) : (
          <Signals signals={signals} hasSegments={segment === undefined} />
        )}
      </Card>
    </>
  );
}

/** Breached ones first, then in the order of the words. */
function inOrder(signals: readonly MonitorSignal[]): MonitorSignal[] {
  const place = ({ signal }: MonitorSignal) => signalOrder.indexOf(signal as SignalName);
  const isBreached = ({ verdict }: MonitorSignal) => Number(verdict === 'breached');
  return signals.toSorted((a, b) => isBreached(b) - isBreached(a) || place(a) - place(b));
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

type SignalsProps = { readonly signals: readonly MonitorSignal[]; readonly hasSegments: boolean };

function Signals({ signals, hasSegments }: SignalsProps) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (key: string) => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };
  const titleOf = ({ signal, segment }: MonitorSignal) =>
    segment === '' || !hasSegments ? heading(signal) : `${heading(signal)} where ${segment}`;
  return (
    <Table
      label="Signals"
      rows={signals}
      rowKey={keyOf}
      detail={(signal) => open.has(keyOf(signal)) && <Items of={signal} label={titleOf(signal)} />}
      columns={[
        {
          title: 'Signal',
          cell: (signal) => (
            <span className="steady" title={signalMeanings[signal.signal as SignalName]}>
              {titleOf(signal)}
            </span>
          ),
        },
        { title: 'Verdict', cell: ({ verdict }) => <Chip state={verdict} /> },
        {
          title: 'Figure',
          cell: ({ metric, reason }) =>
            reason === undefined ? (
              metric.replaceAll('-', ' ')
            ) : (
              <span className="hint roomy">{sentence(reason)}</span>
            ),
        },
        {
          title: 'Value',
          numeric: true,
          cell: ({ metric, value, band }) => (
            <>
              {shown(metric, value)}
              {band && (
                <small className="band" title="Where the true value is likely to lie">
                  {shown(metric, band.lower)} to {shown(metric, band.upper)}
                </small>
              )}
            </>
          ),
        },
        { title: 'Bound', numeric: true, cell: ({ metric, bounds }) => shownBounds(metric, bounds) },
        { title: 'Severity', cell: ({ severity }) => severity },
        {
          id: 'items',
          title: <span className="hidden">Items</span>,
          cell: (signal) =>
            signal.items.length > 0 && (
              <button
                type="button"
                className="quiet"
                aria-expanded={open.has(keyOf(signal))}
                aria-label={`${titleOf(signal)}: ${counted(itemsOf(signal), 'item')}`}
                onClick={() => toggle(keyOf(signal))}
              >
                {counted(itemsOf(signal), 'item')}
                <Icon name={open.has(keyOf(signal)) ? 'up' : 'down'} size={12} />
              </button>
            ),
        },
      ]}
    />
  );
}

function itemsOf({ items, items_left_out: left = 0 }: MonitorSignal): number {
  return items.length + left;
}

function Items({ of: signal, label }: { readonly of: MonitorSignal; readonly label: string }) {
  return (
    <>
      <Table
        label={`Items of ${label}`}
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
        <p className="hint">{figure(signal.items_left_out)} more are in the detail of the result.</p>
      )}
    </>
  );
}

function keyOf({ signal, segment }: MonitorSignal): string {
  return `${signal} ${segment}`;
}
