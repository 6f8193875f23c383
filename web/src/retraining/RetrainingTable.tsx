import { useQuery } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import type { Retraining } from '../api/types.ts';
import { Chip } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { percent } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { AskedBy, RunLink } from './words.tsx';

/** The newest `max` retrainings. */
export function RetrainingTable({ max }: { readonly max: number }) {
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
            A monitor with a retraining policy starts one when a signal of it is breached, and an operator by
            hand.
          </Empty>
        ) : (
          <Table
            label="Retraining jobs, newest first"
            rows={jobs}
            rowKey={({ id }) => id}
            columns={[
              { title: 'Model', cell: ({ id, model }) => <a href={links.retraining(id)}>{model}</a> },
              { title: 'Status', cell: ({ status }) => <Chip state={status} /> },
              {
                title: 'Asked for by',
                cell: (job) => <AskedBy job={job} />,
              },
              { title: 'By', cell: (job) => <RunLink job={job} /> },
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
