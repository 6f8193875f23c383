import { useQueries } from '@tanstack/react-query';
import type { BatchJob, BatchProgress } from '../api/batch.ts';
import { Chip } from '../parts/Chip.tsx';
import { byteSize, counted, figure, percent } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Share } from '../parts/Share.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { OwnerLink } from './OwnerLink.tsx';
import { isOver, jobQuery } from './queries.ts';
import { failureText, inputFolder, inputName, knownRows } from './words.ts';

/** Jobs whose progress is asked for: a request each. */
const askedMax = 20;

type JobTableProps = { readonly jobs: readonly BatchJob[]; readonly isBrief?: boolean };

/** Jobs in the order they are in, each with how far it is. */
export function JobTable({ jobs, isBrief = false }: JobTableProps) {
  const moving = jobs.filter((job) => !isOver(job)).slice(0, askedMax);
  const asked = useQueries({ queries: moving.map(({ id }) => jobQuery(id)) });
  const progress = new Map(moving.map(({ id }, at) => [id, asked[at]?.data?.progress]));
  return (
    <Table
      label="Batch jobs, newest first"
      rows={jobs}
      rowKey={({ id }) => id}
      columns={[
        {
          title: 'Input',
          cell: (job) => (
            <span className="job-input">
              <a className="clamp" href={links.batchJob(job.id)} title={job.input.uri}>
                {inputName(job)}
              </a>
              <small className="hint">{placeText(job)}</small>
              {job.error && <small className="job-why narrow">{failureText(job)}</small>}
            </span>
          ),
        },
        { title: 'Scored by', cell: ({ owner }) => <OwnerLink owner={owner} /> },
        { title: 'Status', cell: ({ status }) => <Chip state={status} /> },
        { title: 'Progress', cell: (job) => <Progress job={job} progress={progress.get(job.id)} /> },
        {
          title: 'Rows',
          numeric: true,
          cell: ({ id, output }) => rowsText(output?.rows ?? progress.get(id)?.rows.done),
        },
        {
          title: 'Bad rows',
          numeric: true,
          cell: ({ id, output }) => rowsText(output?.bad ?? progress.get(id)?.rows.bad),
        },
        {
          title: 'Begun',
          cell: ({ created_at: at, requested_by: by }) => (
            <span className="job-begun">
              <Ago at={at} />
              {!isBrief && <small className="hint">{by === null ? 'by a dropped file' : `by ${by}`}</small>}
            </span>
          ),
        },
      ]}
    />
  );
}

/** Where the input lies, of how many files it is, and how large. */
function placeText(job: BatchJob): string {
  const folder = inputFolder(job);
  const { prefix, files, bytes } = job.input;
  return [folder !== '' && `in ${folder}`, prefix && counted(files, 'file'), byteSize(bytes)]
    .filter(Boolean)
    .join(', ');
}

function rowsText(rows: number | undefined): string {
  return rows === undefined ? '—' : figure(rows);
}

type ProgressProps = { readonly job: BatchJob; readonly progress: BatchProgress | undefined };

/** A bar while it moves, and why it ended where it did not succeed. */
function Progress({ job, progress }: ProgressProps) {
  if (job.error)
    return (
      <span className="job-why" title={failureText(job)}>
        {failureText(job)}
      </span>
    );
  if (job.status === 'succeeded') return '100 %';
  if (!progress || isOver(job)) return '—';
  const total = knownRows(progress);
  if (total === undefined) return '…';
  return (
    <span className="job-bar">
      <Share value={progress.rows.done} max={total} />
      <span className="steady">{percent(progress.rows.done / total)}</span>
    </span>
  );
}
