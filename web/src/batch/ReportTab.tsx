import { useQuery } from '@tanstack/react-query';
import type { BatchJob } from '../api/batch.ts';
import type { BatchReport } from '../api/batch-report.ts';
import { Drift } from './Drift.tsx';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Facts } from '../parts/Facts.tsx';
import { duration, figure } from '../parts/format.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { ColumnProfiles } from './ColumnProfiles.tsx';
import { Predictions } from './Predictions.tsx';
import { isOver, reportQuery } from './queries.ts';
import { SchemaCard } from './SchemaCard.tsx';
import { speedText } from './words.ts';

/** What the report of a job says: counts, times, what went in, what came out, and whether it is as the reference was. */
export function ReportTab({ job }: { readonly job: BatchJob }) {
  if (job.report === null)
    return (
      <section className="card">
        <Empty title="No report">
          {isOver(job)
            ? 'A job has a report once it has succeeded.'
            : 'It is written when all of the output is there.'}
        </Empty>
      </section>
    );
  return <Report id={job.id} />;
}

function Report({ id }: { readonly id: string }) {
  const query = useQuery(reportQuery(id));
  return (
    <Loaded query={query} lines={10}>
      {(report) => (
        <>
          <div className="split">
            <div className="split-main">
              <Counts report={report} />
              {report.profile && <Predictions predictions={report.profile.predictions} />}
            </div>
            <div className="split-side">
              <Timings report={report} />
            </div>
          </div>
          {report.profile && <ColumnProfiles columns={report.profile.input} rows={report.profile.rows} />}
          <Card title="Drift against the reference" flush>
            <DriftOf drift={report.drift} />
          </Card>
          {report.schema && <SchemaCard schema={report.schema} />}
        </>
      )}
    </Loaded>
  );
}

function Counts({ report: { counts, chunks } }: { readonly report: BatchReport }) {
  return (
    <Card title="Rows" flush>
      <div className="card-body">
        <Facts
          of={{
            Read: figure(counts.rows_read),
            Written: figure(counts.rows_written),
            Bad: figure(counts.rows_bad),
            Chunks: figure(chunks.count),
            'Taken up again': chunks.attempted_again > 0 && figure(chunks.attempted_again),
          }}
        />
      </div>
      {counts.bad.length > 0 && (
        <Table
          label="Why rows were bad"
          rows={counts.bad}
          rowKey={({ column, reason }) => `${column} ${reason}`}
          columns={[
            { title: 'Why rows were bad', cell: ({ reason }) => reason ?? 'other reasons' },
            { title: 'Column', cell: ({ column }) => column ?? '—' },
            { title: 'Rows', numeric: true, cell: ({ rows }) => figure(rows) },
          ]}
        />
      )}
    </Card>
  );
}

function Timings({ report: { timings } }: { readonly report: BatchReport }) {
  const { created_at: asked, first_chunk_at: first, last_chunk_at: last } = timings;
  const { rows_per_second: speed, rows_per_worker_second: ofWorker } = timings;
  return (
    <Card title="Times">
      <Facts
        of={{
          'Until the first row': first !== null && duration(first - asked),
          Scoring: first !== null && last !== null && duration(last - first),
          'Work of all workers': duration(timings.worker_seconds * 1000),
          'Until all was there': duration(timings.reported_at - asked),
          Speed: speed !== null && speedText(speed),
          'Speed of a worker': ofWorker !== null && speedText(ofWorker),
        }}
      />
    </Card>
  );
}

function DriftOf({ drift }: { readonly drift: BatchReport['drift'] }) {
  if (drift.verdict === 'insufficient-data') return <p className="hint card-none">{drift.reason}</p>;
  return (
    <>
      <div className="card-body">
        <Facts
          of={{
            Rows: `${figure(drift.rows.current)} against ${figure(drift.rows.reference)}`,
            Reference: <Copyable text={drift.reference.uri} />,
          }}
        />
      </div>
      <Drift drift={drift} psiMax={drift.thresholds.psi} />
    </>
  );
}
