import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { BatchJob, BatchJobFile } from '../api/batch.ts';
import { Card } from '../parts/Card.tsx';
import { Chip, type Tone } from '../parts/Chip.tsx';
import { byteSize, counted, figure } from '../parts/format.ts';
import { Listed } from '../parts/Listed.tsx';
import { Share } from '../parts/Share.tsx';
import { Table } from '../parts/Table.tsx';
import { BadRowsCard } from './BadRowsCard.tsx';
import { StoredDownload } from './Downloads.tsx';
import { filesQuery } from './queries.ts';
import { baseName, nameBelow } from './words.ts';

const tones: Readonly<Record<BatchJobFile['status'], Tone>> = {
  waiting: 'quiet',
  running: 'busy',
  scored: 'good',
  succeeded: 'good',
  failed: 'bad',
};

/** The files of a job of many: how far each is, what came out of it, and its bad rows. */
export function FilesCard({ job }: { readonly job: BatchJob }) {
  const query = useInfiniteQuery(filesQuery(job));
  const [shown, setShown] = useState<number>();
  const files = query.data?.pages.flatMap((page) => page.files) ?? [];
  const open = files.find(({ index }) => index === shown);
  const toggle = (index: number) => setShown(shown === index ? undefined : index);
  return (
    <>
      <Card
        title={
          <>
            Files <span className="count">{figure(job.input.files)}</span>
          </>
        }
        flush
      >
        <Listed query={query} rows={files} none={<p className="hint card-none">None is recorded.</p>}>
          {(rows) => <Files job={job} files={rows} shown={shown} onBadRows={toggle} />}
        </Listed>
      </Card>
      {open?.errors && (
        <BadRowsCard errors={open.errors} rows={open.bad} of={nameBelow(open.input.name, job.input.name)} />
      )}
    </>
  );
}

type FilesProps = {
  readonly job: BatchJob;
  readonly files: readonly BatchJobFile[];
  readonly shown: number | undefined;
  readonly onBadRows: (index: number) => void;
};

function Files({ job, files, shown, onBadRows }: FilesProps) {
  const called = (name: string) => nameBelow(name, job.input.name);
  return (
    <Table
      label="Files of the job"
      rows={files}
      rowKey={({ index }) => String(index)}
      columns={[
        {
          title: 'File',
          cell: ({ input }) => (
            <span className="job-input">
              <span title={input.name}>{called(input.name)}</span>
              <small className="hint">{byteSize(input.bytes)}</small>
            </span>
          ),
        },
        { title: 'Status', cell: ({ status }) => <Chip state={status} tone={tones[status]} /> },
        {
          title: 'Chunks',
          cell: ({ chunks }) => (
            <span className="job-bar" title={`${chunks.done} of ${counted(chunks.total, 'chunk')}`}>
              <Share value={chunks.done} max={chunks.total} />
            </span>
          ),
        },
        { title: 'Rows', numeric: true, cell: ({ rows }) => figure(rows) },
        {
          title: 'Bad rows',
          numeric: true,
          cell: ({ index, bad, errors, input }) =>
            errors ? (
              <button
                type="button"
                className="link"
                aria-expanded={shown === index}
                aria-label={`Bad rows of ${called(input.name)}: ${bad}`}
                onClick={() => onBadRows(index)}
              >
                {figure(bad)}
              </button>
            ) : (
              figure(bad)
            ),
        },
        {
          title: 'Output',
          cell: ({ output }) =>
            output ? (
              <StoredDownload
                file={output}
                label={baseName(output.name)}
                saveAs={nameBelow(output.name, job.output?.name ?? '').replaceAll('/', '_')}
                className="link"
              />
            ) : (
              '—'
            ),
        },
      ]}
    />
  );
}
