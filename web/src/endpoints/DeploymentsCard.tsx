import type { Deployment, Endpoint } from '../api/endpoints.ts';
import { Card } from '../parts/Card.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { figure } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Table } from '../parts/Table.tsx';
import { Answering } from './EndpointTable.tsx';

/** Everything that answers, with the versions it answers with. */
export function DeploymentsCard({ endpoint }: { readonly endpoint: Endpoint }) {
  const { deployments, traffic, mirror } = endpoint;
  return (
    <Card
      title={
        <>
          Deployments <span className="count">{deployments.length}</span>
        </>
      }
      flush
    >
      <Table
        label="Deployments"
        rows={deployments}
        rowKey={({ name }) => name}
        columns={[
          { title: 'Name', cell: ({ name }) => name },
          {
            title: 'Answers with',
            cell: (each) => (
              <div className="answers-cell">
                <Answering deployment={each} />
                {each.kind === 'model' && each.waiting_for && (
                  <p className="waits">
                    <Icon name="warning" size={14} /> <span>{each.waiting_for}</span>
                  </p>
                )}
              </div>
            ),
          },
          { title: 'On its way in', cell: (each) => <Coming deployment={each} /> },
          { title: 'Calls', numeric: true, cell: ({ name }) => `${figure(traffic[name] ?? 0)} %` },
          {
            title: 'Copies',
            numeric: true,
            cell: ({ name }) => (mirror[name] ? `${figure(mirror[name])} %` : '—'),
          },
          {
            title: 'Runs',
            cell: (each) =>
              each.kind === 'external' ? (
                each.has_secret ? (
                  'with a secret'
                ) : (
                  'without a secret'
                )
              ) : (
                <span className="steady">
                  {each.settings.execution}, {each.settings.micro_batch_rows} rows
                </span>
              ),
          },
          {
            title: 'Digest or address',
            cell: (each) => {
              const text = each.kind === 'external' ? each.url : each.stable?.digest;
              return text === undefined ? '—' : <Copyable text={text} shown={shortOf(text)} />;
            },
          },
        ]}
      />
    </Card>
  );
}

/** The part of a digest that tells it from others. */
function shortOf(text: string): string {
  return text.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…');
}

function Coming({ deployment }: { readonly deployment: Deployment }) {
  if (deployment.kind === 'external' || !deployment.rollout) return '—';
  const { model, rollout } = deployment;
  return (
    <span className="in-line">
      <a href={links.version(model, rollout.to.version)}>v{rollout.to.version}</a>
      <Tag>{figure(rollout.percent)} %</Tag>
      {rollout.judged && <Chip state={rollout.judged.verdict} tone={verdictTones[rollout.judged.verdict]} />}
    </span>
  );
}

const verdictTones = { waiting: 'busy', passing: 'good', breached: 'bad' } as const;
