import type { TensorSpec, Version } from '../api/registry.ts';
import { Card } from '../parts/Card.tsx';
import { shapeText } from '../parts/format.ts';
import { LongText } from '../parts/RowList.tsx';
import { Table } from '../parts/Table.tsx';
import { columnsOf } from '../run/datasets.ts';

const parts = { inputs: 'Inputs', outputs: 'Outputs', params: 'Params' } as const;

/** What goes in and comes out: as MLflow's client logged it, and as the ONNX graph takes it. */
export function SignatureCard({ version: { artifact, inspection } }: { readonly version: Version }) {
  const schema = artifact?.schema ?? {};
  const logged = (['inputs', 'outputs', 'params'] as const).flatMap((part) => {
    const columns = columnsOf(schema[part]);
    return columns.length === 0 ? [] : [{ part, columns }];
  });
  const ready = inspection.state === 'ready' ? inspection.ready : undefined;
  if (logged.length === 0 && !ready) {
    if (inspection.state === 'pending') return null;
    return (
      <Card title="Signature">
        <p className="hint">The model was logged without a signature.</p>
      </Card>
    );
  }
  return (
    <Card title="Signature" flush>
      {logged.map(({ part, columns }) => (
        <section key={part} className="signature-part">
          <h3>
            {parts[part]} <span className="count">{columns.length}</span>
          </h3>
          <Table
            label={parts[part]}
            rows={columns}
            rowKey={({ at }) => String(at)}
            columns={[
              {
                title: 'Name',
                cell: ({ name }) =>
                  name === '' ? <span className="hint">unnamed</span> : <LongText text={name} />,
              },
              { title: 'Type', cell: ({ type }) => <code>{type}</code> },
            ]}
          />
        </section>
      ))}
      {ready && (
        <>
          <Tensors title="Tensors in" tensors={ready.signature.inputs} />
          <Tensors title="Tensors out" tensors={ready.signature.outputs} />
          <Names title="Features" names={ready.features} />
          <Names title="Labels" names={ready.labels} />
        </>
      )}
    </Card>
  );
}

function Tensors({ title, tensors }: { readonly title: string; readonly tensors: readonly TensorSpec[] }) {
  return (
    <section className="signature-part">
      <h3>
        {title} <span className="count">{tensors.length}</span>
      </h3>
      <Table
        label={title}
        rows={tensors}
        rowKey={({ name }) => name}
        columns={[
          { title: 'Name', cell: ({ name }) => <LongText text={name} /> },
          { title: 'Type', cell: ({ element_type: type }) => <code>{type}</code> },
          { title: 'Shape', cell: ({ shape }) => <code>{shapeText(shape)}</code> },
        ]}
      />
    </section>
  );
}

function Names({ title, names }: { readonly title: string; readonly names: readonly string[] | null }) {
  if (!names || names.length === 0) return null;
  return (
    <section className="signature-part">
      <h3>
        {title} <span className="count">{names.length}</span>
      </h3>
      <p className="tags names">
        {names.map((name) => (
          <span key={name} className="tag" title={name}>
            {name}
          </span>
        ))}
      </p>
    </section>
  );
}
