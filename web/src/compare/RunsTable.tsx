import type { Cell } from '../charts/dimensions.ts';
import { valueText } from '../charts/labels.ts';
import { Card } from '../parts/Card.tsx';
import { links } from '../parts/links.ts';
import { Table } from '../parts/Table.tsx';
import type { Compared } from './compared.ts';
import type { Field } from './differences.ts';
import { Swatch } from './Legend.tsx';

export type ShownRun = Compared & { readonly at: number };
type RunsTableProps = {
  readonly title: string;
  readonly runs: readonly ShownRun[];
  readonly fields: readonly Field[];
};

/** The runs of a chart in figures: the same for whoever does not see it. */
export function RunsTable({ title, runs, fields }: RunsTableProps) {
  return (
    <Card title={title} flush>
      <div className="runs-table">
        <Table<ShownRun>
          label={title}
          rows={runs}
          rowKey={({ id }) => id}
          columns={[
            {
              title: 'Run',
              cell: ({ run, id, name, color, dash }) => (
                <span className="run-name">
                  <Swatch color={color} dash={dash} />
                  <a className="clip" href={links.run(run.info.experiment_id, id)} title={name}>
                    {name}
                  </a>
                </span>
              ),
            },
            ...fields.map((field) => ({
              id: field.id,
              title: field.label,
              numeric: field.row.cells.every((cell) => cell === undefined || Number.isFinite(Number(cell))),
              cell: ({ at }: ShownRun) => cellText(field.row.cells[at]),
            })),
          ]}
        />
      </div>
    </Card>
  );
}

function cellText(cell: Cell): string {
  return typeof cell === 'number' ? valueText(cell) : (cell ?? '–');
}
