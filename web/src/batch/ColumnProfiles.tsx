import { useState } from 'react';
import type { ColumnProfile } from '../api/batch-report.ts';
import { Card } from '../parts/Card.tsx';
import { figure } from '../parts/format.ts';
import { SearchField } from '../parts/SearchField.tsx';
import { Table } from '../parts/Table.tsx';
import { SpreadChart } from './Predictions.tsx';
import { smallPercent } from './words.ts';

type ColumnProfilesProps = { readonly columns: readonly ColumnProfile[]; readonly rows: number };

const filterFromColumns = 8;
const columnsShown = 100;
const valuesShown = 4;

/** Each column that went into the model: what is missing, and how its values are spread. */
export function ColumnProfiles({ columns, rows }: ColumnProfilesProps) {
  const [filter, setFilter] = useState('');
  const found = columns.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
  return (
    <Card
      title={
        <>
          Columns that went in <span className="count">{figure(columns.length)}</span>
        </>
      }
      flush
      actions={
        columns.length >= filterFromColumns && (
          <SearchField label="Filter columns" value={filter} onChange={setFilter} />
        )
      }
    >
      <Table
        label="Columns that went in"
        rows={found.slice(0, columnsShown)}
        rowKey={({ name }) => name}
        columns={[
          { title: 'Column', cell: ({ name }) => name },
          { title: 'Spread', cell: (column) => <SpreadOf column={column} /> },
          { title: 'Mean', numeric: true, cell: (column) => numberOf(column, 'mean') },
          { title: 'Deviation', numeric: true, cell: (column) => numberOf(column, 'std') },
          { title: 'Least', numeric: true, cell: (column) => numberOf(column, 'min') },
          { title: 'Largest', numeric: true, cell: (column) => numberOf(column, 'max') },
          { title: 'Missing', numeric: true, cell: (column) => missingText(column, rows) },
        ]}
      />
      {found.length > columnsShown && (
        <p className="hint card-none">
          The first {columnsShown} of {figure(found.length)}: filter to see others.
        </p>
      )}
    </Card>
  );
}

function SpreadOf({ column }: { readonly column: ColumnProfile }) {
  switch (column.kind) {
    case 'hidden':
      return <span className="hint">hidden: personal data</span>;
    case 'numeric':
      return <SpreadChart label={column.name} of={column} />;
    case 'categorical':
      return (
        <span>
          {column.top
            .slice(0, valuesShown)
            .map(({ value, rows }) => `${value} (${figure(rows)})`)
            .join(', ')}
          {column.distinct > valuesShown && (
            <span className="hint"> … {figure(column.distinct)} different ones</span>
          )}
        </span>
      );
  }
}

function numberOf(column: ColumnProfile, of: 'mean' | 'std' | 'min' | 'max'): string {
  const value = column.kind === 'numeric' ? column[of] : null;
  return value === null ? '—' : figure(value);
}

function missingText(column: ColumnProfile, rows: number): string {
  if (column.kind === 'hidden') return '—';
  return column.missing === 0 ? '0' : `${figure(column.missing)} (${smallPercent(column.missing / rows)})`;
}
