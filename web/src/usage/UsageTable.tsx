import { links } from '../parts/links.ts';
import { Share } from '../parts/Share.tsx';
import { Table, type TableColumn } from '../parts/Table.tsx';
import { amount, quantities, type Quantity, quantityWords, type Usage, type UsageRow } from './usage.ts';

type UsageTableProps = {
  readonly usage: Usage;
  /** What the bars show and the rows are ordered by. */
  readonly by: Quantity;
  readonly showsWorkspace: boolean;
};

type Line = UsageRow & { readonly isTotal?: boolean };

/** Principals by what they used, the most first, and the sum of it. */
export function UsageTable({ usage: { rows, totals }, by, showsWorkspace }: UsageTableProps) {
  const most = Math.max(...rows.map((row) => row[by]));
  const workspace: TableColumn<Line> = {
    title: 'Workspace',
    cell: ({ workspace: name, isTotal }) => (isTotal ? '' : name),
  };
  const lines: readonly Line[] = [
    ...rows.toSorted((a, b) => b[by] - a[by]),
    { ...totals, workspace: '', principal_id: '', principal_name: 'All together', isTotal: true },
  ];
  return (
    <Table<Line>
      label="Use by principal"
      rows={lines}
      rowKey={({ workspace: name, principal_id: id }) => `${name} ${id}`}
      columns={[
        {
          title: 'Who',
          cell: ({ principal_id: id, principal_name: name, isTotal }) =>
            isTotal ? <strong>{name}</strong> : <a href={links.principal(id)}>{name}</a>,
        },
        ...(showsWorkspace ? [workspace] : []),
        {
          id: 'bar',
          title: <span className="hidden">{quantityWords[by]} as a bar</span>,
          cell: (line) => !line.isTotal && <Share value={line[by]} max={most} />,
        },
        ...quantities.map(
          (quantity): TableColumn<Line> => ({
            title: quantityWords[quantity],
            numeric: true,
            cell: (line) => (
              <span className={line.isTotal || quantity === by ? 'usage-strong' : undefined}>
                {amount(quantity, line[quantity])}
              </span>
            ),
          }),
        ),
      ]}
    />
  );
}
