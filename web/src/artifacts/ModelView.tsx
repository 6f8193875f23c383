import { Code, Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { byteSize } from '../parts/format.ts';
import { Table } from '../parts/Table.tsx';
import { columnsOfSchema } from '../run/datasets.ts';
import type { Source } from './files.ts';
import { TextView } from './TextView.tsx';
import { parseYaml, type Yaml } from './yaml.ts';

type ModelViewProps = { readonly source: Source; readonly path: string; readonly text: string };

/** What an MLmodel file says: how the model was made, what goes in and comes out, how to load it. */
export function ModelView({ source, path, text }: ModelViewProps) {
  const model = mapOf(readYaml(text));
  if (!model) return <TextView text={text} whole />;
  const flavors = mapOf(model['flavors']) ?? {};
  const signature = mapOf(model['signature']) ?? {};
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const uri = source.kind === 'model' ? `models:/${source.modelId}` : `runs:/${source.runId}/${folder}`;
  const bytes = model['model_size_bytes'];
  const modelId = textOf(model['model_id'] ?? model['model_uuid']);
  return (
    <div className="artifact-model">
      <Facts
        of={{
          Flavours: Object.keys(flavors)
            .map((name) => name.replace('python_function', 'pyfunc'))
            .join(', '),
          MLflow: textOf(model['mlflow_version']),
          Created: textOf(model['utc_time_created']),
          Size: typeof bytes === 'number' && byteSize(bytes),
          'Model id': modelId !== undefined && <Copyable text={modelId} />,
        }}
      />
      <Code
        text={`import mlflow\n\nmodel = mlflow.pyfunc.load_model("${uri}")\npredictions = model.predict(data)`}
      />
      {(['inputs', 'outputs', 'params'] as const).map((part) => {
        const columns = columnsOfSchema(textOf(signature[part]));
        if (columns.length === 0) return null;
        return (
          <section key={part}>
            <h3>{titles[part]}</h3>
            <Table
              label={titles[part]}
              rows={columns}
              rowKey={({ at }) => String(at)}
              columns={[
                { title: 'Name', cell: ({ name }) => name || <span className="hint">unnamed</span> },
                { title: 'Type', cell: ({ type }) => <code>{type}</code> },
              ]}
            />
          </section>
        );
      })}
      {Object.keys(signature).length === 0 && (
        <p className="hint">The model was logged without a signature.</p>
      )}
    </div>
  );
}

const titles = { inputs: 'Inputs', outputs: 'Outputs', params: 'Params' } as const;

function readYaml(text: string): Yaml | undefined {
  try {
    return parseYaml(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function mapOf(value: Yaml | undefined): { readonly [key: string]: Yaml } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Yaml })
    : undefined;
}

function textOf(value: Yaml | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
