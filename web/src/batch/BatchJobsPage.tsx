import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { type JobStatus, jobStatuses } from '../api/batch.ts';
import { workspace } from '../api/client.ts';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Listed } from '../parts/Listed.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { oneOf, useParamState } from '../parts/params.ts';
import { DropZone } from './DropZone.tsx';
import { handOver } from './handed.ts';
import { JobTable } from './JobTable.tsx';
import { OwnerFilter } from './OwnerFilter.tsx';
import { ownerIn, useMayScore } from './owners.ts';
import { jobsQuery } from './queries.ts';
import './batch.css';

const states = ['all', 'under way', 'succeeded', 'failed', 'cancelled'] as const;
const underWay: readonly JobStatus[] = ['planned', 'running', 'committing'];

/** Every batch job, newest first and as it is now; a file that is dropped here is scored. */
export function BatchJobsPage() {
  const navigate = useNavigate();
  const [params, change] = useParamState();
  const mayScore = useMayScore();
  const state = oneOf(states, params.get('state'));
  const owner = ownerIn(params);
  const query = useInfiniteQuery(jobsQuery({ status: statusesOf(state), owner }));
  const jobs = query.data?.pages.flatMap((page) => page.jobs) ?? [];
  const isFiltered = state !== states[0] || owner !== undefined;
  return (
    <>
      <PageHead
        title="Batch jobs"
        actions={
          mayScore && (
            <a className="button primary" href="#/batch-jobs/new">
              <Icon name="plus" /> New job
            </a>
          )
        }
      />
      {mayScore && (
        <DropZone
          isSmall
          button="Choose a file"
          onFile={(file) => {
            handOver(file);
            void navigate('/batch-jobs/new');
          }}
        >
          <strong>Drop a file here to have it scored</strong>
          <span className="hint">CSV, JSON Lines or Parquet, of any size</span>
        </DropZone>
      )}
      <div className="row">
        <OwnerFilter
          owner={owner}
          onChange={(next) =>
            change({
              endpoint: next?.type === 'endpoint' ? next.name : '',
              model: next?.type === 'model' ? next.name : '',
            })
          }
        />
        <div className="segments" role="group" aria-label="Which jobs">
          {states.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={state === each}
              onClick={() => change({ state: each === states[0] ? '' : each })}
            >
              {each.charAt(0).toUpperCase() + each.slice(1)}
            </button>
          ))}
        </div>
      </div>
      <section className="card" aria-label="Batch jobs">
        <Listed
          query={query}
          rows={jobs}
          none={isFiltered ? <p className="hint card-body">No job matches.</p> : <NoJobs />}
        >
          {(rows) => <JobTable jobs={rows} />}
        </Listed>
      </section>
    </>
  );
}

function NoJobs() {
  return (
    <Empty title="No batch jobs yet" code={firstJob()}>
      A job scores files by an endpoint or a model: each row once, all of the output at once. Drop a file
      above, put one in the container <code>batch-input</code> below the name of an endpoint or a model, or
      send it by a call:
    </Empty>
  );
}

function firstJob(): string {
  const where = workspace === 'default' ? '' : ` -H 'x-mlflow-workspace: ${workspace}'`;
  return `curl -T rows.csv${where} \\\n  ${location.origin}/api/v1/batch-inputs/my-endpoint/rows.csv`;
}

function statusesOf(state: (typeof states)[number]): readonly JobStatus[] {
  return state === 'under way' ? underWay : jobStatuses.filter((each) => each === state);
}
