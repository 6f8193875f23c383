import type { BatchReport } from '../api/batch-report.ts';
import { Tag } from '../parts/Chip.tsx';
import { Card } from '../parts/Card.tsx';

type Columns = NonNullable<BatchReport['schema']>['input'];

/** The columns of the input and of the output, in their order. */
export function SchemaCard({ schema }: { readonly schema: NonNullable<BatchReport['schema']> }) {
  return (
    <div className="grid">
      <Card title="Columns of the input">
        <ColumnTags columns={schema.input} />
      </Card>
      <Card title="Columns of the output">
        <ColumnTags columns={schema.output} />
      </Card>
    </div>
  );
}

function ColumnTags({ columns }: { readonly columns: Columns }) {
  return (
    <ul className="column-tags">
      {columns.map(({ name, type }) => (
        <li key={name}>
          <Tag title={`${name}: ${type}`}>
            {name} <span className="hint">{type}</span>
          </Tag>
        </li>
      ))}
    </ul>
  );
}
