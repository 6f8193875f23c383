import { useInfiniteQuery } from '@tanstack/react-query';
import { Empty } from '../parts/Empty.tsx';
import { Listed } from '../parts/Listed.tsx';
import { JobTable } from './JobTable.tsx';
import { jobsQuery } from './queries.ts';
import './batch.css';

/** The newest `max` jobs. */
export function LatestJobs({ max }: { readonly max: number }) {
  const query = useInfiniteQuery(jobsQuery({ limit: max }));
  return (
    <Listed
      // The others are on a page of their own.
      query={{ ...query, hasNextPage: false }}
      rows={query.data?.pages[0]?.jobs ?? []}
      lines={4}
      none={
        <Empty title="No batch jobs yet">
          A job scores files by an endpoint or a model. <a href="#/batch-jobs">Begin one</a>
        </Empty>
      }
    >
      {(jobs) => <JobTable jobs={jobs} isBrief />}
    </Listed>
  );
}
