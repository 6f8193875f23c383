import { useInfiniteQuery } from '@tanstack/react-query';
import { mlflow } from '../api/client.ts';
import type { Model, Version } from '../api/types.ts';
import { AliasTags } from '../parts/AliasTags.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { SortTitle, Table } from '../parts/Table.tsx';
import { TagList } from '../parts/TagList.tsx';
import { Ago } from '../parts/Time.tsx';

type ModelPageOf = { registered_models?: Model[]; next_page_token?: string };
type ModelTableProps = {
  /** In the server's language; all where it is empty. */
  readonly filter?: string;
  readonly order?: string;
  /** Called with the order a reader asked for; without it the order is fixed. */
  readonly onOrder?: (order: string) => void;
  /** What there is none of where the list is empty. */
  readonly none?: 'models' | 'prompts' | 'match';
  /** This many at most, and no way to more. */
  readonly max?: number;
};

const pageSize = 50;
export const modelsByName = 'name ASC';

/** Registered models page by page: their newest version and whether it can be served, who holds which alias. */
export function ModelTable({
  filter = '',
  order = modelsByName,
  onOrder,
  none = 'models',
  max,
}: ModelTableProps) {
  const query = useInfiniteQuery({
    queryKey: ['models', filter, order, max],
    queryFn: ({ pageParam, signal }) =>
      mlflow.get<ModelPageOf>('registered-models/search', {
        signal,
        query: {
          max_results: max ?? pageSize,
          order_by: order,
          filter: filter === '' ? undefined : filter,
          page_token: pageParam,
        },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (max === undefined ? page.next_page_token : undefined),
  });
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton lines={max === undefined ? 10 : 4} />;
  const models = query.data.pages.flatMap((page) => page.registered_models ?? []);
  if (models.length === 0) return <None of={none} brief={max !== undefined} />;
  const title = (text: string, field: string) =>
    onOrder ? <SortTitle title={text} field={field} order={order} onSort={onOrder} /> : text;
  return (
    <>
      <Table
        label="Registered models"
        rows={models}
        rowKey={({ name }) => name}
        columns={[
          {
            title: title('Name', 'name'),
            id: 'name',
            cell: ({ name }) => (
              <a className="clamp" href={links.model(name)} title={name}>
                {name}
              </a>
            ),
          },
          { title: 'Newest', cell: ({ name, latest_versions: latest = [] }) => newest(name, latest) },
          {
            title: 'Aliases',
            cell: ({ name, aliases = [] }) => <AliasTags model={name} aliases={aliases} max={3} />,
          },
          ...(max === undefined
            ? [
                {
                  title: 'Tags',
                  cell: ({ tags = [] }: Model) => (
                    <TagList tags={tags.filter(({ key }) => !key.startsWith('mlflow.'))} max={3} />
                  ),
                },
              ]
            : []),
          {
            title: title('Changed', 'last_updated_timestamp'),
            id: 'changed',
            cell: ({ last_updated_timestamp: at }) => <Ago at={at} />,
          },
        ]}
      />
      <More query={query} />
    </>
  );
}

function newest(name: string, latest: readonly Version[]) {
  const version = latest.toSorted((a, b) => Number(b.version) - Number(a.version))[0];
  if (!version) return '—';
  return (
    <span className="dotted steady">
      <a href={links.version(name, version.version)}>v{version.version}</a>
      <span title={version.status_message}>
        <Chip state={stateOf(version)} />
      </span>
    </span>
  );
}

/** To MLflow every version is ready; what it is in truth begins its message. */
function stateOf({ status_message: says = '' }: Version): string {
  if (says === '') return 'ready';
  return says.startsWith('Not servable') ? 'not servable' : 'reading';
}

function None({ of, brief }: { readonly of: 'models' | 'prompts' | 'match'; readonly brief: boolean }) {
  switch (of) {
    case 'match':
      return <Empty title="No model matches" />;
    case 'prompts':
      return (
        <Empty title="No prompts yet" code={firstPrompt()}>
          A prompt is registered by a client, and each time after as its next version.
        </Empty>
      );
    case 'models':
      return (
        <Empty title="No models yet" {...(brief ? {} : { code: firstModel() })}>
          {brief ? (
            <>
              Log an ONNX file to a run, then call <code>MlflowClient().create_model_version(…)</code>.
            </>
          ) : (
            'A model is registered from a run, and each time after as its next version.'
          )}
        </Empty>
      );
  }
}

function firstModel(): string {
  return `import mlflow
mlflow.set_tracking_uri("${location.origin}")
client = mlflow.MlflowClient()
client.create_registered_model("my-model")
client.create_model_version("my-model", "runs:/<run id>/<folder of the ONNX file>")`;
}

function firstPrompt(): string {
  return `import mlflow
mlflow.set_tracking_uri("${location.origin}")
mlflow.genai.register_prompt("my-prompt", "Sum up: {{text}}")`;
}
