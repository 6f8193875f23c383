import type { BatchJob, BatchProgress } from '../api/batch.ts';
import { Card } from '../parts/Card.tsx';
import { counted } from '../parts/format.ts';
import { Table } from '../parts/Table.tsx';
import { failureText } from './words.ts';

type FailureCardProps = {
  readonly job: BatchJob;
  readonly error: NonNullable<BatchJob['error']>;
  readonly failures: BatchProgress['failures'];
};

const wayOut: Readonly<Record<string, string>> = {
  'bad-input': 'Mend the file and send it again, or choose an option that leaves bad rows out.',
  'input-changed': 'Ask for a new job of the file as it is now.',
  endpoint:
    'Retry when a version is ready. Where the folder is nobody’s, drop the file below the name of an endpoint or a model.',
  model: 'Have the file scored by a version that can: ask for a new job of it.',
  options: 'Mend the options that lie beside the file, and retry.',
  attempts: 'When the reason has gone, retry: what is done stays.',
  commit: 'When the reason has gone, retry: what is done stays.',
};

/** Why nothing came out, where in the input it was, and what can be done. */
export function FailureCard({ job, error, failures }: FailureCardProps) {
  return (
    <>
      <div className="notice" role="alert">
        <strong>Nothing came out</strong>
        <p>{failureText(job)}</p>
        {wayOut[error.code] !== undefined && <p className="hint">{wayOut[error.code]}</p>}
      </div>
      {error.code !== 'bad-input' && failures.length > 0 && (
        <Card title="Chunks that failed" flush>
          <Table
            label="Chunks that failed"
            rows={failures}
            rowKey={({ chunk }) => String(chunk)}
            columns={[
              { title: 'Chunk', cell: ({ chunk }) => chunk + 1 },
              { title: 'Tried', cell: ({ attempts }) => counted(attempts, 'time') },
              { title: 'Reason', cell: ({ reason }) => reason },
            ]}
          />
        </Card>
      )}
    </>
  );
}
