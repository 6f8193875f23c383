import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { cairn } from '../api/client.ts';
import type { RegisteredModel, VersionRow } from '../api/registry.ts';
import type { Endpoint } from '../api/endpoints.ts';
import { EndpointList } from '../endpoints/EndpointTable.tsx';
import { Markdown } from '../markdown/Markdown.tsx';
import { Card } from '../parts/Card.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded, Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { NoteCard } from '../parts/NoteCard.tsx';
import { Table } from '../parts/Table.tsx';
import { TagsCard } from '../parts/TagsCard.tsx';
import { Ago } from '../parts/Time.tsx';
import { VersionState } from '../parts/VersionState.tsx';
import { changeModel } from './actions.ts';
import { versionsQuery } from './queries.ts';

/** What a model is said to be, its versions, and where it serves. */
export function VersionsTab({ model }: { readonly model: RegisteredModel }) {
  const endpoints = useQuery({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => cairn.get<{ endpoints: Endpoint[] }>('endpoints', { signal }),
  });
  return (
    <>
      <NoteCard
        key={model.model_id}
        text={model.description}
        charactersMax={100_000}
        onSave={(text) => changeModel.describe(model.name, text)}
        shown={(text) => <Markdown text={text} />}
      />
      <Versions model={model} />
      <div className="grid">
        <TagsCard
          tags={pairsOf(model.tags)}
          onSet={(key, value) => changeModel.setTag(model.name, key, value)}
          onDelete={(key) => changeModel.deleteTag(model.name, key)}
        />
        <Card title="Endpoints" flush>
          <Loaded query={endpoints}>
            {(data) => (
              <EndpointList
                endpoints={data.endpoints.filter(({ deployments }) =>
                  deployments.some((each) => each.kind === 'model' && each.model_id === model.model_id),
                )}
                none="No endpoint serves it."
              />
            )}
          </Loaded>
        </Card>
      </div>
    </>
  );
}

function Versions({ model }: { readonly model: RegisteredModel }) {
  const { name } = model;
  const query = useInfiniteQuery(versionsQuery(name));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const versions = query.data?.pages.flatMap((page) => page.versions) ?? [];
  const picked = versions.filter(({ version }) => chosen.has(String(version)));
  return (
    <Card
      title="Versions"
      flush
      actions={
        picked.length > 0 && (
          <div className="row" role="group" aria-label="Chosen versions">
            <span className="hint">
              {picked.length === 1 ? 'Choose another to compare' : `${picked.length} chosen`}
            </span>
            {picked.length > 1 && (
              <a
                className="button primary"
                href={links.compareVersions(
                  name,
                  picked.map(({ version }) => version).toSorted((a, b) => a - b),
                )}
              >
                <Icon name="compare" /> Compare
              </a>
            )}
          </div>
        )
      }
    >
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton lines={6} />
      ) : versions.length === 0 ? (
        <Empty title="No versions yet" code={firstVersion(name)}>
          Each time a model is registered under this name, it becomes the next version.
        </Empty>
      ) : (
        <div className="versions">
          <Table
            label="Versions, newest first"
            rows={versions}
            rowKey={({ version }) => String(version)}
            rowName={({ version }) => `version ${version}`}
            chosen={chosen}
            onChoose={setChosen}
            columns={[
              {
                title: 'Version',
                cell: ({ version }) => <a href={links.version(name, version)}>v{version}</a>,
              },
              { title: 'State', cell: (version) => <State version={version} /> },
              { title: 'Aliases', cell: ({ aliases }) => <Tags of={aliases} /> },
              {
                title: 'Stage',
                cell: ({ stage }) => (stage === 'None' ? '—' : <Chip state={stage} />),
              },
              {
                title: 'Flavours',
                cell: ({ flavours }) => flavours.map(shortFlavour).join(', ') || '—',
              },
              {
                title: 'Signed',
                cell: ({ signed }) =>
                  signed ? (
                    <span role="img" aria-label="signed" title="Signed">
                      <Icon name="signed" />
                    </span>
                  ) : (
                    '—'
                  ),
              },
              {
                title: 'From run',
                cell: ({ run_id: run }) =>
                  run ? (
                    <a href={links.runById(run)} title={run}>
                      <code className="steady">{run.slice(-8)}</code>
                    </a>
                  ) : (
                    '—'
                  ),
              },
              {
                title: 'Description',
                cell: ({ description }) => (
                  <span className="clamp" title={description}>
                    {description || '—'}
                  </span>
                ),
              },
              { title: 'Created', cell: (each) => <Ago at={each.created_at} /> },
            ]}
          />
        </div>
      )}
      <More query={query} />
    </Card>
  );
}

function State({ version: { inspection } }: { readonly version: VersionRow }) {
  return (
    <>
      <VersionState inspection={inspection} />
      {inspection.state === 'refused' && (
        <span className="clamp version-reason hint" title={inspection.reason}>
          {inspection.reason}
        </span>
      )}
    </>
  );
}

function Tags({ of }: { readonly of: readonly string[] }) {
  if (of.length === 0) return '—';
  return (
    <span className="tags">
      {of.map((each) => (
        <Tag key={each} title={each}>
          {each}
        </Tag>
      ))}
    </span>
  );
}

function shortFlavour(name: string): string {
  return name.replace('python_function', 'pyfunc');
}

function pairsOf(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags)
    .filter(([key]) => !key.startsWith('mlflow.'))
    .map(([key, value]) => ({ key, value }));
}

function firstVersion(name: string): string {
  return `import mlflow
mlflow.set_tracking_uri("${location.origin}")
mlflow.register_model("runs:/<run id>/<folder of the model>", ${JSON.stringify(name)})`;
}
