import { useInfiniteQuery } from '@tanstack/react-query';
import { mlflow } from '../api/client.ts';
import { nameFilter } from '../api/tracking.ts';
import type { Model } from '../api/types.ts';
import { Tag } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';

type ModelPageOf = { registered_models?: Model[]; next_page_token?: string };

/** Registered models whose name holds `search`; `max` of them, else page by page. */
export function ModelTable({ search = '', max }: { readonly search?: string; readonly max?: number }) {
  const query = useInfiniteQuery({
    queryKey: ['models', search, max],
    queryFn: ({ pageParam, signal }) =>
      mlflow.get<ModelPageOf>('registered-models/search', {
        signal,
        query: {
          max_results: max ?? 50,
          filter: search === '' ? undefined : nameFilter(search),
          page_token: pageParam,
        },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (max === undefined ? page.next_page_token : undefined),
  });
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton />;
  const models = query.data.pages.flatMap((page) => page.registered_models ?? []);
  if (models.length === 0)
    return search === '' ? (
      <Empty title="No models yet" {...(max === undefined ? { code: firstModel() } : {})}>
        {max === undefined ? (
          'A model is registered from a run, and each time after as its next version.'
        ) : (
          <>
            Log an ONNX file to a run, then call <code>MlflowClient().create_model_version(…)</code>.
          </>
        )}
      </Empty>
    ) : (
      <Empty title="No model has such a name" />
    );
  return (
    <>
      <Table
        label="Registered models"
        rows={models}
        rowKey={({ name }) => name}
        columns={[
          { title: 'Name', cell: ({ name }) => <a href={links.model(name)}>{name}</a> },
          {
            title: 'Newest',
            numeric: true,
            cell: ({ latest_versions: latest }) => (latest?.[0] ? `v${latest[0].version}` : '—'),
          },
          {
            title: 'Aliases',
            cell: ({ aliases }) =>
              aliases?.length ? (
                <span className="tags">
                  {aliases.map(({ alias, version }) => (
                    <Tag key={alias}>
                      {alias} → v{version}
                    </Tag>
                  ))}
                </span>
              ) : (
                '—'
              ),
          },
          { title: 'Changed', cell: ({ last_updated_timestamp: at }) => <Ago at={at} /> },
        ]}
      />
      <More query={query} />
    </>
  );
}

function firstModel(): string {
  return `import mlflow
mlflow.set_tracking_uri("${location.origin}")
client = mlflow.MlflowClient()
client.create_registered_model("my-model")
client.create_model_version("my-model", "runs:/<run id>/<folder of the ONNX file>")`;
}
