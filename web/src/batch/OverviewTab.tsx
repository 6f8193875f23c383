import type { BatchJob, BatchProgress } from '../api/batch.ts';
import { Empty } from '../parts/Empty.tsx';
import { BadRowsCard } from './BadRowsCard.tsx';
import { DetailsCard, OptionsCard } from './DetailsCard.tsx';
import { FailureCard } from './FailureCard.tsx';
import { FilesCard } from './FilesCard.tsx';
import { OutputCard } from './OutputCard.tsx';
import { ProgressCard } from './ProgressCard.tsx';
import { isOver } from './queries.ts';

/** How far a job is, what came out of it, and by what. */
export function OverviewTab({ job }: { readonly job: BatchJob }) {
  const { progress, output, error, input, status } = job;
  return (
    <div className="split">
      <div className="split-main">
        {error && <FailureCard job={job} error={error} failures={progress?.failures ?? []} />}
        {status === 'cancelled' && (
          <section className="card">
            <Empty title="Nothing came out">
              The job was cancelled. For a week it can go on from where it was.
            </Empty>
          </section>
        )}
        {progress && hasBegun(job, progress) && <ProgressCard progress={progress} isMoving={!isOver(job)} />}
        {output && <OutputCard output={output} files={input.prefix ? input.files : undefined} />}
        {input.prefix && <FilesCard job={job} />}
        {output?.errors && <BadRowsCard errors={output.errors} rows={output.bad} />}
      </div>
      <div className="split-side">
        <DetailsCard job={job} />
        {job.options && <OptionsCard options={job.options} />}
      </div>
    </div>
  );
}

/** Whether there is something to tell of how far a job is: not where it ended before its input was looked at. */
function hasBegun(job: BatchJob, { chunks }: BatchProgress): boolean {
  return job.status !== 'succeeded' && (!isOver(job) || chunks.total > 0);
}
