import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { BadRow, BatchJob, BatchJobFile, JobStatus, Owner } from '../api/batch.ts';
import type { BatchReport } from '../api/batch-report.ts';
import { cairn } from '../api/client.ts';
import { ranges } from '../api/ranges.ts';
import { pagesOf } from '../api/registry.ts';

const jobsPerPage = 50;
const filesPerPage = 50;
/** While jobs move, and while none does: a file that is dropped begins one by itself. */
const movingMilliseconds = 2000;
const idleMilliseconds = 10_000;
/** Of a file of errors that is looked at. */
const errorBytesShown = 64 * 1024;

type JobsPage = { readonly jobs: readonly BatchJob[]; readonly next_page_token?: string };
type FilesPage = { readonly files: readonly BatchJobFile[]; readonly next_page_token?: string };

export type JobsFilter = {
  readonly status?: readonly JobStatus[];
  readonly owner?: Pick<Owner, 'type' | 'name'> | undefined;
  readonly limit?: number;
};

export function isOver({ status }: Pick<BatchJob, 'status'>): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

/** Jobs, newest first; asked again by itself. */
export function jobsQuery({ status = [], owner, limit = jobsPerPage }: JobsFilter) {
  const query = {
    status: status.length > 0 ? status.join(',') : undefined,
    ...(owner ? { [owner.type]: owner.name } : {}),
    limit,
  };
  return infiniteQueryOptions({
    queryKey: ['batch-jobs', query],
    ...pagesOf<JobsPage>('batch-jobs', query),
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ jobs }) => jobs.some((job) => !isOver(job)))
        ? movingMilliseconds
        : idleMilliseconds,
  });
}

export function jobPath(id: string, ...rest: readonly string[]): string {
  return ['batch-jobs', id, ...rest].map(encodeURIComponent).join('/');
}

/** One job and how far it is, asked again until it is over. */
export function jobQuery(id: string, isFollowed = false) {
  return queryOptions({
    queryKey: ['batch-job', id],
    queryFn: ({ signal }) => cairn.get<BatchJob>(jobPath(id), { signal }),
    refetchInterval: ({ state: { data } }) =>
      data && !isOver(data) && !isFollowed ? movingMilliseconds : false,
  });
}

/** The files of a job of many. */
export function filesQuery({ id, ...job }: BatchJob) {
  return infiniteQueryOptions({
    queryKey: ['batch-job', id, 'files'],
    ...pagesOf<FilesPage>(jobPath(id, 'files'), { limit: filesPerPage }),
    refetchInterval: isOver(job) ? false : movingMilliseconds,
  });
}

export function reportQuery(id: string) {
  return queryOptions({
    queryKey: ['batch-job', id, 'report'],
    queryFn: ({ signal }) => cairn.get<BatchReport>(jobPath(id, 'report'), { signal }),
    // It is written once.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The first bad rows of a file of errors. */
export function badRowsQuery(url: string) {
  return queryOptions({
    queryKey: ['batch-errors', url],
    queryFn: async ({ signal }): Promise<readonly BadRow[]> => {
      let text = '';
      for await (const part of ranges(url, errorBytesShown, signal)) text += new TextDecoder().decode(part);
      // What follows the last line end is the beginning of a line, or nothing.
      const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as BadRow);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
