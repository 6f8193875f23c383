import type { Pair } from '../api/types.ts';
import { Table } from './Table.tsx';

/** Keys and their texts. */
export function PairsTable({ label, pairs }: { readonly label: string; readonly pairs: readonly Pair[] }) {
  return (
    <Table
      label={label}
      rows={pairs}
      rowKey={({ key }) => key}
      columns={[
        { title: 'Name', cell: ({ key }) => key },
        { title: 'Value', cell: ({ value }) => <span className="long">{value}</span> },
      ]}
    />
  );
}
