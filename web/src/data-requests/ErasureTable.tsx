import { Chip, type Tone } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { counted, figure } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { useParamState } from '../parts/params.ts';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { type Erasure, isUnderway } from './erasures.ts';

const tones: Readonly<Record<Erasure['status'], Tone>> = {
  waiting: 'busy',
  running: 'busy',
  blocked: 'bad',
  finished: 'good',
};

/** Every erasure that was asked for, how far it is, and what it found. */
export function ErasureTable({ erasures }: { readonly erasures: readonly Erasure[] }) {
  const [state, change] = useParamState();
  const open = state.get('erasure');
  return (
    <Table
      label="Erasures, newest first"
      rows={erasures}
      rowKey={({ id }) => id}
      detail={(erasure) => erasure.id === open && <Detail erasure={erasure} />}
      columns={[
        {
          title: 'Asked',
          cell: ({ id, requested_at: at }) => (
            <button
              type="button"
              className="link"
              aria-expanded={id === open}
              onClick={() => change({ erasure: id === open ? '' : id })}
            >
              <Moment at={at} />
            </button>
          ),
        },
        {
          title: 'Status',
          cell: (erasure) => (
            <span className="dotted" role="status">
              <Chip state={erasure.status} tone={tones[erasure.status]} />
              {erasure.dry_run && <Chip state="look only" />}
            </span>
          ),
        },
        {
          title: 'Where',
          cell: ({ endpoint }) =>
            endpoint === null ? 'every endpoint' : <a href={links.endpoint(endpoint)}>{endpoint}</a>,
        },
        { title: 'By column', cell: ({ column }) => <code>{column}</code> },
        { title: 'Rows', numeric: true, cell: ({ counts }) => figure(counts.rows) },
        { title: 'By', cell: ({ requested_by: by }) => by },
        { title: 'Reason', cell: ({ reason }) => <span className="clamp">{reason}</span> },
      ]}
    />
  );
}

function Detail({ erasure }: { readonly erasure: Erasure }) {
  const { counts, dry_run: dryRun, blocked_by: hold, endpoints, not_covered: elsewhere } = erasure;
  return (
    <div className="erasure">
      {hold !== null && (
        <p className="erasure-warning">
          The hold <code>{hold}</code> keeps it from going on; it does once that is released.
        </p>
      )}
      <Facts
        of={{
          [isUnderway(erasure) ? 'Begins' : 'Began']: <Moment at={erasure.starts_at} />,
          Finished: erasure.finished_at !== null && <Ago at={erasure.finished_at} />,
          'Still to do': erasure.endpoints_left > 0 && counted(erasure.endpoints_left, 'endpoint'),
          [dryRun ? 'Rows found' : 'Rows erased']: figure(counts.rows),
          Labels: figure(counts.labels),
          'Files read': figure(counts.parts_read),
          [dryRun ? 'Files to rewrite' : 'Files rewritten']: figure(
            dryRun ? counts.parts_found : counts.parts_rewritten,
          ),
          'References made anew': figure(counts.references),
          'Results made anew': figure(counts.windows),
        }}
      />
      {endpoints.length > 0 && (
        <Table
          label="By endpoint"
          rows={endpoints}
          rowKey={({ endpoint }) => endpoint}
          columns={[
            {
              title: 'Endpoint',
              cell: ({ endpoint }) => <a href={links.endpoint(endpoint)}>{endpoint}</a>,
            },
            { title: 'Rows', numeric: true, cell: ({ rows }) => figure(rows) },
            { title: 'Labels', numeric: true, cell: ({ labels }) => figure(labels) },
            { title: 'Files read', numeric: true, cell: ({ parts_read: read }) => figure(read) },
          ]}
        />
      )}
      {elsewhere.length > 0 && (
        <>
          <h3>Where the person may be too, and nothing looked</h3>
          <Table
            label="Not searched"
            rows={elsewhere}
            rowKey={({ kind, endpoint, name }) => `${kind} ${endpoint} ${name}`}
            columns={[
              { title: 'What', cell: ({ kind }) => kind.replaceAll('-', ' ') },
              { title: 'Endpoint', cell: ({ endpoint }) => endpoint ?? 'none' },
              { title: 'Name', cell: ({ name }) => <code>{name}</code> },
              { title: 'Why', cell: ({ why }) => why },
            ]}
          />
        </>
      )}
    </div>
  );
}
