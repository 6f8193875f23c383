import { Chip } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { useParamState } from '../parts/params.ts';
import { Table } from '../parts/Table.tsx';
import { Moment } from '../parts/Time.tsx';
import type { Entry, FilterName } from './audit.ts';

type EntryTableProps = {
  readonly entries: readonly Entry[];
  readonly onFilter: (change: Partial<Record<FilterName, string>>) => void;
};

/** Entries, newest first; what proves one stands below it when it is open. */
export function EntryTable({ entries, onFilter }: EntryTableProps) {
  const [state, change] = useParamState();
  const open = state.get('entry');
  return (
    <div className="audit-entries">
      <Table
        label="Entries, newest first"
        rows={entries}
        rowKey={({ seq }) => String(seq)}
        detail={(entry) => String(entry.seq) === open && <Detail entry={entry} />}
        columns={[
          {
            title: 'Entry',
            cell: ({ seq }) => (
              <button
                type="button"
                className="link"
                aria-expanded={String(seq) === open}
                onClick={() => change({ entry: String(seq) === open ? '' : String(seq) })}
              >
                {seq}
              </button>
            ),
          },
          { title: 'When', cell: ({ at }) => <Moment at={at} /> },
          {
            title: 'Who',
            cell: ({ actor }) => <Narrow text={actor} name="who" onChoose={() => onFilter({ actor })} />,
          },
          {
            title: 'What',
            cell: ({ action, count = 1 }) => (
              <span className="dotted">
                <Narrow text={action} name="what" onChoose={() => onFilter({ action })} />
                {count > 1 && <span className="count">× {count}</span>}
              </span>
            ),
          },
          {
            title: 'Outcome',
            cell: ({ outcome }) => <Chip state={outcome} tone={outcome === 'done' ? 'quiet' : 'bad'} />,
          },
          {
            title: 'On what',
            cell: ({ aggregate }) => (
              <Narrow text={aggregate} name="on what" onChoose={() => onFilter({ aggregate })} />
            ),
          },
          {
            title: 'Workspace',
            cell: ({ workspace }) => (
              <span className="steady">{workspace === '*' ? 'all of them' : workspace}</span>
            ),
          },
          {
            title: 'Reason',
            cell: ({ reason }) => (
              <span className="cut audit-reason" title={reason ?? undefined}>
                {reason ?? '—'}
              </span>
            ),
          },
        ]}
      />
    </div>
  );
}

type NarrowProps = { readonly text: string; readonly name: string; readonly onChoose: () => void };

/** A value that narrows the list to those that have it. */
function Narrow({ text, name, onChoose }: NarrowProps) {
  return (
    <button
      type="button"
      className="link audit-narrow"
      title={`Only this ${name}: ${text}`}
      onClick={onChoose}
    >
      {text}
    </button>
  );
}

function Detail({ entry }: { readonly entry: Entry }) {
  const { before, after, subject } = entry;
  return (
    <Facts
      of={{
        Who: <Copyable text={entry.actor} />,
        Request: <Copyable text={entry.request_id} />,
        'Its place': `event ${entry.aggregate_seq} of ${entry.aggregate}`,
        Entered: <Moment at={entry.recorded_at} />,
        Before: before !== null && <Copyable text={before} />,
        After: after !== null && <Copyable text={after} />,
        Hash: <Copyable text={entry.hash} />,
        'Hash of the entry before': <Copyable text={entry.prev_hash} />,
        ...Object.fromEntries(
          Object.entries(subject).map(([name, value]) => [
            `Subject: ${name}`,
            <code key={name}>{value}</code>,
          ]),
        ),
        Reason: entry.reason !== null && <span className="long">{entry.reason}</span>,
      }}
    />
  );
}
