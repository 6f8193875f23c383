import type { Metric, Pair, Run } from '../api/types.ts';
import { noteTag, ownTags, tagMap } from '../api/tags.ts';
import { valueText } from '../charts/labels.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { links } from '../parts/links.ts';
import { Moment } from '../parts/Time.tsx';
import { Children } from './Children.tsx';
import { Datasets } from './Datasets.tsx';
import { Description } from './Description.tsx';
import { LoggedModels } from './LoggedModels.tsx';
import { LongText, RowList } from './RowList.tsx';
import { Tags } from './Tags.tsx';

/** What a run was told and what came of it, in figures and words. */
export function OverviewTab({ run }: { readonly run: Run }) {
  const { data, info } = run;
  return (
    <div className="run-overview">
      <div className="run-main">
        <Description key={info.run_id} runId={info.run_id} text={tagMap(data.tags).get(noteTag) ?? ''} />
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
      <div className="run-side">
        <Source run={run} />
        <Tags runId={info.run_id} tags={ownTags(data.tags)} editable={info.lifecycle_stage === 'active'} />
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
