import { useQuery } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { fileOf } from '../api/ranges.ts';
import type { BatchJob, Retraining } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { DownloadButton } from '../parts/DownloadButton.tsx';
import { Empty } from '../parts/Empty.tsx';
import { byteSize, figure, percent } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';

/** The newest `max` batch jobs and retrainings. */
export function JobTables({ max }: { readonly max: number }) {
  return (
    <>
      <Card title="Batch jobs" flush>
        <BatchJobs max={max} />
      </Card>
      <Card title="Retraining" flush>
        <Retrainings max={max} />
      </Card>
    </>
  );
}

function BatchJobs({ max }: { readonly max: number }) {
  const query = useQuery({
    queryKey: ['batch-jobs', max],
    queryFn: ({ signal }) => cairn.get<{ jobs: BatchJob[] }>('batch-jobs', { query: { limit: max }, signal }),
  });
  return (
    <Loaded query={query}>
      {({ jobs }) =>
        jobs.length === 0 ? (
          <Empty title="No batch jobs yet">
            A CSV file dropped in <code>batch-input/&lt;endpoint&gt;/</code> starts one.
          </Empty>
        ) : (
          <Table
            label="Batch jobs, newest first"
            rows={jobs}
            rowKey={({ id }) => id}
            columns={[
              { title: 'Input', cell: ({ input }) => input.name },
              {
                title: 'Endpoint',
                cell: ({ endpoint }) => <a href={links.endpoint(endpoint)}>{endpoint}</a>,
              },
              { title: 'Status', cell: ({ status }) => <Chip state={status} /> },
              { title: 'Output', cell: (job) => <Outcome job={job} /> },
              { title: 'Started', cell: ({ created_at: at }) => <Ago at={at} /> },
            ]}
          />
        )
      }
    </Loaded>
  );
}

function Outcome({ job: { output, error } }: { readonly job: BatchJob }) {
  if (error) {
    const place = [error.row && `row ${error.row}`, error.column && `column ${error.column}`].filter(Boolean);
    return [...place, error.reason].join(', ');
  }
  if (!output) return '—';
  const path = output.name.split('/').map(encodeURIComponent).join('/');
  return (
    <>
      <DownloadButton
        name={output.name.slice(output.name.lastIndexOf('/') + 1)}
        className="link"
        read={() => fileOf(`/api/v1/batch-outputs/${path}`, output.bytes)}
      >
        {figure(output.rows)} rows
      </DownloadButton>{' '}
      {byteSize(output.bytes)}
    </>
  );
}

function Retrainings({ max }: { readonly max: number }) {
  const query = useQuery({
    queryKey: ['retraining-jobs', max],
    queryFn: ({ signal }) =>
      cairn.get<{ jobs: Retraining[] }>('retraining-jobs', { query: { limit: max }, signal }),
  });
  return (
    <Loaded query={query}>
      {({ jobs }) =>
        jobs.length === 0 ? (
          <Empty title="No retraining yet">
            A monitor with a retraining policy starts one when it is breached.
          </Empty>
        ) : (
          <Table
            label="Retraining jobs, newest first"
            rows={jobs}
            rowKey={({ id }) => id}
            columns={[
              { title: 'Model', cell: ({ model }) => <a href={links.model(model)}>{model}</a> },
              { title: 'Status', cell: ({ status }) => <Chip state={status} /> },
              {
                title: 'Asked for by',
                cell: ({ monitor_id: id }) => <a href={links.monitor(id)}>{id}</a>,
              },
              {
                title: 'Champion',
                cell: ({ champion, gate }) =>
                  champion === null ? '—' : accuracy(champion, gate?.champion.accuracy),
              },
              { title: 'Challenger', cell: challengerOf },
              { title: 'Reason', cell: ({ reason }) => reason ?? '—' },
              { title: 'Started', cell: ({ created_at: at }) => <Ago at={at} /> },
            ]}
          />
        )
      }
    </Loaded>
  );
}

function challengerOf(job: Retraining): string {
  const version = job.challenger ?? job.version;
  return version === undefined ? '—' : accuracy(version, job.gate?.challenger.accuracy);
}

function accuracy(version: number, share: number | undefined): string {
  return share === undefined ? `v${version}` : `v${version}, ${percent(share)} accurate`;
}
