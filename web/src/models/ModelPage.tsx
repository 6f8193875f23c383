import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { ApiError, cairn, mlflow } from '../api/client.ts';
import type { Endpoint, Model, Version } from '../api/types.ts';
import { EndpointList } from '../endpoints/EndpointTable.tsx';
import { Card } from '../parts/Card.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded, Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { PairsTable } from '../parts/PairsTable.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';

const pageSize = 10;

/** A registered model: its versions newest first, who holds which, and where it serves. */
export function ModelPage() {
  const { name = '', version } = useParams();
  const query = useQuery({
    queryKey: ['model', name],
    queryFn: async ({ signal }) =>
      (
        await mlflow.get<{ registered_model: Model }>('registered-models/get', {
          query: { name },
          signal,
        })
      ).registered_model,
  });
  return (
    <>
      <PageHead title={name} crumbs={[{ label: 'Models', href: '#/models' }]} />
      <Loaded query={query}>{(model) => <Details model={model} chosen={version} />}</Loaded>
    </>
  );
}

function Details({ model, chosen }: { readonly model: Model; readonly chosen: string | undefined }) {
  const newest = Math.max(0, ...(model.latest_versions ?? []).map((each) => Number(each.version)));
  const endpoints = useQuery({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => cairn.get<{ endpoints: Endpoint[] }>('endpoints', { signal }),
  });
  return (
    <>
      {model.description && <p className="note">{model.description}</p>}
      <Facts
        of={{
          Created: <Moment at={model.creation_timestamp} />,
          Changed: <Moment at={model.last_updated_timestamp} />,
          Aliases: model.aliases?.length ? (
            <span className="tags">
              {model.aliases.map(({ alias, version }) => (
                <Tag key={alias}>
                  {alias} → v{version}
                </Tag>
              ))}
            </span>
          ) : (
            'none'
          ),
        }}
      />
      <Card title="Versions" flush>
        {newest > 0 ? (
          <Versions name={model.name} newest={newest} chosen={chosen} />
        ) : (
          <p className="hint card-body">None yet. Log a model to add one.</p>
        )}
      </Card>
      <Card title="Endpoints" flush>
        <Loaded query={endpoints}>
          {(data) => (
            <EndpointList
              endpoints={data.endpoints.filter((each) => each.model === model.name)}
              none="No endpoint serves it."
            />
          )}
        </Loaded>
      </Card>
      {model.tags !== undefined && model.tags.length > 0 && (
        <Card title="Tags" flush>
          <PairsTable label="Tags" pairs={model.tags} />
        </Card>
      )}
    </>
  );
}

type VersionsProps = {
  readonly name: string;
  readonly newest: number;
  readonly chosen: string | undefined;
};

function Versions({ name, newest, chosen }: VersionsProps) {
  const query = useInfiniteQuery({
    queryKey: ['model', name, 'versions', newest],
    queryFn: async ({ pageParam, signal }) => {
      const numbers = Array.from({ length: Math.min(pageSize, pageParam) }, (_, at) => pageParam - at);
      const found = await Promise.all(numbers.map((number) => versionOf(name, number, signal)));
      return found.filter((each) => each !== undefined);
    },
    initialPageParam: newest,
    getNextPageParam: (_page, _pages, last) => (last > pageSize ? last - pageSize : undefined),
  });
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton />;
  return (
    <>
      <Table
        label="Versions, newest first"
        rows={query.data.pages.flat()}
        rowKey={({ version }) => version}
        columns={[
          {
            title: 'Version',
            cell: ({ version }) => (version === chosen ? <mark>v{version}</mark> : `v${version}`),
          },
          {
            title: 'Aliases',
            cell: ({ aliases }) =>
              aliases?.length ? (
                <span className="tags">
                  {aliases.map((alias) => (
                    <Tag key={alias}>{alias}</Tag>
                  ))}
                </span>
              ) : (
                '—'
              ),
          },
          { title: 'Created', cell: (each) => <Ago at={each.creation_timestamp} /> },
          {
            title: 'From run',
            cell: ({ run_id: run }) =>
              run ? (
                <a href={links.runById(run)}>
                  <code>{run.slice(-8)}</code>
                </a>
              ) : (
                '—'
              ),
          },
          { title: 'Notes', cell: (each) => <Notes version={each} /> },
        ]}
      />
      <More query={query} />
    </>
  );
}

function Notes({ version: { status_message: why, description, tags = [] } }: { readonly version: Version }) {
  if (!why && !description && tags.length === 0) return '—';
  return (
    <>
      {why && (
        <>
          <Chip state="not servable" /> {why}{' '}
        </>
      )}
      {description}
      {tags.length > 0 && (
        <details>
          <summary>{counted(tags.length, 'tag')}</summary>
          <PairsTable label="Tags" pairs={tags} />
        </details>
      )}
    </>
  );
}

/** A version by its number; numbers of deleted ones are not used again. */
async function versionOf(name: string, number: number, signal: AbortSignal): Promise<Version | undefined> {
  try {
    const { model_version: found } = await mlflow.get<{ model_version: Version }>('model-versions/get', {
      query: { name, version: number },
      signal,
    });
    return found;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
