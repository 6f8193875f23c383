import type { DatasetInput } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { counted } from '../parts/format.ts';
import { Table } from '../parts/Table.tsx';
import { columnsOfSchema, factsOfProfile, sourceText } from './datasets.ts';

/** The datasets that a run used, and what it used them for. */
export function Datasets({ inputs }: { readonly inputs: readonly DatasetInput[] }) {
  if (inputs.length === 0) return null;
  return (
    <Card title="Datasets">
      <ul className="plain">
        {inputs.map((input) => (
          <li key={`${input.dataset.name} ${input.dataset.digest}`}>
            <Dataset input={input} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Dataset({ input: { dataset, tags = [] } }: { readonly input: DatasetInput }) {
  const context = tags.find(({ key }) => key === 'mlflow.data.context')?.value;
  const columns = columnsOfSchema(dataset.schema);
  const source = sourceText(dataset.source);
  const facts = [
    dataset.source_type,
    ...factsOfProfile(dataset.profile).map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`),
  ].filter(Boolean);
  return (
    <>
      <div className="row">
        <strong className="clip" title={dataset.name}>
          {dataset.name}
        </strong>
        <code title="Digest">{dataset.digest}</code>
        {context !== undefined && <Chip state={context} tone="quiet" />}
      </div>
      {facts.length > 0 && <p className="hint">{facts.join(' · ')}</p>}
      {source !== undefined && <Copyable text={source} />}
      {columns.length > 0 && (
        <details>
          <summary>{counted(columns.length, 'column')}</summary>
          <div className="schema">
            <Table
              label={`Columns of ${dataset.name}`}
              rows={columns}
              rowKey={({ at }) => String(at)}
              columns={[
                { title: 'Name', cell: ({ name }) => name },
                { title: 'Type', cell: ({ type }) => <code>{type}</code> },
              ]}
            />
          </div>
        </details>
      )}
    </>
  );
}
