import { useInfiniteQuery } from '@tanstack/react-query';
import type { Version } from '../api/registry.ts';
import type { Figure } from '../api/types.ts';
import { valueText } from '../charts/labels.ts';
import { Markdown } from '../markdown/Markdown.tsx';
import { changeVersion } from '../model/actions.ts';
import { PromotionList } from '../model/PromotionList.tsx';
import { promotionsQuery } from '../model/queries.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { links } from '../parts/links.ts';
import { NoteCard } from '../parts/NoteCard.tsx';
import { LongText, RowList } from '../parts/RowList.tsx';
import { TagsCard } from '../parts/TagsCard.tsx';
import { Moment } from '../parts/Time.tsx';
import { ConversionCard } from './ConversionCard.tsx';
import { InspectionCard } from './InspectionCard.tsx';
import { SignatureCard } from './SignatureCard.tsx';
import { SigningCard } from './SigningCard.tsx';

/** What a version is, can do and came from. */
export function OverviewTab({ version }: { readonly version: Version }) {
  const { name, version: number, run } = version;
  return (
    <div className="split">
      <div className="split-main">
        <NoteCard
          key={number}
          text={version.description}
          charactersMax={100_000}
          onSave={(text) => changeVersion.describe(name, number, text)}
          shown={(text) => <Markdown text={text} />}
        />
        <InspectionCard version={version} />
        {version.conversion && <ConversionCard conversion={version.conversion} />}
        <SignatureCard version={version} />
        {run && (
          <>
            <RowList<[string, Figure]>
              title="Metrics of the source run"
              rows={sorted(run.metrics)}
              rowKey={([key]) => key}
              rowText={([key]) => key}
              none="None were logged."
              columns={[
                {
                  title: 'Name',
                  cell: ([key]) => (
                    <a className="clip" href={metricLink(run, key)} title={key}>
                      {key}
                    </a>
                  ),
                },
                {
                  title: 'Latest',
                  width: '9rem',
                  numeric: true,
                  cell: ([, value]) => <span title={String(value)}>{valueText(value)}</span>,
                },
              ]}
            />
            <RowList<[string, string]>
              title="Params of the source run"
              rows={sorted(run.params)}
              rowKey={([key]) => key}
              rowText={([key, value]) => `${key} ${value}`}
              none="None were logged."
              columns={[
                { title: 'Name', cell: ([key]) => <LongText text={key} /> },
                { title: 'Value', cell: ([, value]) => <LongText text={value} /> },
              ]}
            />
          </>
        )}
      </div>
      <div className="split-side">
        <Source version={version} />
        <SigningCard key={number} version={version} />
        <TagsCard
          tags={Object.entries(version.tags)
            .filter(([key]) => !key.startsWith('mlflow.'))
            .map(([key, value]) => ({ key, value }))}
          onSet={(key, value) => changeVersion.setTag(name, number, key, value)}
          onDelete={(key) => changeVersion.deleteTag(name, number, key)}
        />
        <Promotions name={name} version={number} />
      </div>
    </div>
  );
}

/** Where the version came from: its run, its code, its files. */
function Source({ version }: { readonly version: Version }) {
  const { run, artifact } = version;
  const git = run?.git;
  return (
    <Card title="Details">
      <Facts
        of={{
          Registered: <Moment at={version.created_at} />,
          Run: run && <a href={links.run(run.experiment_id, run.run_id)}>{run.name || run.run_id}</a>,
          Experiment: run && <a href={links.experiment(run.experiment_id)}>{run.experiment_name}</a>,
          Commit:
            git &&
            (git.link ? <CommitLink link={git.link} commit={git.commit} /> : <Copyable text={git.commit} />),
          Branch: git?.branch,
          Repository: git?.repo_url,
          Flavours: artifact?.flavours.join(', '),
          MLflow: artifact?.mlflow_version,
          'Logged model': version.logged_model_id && <Copyable text={version.logged_model_id} />,
          Source: <Copyable text={version.source} />,
          'Load it with': <Copyable text={`models:/${version.name}/${version.version}`} />,
        }}
      />
    </Card>
  );
}

function CommitLink({ link, commit }: { readonly link: string; readonly commit: string }) {
  return (
    <a href={link} target="_blank" rel="noreferrer">
      <code>{commit}</code>
    </a>
  );
}

function Promotions({ name, version }: { readonly name: string; readonly version: number }) {
  const query = useInfiniteQuery(promotionsQuery(name, version));
  return (
    <Card title="Promotions" flush>
      <PromotionList name={name} query={query} none="It was never asked to be promoted." brief />
    </Card>
  );
}

function metricLink(run: NonNullable<Version['run']>, metric: string): string {
  return `${links.run(run.experiment_id, run.run_id)}?${new URLSearchParams({ tab: 'metrics', metric }).toString()}`;
}

function sorted<T>(of: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(of).toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}
