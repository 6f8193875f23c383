import type { Metric, Pair, Run } from '../api/types.ts';
import { noteTag, ownTags, tagMap } from '../api/tags.ts';
import { valueText } from '../charts/labels.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { links } from '../parts/links.ts';
import { NoteCard } from '../parts/NoteCard.tsx';
import { LongText, RowList } from '../parts/RowList.tsx';
import { TagsCard } from '../parts/TagsCard.tsx';
import { Moment } from '../parts/Time.tsx';
import { Children } from './Children.tsx';
import { Datasets } from './Datasets.tsx';
import { LoggedModels } from './LoggedModels.tsx';
import { change } from './queries.ts';

/** What a run was told and what came of it, in figures and words. */
export function OverviewTab({ run }: { readonly run: Run }) {
  const { data, info } = run;
  return (
    <div className="split">
      <div className="split-main">
        <NoteCard
          key={info.run_id}
          text={tagMap(data.tags).get(noteTag) ?? ''}
          charactersMax={8000}
          onSave={(text) => change.setTag(info.run_id, noteTag, text)}
        />
        <RowList<Metric>
          title="Metrics"
          rows={sorted(data.metrics)}
          rowKey={({ key }) => key}
          rowText={({ key }) => key}
          none="None were logged."
          columns={[
            {
              title: 'Name',
              cell: ({ key }) => (
                <a
                  className="clip"
                  href={`${links.run(info.experiment_id, info.run_id)}?${metricAddress(key)}`}
                  title={key}
                >
                  {key}
                </a>
              ),
            },
            {
              title: 'Latest',
              width: '9rem',
              numeric: true,
              cell: ({ value }) => <span title={String(value)}>{valueText(value)}</span>,
            },
            { title: 'Step', width: '6.5rem', numeric: true, cell: ({ step }) => valueText(step) },
          ]}
        />
        <RowList<Pair>
          title="Params"
          rows={sorted(data.params)}
          rowKey={({ key }) => key}
          rowText={({ key, value }) => `${key} ${value}`}
          none="None were logged."
          columns={[
            { title: 'Name', cell: ({ key }) => <LongText text={key} /> },
            { title: 'Value', cell: ({ value }) => <LongText text={value} /> },
          ]}
        />
      </div>
      <div className="split-side">
        <Source run={run} />
        <TagsCard
          tags={ownTags(data.tags)}
          editable={info.lifecycle_stage === 'active'}
          onSet={(key, value) => change.setTag(info.run_id, key, value)}
          onDelete={(key) => change.deleteTag(info.run_id, key)}
        />
        <Datasets inputs={run.inputs?.dataset_inputs ?? []} />
        <LoggedModels run={run} />
        <Children run={run} />
      </div>
    </div>
  );
}

/** Where the run came from, as the tags of the client tell. */
function Source({ run }: { readonly run: Run }) {
  const tags = tagMap(run.data.tags);
  const { info } = run;
  const parent = tags.get('mlflow.parentRunId');
  const commit = tags.get('mlflow.source.git.commit');
  const source = tags.get('mlflow.source.name');
  const kind = tags.get('mlflow.source.type');
  return (
    <Card title="Details">
      <Facts
        of={{
          Started: <Moment at={info.start_time} />,
          Ended: info.end_time !== undefined && <Moment at={info.end_time} />,
          Source: source && `${source}${kind && kind !== 'LOCAL' ? ` (${kind.toLowerCase()})` : ''}`,
          'Entry point': tags.get('mlflow.project.entryPoint'),
          Branch: tags.get('mlflow.source.git.branch'),
          Repository: tags.get('mlflow.source.git.repoURL'),
          Commit: commit && <Copyable text={commit} />,
          'Parent run': parent && <a href={links.runById(parent)}>{parent}</a>,
          Artifacts: <Copyable text={info.artifact_uri} />,
        }}
      />
    </Card>
  );
}

function metricAddress(key: string): string {
  return new URLSearchParams({ tab: 'metrics', metric: key }).toString();
}

function sorted<T extends { readonly key: string }>(rows: readonly T[] = []): T[] {
  return rows.toSorted((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true }));
}
