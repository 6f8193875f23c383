import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { cairn } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import type { Retraining, RetrainingFigures } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Facts } from '../parts/Facts.tsx';
import { percent } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { AskedBy, isOver, kindOf, RunLink } from './words.tsx';

const againMilliseconds = 5000;

/** One retraining: what asked for it, how far it is, what decided, and how its version takes over. */
export function RetrainingJobPage() {
  const { id = '' } = useParams();
  const query = useQuery({
    queryKey: ['retraining-job', id],
    queryFn: ({ signal }) => cairn.get<Retraining>(pathOf(id), { signal }),
    refetchInterval: ({ state: { data } }) =>
      data && isOver(data) && data.rollout?.status !== 'under-way' ? false : againMilliseconds,
  });
  return (
    <Loaded query={query}>
      {(job) => (
        <>
          <Head job={job} />
          <Card title="Retraining">
            <Facts
              of={{
                Reason: job.reason,
                Model: <a href={links.model(job.model)}>{job.model}</a>,
                Endpoint: <a href={links.endpoint(job.endpoint)}>{job.endpoint}</a>,
                'Asked for by': <AskedBy job={job} />,
                Incident: job.incident !== undefined && (
                  <a href={links.incident(job.incident)}>{job.incident}</a>
                ),
                Because: job.why ?? job.reasons.join(', '),
                'Trained by': (
                  <>
                    <RunLink job={job} /> ({kindOf(job)})
                  </>
                ),
                Rows: (
                  <>
                    <Moment at={job.from} /> to <Moment at={job.to} />
                  </>
                ),
                'A winner gets': `@${job.alias}`,
                Rollout: rolloutWords(job),
              }}
            />
          </Card>
          {job.gate && <GateCard gate={job.gate} model={job.model} />}
          {job.steps && (
            <Card title="Steps" flush>
              <Table
                label="Steps, in order"
                rows={job.steps}
                rowKey={({ at, status }) => `${at} ${status}`}
                columns={[
                  { title: 'State', cell: ({ status }) => <Chip state={status} /> },
                  { title: 'Attempt', cell: ({ attempt }) => attempt ?? '—' },
                  { title: 'At', cell: ({ at }) => <Moment at={at} /> },
                  { title: '', cell: ({ at }) => <Ago at={at} /> },
                ]}
              />
            </Card>
          )}
        </>
      )}
    </Loaded>
  );
}

const pathOf = (id: string) => `retraining-jobs/${encodeURIComponent(id)}`;

function Head({ job }: { readonly job: Retraining }) {
  const [isAsked, setAsked] = useState(false);
  const mayCancel = ['requested', 'training', 'gating'].includes(job.status);
  return (
    <>
      <PageHead
        title={`Retraining of ${job.model}`}
        crumbs={[{ label: 'Retraining', href: '#/retraining' }]}
        state={
          <span role="status">
            <Chip state={job.status} />
          </span>
        }
        actions={
          mayCancel && (
            <May needs="operator">
              <button type="button" onClick={() => setAsked(true)}>
                <Icon name="close" size={14} /> Cancel the retraining
              </button>
            </May>
          )
        }
      />
      {isAsked && (
        <Dialog
          title="Cancel the retraining?"
          action="Yes, cancel it"
          danger
          onClose={() => setAsked(false)}
          onSubmit={() => cancel(job.id)}
        >
          <p>What trains is told to stop. The alias stays where it is.</p>
        </Dialog>
      )}
    </>
  );
}

async function cancel(id: string): Promise<void> {
  try {
    await cairn.post(`${pathOf(id)}/cancel`, { body: {} });
  } finally {
    void queryClient.invalidateQueries({ queryKey: ['retraining-jobs'] });
    await queryClient.invalidateQueries({ queryKey: ['retraining-job', id] });
  }
}

function GateCard({
  gate,
  model,
}: {
  readonly gate: NonNullable<Retraining['gate']>;
  readonly model: string;
}) {
  const rows: readonly (RetrainingFigures & { readonly role: string })[] = [
    { role: 'Champion', ...gate.champion },
    { role: 'Challenger', ...gate.challenger },
  ];
  return (
    <Card title={`Judged on ${gate.rows} rows that no training saw`} flush>
      <Table
        label="Champion and challenger"
        rows={rows}
        rowKey={({ role }) => role}
        columns={[
          { title: '', cell: ({ role }) => role },
          {
            title: 'Version',
            cell: ({ version }) => <a href={links.version(model, version)}>v{version}</a>,
          },
          { title: 'Accuracy', cell: ({ accuracy }) => percent(accuracy) },
          { title: 'Log loss', cell: ({ log_loss: loss }) => (loss === null ? '—' : loss.toFixed(4)) },
        ]}
      />
    </Card>
  );
}

function rolloutWords({ rollout }: Retraining): string | undefined {
  if (rollout === undefined) return undefined;
  const { status, deployment, share, says, reason } = rollout;
  if (status === 'under-way') return `${deployment}: ${share} % of the calls. ${says ?? ''}`;
  if (status === 'at-once') return `${deployment}: it took over at once`;
  return `${deployment}: ${status.replaceAll('-', ' ')}. ${reason ?? ''}`;
}
