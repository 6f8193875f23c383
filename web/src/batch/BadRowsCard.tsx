import { useQuery } from '@tanstack/react-query';
import type { BadRow, StoredFile } from '../api/batch.ts';
import { Card } from '../parts/Card.tsx';
import { figure } from '../parts/format.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { StoredDownload } from './Downloads.tsx';
import { badRowsQuery } from './queries.ts';

const rowsShown = 100;

type BadRowsCardProps = {
  readonly errors: StoredFile;
  readonly rows: number;
  /** Of which file they are, where there are several. */
  readonly of?: string;
};

/** The first rows that could not be scored, with the place and the reason; the file has all of them. */
export function BadRowsCard({ errors, rows, of }: BadRowsCardProps) {
  const query = useQuery(badRowsQuery(errors.url));
  return (
    <Card
      title={
        <>
          Bad rows{of !== undefined && ` of ${of}`} <span className="count">{figure(rows)}</span>
        </>
      }
      flush
      actions={<StoredDownload file={errors} label="All of them" className="quiet" />}
    >
      <Loaded query={query}>{(found) => <BadRows found={found.slice(0, rowsShown)} rows={rows} />}</Loaded>
    </Card>
  );
}

function BadRows({ found, rows }: { readonly found: readonly BadRow[]; readonly rows: number }) {
  return (
    <>
      <Table
        label="Bad rows"
        rows={found}
        rowKey={({ row, column }) => `${row} ${column}`}
        columns={[
          { title: 'Row', cell: ({ row }) => figure(row) },
          { title: 'Column', cell: ({ column }) => column ?? '—' },
          { title: 'Value', cell: (each) => <Value of={each} /> },
          { title: 'Reason', cell: ({ reason }) => reason },
        ]}
      />
      {rows > found.length && (
        <p className="hint card-none">
          The first {figure(found.length)} of {figure(rows)}; the file has all of them.
        </p>
      )}
    </>
  );
}

function Value({ of: { value } }: { readonly of: BadRow }) {
  if (value === undefined) return <span className="hint">not told</span>;
  return value === '' ? <span className="hint">empty</span> : <code>{value}</code>;
}
